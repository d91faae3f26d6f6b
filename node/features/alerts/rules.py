"""Who may call for help, for how long, how often and for whom: pure decisions of this node. Raises `Refusal`; tells no time."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from pydantic import TypeAdapter, ValidationError

from node import lint
from node.feature import Viewer
from node.rights import Right
from schemas import lasting
from schemas.phrase import Phrase, phrase
from schemas.records.alert import LONGEST_ALERT, Severity, Status
from schemas.refusal import Refusal
from schemas.wording import EXERCISE_WORDS

AUDIENCES: Final = ("council", "neighbours", "public")
PUBLISHED: Final = frozenset({"neighbours", "public"})
LONGEST: Final = timedelta(hours=24)
A_DAY: Final = timedelta(days=1)
MOST_DRAFTS: Final = 10
MOST_WORDS: Final = 1_500
GRAVE: Final = frozenset({Severity.SEVERE.value, Severity.EXTREME.value})
_RANK: Final = {"Unknown": 0, "Minor": 1, "Moderate": 2, "Severe": 3, "Extreme": 4}
_OTHERS: Final = frozenset({"Unknown", "Minor", "Moderate"})
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_UNTIL: Final = TypeAdapter[str](lasting.Until)


def check_audience(audience: str) -> None:
    """Raises Refusal("audience") for any but the three that are offered."""
    if audience not in AUDIENCES:
        raise Refusal(
            "audience",
            "audience",
            sentence=phrase("Choose who can see this: our own neighbours, nearby councils, or everyone."),
        )


def check_end(ends_at: datetime, now: datetime) -> None:
    """A call for help ends within 24 hours; who still needs it then renews it. Raises Refusal("too-long")."""
    if ends_at - now > LONGEST:
        raise Refusal(
            "too-long",
            "ends_at",
            sentence=phrase("A call for help lasts 24 hours at most. Put it up again if it goes on."),
        )


def end_of(until: str, now: datetime, *, zone: tzinfo) -> datetime | None:
    """The moment that `until` names, in UTC: as `schemas.lasting.Until` has it, or a time of day alone, which is the next one.

    None for what names no moment; Refusal("no-such-date") for a day that does not exist.
    """
    if _TIME_OF_DAY.fullmatch(until):
        local = now.astimezone(zone)
        today = datetime.combine(local.date(), time.fromisoformat(until), tzinfo=zone)
        there = (
            today if today > local else datetime.combine(local.date() + timedelta(days=1), today.time(), tzinfo=zone)
        )
        return there.astimezone(UTC)
    try:
        return lasting.end_of(_UNTIL.validate_python(until), now, zone=zone)
    except ValidationError:
        return None


def check_later(ends_at: datetime, *, before: datetime, out_at: datetime, now: datetime) -> None:
    """A call that is out ends no sooner than was said, within 24 hours from now, and within seven days of its first word.

    Raises Refusal("sooner") or Refusal("too-long").
    """
    if ends_at < before:
        # A copy elsewhere that missed the shorter end would outlive the word that it is over.
        raise Refusal(
            "sooner", "ends_at", sentence=phrase("It cannot end sooner than was said. Say that it is over instead.")
        )
    if ends_at - out_at > LONGEST_ALERT:
        raise Refusal(
            "too-long",
            "ends_at",
            sentence=phrase("A call lasts seven days in all. Say that it is over, and call again if it goes on."),
        )
    if ends_at != before:
        check_end(ends_at, now)


def needs_second(severity: str, *, two: bool) -> bool:
    """Whether a call of this severity waits for a second person, where the council is large enough to ask for `two`."""
    return severity in GRAVE and two


def raises(before: str, after: str) -> bool:
    """Whether a change of severity makes a call graver than it was, into what takes two people."""
    return after in GRAVE and is_graver(before, after)


def is_graver(before: str, after: str) -> bool:
    """Whether the second severity is above the first; nothing yet ("") is below all."""
    return _RANK.get(before, -1) < _RANK[after]


def counted_with(status: str, severity: str) -> frozenset[str]:
    """The severities that count into one quota; for drills all of them."""
    if status == Status.EXERCISE or severity not in GRAVE:
        return frozenset(_RANK) if status == Status.EXERCISE else _OTHERS
    return frozenset({severity})


def check_quota(status: str, severity: str, *, sent: int) -> None:
    """`sent` calls of this sort have gone out within a day. Raises Refusal("too-often"). Updates and ends are never counted."""
    most, sentence = _quota_of(status, severity)
    if sent >= most:
        raise Refusal("too-often", None, sentence=sentence)


def _quota_of(status: str, severity: str) -> tuple[int, Phrase]:
    if status == Status.EXERCISE:
        return 3, phrase("Three drills a day are the most, so that nobody stops listening. Hold the next one tomorrow.")
    if severity == Severity.EXTREME:
        return 1, phrase(
            "One call a day can say that life is in danger, and it has gone out already. Tell the news in that one, "
            "or call as serious."
        )
    if severity == Severity.SEVERE:
        return 3, phrase(
            "Three serious calls a day are the most, so that nearby councils keep listening. "
            "Tell the news in one of those that are out."
        )
    return 10, phrase(
        "Ten calls a day are the most, so that nearby councils keep listening. Tell the news in one of those that are out."
    )


def check_may_change(viewer: Viewer, *, raised_by: tuple[int | None, ...]) -> None:
    """Those who raised it, or whose turn gives the right, tell the news of a call.

    Raises Refusal("not-signed-in", "turn-ended" or "not-yours").
    """
    if viewer.require(Right.CALL) in raised_by:
        return
    if viewer.caretaker:
        viewer.require(Right.TIDY_UP)
    if not viewer.may(Right.TIDY_UP):
        raise Refusal(
            "not-yours",
            None,
            sentence=phrase("Only those who called, or whoever holds the server turn, can change it. You can end it."),
        )


def check_not_a_drill(title: str, *, status: str) -> None:
    """A real call does not begin with the word of a drill. Raises Refusal("looks-like-a-drill")."""
    if status == Status.ACTUAL and title.upper().startswith((*EXERCISE_WORDS, "DRILL")):
        raise Refusal(
            "looks-like-a-drill",
            "title",
            sentence=phrase("A real call does not begin with the word of a drill. To try things out, call a drill."),
        )


def check_words(texts: dict[str, str], *, audience: str) -> None:
    """A call that leaves this node names no house, and no illness where it names a place (primitives.md 2.10).

    `texts` maps field names to what was written in them. Raises Refusal("street-number") or
    Refusal("health-and-place") naming the field. The people of a house cannot say here yet that theirs may be told.
    """
    if audience not in PUBLISHED:
        return
    for field, text in texts.items():
        if lint.house_number(text) is not None:
            raise Refusal(
                "street-number",
                field,
                sentence=phrase(
                    "Leave out the house number: an exact address may be told only if the people who live there say so,"
                    " and they cannot say so here yet. Name the street or a place to meet."
                ),
            )
    if not texts.get("near"):
        return
    # How to stay safe may speak of falling ill: only what tells who and where is looked at.
    for field in ("title", "near"):
        if lint.health_words(texts.get(field, "")) is not None:
            raise Refusal(
                "health-and-place",
                field,
                sentence=phrase(
                    "An illness beside a place can tell who is meant. Leave out one of them, "
                    "or show it only to our own neighbours."
                ),
            )


def check_length(words: str) -> None:
    """What is told with an answer, an end or a follow-up stays short. Raises Refusal("too-long")."""
    if len(words) > MOST_WORDS:
        raise Refusal("too-long", "words", sentence=phrase("That is too long. A few sentences are enough."))


def next_update(now: datetime, last: datetime) -> datetime:
    """The time of a change in whole seconds, later than that of every change before it: receivers keep the newest word."""
    return max(now.replace(microsecond=0), last.replace(microsecond=0) + timedelta(seconds=1))
