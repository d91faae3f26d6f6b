"""The two buttons below a need, and asking for cover on a rest day."""

from collections.abc import Callable
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources.hands import acts, asking_cover
from node.rights import Right
from node.web.forms import Typed
from node.web.routes import Routes
from node.web.site import Site, see_other

_MINE: Final = "/mine"
"""Where these buttons stand as well."""


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def act(
        request: Request, public_id: str, typed: dict[str, str], step: Callable[[Connection, str, Acting], None]
    ) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.PUT_UP)
        site.store.write_now(lambda connection: step(connection, public_id, acting))
        return see_other(_MINE if typed.get("back") == "mine" else f"/o/{public_id}")

    @routes.post("/o/{public_id}/take-on")
    def take_on(request: Request, public_id: str, typed: Typed) -> Response:
        return act(request, public_id, typed, acts.take_on)

    @routes.post("/o/{public_id}/give-back")
    def give_back(request: Request, public_id: str, typed: Typed) -> Response:
        return act(request, public_id, typed, acts.give_back)

    @routes.post(asking_cover.PATH)
    def ask_for_cover(request: Request, typed: Typed) -> Response:
        acting, tongue = site.acting(request), site.tongue(request)
        acting.viewer.require(Right.READ_ASKED)

        def step(connection: Connection) -> str:
            day = typed.get("day", "")
            row = asking_cover.ask(connection, acting, day, catalogue=tongue.catalogue, language=tongue.code)
            return row.public_id

        return see_other(f"/o/{site.store.write_now(step)}")

    return routes
