"""What a neighbour has said they can do, and whether there is room in it. Pure.

These are the neighbour's own words about themselves. A proposal of the server never goes beyond them; the neighbour may.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from node.features.resources.promises.states import State
from schemas.phrase import Phrase, phrase

DAYS: Final = ("weekday", "weekend")
PARTS: Final = (("night", 6), ("morning", 12), ("afternoon", 18), ("evening", 24))
"""Parts of a day and the hour at which each ends."""

HOURS: Final = tuple(f"{day}-{part}" for day in DAYS for part, _ in PARTS)
"""The words for when somebody can: "weekday-evening"."""

_LOADS: Final = frozenset({State.PROPOSED, State.AGREED, State.DONE})


@dataclass(frozen=True, slots=True)
class Limits:
    """So many things a week, so far (km), these kinds, these hours: None or empty where nothing was said."""

    per_week: int | None = None
    distance_km: int | None = None
    kinds: frozenset[str] = frozenset()
    hours: frozenset[str] = frozenset()
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """One promise as far as it weighs on a week: its state, and when it is to happen or was made."""

    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """Whether there is room, and if not, why, in words for the neighbour themselves."""

    free: bool
    why: Phrase | None = None


def paused(paused_at: datetime | None, paused_until: datetime | None, now: datetime) -> bool:
    """Whether somebody is on a break at this moment; without an end it lasts until they say so."""
    return paused_at is not None and paused_at <= now and (paused_until is None or now < paused_until)


def week_of(at: datetime, zone: tzinfo) -> date:
    """The Monday of the week in which it falls, in the council's zone."""
    day = at.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def hours_of(at: datetime, zone: tzinfo) -> str:
    """The word for the part of the week in which it falls."""
    local = at.astimezone(zone)
    part = next(part for part, until in PARTS if local.hour < until)
    return f"{DAYS[local.weekday() > 4]}-{part}"


def load(promises: Iterable[Load], week: date, zone: tzinfo) -> int:
    """How many promises weigh on that week. What was given back, lapsed or is only waiting weighs nothing."""
    return sum(one.state in _LOADS and week_of(one.at, zone) == week for one in promises)


def room_for(
    limits: Limits,
    *,
    load: int,
    distance_km: float | None,
    kinds: frozenset[str],
    at: datetime,
    zone: tzinfo,
) -> Room:
    """Whether one more fits. `load` is that week's, `kinds` the kind and the category of what is asked, any of them enough."""
    if limits.paused:
        return Room(False, phrase("You are taking a break."))
    if limits.per_week is not None and load >= limits.per_week:
        return Room(False, phrase("Your week is full: {most} was what you wanted at most.", most=limits.per_week))
    if limits.distance_km is not None and distance_km is not None and distance_km > limits.distance_km:
        return Room(False, phrase("It is farther than the {km} km you named.", km=limits.distance_km))
    if limits.kinds and not limits.kinds & kinds:
        return Room(False, phrase("It is not among the kinds you named."))
    if limits.hours and hours_of(at, zone) not in limits.hours:
        return Room(False, phrase("It is not at the hours you named."))
    return Room(True)
