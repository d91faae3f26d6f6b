"""The council's own rules about what waits: how long until nobody took it and until it is old, and what comes first.

They are decided by the assembly and typed in by whoever has the server turn, with the resolution they come from. Nothing in them
can look at who anybody is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.feature import Acting, Viewer
from node.features.resources.matching import asking, priorities
from node.features.resources.wording import CATEGORIES
from node.profile import rules_kept
from node.rights import Right
from node.web.forms import Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import slip_address
from schemas.phrase import phrase
from schemas.refusal import Refusal

PATH: Final = "/board/rules"
BACK: Final = "/board?order=longest#rules"
STEPS: Final = ("first", "second", "third")
_ADDRESS: Final = 2_048


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed: hours and days as whole numbers, up to three steps of an order, and where it was decided (an address)."""

    unheld_hours: str
    ageing_days: str
    steps: tuple[str, ...] = field(default_factory=tuple)
    because: str = ""


def add(routes: Routes, site: Site, show: Callable[..., Response]) -> None:
    """The route of the form. `show(request, problems=, rules_typed=)` is the whole page again."""

    @routes.post(PATH, include_in_schema=False)
    def keep_rules(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.SET_UP)
        try:
            site.store.write_now(lambda connection: keep(connection, acting, wish_of(typed)))
        except Refusal as refusal:
            return show(request, problems=problems_of(refusal), rules_typed=typed)
        return see_other(BACK)


def wish_of(typed: Mapping[str, str]) -> Wish:
    """What the form holds."""
    steps = tuple(typed.get(name, "") for name in STEPS)
    return Wish(typed.get("unheld_hours", ""), typed.get("ageing_days", ""), steps, typed.get("because", ""))


def keep(connection: Connection, acting: Acting, wish: Wish) -> None:
    """Keep all three rules. Raises Refusal("rule", …) beside the field, or ("because", "because"), besides what rights raise."""
    acting.viewer.require(Right.SET_UP)
    because = wish.because.strip()
    if (because and not because.startswith(("https://", "http://"))) or len(because) > _ADDRESS:
        raise Refusal(
            "because", "because", sentence=phrase("Write the whole address of the resolution, or leave it empty.")
        )
    steps = " ".join(step for step in wish.steps if step)
    if steps and priorities.read(steps) is None:
        raise Refusal("rule", "first", sentence=phrase("Choose each of them once."))
    for name, value, typed_in in (
        (rules_kept.UNHELD_AFTER_HOURS, wish.unheld_hours.strip(), "unheld_hours"),
        (rules_kept.AGEING_AFTER_DAYS, wish.ageing_days.strip(), "ageing_days"),
        (rules_kept.PRIORITIES, steps, "first"),
    ):
        try:
            rules_kept.set_rule(connection, acting, name=name, value=value, because=because)
        except Refusal as refusal:
            raise Refusal(refusal.word, typed_in, sentence=_NUMBER) from refusal


_NUMBER = phrase("Write a whole number from 1 to 1000.")


def shown(connection: Connection, viewer: Viewer, *, language: str, base_url: str) -> dict[str, Any]:
    """The rules in words, where they were decided, and for whoever may set them what the form holds."""
    kept = rules_kept.decided(connection)
    because = kept.get(rules_kept.PRIORITIES, ("", "", None))[1]
    steps = asking.order(connection)
    given: dict[str, Any] = {
        "order": priorities.said(steps, language),
        "because": slip_address(because, base_url=base_url) if because else "",
        "may_set": viewer.may(Right.SET_UP),
    }
    if not given["may_set"]:
        return given
    typed = {
        "unheld_hours": rules_kept.rule(connection, rules_kept.UNHELD_AFTER_HOURS),
        "ageing_days": rules_kept.rule(connection, rules_kept.AGEING_AFTER_DAYS),
        "because": because,
        **dict(zip(STEPS, steps, strict=False)),
    }
    return given | {"typed": typed, "choices": choices(language)}


def choices(language: str) -> list[tuple[str, str]]:
    """Every step that an order can have: the three that look at time, then each kind."""
    steps = [priorities.CANNOT_WAIT, priorities.LONGEST, priorities.SOONEST]
    steps += [f"{priorities.KIND}{word}" for word, _ in CATEGORIES]
    return list(zip(steps, priorities.said(steps, language), strict=True))
