"""How times, distances, amounts and states are said on a page, in the words of the primitives paper.

Plain functions over plain values: `now` and the council's zone are arguments. Nothing here knows of requests, rows or
templates, and no function invents a precision that its input does not have.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from schemas.phrase import Phrase, phrase, phrases

_MONTHS = (
    phrase("January"), phrase("February"), phrase("March"), phrase("April"), phrase("May"), phrase("June"),
    phrase("July"), phrase("August"), phrase("September"), phrase("October"), phrase("November"), phrase("December"),
)  # fmt: skip
_WEEKDAYS = (
    phrase("Monday"), phrase("Tuesday"), phrase("Wednesday"), phrase("Thursday"), phrase("Friday"), phrase("Saturday"),
    phrase("Sunday"),
)  # fmt: skip


class KindWords(NamedTuple):
    """How one kind of slip looks: the class of its colour, its shape, its word on one slip, and its word over a list."""

    colour: str
    shape: str
    one: Phrase
    many: Phrase


KINDS = {
    "need": KindWords("need", "triangle", phrase("Needed"), phrase("What is needed")),
    "offer": KindWords("offer", "circle", phrase("Offered"), phrase("What is offered")),
    "resolution": KindWords("accord", "square", phrase("Resolution"), phrase("What we decided")),
    "alert": KindWords("alarm", "mark", phrase("Call for help"), phrase("Calls for help")),
    "drill": KindWords("rest", "mark", phrase("Drill, not real"), phrase("Drills")),
    "waiting": KindWords("alarm", "mark", phrase("Call that waits for a second person"), phrase("Waiting calls")),
    "waiting-drill": KindWords(
        "rest", "mark", phrase("Drill that waits for a second person"), phrase("Waiting drills")
    ),
    "follow-up": KindWords("offer", "circle", phrase("After a call for help"), phrase("After calls for help")),
    "rest": KindWords("rest", "moon", phrase("Rest day"), phrase("Rest days")),
}

AUDIENCES = {
    "council": phrase("Only our own neighbours"),
    "neighbours": phrase("We and our nearby councils"),
    "public": phrase("Everyone"),
}

AUDIENCE_SENTENCES = {
    "council": phrase("Only people who sign in here can see it."),
    "neighbours": phrase(
        "People who sign in here, and in the nearby councils we are linked with, can see it. Passers-by cannot."
    ),
    "public": phrase("Everyone can see it, here and elsewhere. Copies elsewhere cannot be called back."),
}

STATES = {
    "open": phrase("Still open"),
    "partly-promised": phrase("Partly promised"),
    "promised": phrase("All promised"),
    "closed": phrase("Closed"),
}

LINKS = {
    "we-asked": phrase("We asked to link up. They have not answered yet."),
    "they-asked": phrase("They ask to link up with us."),
    "accepted": phrase("Linked up."),
    "declined": phrase("Not linked up: one of us said not this time."),
    "ended": phrase("No longer linked up."),
    "blocked": phrase("We do not listen to them."),
}


def clock(at: datetime, *, zone: ZoneInfo) -> str:
    """The time of day in the council's zone: "18:00"."""
    return f"{at.astimezone(zone):%H:%M}"


def day(at: datetime | date, *, now: datetime, zone: ZoneInfo) -> Phrase:
    """The day as one would say it: "today", "Friday", "3 December", "3 December 2027"."""
    today = now.astimezone(zone).date()
    there = at.astimezone(zone).date() if isinstance(at, datetime) else at
    near = {-1: phrase("yesterday"), 0: phrase("today"), 1: phrase("tomorrow")}.get((there - today).days)
    if near is not None:
        return near
    if 1 < (there - today).days < 7:
        return _WEEKDAYS[there.weekday()]
    month = _MONTHS[there.month - 1]
    if there.year == today.year or abs((there - today).days) < 150:
        return phrase("{day} {month}", day=there.day, month=month)
    return phrase("{day} {month} {year}", day=there.day, month=month, year=there.year)


def calendar_day(on: date) -> Phrase:
    """A day by its weekday and date, the same whenever it is read: "Sunday 6 December"."""
    return phrase("{weekday} {day} {month}", weekday=_WEEKDAYS[on.weekday()], day=on.day, month=_MONTHS[on.month - 1])


