"""When a letter may go. Pure: every moment is given.

Once a day in the evening, or at once where somebody wishes it. Rest days are quiet, unless the note cannot wait: then it goes at
once, whatever day and hour it is.
"""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from node.profile.rhythm import Rest

DAILY, AT_ONCE, NEVER = "daily", "at-once", "never"
HOW: Final = (DAILY, AT_ONCE, NEVER)

EVENING: Final = time(18)
MORNING: Final = time(9)
"""By the clock on the wall where the council is: the daily letter, and what waited for the end of a rest day."""

FIRST_WAIT: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(hours=6)
TRIES: Final = 14
"""With the waits between them about two days; then it is given up."""

_DAY: Final = timedelta(days=1)
_LOOKED_AHEAD: Final = 400


def due_at(now: datetime, *, how: str, can_wait: bool, rest: Rest, zone: tzinfo) -> datetime:
    """When something that happens now is written about."""
    if not can_wait:
        return now
    if how == AT_ONCE:
        return quiet_until(now, can_wait=can_wait, rest=rest, zone=zone) or now
    return _next(now, EVENING, rest=rest, zone=zone)


def quiet_until(now: datetime, *, can_wait: bool, rest: Rest, zone: tzinfo) -> datetime | None:
    """None where a letter may go now, else the morning after the rest days."""
    if not can_wait or not rest.is_rest(now, zone):
        return None
    return _next(now, MORNING, rest=rest, zone=zone)


def next_try(now: datetime, *, tries: int) -> datetime | None:
    """When to try again after so many tries that failed; None where that was the last."""
    if tries >= TRIES:
        return None
    wait: timedelta = FIRST_WAIT * 2 ** (tries - 1)
    return now + min(wait, LONGEST_WAIT)


def _next(now: datetime, at: time, *, rest: Rest, zone: tzinfo) -> datetime:
    """The first such hour from now on that is on no rest day; tomorrow's where every day is one."""
    today = now.astimezone(zone).date()
    for ahead in range(_LOOKED_AHEAD):
        moment = _on(today + ahead * _DAY, at, zone=zone, like=now)
        if moment >= now and not rest.on(today + ahead * _DAY):
            return moment
    return _on(today + _DAY, at, zone=zone, like=now)


def _on(day: date, at: time, *, zone: tzinfo, like: datetime) -> datetime:
    return datetime.combine(day, at, zone).astimezone(like.tzinfo)
