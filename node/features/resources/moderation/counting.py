"""What was reported, held and hidden here, in numbers by month, for everybody. Under five is "a few"; nothing else is told."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.features.resources.asking.acts import HELD
from node.features.resources.moderation.acts import HIDDEN
from node.features.resources.moderation.tables import Report
from schemas.phrase import Phrase, phrase

SHOWN_FOR: Final = timedelta(days=365)
A_FEW: Final = 5
_REPORTS = table_of(Report)


@dataclass(frozen=True, slots=True)
class Month:
    """One month: a moment in it, and how many of each, in words."""

    at: datetime
    reported: Phrase | str
    held: Phrase | str
    hidden: Phrase | str


def by_month(connection: Connection, *, now: datetime, zone: ZoneInfo) -> list[Month]:
    """The last twelve months in which there was anything, newest first."""
    rows = connection.execute(select(_REPORTS.c.at, _REPORTS.c.done_how).where(_REPORTS.c.at > now - SHOWN_FOR))
    counted: dict[tuple[int, int], Counter[str]] = {}
    moments: dict[tuple[int, int], datetime] = {}
    for at, how in rows:
        there = at.astimezone(zone)
        month = there.year, there.month
        moments.setdefault(month, at)
        counted.setdefault(month, Counter())[how if how in (HELD, HIDDEN) else "reported"] += 1
    return [
        Month(moments[month], *(_said(counted[month][what]) for what in ("reported", HELD, HIDDEN)))
        for month in sorted(counted, reverse=True)
    ]


def _said(count: int) -> Phrase | str:
    return phrase("none") if count == 0 else phrase("a few") if count < A_FEW else f"{count}"
