"""The council's rhythm as whoever has the server turn writes it down: the next gathering, and the days of rest.

It is about moments and places alone. What happened at a gathering never stands here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Annotated, Any, Final

from pydantic import StringConstraints
from sqlalchemy import Connection

from federation.tables import table_of
from node.feature import Acting
from node.profile import keeping
from node.profile.rhythm import WEEKDAYS, Rhythm, rhythm
from node.profile.tables import ONLY, ProfileRow
from node.rights import Right
from schemas.base import ApiModel
from schemas.phrase import phrase
from schemas.refusal import Refusal

MOST_DATES: Final = 60
_PROFILE: Final = table_of(ProfileRow)

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")
]


class RhythmForm(ApiModel):
    """What is typed. `gathering_at` is a date and a time where the council is; empty: no gathering is known."""

    gathering_at: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    gathering_where: Line = ""
    gathering_access: Line = ""
    gathering_points: Line = ""
    rest_weekdays: tuple[str, ...] = ()
    rest_dates: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)] = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    at: datetime | None
    days: list[str]


def set_rhythm(connection: Connection, form: RhythmForm, acting: Acting) -> Rhythm:
    """Keep it, in the place of what was there. Returns it as it is read from now on.

    Raises Refusal("moment", "gathering_at"), ("past", "gathering_at"), ("where", "gathering_where"), ("dates", "rest_dates") or
    ("every-day", "rest_dates"), and for whoever has not the server turn.
    """
    acting.viewer.require(Right.SET_UP)
    judged = _judged(form, acting)
    with_gathering = judged.at is not None
    values: dict[str, Any] = {
        "gathering_at": judged.at,
        "gathering_where": form.gathering_where if with_gathering else "",
        "gathering_access": form.gathering_access if with_gathering else "",
        "gathering_points": form.gathering_points if with_gathering else "",
        "rest_days": json.dumps(judged.days),
    }
    if keeping.held(connection) is None:
        keeping.keep(connection, acting.council.profile, now=acting.now)
    connection.execute(_PROFILE.update().where(_PROFILE.c.id == ONLY).values(**values))
    return rhythm(connection, now=acting.now)


def typed_of(kept: Rhythm, zone: tzinfo) -> dict[str, str]:
    """What the form shows of what is kept; a weekday of rest as `rest_SU`."""
    dates = sorted(kept.rest.days - set(WEEKDAYS))
    typed = {"rest_dates": ", ".join(dates), **{f"rest_{day}": "yes" for day in WEEKDAYS if day in kept.rest.days}}
    if kept.gathering is not None:
        typed |= {
            "gathering_at": f"{kept.gathering.at.astimezone(zone):%Y-%m-%dT%H:%M}",
            "gathering_where": kept.gathering.where,
            "gathering_access": kept.gathering.access,
            "gathering_points": kept.gathering.points,
        }
    return typed


def weekdays_in(typed: Mapping[str, str]) -> tuple[str, ...]:
    """The weekdays that are ticked."""
    return tuple(day for day in WEEKDAYS if typed.get(f"rest_{day}"))


def _judged(form: RhythmForm, acting: Acting) -> _Judged:
    at = _moment(form.gathering_at, acting.zone)
    if at is not None and at < acting.now:
        raise Refusal("past", "gathering_at", sentence=phrase("That moment has passed. Write when you meet next."))
    if at is not None and not form.gathering_where:
        raise Refusal("where", "gathering_where", sentence=phrase("Write where you meet, so that people find it."))
    weekdays = [day for day in WEEKDAYS if day in form.rest_weekdays]
    if len(weekdays) == len(WEEKDAYS):
        raise Refusal(
            "every-day",
            "rest_dates",
            sentence=phrase("Leave one day of the week that is no rest day: letters wait for it."),
        )
    return _Judged(at, [*weekdays, *_dates(form.rest_dates)])


def _moment(typed: str, zone: tzinfo) -> datetime | None:
    if not typed:
        return None
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or not 2000 <= at.year < 2200:
        raise Refusal("moment", "gathering_at", sentence=phrase("Write day and time, such as 2026-12-04 18:00."))
    return at.replace(tzinfo=zone)


def _dates(typed: str) -> list[str]:
    words = [word for word in re.split(r"[\s,;]+", typed) if word]
    try:
        days = sorted({date.fromisoformat(word).isoformat() for word in words})
    except ValueError:
        days = []
    if len(days) > MOST_DATES or (words and not days):
        raise Refusal(
            "dates",
            "rest_dates",
            sentence=phrase("Write dates such as 2026-12-25, with a comma between them, at most 60."),
        )
    return days
