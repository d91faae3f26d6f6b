"""What one delivery attempt means, and when the next is due.

The whole policy of the outgoing queue stands here, as one pure function: two seconds, doubling with jitter, at most one
hour; a peer that the council has accepted is waited for at least ninety days. It must never send, sleep, read a clock
or draw a random number: the caller brings `now` and `uniform`, and acts on the outcome.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

PATIENCE_FOR_PEERS = timedelta(days=90)


class Kind(StrEnum):
    """What becomes of the delivery row."""

    DELIVERED = "delivered"
    LATER = "later"
    NEVER = "never"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Schedule:
    """`first` and `cap` in seconds; `give_up` counts from the moment the row was queued."""

    first: float = 2.0
    cap: float = 3600.0
    give_up: timedelta = PATIENCE_FOR_PEERS

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.cap < math.inf:
            raise ValueError("a schedule needs 0 < first <= cap")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`at` is when to try again: set for `later` and `gone`, None otherwise. `word` is from a bounded set (S37)."""

    kind: Kind
    at: datetime | None
    word: str


def after_attempt(
    *,
    status: int | None,
    failure: str | None,
    retry_after: str | None,
    attempts: int,
    first_queued: datetime,
    now: datetime,
    uniform: float,
    accepted_peer: bool,
    settings: Schedule,
    reason: str | None = None,
) -> Outcome:
    """Judge one attempt. Background: the push queue of the protocol paper, section 5.4.

    `status` is the HTTP answer or `failure` the transport's word: exactly one of them. `retry_after` is the field as
    received, `attempts` counts this one too (from 1), `uniform` lies in [0, 1), `reason` is the refusal word that the
    answer's body named. Other schemes of signature (double-knocking) are the caller's affair, before it asks here.
    `gone` carries a time as well: one 410 proves nothing, the caller counts three over seven days.
    Raises ValueError when both or neither of `status` and `failure` are given, or `attempts` is below 1.
    """
    if (status is None) == (failure is None) or attempts < 1:
        raise ValueError("an attempt ends in a status or in a failure, and is counted from 1")
    if status is not None and 200 <= status <= 299:
        return Outcome(Kind.DELIVERED, None, "delivered")
    word = failure if status is None else _word(status)
    assert word is not None
    delay = _backoff(attempts, uniform, settings=settings)
    if status == 410:
        return Outcome(Kind.GONE, now + timedelta(seconds=delay), word)
    if status in {401, 403} and reason == "blocked":
        return Outcome(Kind.NEVER, None, "blocked")
    if status is not None and _is_final(status, accepted_peer=accepted_peer):
        return Outcome(Kind.NEVER, None, word)
    patience = max(settings.give_up, PATIENCE_FOR_PEERS) if accepted_peer else settings.give_up
    if now - first_queued >= patience:
        return Outcome(Kind.NEVER, None, "given-up")
    asked = _asked_wait(retry_after, now=now)
    if asked is not None:
        # Their word may lengthen our wait and never shorten it, or "Retry-After: 0" would make a loop of us.
        delay = max(delay, min(asked, settings.cap))
    return Outcome(Kind.LATER, now + timedelta(seconds=delay), word)


def _is_final(status: int, *, accepted_peer: bool) -> bool:
    """Whether asking again with the same bytes cannot help. A redirect is no refusal: somebody mends a server."""
    if status == 404:
        return not accepted_peer
    return 400 <= status <= 499 and status not in {401, 403, 408, 429}


def _word(status: int) -> str:
    return f"http-{status}" if 100 <= status <= 599 else "http-other"


def _backoff(attempts: int, uniform: float, *, settings: Schedule) -> float:
    """Seconds. Jitter takes away up to a quarter, so a step below the cap is always longer than the one before."""
    base = min(settings.cap, math.ldexp(settings.first, min(attempts - 1, 64)))
    return base * (1.0 - 0.25 * uniform)


def _asked_wait(field: str | None, *, now: datetime) -> float | None:
    """Seconds that a Retry-After field asks for (RFC 9110 section 10.2.3), None when it is absent or unreadable."""
    text = (field or "").strip()
    if not text or len(text) > 64:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return max(0.0, (when - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
