"""The buttons of a standing place. All of them lead back to its page."""

from collections.abc import Callable
from datetime import datetime

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.accounts import rota
from node.feature import Acting
from node.features.resources.places import standing
from node.rights import Right
from node.web.forms import Typed
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.base import read_time
from schemas.phrase import phrase
from schemas.refusal import Refusal


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def act(request: Request, public_id: str, step: Callable[[Connection, Acting], object]) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.PUT_UP)

        def there(connection: Connection) -> None:
            standing.found(connection, public_id, acting.viewer, now=acting.now)
            step(connection, acting)

        site.store.write_now(there)
        return see_other(f"/o/{public_id}#place")

    @routes.post("/o/{public_id}/stands")
    def stands(request: Request, public_id: str, typed: Typed) -> Response:
        state = typed.get("stands", "")
        return act(
            request, public_id, lambda connection, acting: standing.say_how(connection, public_id, state, acting)
        )

    @routes.post("/o/{public_id}/goes-on")
    def goes_on(request: Request, public_id: str) -> Response:
        return act(request, public_id, lambda connection, acting: standing.go_on(connection, public_id, acting))

    @routes.post("/o/{public_id}/rota/take")
    def take(request: Request, public_id: str, typed: Typed) -> Response:
        return act(
            request,
            public_id,
            lambda connection, acting: rota.take(connection, acting, public_id, since=_week(typed)),
        )

    @routes.post("/o/{public_id}/rota/give-back")
    def give_back(request: Request, public_id: str, typed: Typed) -> Response:
        turn = _number(typed, "turn")
        return act(
            request, public_id, lambda connection, acting: rota.give_back(connection, acting, public_id, turn=turn)
        )

    @routes.post("/o/{public_id}/rota/swap")
    def swap(request: Request, public_id: str, typed: Typed) -> Response:
        turn, other = _number(typed, "turn"), _number(typed, "other")
        return act(
            request,
            public_id,
            lambda connection, acting: rota.ask_to_swap(connection, acting, public_id, turn=turn, other=other),
        )

    @routes.post("/o/{public_id}/rota/answer")
    def answer(request: Request, public_id: str, typed: Typed) -> Response:
        turn, agreed = _number(typed, "turn"), typed.get("agreed") == "yes"
        return act(
            request,
            public_id,
            lambda connection, acting: rota.answer_swap(connection, acting, public_id, turn=turn, agreed=agreed),
        )

    return routes


def _number(typed: dict[str, str], field: str) -> int:
    given = typed.get(field, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0


def _week(typed: dict[str, str]) -> datetime:
    try:
        return read_time(typed.get("week"))
    except ValueError:
        raise Refusal("week", "week", sentence=phrase("Choose this week or one of the next five.")) from None
