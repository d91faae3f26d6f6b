"""Companions on the page of one's account: asking somebody to show one around, agreeing, ending it; and a first small thing."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.accounts import companions
from node.feature import Slip, Viewer
from node.rights import Right
from node.web.forms import Typed
from node.web.routes import Routes
from node.web.site import Site, see_other

BACK = "/account#companion"


def of(site: Site, connection: Connection, viewer: Viewer) -> dict[str, Any]:
    """What the page shows of it: my companion, whom I show around, whom I could ask, and something small to begin with."""
    now, member_id = site.now(), viewer.require(Right.OWN_ACCOUNT)
    new = companions.is_new(connection, member_id, now=now)
    small: list[Slip] = []
    for feature in site.features if new else ():
        small += feature.small(connection, viewer, now) if feature.small is not None else []
    return {
        "companion": companions.companion_of(connection, member_id, now=now),
        "along": companions.along_with(connection, member_id, now=now),
        "could_ask": [(f"{one}", name) for one, name in companions.suggested(connection, member_id, now=now)]
        if new
        else [],
        "small": small,
    }


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.post("/account/companion")
    def ask(request: Request, typed: Typed) -> Response:
        acting, to = site.acting(request), _number(typed)
        site.store.write_now(lambda connection: companions.ask(connection, acting, to=to))
        return see_other(BACK)

    @routes.post("/account/companion/end")
    def end(request: Request) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: companions.end(connection, acting))
        return see_other(BACK)

    @routes.post("/account/companion/answer")
    def answer(request: Request, typed: Typed) -> Response:
        acting, to = site.acting(request), _number(typed)
        act = companions.agree if typed.get("agreed") == "yes" else companions.decline
        site.store.write_now(lambda connection: act(connection, acting, to=to))
        return see_other(BACK)

    return routes


def _number(typed: dict[str, str]) -> int:
    given = typed.get("to", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
