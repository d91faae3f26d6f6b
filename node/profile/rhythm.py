"""When neighbours meet next, and on which days they rest. The one reader of these columns, until gatherings are records."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from sqlalchemy import Connection

from federation.tables import table_of
from node.profile.tables import ONLY, ProfileRow

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY: Final = timedelta(days=1)
_LOOKED_AHEAD: Final = 400
_PROFILE: Final = table_of(ProfileRow)


@dataclass(frozen=True, slots=True)
class Rest:
    """Rest days: weekdays ("SU") and dates ("2026-12-25"), from midnight to midnight where the council is."""

    days: frozenset[str] = frozenset()

    def on(self, day: date) -> bool:
        return WEEKDAYS[day.weekday()] in self.days or day.isoformat() in self.days

    def is_rest(self, at: datetime, zone: tzinfo) -> bool:
        return self.on(at.astimezone(zone).date())

    def next_working(self, at: datetime, zone: tzinfo) -> datetime:
        """The same moment, or the beginning of the first day after it that is none of rest; `at` itself where none comes."""
        day = at.astimezone(zone).date()
        if not self.on(day):
            return at
        for ahead in range(1, _LOOKED_AHEAD):
            later = day + ahead * _DAY
            if not self.on(later):
                return datetime.combine(later, time(), zone).astimezone(at.tzinfo)
        return at

    def working_time(self, since: datetime, until: datetime, zone: tzinfo) -> timedelta:
        """How much time passed outside rest days."""
        if until <= since:
            return timedelta(0)
        passed, day = until - since, since.astimezone(zone).date()
        while day <= until.astimezone(zone).date() and self.days:
            if self.on(day):
                begins = datetime.combine(day, time(), zone).astimezone(since.tzinfo)
                ends = datetime.combine(day + _DAY, time(), zone).astimezone(since.tzinfo)
                passed -= max(min(ends, until) - max(begins, since), timedelta(0))
            day += _DAY
        return passed


@dataclass(frozen=True, slots=True)
class Gathering:
    """The next time that neighbours meet; `points` says how to put a point on its agenda, empty for the usual way."""

    at: datetime
    where: str
    access: str
    points: str


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is kept of both. `gathering` is None where none is known, or the last one known is over."""

    gathering: Gathering | None = None
    rest: Rest = Rest()


def rhythm(connection: Connection, *, now: datetime) -> Rhythm:
    """The council's rhythm as it stands."""
    row = connection.execute(_PROFILE.select().where(_PROFILE.c.id == ONLY)).mappings().first()
    if row is None:
        return Rhythm()
    at = row["gathering_at"]
    gathering = None
    if at is not None and at >= now:
        gathering = Gathering(at, row["gathering_where"], row["gathering_access"], row["gathering_points"])
    return Rhythm(gathering, Rest(frozenset(json.loads(row["rest_days"]))))
