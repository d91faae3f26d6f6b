"""What comes back: a need or an offer that holds every week, say, and is one record with one end and one quantity.

How much there is means how much there is as it stands, however often it comes; nothing is counted anew each time. Whoever wants
to start afresh says what is left. Pure but for the rule of RFC 5545, which `schemas.repeating` has.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.features.resources.tables import Resource
from node.web import words
from schemas.phrase import Phrase, phrase
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from schemas.repeating import BadRule, Recurrence, read_rule, recurrence, words_of, write_rule

ONCE: Final = "once"


@dataclass(frozen=True, slots=True)
class Times:
    """The three columns: from when on, by which rule, by the clocks of which zone; the last two empty for once."""

    starts_at: datetime | None
    repeats: str = ""
    zone: str = ""


def of_row(row: Resource) -> Recurrence | None:
    """When a record of ours comes back, None for once."""
    return recurrence(row.repeats, start=row.starts_at, zone=row.zone, ends=row.ends_at)


def asked(form: ResourceForm, before: Resource | None, *, ends_at: datetime, zone: str) -> Times:
    """What the form says of its times; what it leaves out stays as it was. The first time is the first that fits the rule.

    Raises Refusal("starts-at", "starts_at") where no time is given, ("repeats", "repeats") where the rule is none of ours or
    nothing comes before the end.
    """
    kept = Times(None) if before is None else Times(before.starts_at, before.repeats, before.zone)
    if form.repeats is None and form.starts_at is None:
        return kept
    starts_at = None if form.starts_at is None else form.starts_at.replace(microsecond=0)
    wanted = form.repeats or kept.repeats or ONCE
    if wanted == ONCE:
        return Times(starts_at)
    try:
        rule = read_rule(wanted)
    except BadRule:
        raise Refusal(
            "repeats",
            "repeats",
            sentence=phrase("Choose how often it comes back: once, each day, each week or each month."),
        ) from None
    if starts_at is None:
        raise Refusal("starts-at", "starts_at", sentence=phrase("Say when the first time is, with the hour."))
    said = recurrence(write_rule(rule), start=starts_at, zone=zone, ends=ends_at)
    first = None if said is None else next(said.times(), None)
    if first is None:
        raise Refusal(
            "repeats", "repeats", sentence=phrase("It would be over before its first time. Choose a later end.")
        )
    return Times(first, write_rule(rule), zone)


def said(one: Recurrence, now: datetime) -> Phrase:
    """How often, and the next time: "every week on Thursdays at 18:00, next on 3 December"."""
    often = words_of(one, day=lambda at: words.day(at, now=now, zone=one.zone))
    then = one.next_after(now)
    if then is None:
        return often
    return phrase("{often}; next time: {day}", often=often, day=words.day(then, now=now, zone=one.zone))
