"""Whether somebody is there on the coming rest days: a neighbour with a turn on call, or a nearby council that has promised cover.

Rest days do not hold back what cannot wait, so each needs somebody. Pure, but for the two reads at the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.accounts import turns
from node.features.resources.promises.states import ON_THE_RESOURCE
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.profile.rhythm import Rest

COVER: Final = "cover"
LOOKED_AHEAD: Final = timedelta(days=8)
_DAY: Final = timedelta(days=1)
_RESOURCES = table_of(Resource)
_PROMISES = table_of(Promise)


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when somebody is there."""

    since: datetime
    until: datetime


def rest_days(rest: Rest, now: datetime, zone: tzinfo) -> list[date]:
    """The rest days from today on, for the next eight days."""
    today = now.astimezone(zone).date()
    days = (today + ahead * _DAY for ahead in range(LOOKED_AHEAD // _DAY))
    return [day for day in days if rest.on(day)]


def span_of(day: date, zone: tzinfo) -> Span:
    """A day from midnight to midnight where the council is, in UTC: moments of one zone are compared by what its clocks show."""
    begins, ends = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + _DAY))
    return Span(begins, ends)


def uncovered(days: Iterable[date], there: Iterable[Span], *, now: datetime, zone: tzinfo) -> list[date]:
    """Those days on which at some moment, from now on, nobody is there."""
    spans = sorted(there, key=lambda span: span.since)
    return [day for day in days if not _covers(span_of(day, zone), spans, now)]


def somebody_there(connection: Connection, now: datetime) -> list[Span]:
    """When somebody has a turn on call and takes no break, and when a nearby council has promised cover."""
    resting = turns.resting(connection, now)
    calls = [Span(turn.since, turn.until) for turn in turns.held_turns(connection, turns.ON_CALL)
             if turn.member_id not in resting]  # fmt: skip
    promised = (
        select(_RESOURCES.c.starts_at, _RESOURCES.c.created_at, _RESOURCES.c.ends_at)
        .join(_PROMISES, _PROMISES.c.resource_id == _RESOURCES.c.id)
        .where(
            _RESOURCES.c.kind == COVER,
            _RESOURCES.c.closed_at.is_(None),
            _RESOURCES.c.ends_at > now,
            _PROMISES.c.state.in_(sorted(ON_THE_RESOURCE)),
        )
    )
    covers = [Span(row.starts_at or row.created_at, row.ends_at) for row in connection.execute(promised)]
    return calls + covers


def _covers(day: Span, spans: list[Span], now: datetime) -> bool:
    at = max(day.since, now)
    for span in spans:
        if span.since <= at:
            at = max(at, span.until)
    return at >= day.until
