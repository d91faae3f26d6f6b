"""How times, distances, amounts and states are said on a page, in the words of the primitives paper.

Plain functions over plain values: `now` and the council's zone are arguments. Nothing here knows of requests, rows or
templates, and no function invents a precision that its input does not have.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

PAGE_LANGUAGE = "en"

_RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class KindWords(NamedTuple):
    """How one kind of slip looks: the class of its colour, its shape, its word on one slip, and its word over a list."""

    colour: str
    shape: str
    one: str
    many: str


KINDS = {
    "need": KindWords("need", "triangle", "Needed", "What is needed"),
    "offer": KindWords("offer", "circle", "Offered", "What is offered"),
    "resolution": KindWords("accord", "square", "Resolution", "What we decided"),
    "alert": KindWords("alarm", "mark", "Call for help", "Calls for help"),
    "drill": KindWords("rest", "mark", "Drill, not real", "Drills"),
    "rest": KindWords("rest", "moon", "Rest day", "Rest days"),
}

AUDIENCES = {
    "council": "Only our own neighbours",
    "neighbours": "We and our nearby councils",
    "public": "Everyone",
}

AUDIENCE_SENTENCES = {
    "council": "Only people who sign in here can see it.",
    "neighbours": "People who sign in here, and in the nearby councils we are linked with, can see it. Passers-by cannot.",
    "public": "Everyone can see it, here and elsewhere. Copies elsewhere cannot be called back.",
}

STATES = {
    "open": "Still open",
    "partly-promised": "Partly promised",
    "promised": "All promised",
    "closed": "Closed",
}

LINKS = {
    "we-asked": "We asked to link up. They have not answered yet.",
    "they-asked": "They ask to link up with us.",
    "accepted": "Linked up.",
    "declined": "Not linked up: one of us said not this time.",
    "ended": "No longer linked up.",
    "blocked": "We do not listen to them.",
}


def direction_of(language: str) -> str:
    """ "rtl" or "ltr", from a language tag."""
    return "rtl" if language.split("-", maxsplit=1)[0].lower() in _RIGHT_TO_LEFT else "ltr"


def clock(at: datetime, *, zone: ZoneInfo) -> str:
    """The time of day in the council's zone: "18:00"."""
    return f"{at.astimezone(zone):%H:%M}"


def day(at: datetime | date, *, now: datetime, zone: ZoneInfo) -> str:
    """The day as one would say it: "today", "Friday", "3 December", "3 December 2027"."""
    today = now.astimezone(zone).date()
    there = at.astimezone(zone).date() if isinstance(at, datetime) else at
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((there - today).days)
    if near:
        return near
    if 1 < (there - today).days < 7:
        return _WEEKDAYS[there.weekday()]
    named = f"{there.day} {_MONTHS[there.month - 1]}"
    return named if there.year == today.year or abs((there - today).days) < 150 else f"{named} {there.year}"


def when(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Day and time: "today 18:00"."""
    return f"{day(at, now=now, zone=zone)} {clock(at, zone=zone)}"


def until(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """How long something holds: "until 18:00", "until Friday 14:00", "until Friday" (to the end of that day), "ended yesterday"."""
    if at <= now:
        return f"ended {when(at, now=now, zone=zone)}"
    there = at.astimezone(zone)
    if (there.hour, there.minute) == (0, 0):
        return _until_the_end_of(there - timedelta(minutes=1), now=now, zone=zone)
    if (there.hour, there.minute) == (23, 59):
        return _until_the_end_of(there, now=now, zone=zone)
    said = day(at, now=now, zone=zone)
    return f"until {clock(at, zone=zone)}" if said == "today" else f"until {said} {clock(at, zone=zone)}"


def _until_the_end_of(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    said = day(at, now=now, zone=zone)
    return "until tonight" if said == "today" else f"until {said}"


def ago(at: datetime, *, now: datetime) -> str:
    """How long since: "just now", "4 min ago", "3 h ago", "2 days ago". A moment that is still to come is "just now"."""
    seconds = int((now - at).total_seconds())
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h ago"
    return f"{seconds // 86400} days ago"


def told_us(at: datetime | None, *, now: datetime) -> str:
    """How fresh a nearby council's word is: "told us 4 min ago"."""
    return "has told us nothing yet" if at is None else f"told us {ago(at, now=now)}"


def as_of(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """What an older state of things holds for: "as of 14:05", "as of Friday 14:05"."""
    said = day(at, now=now, zone=zone)
    return f"as of {clock(at, zone=zone)}" if said == "today" else f"as of {said} {clock(at, zone=zone)}"


def silent_since(at: datetime | None, *, now: datetime, zone: ZoneInfo) -> str:
    """A nearby council that has stopped answering: "silent since 14:05"."""
    if at is None:
        return "has told us nothing yet"
    said = day(at, now=now, zone=zone)
    return f"silent since {clock(at, zone=zone)}" if said == "today" else f"silent since {said} {clock(at, zone=zone)}"


def freshness(at: datetime | None, *, now: datetime, zone: ZoneInfo, current_for: timedelta) -> str:
    """One phrase for both: fresh words are dated by their age, older ones by the moment they hold for."""
    if at is None or now - at <= current_for:
        return told_us(at, now=now)
    return f"{silent_since(at, now=now, zone=zone)}; this is {as_of(at, now=now, zone=zone)}"


def distance(kilometres: float | None) -> str:
    """ "under 1 km", "1.2 km", "14 km"; nothing for a place that is not known. Places are coarse: no metres."""
    if kilometres is None:
        return ""
    if kilometres < 1:
        return "under 1 km"
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
    return "none left" if number(available) == "0" else f"{number(available)} of {quantity(amount, unit)} left"


def several(count: int, one: str, many: str) -> str:
    """ "1 neighbour", "3 neighbours"."""
    return f"{count} {one if count == 1 else many}"


def sentence(phrase: str) -> str:
    """A phrase at the start of a line: its first letter large, the others as they were."""
    return phrase[:1].upper() + phrase[1:]


def slip_address(object_id: str, *, base_url: str) -> str:
    """The page on this server that shows the slip with this address: our own under /o/, others' under /slip."""
    if object_id.startswith(f"{base_url}/o/"):
        return object_id.removeprefix(base_url)
    return f"/slip?id={quote(object_id, safe='')}"
