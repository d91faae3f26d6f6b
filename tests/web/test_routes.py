"""Our late routes answer and describe themselves as the framework's own do, and cost nothing until they are wanted."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from node.installed import FEATURES
from node.web.routes import LateRoute, Routes
from tests.web.town import PLAIN, Town, build_town


class Chair(BaseModel):
    """Something to sit on."""

    legs: int = Field(ge=3)


def _noting(word: str) -> Callable[[Request], None]:
    def note(request: Request) -> None:
        request.state.noted = [*getattr(request.state, "noted", ()), word]

    return note


def _declare(routes: APIRouter) -> None:
    @routes.get("/chairs/{number}")
    def one(
        request: Request, number: int, wanted: Annotated[str, Depends(lambda: "yes")], colour: str = "red"
    ) -> Chair:
        """One chair of ours."""
        assert (wanted, colour) == ("yes", "red")
        return Chair(legs=number)

    @routes.post("/chairs", status_code=201, tags=["carpentry"], dependencies=[Depends(_noting("own"))])
    async def make(request: Request, chair: Chair) -> list[str]:
        return [*request.state.noted, str(chair.legs)]

    @routes.delete("/chairs/{number}", status_code=204)
    def burn(number: int) -> None:
        return None

    @routes.get("/workshop", include_in_schema=False)
    def workshop() -> Response:
        return Response("planks")


def _ours() -> FastAPI:
    outer, middle, inner = Routes(dependencies=[Depends(_noting("outer"))]), Routes(tags=["furniture"]), Routes()
    _declare(inner)
    middle.take(inner)
    outer.take(middle)
    return FastAPI(routes=outer.routes)


def _the_frameworks() -> FastAPI:
    app = FastAPI(dependencies=[Depends(_noting("outer"))])
    middle, inner = APIRouter(tags=["furniture"]), APIRouter()
    _declare(inner)
    middle.include_router(inner)
    app.include_router(middle)
    return app


def _wanted(app: FastAPI) -> set[str]:
    """The paths of the routes that have been looked through."""
    return {route.path for route in app.routes if isinstance(route, LateRoute) and "dependant" in vars(route)}


async def _answers(app: FastAPI, asked: Iterable[tuple[str, str, Any]]) -> list[tuple[int, str, str | None]]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PLAIN) as caller:
        answers = [await caller.request(method, path, json=body) for method, path, body in asked]
    return [(answer.status_code, answer.text, answer.headers.get("allow")) for answer in answers]


@pytest.fixture
def furnished(tmp_path: Any) -> Any:
    built = build_town(tmp_path, features=FEATURES)
    yield built
    built.store.close()


def test_they_describe_themselves_as_the_frameworks_routes_do() -> None:
    assert _ours().openapi() == _the_frameworks().openapi()


async def test_they_answer_as_the_frameworks_routes_do() -> None:
    asked = [
        ("GET", "/chairs/4", None),
        ("GET", "/chairs/many", None),
        ("POST", "/chairs", {"legs": 3}),
        ("POST", "/chairs", {"legs": 2}),
        ("POST", "/chairs", None),
        ("PUT", "/chairs", None),
        ("DELETE", "/chairs/4", None),
        ("GET", "/workshop", None),
        ("GET", "/workshop/", None),
        ("GET", "/nowhere", None),
    ]

    ours, theirs = await _answers(_ours(), asked), await _answers(_the_frameworks(), asked)

    assert ours == theirs
    assert [status for status, _, _ in ours] == [200, 422, 201, 422, 422, 405, 204, 200, 307, 404]
    assert ours[2][1] == '["outer","own","3"]'


async def test_only_what_is_asked_for_is_looked_through(furnished: Town) -> None:
    before = _wanted(furnished.app)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(furnished.app), base_url=PLAIN) as passer_by:
        answer = await passer_by.get("/")

    assert answer.status_code == 200
    assert (before, _wanted(furnished.app)) == (set(), {"/"})


def test_every_route_of_a_council_is_sound_once_it_is_wanted(furnished: Town) -> None:
    late = [route for route in furnished.app.routes if isinstance(route, LateRoute)]

    for route in late:
        assert route.dependant.call is route.endpoint

    assert len(late) > 100
    assert _wanted(furnished.app) == {route.path for route in late}


def test_a_route_has_nothing_that_the_frameworks_routes_have_not() -> None:
    route = _ours().routes[0]

    with pytest.raises(AttributeError, match="a route has no 'colour'"):
        _ = route.colour  # type: ignore[attr-defined]


def test_routes_of_another_kind_are_not_taken_in_silence() -> None:
    theirs = APIRouter()
    _declare(theirs)

    with pytest.raises(TypeError, match="another kind"):
        Routes().take(theirs)
