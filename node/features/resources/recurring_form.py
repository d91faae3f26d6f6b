"""The few choices in which a form asks whether something comes back, made into a rule and back. Knows no rows but their columns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from node.features.resources import recurring
from node.features.resources.recurring import ONCE
from node.features.resources.tables import Resource
from schemas.base import write_time
from schemas.lasting import end_of
from schemas.phrase import Phrase, phrase
from schemas.refusal import Refusal
from schemas.repeating import DAYS, NTH, WEEKLY_NAMES, Frequency, Rule, how_often, write_rule

_RULES: Final[dict[str, tuple[Frequency, int]]] = {
    "daily": ("DAILY", 1),
    "weekly": ("WEEKLY", 1),
    "second": ("WEEKLY", 2),
    "monthly": ("MONTHLY", 1),
}
_LOCAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers, each as (value or name of the field, words)."""

    choices: tuple[tuple[str, Phrase], ...]
    days: tuple[tuple[str, Phrase], ...] = tuple((f"on_{day.lower()}", WEEKLY_NAMES[n]) for n, day in enumerate(DAYS))
    nth: tuple[tuple[str, Phrase], ...] = tuple((str(nth), words) for nth, words in NTH.items())


CHOICES: Final = Choices(
    (
        (ONCE, phrase("It does not come back")),
        ("daily", phrase("Every day")),
        ("weekly", phrase("Every week on these days")),
        ("second", phrase("Every second week on these days")),
        ("monthly", phrase("Each month on these days")),
    )
)


def choices_for(row: Resource, typed: Mapping[str, str]) -> Choices:
    """The choices for a record that is there: a rule that the form cannot ask for may stay as it is."""
    known, one = typed.get("often", ONCE), recurring.of_row(row)
    if one is None or known in dict(CHOICES.choices):
        return CHOICES
    return replace(CHOICES, choices=((row.repeats, how_often(one.rule)), *CHOICES.choices))


def asked_in(typed: Mapping[str, str], now: datetime, *, zone: ZoneInfo) -> dict[str, str]:
    """`repeats` and `starts_at` for a ResourceForm; nothing where the form has no such fields.

    Raises Refusal("starts-at", "from") for no time, or ("days", "often") where no day is ticked.
    """
    often = typed.get("often")
    if often is None:
        return {}
    found = {"repeats": often}
    if given := typed.get("from"):
        if _LOCAL.fullmatch(given[:16]) is None:
            raise Refusal("starts-at", "from", sentence=phrase("Say when the first time is, as a date and a time."))
        found["starts_at"] = write_time(_moment(given[:16], now, zone))
    if often in _RULES:
        frequency, interval = _RULES[often]
        found["repeats"] = write_rule(Rule(frequency, interval, _days(typed, frequency)))
    return found


def typed_of(row: Resource, *, zone: ZoneInfo) -> dict[str, str]:
    """The fields as they would have been typed for this record."""
    typed = {"often": row.repeats or ONCE}
    if row.starts_at is not None:
        typed["from"] = f"{row.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}"
    one = recurring.of_row(row)
    if one is None:
        return typed
    rule, nths = one.rule, {nth for nth, _ in one.rule.days}
    for name, asked in _RULES.items():
        if (rule.frequency, rule.interval) == asked and len(nths) < 2 and rule.until is None and rule.count is None:
            typed["often"] = name
            typed |= {f"on_{DAYS[day].lower()}": "yes" for _, day in rule.days}
            typed |= {"nth": str(*nths)} if rule.frequency == "MONTHLY" else {}
    return typed


def _moment(given: str, now: datetime, zone: ZoneInfo) -> datetime:
    try:
        return end_of(given, now, zone=zone)
    except Refusal as refused:
        raise Refusal(refused.word, "from", sentence=refused.sentence) from None


def _days(typed: Mapping[str, str], frequency: Frequency) -> tuple[tuple[int, int], ...]:
    if frequency == "DAILY":
        return ()
    nth = int(typed["nth"]) if frequency == "MONTHLY" and typed.get("nth") in {str(one) for one in NTH} else 0
    days = tuple(
        (nth or int(frequency == "MONTHLY"), n) for n, day in enumerate(DAYS) if typed.get(f"on_{day.lower()}")
    )
    if not days:
        raise Refusal("days", "often", sentence=phrase("Tick at least one day on which it comes back."))
    return days
