"""What needs me: one list of all that waits for the neighbour who looks, five things at most before the rest.

Each matter adds its section by one line; none of it is shown to anybody else, and nothing here counts what anybody gave. A week is
shown against the limit that the neighbour has set themselves, and against no other.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import lasting, limit_pages
from node.features.resources.agreements import with_them
from node.features.resources.hands import needing as hands
from node.features.resources.items import Item
from node.features.resources.matching import asking, priorities
from node.features.resources.moderation import needing as reading
from node.features.resources.promises import needing
from node.rights import Right
from node.web.forms import Problem, Typed
from node.web.routes import Routes
from node.web.site import Site, see_other

PATH: Final = "/mine"
FIRST: Final = 5
COOKIE: Final = "not_now"
MOST_PUT_OFF: Final = 40
_WEEK: Final = 7 * 24 * 3600
_NAME: Final = re.compile(r"[a-z2-7]{26}")

Section = Callable[[Connection, Acting], list[Item]]
"""What one matter brings onto the list: asked with whoever is looking, in `acting`."""

SECTIONS: Final[tuple[Section, ...]] = (
    # one line for each matter
    needing.promised,
    needing.answers,
    needing.came_back,
    needing.asked_about,
    asking.could_you,
    with_them.asked_of_us,
    hands.in_my_hands,
    hands.on_call,
    hands.rest_days,
    hands.rising,
    reading.to_be_read,
    reading.reported,
    reading.out_of_sight,
)


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(request: Request, *, typed: dict[str, str] | None = None, problems: tuple[Problem, ...] = ()) -> Response:
        acting = site.acting(request)
        member_id = acting.viewer.require(Right.OWN_ACCOUNT)
        with site.store.reading() as connection:
            found = [one for one in everything(connection, acting) if not _is_put_off(one, request)]
            first = priorities.said(asking.order(connection), site.tongue(request).code)
            own = limit_pages.given(connection, acting, member_id=member_id)
        if typed is not None:
            own["limits_typed"] = own["break_typed"] = typed
        status = 422 if problems else 200
        return site.page(
            request,
            "resources/mine.html",
            status=status,
            first=found[:FIRST],
            rest=found[FIRST:],
            priorities=first if any(one.rank == asking.RANK for one in found) else [],
            problems=problems,
            **own,
        )

    @routes.get(PATH)
    def mine(request: Request) -> Response:
        return show(request)

    limit_pages.add(routes, site, show)

    @routes.post(asking.NOT_NOW)
    def not_now(request: Request, typed: Typed) -> Response:
        site.acting(request).viewer.require(Right.OWN_ACCOUNT)
        response = see_other(PATH)
        kept = [*_names(request), typed.get("note", "")][-MOST_PUT_OFF:]
        response.set_cookie(
            COOKIE,
            ".".join(filter(_NAME.fullmatch, kept)),
            max_age=_WEEK,
            path=PATH,  # no other page is told what somebody does not want to do
            secure=site.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    @routes.post("/o/{public_id}/still-needed")
    def still_needed(request: Request, public_id: str, typed: Typed) -> Response:
        acting, still = site.acting(request), typed.get("still", "yes")

        def step(connection: Connection) -> None:
            if still == "yes":
                lasting.renew(connection, acting, public_id)
            else:
                lasting.end(connection, acting, public_id, still)

        site.store.write_now(step)
        return see_other(PATH)

    return routes


def put_off(request: Request) -> frozenset[str]:
    """The pages of what was answered with "not this time" on this device in the last days. It stands in its cookie alone."""
    return frozenset(f"/o/{name}" for name in _names(request))


def _names(request: Request) -> list[str]:
    kept = request.cookies.get(COOKIE, "").split(".")[:MOST_PUT_OFF]
    return [name for name in kept if _NAME.fullmatch(name)]


def everything(connection: Connection, acting: Acting) -> list[Item]:
    """All that waits for whoever acts: what one said yes to first, and of the same rank what comes first.

    What is there for another reason is not asked about a second time.
    """
    found = [item for section in SECTIONS for item in section(connection, acting)]
    there = {one.href for one in found if one.rank != asking.RANK}
    return sorted((one for one in found if one.rank != asking.RANK or one.href not in there), key=_order)


def _is_put_off(item: Item, request: Request) -> bool:
    """Only what somebody could be asked about is put off: what is in their hands, or with them on call, stays."""
    return item.rank == asking.RANK and item.href in put_off(request)


def _order(item: Item) -> tuple[int, datetime]:
    return item.rank, item.at
