"""Turns on call, on the page of turns: opening one, taking it, giving it back. Shown by `turns`, which has the page."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.accounts import on_call, turns
from node.accounts.people import called
from node.feature import Acting, Viewer
from node.rights import Right
from node.web.forms import Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.refusal import Refusal

Show = Callable[..., Response]


def given(connection: Connection, viewer: Viewer, site: Site) -> dict[str, Any]:
    """What the section of the page is given: who is on call now, and the turns that run or are to come."""
    now = site.now()
    there, names = turns.on_call(connection, now), turns.present(connection)
    everybody = [(str(number), called(name, number)) for number, name in names.items()]
    return {
        "on_call_now": "" if there is None else called(names[there], there),
        "on_call_is_me": there is not None and there == viewer.member_id,
        "on_call": on_call.listing(connection, now=now),
        "on_call_most": on_call.LONGEST,
        "on_call_to": everybody if viewer.may(Right.HAND_OVER) else [],
        "today": f"{now.astimezone(site.settings.zone_info):%Y-%m-%d}",
    }


def add(routes: Routes, site: Site, show: Show) -> None:
    """The routes of this section. `show(request, problems=, typed=)` is the whole page again."""

    def act(request: Request, step: Callable[[Connection, Acting], object]) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.OWN_ACCOUNT)
        site.store.write_now(lambda connection: step(connection, acting))
        return see_other("/turns#on-call")

    @routes.post("/turns/on-call")
    def put_up(request: Request, typed: Typed) -> Response:
        acting, to = site.acting(request), typed.get("to_whom", "")
        acting.viewer.require(Right.HAND_OVER)
        whom = int(to) if to.isdecimal() and len(to) < 10 else None

        def step(connection: Connection) -> int:
            return on_call.put_up(connection, acting, first=typed.get("first", ""), days=typed.get("days", ""), to=whom)

        try:
            site.store.write_now(step)
        except Refusal as refusal:
            if refusal.field is None:
                raise
            return show(request, problems=_beside_the_field(refusal), typed=typed)
        return see_other("/turns#on-call")

    @routes.post("/turns/on-call/{turn_id}/take")
    def take(request: Request, turn_id: int) -> Response:
        return act(request, lambda connection, acting: on_call.take(connection, acting, turn_id))

    @routes.post("/turns/on-call/{turn_id}/give-back")
    def give_back(request: Request, turn_id: int) -> Response:
        return act(request, lambda connection, acting: on_call.give_back(connection, acting, turn_id))

    @routes.post("/turns/on-call/{turn_id}/drop")
    def drop(request: Request, turn_id: int) -> Response:
        site.viewer(request).require(Right.HAND_OVER)
        return act(request, lambda connection, acting: on_call.drop(connection, acting, turn_id))


def _beside_the_field(refusal: Refusal) -> tuple[Problem, ...]:
    # The page has another field for whom to hand the server turn to.
    return tuple(Problem("to_whom", one.sentence) if one.field == "to" else one for one in problems_of(refusal))
