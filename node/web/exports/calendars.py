"""The days of a list as a calendar (RFC 5545), and what comes back. It promises no hour and no end that nobody has agreed."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

from node.web.exports.listed import Addressed, Source
from node.web.templating import seen_only
from schemas.phrase import Catalogue, said
from schemas.repeating import Recurrence, write_rule

if TYPE_CHECKING:
    from icalendar import Event

MADE_BY = "-//Comarca//Comarca//EN"
LOOK_AGAIN = timedelta(hours=12)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def calendar(
    slips: Iterable[Addressed],
    source: Source,
    *,
    days: Iterable[tuple[str, Callable[[str], str]]],
    times: str = "",
    catalogue: Catalogue,
) -> bytes:
    """One whole-day event for each slip and each detail of `days` that holds a date, and one that comes back for each slip whose
    detail `times` holds a Recurrence, with the zone by whose clocks it does.

    Its UID is the record's address and the name of that detail; beside the name stands what is to be done on the day, of a title.
    """
    from icalendar import Calendar

    made = Calendar()
    made.add("prodid", MADE_BY)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", _plain(source.title))
    made.add("name", _plain(source.title))
    made.add("refresh-interval", LOOK_AGAIN, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", LOOK_AGAIN, parameters={"VALUE": "DURATION"})
    slips = list(slips)
    for one, (day, todo) in product(slips, days):
        on = one.details.get(day)
        if isinstance(on, date) and not isinstance(on, datetime):
            made.add_component(_event(one, on, name=day, summary=said(todo(_plain(one.slip.title)), catalogue)))
    for one in slips:
        comes_back = one.details.get(times)
        if isinstance(comes_back, Recurrence):
            made.add_component(_coming(one, comes_back, name=times))
    made.add_missing_timezones()
    return bytes(made.to_ical())


def _event(one: Addressed, on: date, *, name: str, summary: str) -> "Event":
    event = _bare(one, name=name, summary=summary)
    event.add("dtstart", on)
    event.add("dtend", on + timedelta(days=1))
    return event


def _coming(one: Addressed, comes_back: Recurrence, *, name: str) -> "Event":
    from icalendar import vRecur

    event = _bare(one, name=name, summary=_plain(one.slip.title))
    event.add("dtstart", comes_back.start.astimezone(comes_back.zone))
    event.add("rrule", vRecur.from_ical(write_rule(comes_back.ended())))
    if near := one.details.get("near"):
        event.add("location", _plain(str(near)))
    return event


def _bare(one: Addressed, *, name: str, summary: str) -> "Event":
    from icalendar import Event

    event = Event()
    event.add("uid", f"{one.address}#{name}")
    event.add("dtstamp", one.slip.updated.astimezone(UTC))
    event.add("last-modified", one.slip.updated.astimezone(UTC))
    event.add("summary", summary)
    event.add("description", _plain(one.slip.words))
    event.add("url", one.page)
    event.add("transp", "TRANSPARENT")
    return event


def _plain(text: str) -> str:
    return _CONTROL.sub("", str(seen_only(str(text))))
