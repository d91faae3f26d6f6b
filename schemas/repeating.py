"""When something comes back: a small part of RFC 5545's recurrence rules, read, written, counted and said in words.

Every day, on days of the week, or on the nth weekday of a month; each so many of these; until a moment or so many times. What
lies outside of that is refused by name, never half understood. Pure: the zone decides which day it is, and is an argument.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import StringConstraints

from schemas.phrase import Phrase, phrase, phrases

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY"]
_FREQUENCIES: Final[dict[str, Frequency]] = {"DAILY": "DAILY", "WEEKLY": "WEEKLY", "MONTHLY": "MONTHLY"}
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ORDINALS: Final = (1, 2, 3, 4, 5, -1)
LONGEST_RULE: Final = 200
MOST_TIMES: Final = 400
LONGEST_INTERVAL: Final = 52
EARLIEST: Final = 1970

RuleText = Annotated[str, StringConstraints(max_length=LONGEST_RULE)]
ZoneName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9+_-]*(/[A-Za-z0-9+_-]+){0,2}$")]
"""A name of the IANA time zone database. Whether this machine knows it is seen when it is used."""

_UNTIL: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,2}")
_DAY: Final = re.compile(r"(-?[1-9])?(MO|TU|WE|TH|FR|SA|SU)")
_PARTS: Final = ("FREQ", "INTERVAL", "BYDAY", "UNTIL", "COUNT")
_WEEK: Final = timedelta(days=7)


class BadRule(ValueError):
    """A rule that is none of ours. The text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`days`: the weekdays (0 is Monday) of a week, or (ordinal, weekday) of a month, in order. `until` in UTC, or `count`."""

    frequency: Frequency
    interval: int = 1
    days: tuple[tuple[int, int], ...] = ()
    until: datetime | None = None
    count: int | None = None


def read_rule(text: str) -> Rule:
    """The rule in `FREQ=…;…`. Raises BadRule for everything that is not understood whole."""
    if len(text) > LONGEST_RULE:
        raise BadRule("a rule of at most 200 signs")
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, sign, value = part.partition("=")
        if not sign or name in parts or name not in _PARTS:
            raise BadRule(f"a rule has {', '.join(_PARTS)}, each at most once")
        parts[name] = value
    if "UNTIL" in parts and "COUNT" in parts:
        raise BadRule("a rule ends at a moment or after so many times, not both")
    frequency = _FREQUENCIES.get(parts.get("FREQ", ""))
    if frequency is None:
        raise BadRule("a rule is DAILY, WEEKLY or MONTHLY")
    return Rule(
        frequency,
        _number(parts.get("INTERVAL", "1"), most=LONGEST_INTERVAL),
        _days(frequency, parts.get("BYDAY")),
        _moment(parts["UNTIL"]) if "UNTIL" in parts else None,
        _number(parts["COUNT"], most=MOST_TIMES) if "COUNT" in parts else None,
    )


def write_rule(rule: Rule) -> str:
    """The one way in which we write it; `read_rule` gives the same rule back."""
    parts = [f"FREQ={rule.frequency}"]
    if rule.interval != 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.days:
        parts.append("BYDAY=" + ",".join(f"{nth or ''}{DAYS[day]}" for nth, day in rule.days))
    if rule.until is not None:
        parts.append(f"UNTIL={rule.until.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    return ";".join(parts)


def _number(text: str, *, most: int) -> int:
    if _NUMBER.fullmatch(text) is None or int(text) > most:
        raise BadRule(f"a whole number from 1 to {most}")
    return int(text)


def _moment(text: str) -> datetime:
    if _UNTIL.fullmatch(text) is None:
        raise BadRule("UNTIL is written YYYYMMDDTHHMMSSZ")
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRule("UNTIL is a moment of the calendar") from error


def _days(frequency: Frequency, text: str | None) -> tuple[tuple[int, int], ...]:
    if frequency == "DAILY":
        if text is not None:
            raise BadRule("what comes every day has no BYDAY")
        return ()
    found = []
    for part in (text or "").split(","):
        match = _DAY.fullmatch(part)
        if match is None:
            raise BadRule("BYDAY names days of the week, such as MO,TH or 2TH")
        nth = int(match[1] or 0)
        if (nth not in ORDINALS) if frequency == "MONTHLY" else nth:
            raise BadRule("a day of a month is the first to fifth or the last, a day of a week has no number")
        found.append((nth, DAYS.index(match[2])))
    if len(set(found)) != len(found):
        raise BadRule("a day is named once")
    return tuple(sorted(found, key=lambda one: (one[0] if one[0] > 0 else 9, one[1])))


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule from `start` (UTC) on, by the clocks of `zone`, and never after `ends` (UTC)."""

    rule: Rule
    start: datetime
    zone: ZoneInfo
    ends: datetime

    def times(self) -> Iterator[datetime]:
        """Every time that it comes, in UTC and in order; none before `start`, none after the rule's or the notice's end."""
        last = self.ends if self.rule.until is None else min(self.ends, self.rule.until)
        found = (at for at in _at_that_hour(self.rule, self.start, self.zone) if at >= self.start)
        for at in islice(found, self.rule.count):
            if at > last:
                return
            yield at

    def ended(self) -> Rule:
        """The rule with the end of the notice in it, for readers that know no other. Where it is counted, by fewer times."""
        if self.rule.count is not None:
            return replace(self.rule, count=max(1, sum(1 for _ in self.times())))
        return replace(self.rule, until=self.ends if self.rule.until is None else min(self.ends, self.rule.until))

    def next_after(self, now: datetime) -> datetime | None:
        """The first time that is not over at `now`, None where there is none any more."""
        return next((at for at in self._from(now).times() if at >= now), None)

    def _from(self, now: datetime) -> "Recurrence":
        """The same without what is long over: whoever began years ago is not counted through from there."""
        if self.rule.count is not None or now - self.start < 60 * _WEEK:
            return self
        there = self.start.astimezone(self.zone)
        whole = (now - self.start - _WEEK).days
        if self.rule.frequency == "MONTHLY":
            month = (there.year * 12 + there.month - 1) + (whole // 31 // self.rule.interval) * self.rule.interval
            moved = datetime.combine(date(month // 12, month % 12 + 1, 1), there.time())
        else:
            step = self.rule.interval * (7 if self.rule.frequency == "WEEKLY" else 1)
            moved = datetime.combine(there.date() + timedelta(days=whole // step * step), there.time())
            if self.rule.frequency == "WEEKLY":
                moved -= timedelta(days=moved.weekday())
        return Recurrence(self.rule, max(self.start, _utc(moved, self.zone)), self.zone, self.ends)


def recurrence(rule: str, *, start: datetime | None, zone: str, ends: datetime) -> Recurrence | None:
    """What a record or a note says, None where it says nothing of the kind or this machine does not know its zone.

    Nothing that comes back began before 1970: days would be counted through from there, and a zone may have no clocks yet.
    """
    if not rule or start is None or start.year < EARLIEST:
        return None
    try:
        return Recurrence(read_rule(rule), start, ZoneInfo(zone), ends)
    except (BadRule, ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _utc(there: datetime, zone: ZoneInfo) -> datetime:
    """A time on the wall as a moment. An hour that does not exist is read by the offset before it (RFC 5545, 3.3.5)."""
    return there.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _at_that_hour(rule: Rule, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    there = start.astimezone(zone).replace(tzinfo=None)
    try:
        for day in _dates(rule, there.date()):
            yield _utc(datetime.combine(day, _wall(there)), zone)
    except (OverflowError, ValueError):
        return  # the calendar ends with the year 9999


def _wall(there: datetime) -> time:
    return there.time().replace(fold=0)


def _dates(rule: Rule, first: date) -> Iterator[date]:
    """Days of the rule in order, from the beginning of the week or month of `first` on, without an end."""
    if rule.frequency == "DAILY":
        while True:
            yield first
            first += timedelta(days=rule.interval)
    if rule.frequency == "WEEKLY":
        monday = first - timedelta(days=first.weekday())
        while True:
            yield from (monday + timedelta(days=day) for _, day in rule.days)
            monday += rule.interval * _WEEK
    month = first.year * 12 + first.month - 1
    while True:
        yield from sorted(_of_month(rule, month // 12, month % 12 + 1))
        month += rule.interval


def _of_month(rule: Rule, year: int, month: int) -> set[date]:
    first = date(year, month, 1)
    after = date(year + month // 12, month % 12 + 1, 1)
    found = set()
    for nth, weekday in rule.days:
        if nth > 0:
            day = first + timedelta(days=(weekday - first.weekday()) % 7) + (nth - 1) * _WEEK
        else:
            day = after - timedelta(days=(after.weekday() - weekday - 1) % 7 + 1)
        if first <= day < after:
            found.add(day)
    return found


WEEKLY_NAMES: Final = (
    phrase("Mondays"), phrase("Tuesdays"), phrase("Wednesdays"), phrase("Thursdays"), phrase("Fridays"), phrase("Saturdays"),
    phrase("Sundays"),
)  # fmt: skip
NTH: Final[dict[int, Phrase]] = {
    1: phrase("first"), 2: phrase("second"), 3: phrase("third"), 4: phrase("fourth"), 5: phrase("fifth"), -1: phrase("last"),
}  # fmt: skip
# One for each day: where days have an article or a plural of their own, no word for a day fits everywhere.
_MONTHLY: Final[tuple[Callable[[Phrase], Phrase], ...]] = (
    lambda nth: phrase("the {nth} Monday", nth=nth),
    lambda nth: phrase("the {nth} Tuesday", nth=nth),
    lambda nth: phrase("the {nth} Wednesday", nth=nth),
    lambda nth: phrase("the {nth} Thursday", nth=nth),
    lambda nth: phrase("the {nth} Friday", nth=nth),
    lambda nth: phrase("the {nth} Saturday", nth=nth),
    lambda nth: phrase("the {nth} Sunday", nth=nth),
)


def how_often(rule: Rule) -> Phrase:
    """The rule as one says it, without hour and end: "every second week on Thursdays", "each month on the last Friday"."""
    if rule.frequency == "DAILY":
        return phrases("every day", "every {count} days", rule.interval)
    if rule.frequency == "MONTHLY":
        days = _listed([_MONTHLY[day](NTH[nth]) for nth, day in rule.days])
        if rule.interval == 1:
            return phrase("each month on {days}", days=days)
        return phrase("every {count} months on {days}", count=rule.interval, days=days)
    days = _listed([WEEKLY_NAMES[day] for _, day in rule.days])
    if rule.interval == 1:
        return phrase("every week on {days}", days=days)
    if rule.interval == 2:
        return phrase("every second week on {days}", days=days)
    return phrase("every {count} weeks on {days}", count=rule.interval, days=days)


def _listed(days: list[Phrase]) -> Phrase:
    *rest, said = days
    for number, day in enumerate(reversed(rest)):
        said = (
            phrase("{one}, {others}", one=day, others=said)
            if number
            else phrase("{one} and {other}", one=day, other=said)
        )
    return said


def words_of(one: Recurrence, *, day: Callable[[datetime], str]) -> Phrase:
    """With its hour and, where the rule has one, its end: "every week on Thursdays at 18:00, 10 times". `day` says a day."""
    said = phrase("{often} at {time}", often=how_often(one.rule), time=f"{one.start.astimezone(one.zone):%H:%M}")
    if one.rule.count is not None:
        return phrases("{said}, once", "{said}, {count} times", one.rule.count, said=said)
    if one.rule.until is not None and one.rule.until < one.ends:  # beyond that it never comes
        return phrase("{said}, until {day}", said=said, day=day(one.rule.until))
    return said