def since(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """A moment that has passed, as one says since when: "14:05" today, "yesterday", "Tuesday", "3 December"."""
    there, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    if there == today:
        return clock(at, zone=zone)
    return _WEEKDAYS[there.weekday()] if 1 < (today - there).days < 7 else day(at, now=now, zone=zone)


def month(at: datetime, *, zone: ZoneInfo) -> Phrase:
    """The month alone, for what no day should be told of: "November 2026"."""
    there = at.astimezone(zone)
    return phrase("{month} {year}", month=_MONTHS[there.month - 1], year=there.year)


def when(at: datetime, *, now: datetime, zone: ZoneInfo) -> Phrase:
    """Day and time: "today 18:00"."""
    return phrase("{day} {time}", day=day(at, now=now, zone=zone), time=clock(at, zone=zone))


def weekday(number: int) -> Phrase:
    """The name of a day of the week, Monday being 0."""
    return _WEEKDAYS[number]


def dated(at: datetime, *, now: datetime, zone: ZoneInfo) -> Phrase:
    """Day and time as they may stand on paper, where "tomorrow" means nothing: "Friday 4 December, 18:00"."""
    there = at.astimezone(zone)
    month = _MONTHS[there.month - 1]
    if there.year != now.astimezone(zone).year:
        month = phrase("{month} {year}", month=month, year=there.year)
    weekday, time = _WEEKDAYS[there.weekday()], clock(at, zone=zone)
    return phrase("{weekday} {day} {month}, {time}", weekday=weekday, day=there.day, month=month, time=time)


def until(at: datetime, *, now: datetime, zone: ZoneInfo) -> Phrase:
    """How long something holds: "until 18:00", "until Friday 14:00", "until Friday" (to the end of that day), "ended yesterday"."""
    if at <= now:
        return phrase("ended {when}", when=when(at, now=now, zone=zone))
    there = at.astimezone(zone)
    if (there.hour, there.minute) == (0, 0):
        return _until_the_end_of(there - timedelta(minutes=1), now=now, zone=zone)
    if (there.hour, there.minute) == (23, 59):
        return _until_the_end_of(there, now=now, zone=zone)
    if _is_today(at, now=now, zone=zone):
        return phrase("until {time}", time=clock(at, zone=zone))
    return phrase("until {day} {time}", day=day(at, now=now, zone=zone), time=clock(at, zone=zone))


def _until_the_end_of(at: datetime, *, now: datetime, zone: ZoneInfo) -> Phrase:
    if _is_today(at, now=now, zone=zone):
        return phrase("until tonight")
    return phrase("until {day}", day=day(at, now=now, zone=zone))


def _is_today(at: datetime, *, now: datetime, zone: ZoneInfo) -> bool:
    return at.astimezone(zone).date() == now.astimezone(zone).date()


def ago(at: datetime, *, now: datetime) -> Phrase:
    """How long since: "just now", "4 min ago", "3 h ago", "2 days ago". A moment that is still to come is "just now"."""
    seconds = int((now - at).total_seconds())
    if seconds < 60:
        return phrase("just now")
    if seconds < 3600:
        return phrase("{count} min ago", count=seconds // 60)
    if seconds < 48 * 3600:
        return phrase("{count} h ago", count=seconds // 3600)
    return phrases("{count} day ago", "{count} days ago", seconds // 86400)


def asked(at: datetime, *, now: datetime, zone: ZoneInfo) -> Phrase:
    """How long a need has been waiting, by days of the calendar: "asked today", "asked yesterday", "asked 5 days ago"."""
    days = (now.astimezone(zone).date() - at.astimezone(zone).date()).days
    if days <= 0:
        return phrase("asked today")
    return phrase("asked yesterday") if days == 1 else phrase("asked {count} days ago", count=days)


def told_us(at: datetime | None, *, now: datetime) -> Phrase:
    """How fresh a nearby council's word is: "told us 4 min ago"."""
    return phrase("has told us nothing yet") if at is None else phrase("told us {ago}", ago=ago(at, now=now))


def as_of(at: datetime, *, now: datetime, zone: ZoneInfo) -> Phrase:
    """What an older state of things holds for: "as of 14:05", "as of Friday 14:05"."""
    if _is_today(at, now=now, zone=zone):
        return phrase("as of {time}", time=clock(at, zone=zone))
    return phrase("as of {when}", when=when(at, now=now, zone=zone))


def silent_since(at: datetime | None, *, now: datetime, zone: ZoneInfo) -> Phrase:
    """A nearby council that has stopped answering: "silent since 14:05"."""
    if at is None:
        return phrase("has told us nothing yet")
    if _is_today(at, now=now, zone=zone):
        return phrase("silent since {time}", time=clock(at, zone=zone))
    return phrase("silent since {when}", when=when(at, now=now, zone=zone))


def freshness(at: datetime | None, *, now: datetime, zone: ZoneInfo, current_for: timedelta) -> Phrase:
    """One phrase for both: fresh words are dated by their age, older ones by the moment they hold for."""
    if at is None or now - at <= current_for:
        return told_us(at, now=now)
    silent, held = silent_since(at, now=now, zone=zone), as_of(at, now=now, zone=zone)
    return phrase("{silent_since}; this is {as_of}", silent_since=silent, as_of=held)


def distance(kilometres: float | None) -> str:
    """ "under 1 km", "1.2 km", "14 km"; nothing for a place that is not known. Places are coarse: no metres."""
    if kilometres is None:
        return ""
    if kilometres < 1:
        return phrase("under 1 km")
    return f"{kilometres:.1f} km" if kilometres < 9.95 else f"{kilometres:.0f} km"


def number(value: str) -> str:
    """A decimal string without idle noughts: "40.00" is "40", "2.50" is "2.5"; what is no number stays as it is."""
    try:
        exact = Decimal(value)
    except InvalidOperation:
        return value
    if not exact.is_finite():
        return value
    plain = f"{exact:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def quantity(amount: str | None, unit: str | None = None) -> str:
    """ "40 portions"; an amount without a unit stands alone, a unit without an amount says nothing."""
    return f"{number(amount)} {unit or ''}".strip() if amount else ""


def left(available: str | None, amount: str | None, unit: str | None = None) -> str:
    """How much there still is: "22 of 40 portions left", "40 portions", "none left"."""
    if not amount or available is None or number(available) == number(amount):
        return quantity(amount or available, unit)
    if number(available) == "0":
        return phrase("none left")
    return phrase("{available} of {quantity} left", available=number(available), quantity=quantity(amount, unit))


def sentence(words: str) -> str:
    """Words at the start of a line: the first letter large, the others as they were."""
    return words[:1].upper() + words[1:]


def slip_address(object_id: str, *, base_url: str) -> str:
    """The page on this server that shows the slip with this address: our own under /o/, others' under /slip."""
    if object_id.startswith(f"{base_url}/o/"):
        return object_id.removeprefix(base_url)
    return f"/slip?id={quote(object_id, safe='')}"
