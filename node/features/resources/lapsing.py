"""When what was asked and promised comes to its end by itself. Pure: every moment is given.

Hours are hours that pass, whatever the clocks on the wall are set to.
"""

from datetime import datetime, timedelta
from typing import Final

ERASED_AFTER: Final = timedelta(hours=72)
CONFIRMED_BY_ITSELF: Final = timedelta(days=3)
ANSWER_WITHIN: Final = timedelta(days=14)
UNANSWERED: Final = timedelta(days=3)
ASKED_BEFORE_THE_END: Final = timedelta(days=7)


def erase_at(closed_at: datetime | None, ends_at: datetime) -> datetime:
    """When contact, phrase and what was written back and forth are forgotten: 72 hours after it closed, or else ended."""
    return (ends_at if closed_at is None else min(closed_at, ends_at)) + ERASED_AFTER


def proposal_ends(now: datetime, resource_ends_at: datetime) -> datetime:
    """Until when a proposal can be answered: two weeks, and no longer than what it is about."""
    return min(now + ANSWER_WITHIN, resource_ends_at)


def lapsed(ends_at: datetime, now: datetime) -> bool:
    """Whether an unanswered proposal is over."""
    return now >= ends_at


def closes_by_itself(confirmed_once_at: datetime, now: datetime) -> bool:
    """Whether one side's word that it is done is enough: the other has been silent for three days."""
    return now - confirmed_once_at >= CONFIRMED_BY_ITSELF


def ask_again_at(created_at: datetime, ends_at: datetime) -> datetime:
    """When "Still needed?" is asked: a week before the end, and not before half its time."""
    half = created_at + (ends_at - created_at) / 2
    return max(ends_at - ASKED_BEFORE_THE_END, half)


def lapses(asked_at: datetime | None, ends_at: datetime, now: datetime) -> bool:
    """Whether a need that has ended lapses: never before it was asked about, and nobody answered for three days."""
    return asked_at is not None and now >= ends_at and now - asked_at >= UNANSWERED
