"""One's own limits and breaks, as sections of "What needs me": shown to oneself, changed by oneself, asked about by nobody."""

from collections.abc import Callable
from datetime import date
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import limits, own_limits, wording
from node.features.resources.own_limits import Said, Wish
from node.rights import Right
from node.web.forms import Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.refusal import Refusal

BACK = "/mine"
DAYS = {"weekday": phrase("Weekdays"), "weekend": phrase("At the weekend")}
PARTS = {
    "night": phrase("at night"),
    "morning": phrase("in the morning"),
    "afternoon": phrase("in the afternoon"),
    "evening": phrase("in the evening"),
}
HOURS = [
    (f"{day}-{part}", phrase("{days} {part}", days=DAYS[day], part=PARTS[part]))
    for day in limits.DAYS
    for part, _ in limits.PARTS
]


Shows = Callable[..., Response]
"""The page with these sections again: asked with the request, what was typed, and the problems of it."""


def add(routes: Routes, site: Site, show: Shows) -> None:
    """What is sent from there: the page itself is that of what needs somebody."""

    def step(
        request: Request, typed: dict[str, str], work: Callable[[Connection, Acting], None], *, back: str = BACK
    ) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.OWN_ACCOUNT)
        try:
            site.store.write_now(lambda connection: work(connection, acting))
        except Refusal as refusal:
            if refusal.field is None:
                raise
            return show(request, typed=typed, problems=problems_of(refusal))
        return see_other(back)

    @routes.post("/account/limits")
    def keep(request: Request, typed: Typed) -> Response:
        return step(request, typed, lambda c, acting: own_limits.keep(c, acting, _wish(typed)), back=f"{BACK}#limits")

    @routes.post("/account/break")
    def take_a_break(request: Request, typed: Typed) -> Response:
        def work(connection: Connection, acting: Acting) -> None:
            day, all_back = _day(typed.get("back_on")), bool(typed.get("all_back"))
            own_limits.take_a_break(connection, acting, back_on=day, all_back=all_back)

        return step(request, typed, work)

    @routes.post("/account/break/end")
    def come_back(request: Request, typed: Typed) -> Response:
        return step(request, typed, own_limits.come_back)


def given(connection: Connection, acting: Acting, *, member_id: int) -> dict[str, Any]:
    """What those sections are given: what was said, this week against it, and the choices."""
    said = own_limits.said_by(connection, member_id, acting.now)
    week = limits.week_of(acting.now, acting.zone)
    return {
        "said": said,
        "week": limits.load(own_limits.weighing_on(connection, member_id), week, acting.zone),
        "limits_typed": typed_of(said),
        "break_typed": {},
        "kinds": wording.CATEGORIES,
        "hours": HOURS,
    }


def typed_of(said: Said) -> dict[str, str]:
    """The form as it would have been typed."""
    known = {"per_week": said.limits.per_week, "distance_km": said.limits.distance_km}
    return {
        **{name: f"{value}" for name, value in known.items() if value is not None},
        **{f"kinds-{kind}": "yes" for kind in said.limits.kinds},
        **{f"hours-{hour}": "yes" for hour in said.limits.hours},
        "languages": said.languages,
        "care": said.care,
    }


def _wish(typed: dict[str, str]) -> Wish:
    return Wish(
        per_week=typed.get("per_week"),
        distance_km=typed.get("distance_km"),
        kinds=_ticked(typed, "kinds-"),
        hours=_ticked(typed, "hours-"),
        languages=typed.get("languages", ""),
        care=typed.get("care", ""),
    )


def _ticked(typed: dict[str, str], begins: str) -> tuple[str, ...]:
    return tuple(sorted(name.removeprefix(begins) for name in typed if name.startswith(begins)))


def _day(typed: str | None) -> date | None:
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refusal("back-on", "back_on", sentence=phrase("Write a day, or leave it empty.")) from None
