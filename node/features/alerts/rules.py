"""Who may call for help, for how long and for whom: pure decisions of this node. Raises `Refusal`; tells no time."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from pydantic import TypeAdapter, ValidationError

from node import lint
from node.feature import Viewer
from node.rights import Right
from schemas import lasting
from schemas.phrase import phrase
from schemas.refusal import Refusal

AUDIENCES: Final = ("council", "neighbours", "public")
PUBLISHED: Final = frozenset({"neighbours", "public"})
LONGEST: Final = timedelta(hours=24)
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_UNTIL: Final = TypeAdapter[str](lasting.Until)


def check_audience(audience: str) -> None:
    """Raises Refusal("audience") for any but the three that are offered."""
    if audience not in AUDIENCES:
        raise Refusal(
            "audience",
            "audience",
            sentence=phrase("Choose who can see this: our own neighbours, nearby councils, or everyone."),
        )


def check_end(ends_at: datetime, now: datetime) -> None:
    """A call for help ends within 24 hours; who still needs it then renews it. Raises Refusal("too-long")."""
    if ends_at - now > LONGEST:
        raise Refusal(
            "too-long",
            "ends_at",
            sentence=phrase("A call for help lasts 24 hours at most. Put it up again if it goes on."),
        )


def end_of(until: str, now: datetime, *, zone: tzinfo) -> datetime | None:
    """The moment that `until` names, in UTC: as `schemas.lasting.Until` has it, or a time of day alone, which is the next one.

    None for what names no moment; Refusal("no-such-date") for a day that does not exist.
    """
    if _TIME_OF_DAY.fullmatch(until):
        local = now.astimezone(zone)
        today = datetime.combine(local.date(), time.fromisoformat(until), tzinfo=zone)
        there = (
            today if today > local else datetime.combine(local.date() + timedelta(days=1), today.time(), tzinfo=zone)
        )
        return there.astimezone(UTC)
    try:
        return lasting.end_of(_UNTIL.validate_python(until), now, zone=zone)
    except ValidationError:
        return None


def check_may_end(viewer: Viewer, *, by_member: int) -> None:
    """Whoever called, or whose turn gives the right, says that it is over.

    Raises Refusal("not-signed-in", "turn-ended" or "not-yours").
    """
    if viewer.require(Right.CALL) == by_member:
        return
    if viewer.caretaker:
        viewer.require(Right.TIDY_UP)
    if not viewer.may(Right.TIDY_UP):
        raise Refusal(
            "not-yours",
            None,
            sentence=phrase("Only the neighbour who called, or whoever holds the server turn, can end it."),
        )


def check_words(texts: dict[str, str], *, audience: str) -> None:
    """A call that leaves this node names no house, and no illness where it names a place (primitives.md 2.10).

    `texts` maps field names to what was written in them, among them `title` and `near`. Raises Refusal("street-number") or
    Refusal("health-and-place") naming the field. The people of a house cannot say here yet that theirs may be told.
    """
    if audience not in PUBLISHED:
        return
    for field, text in texts.items():
        if lint.house_number(text) is not None:
            raise Refusal(
                "street-number",
                field,
                sentence=phrase(
                    "Leave out the house number: an exact address may be told only if the people who live there say so,"
                    " and they cannot say so here yet. Name the street or a place to meet."
                ),
            )
    if not texts["near"]:
        return
    # How to stay safe may speak of falling ill: only what tells who and where is looked at.
    for field in ("title", "near"):
        if lint.health_words(texts[field]) is not None:
            raise Refusal(
                "health-and-place",
                field,
                sentence=phrase(
                    "An illness beside a place can tell who is meant. Leave out one of them, "
                    "or show it only to our own neighbours."
                ),
            )


def next_update(now: datetime, last: datetime) -> datetime:
    """The time of a change in whole seconds, later than that of every change before it: receivers keep the newest word."""
    return max(now.replace(microsecond=0), last.replace(microsecond=0) + timedelta(seconds=1))
