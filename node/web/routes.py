"""Routes that cost next to nothing until somebody asks for them.

The framework looks through each function as it is declared: its signature, its dependencies, the shapes of what goes in and out.
A council has over a hundred routes, and an hour of its life touches a few of them. What is wrong with a route therefore shows
when it is first wanted, no longer at the start: tests/web/test_routes.py wants every one.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import compile_path

_compiled = cache(compile_path)


class LateRoute(APIRoute):
    """A route that knows its address and its methods, and is an APIRoute whole as soon as anything else of it is read."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, methods: Iterable[str] | None = None, **given: Any):
        self.path = path
        self.endpoint = endpoint
        self.methods = {method.upper() for method in methods or ("GET",)}
        self.path_regex, self.path_format, self.param_convertors = _compiled(path)
        self.include_in_schema, self.response_class = given["include_in_schema"], given["response_class"]
        self.given = given
        """What else the router passed on, in the framework's own words."""

    def __getattr__(self, name: str) -> Any:
        if "given" in self.__dict__ and "app" not in self.__dict__:
            # In one step: another thread may be reading the same route.
            self.__dict__.update(vars(APIRoute(self.path, self.endpoint, methods=self.methods, **self.given)))
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"a route has no {name!r}") from None


class Routes(APIRouter):
    """A router of late routes."""

    def __init__(self, **given: Any) -> None:
        super().__init__(route_class=LateRoute, **given)

    def take(self, others: APIRouter) -> None:
        """Make the routes of another router ours, as if they had been declared here.

        `include_router` keeps a tree, which every request would walk through, and looks through each route once more.
        """
        for route in others.routes:
            if not isinstance(route, LateRoute):
                raise TypeError(f"{route!r} comes from a router of another kind than ours")
            given = {name: value for name, value in route.given.items() if name != "dependency_overrides_provider"}
            self.add_api_route(route.path, route.endpoint, methods=route.methods, **given)
