"""What is due to be sent, and what came of it: plain functions over a connection, for the loop that does the sending.

To one inbox one message is on its way at a time, the handshake first, then the alert lane, then the rest in order. Waiting
belongs to the inbox: while it fails, nothing behind is tried. A call for help is tried at once all the same, and while a fresh
one waits the inbox is asked every five minutes at least. A row disappears only when it was acknowledged, has expired, or its
inbox will never take it; a crash between answer and record sends it once more, and the other side knows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, text

from federation.council import Council
from federation.moments import from_microseconds, microseconds
from federation.retry import Kind, Outcome, Schedule, after_attempt
from federation.tables import Lane

GONE_AFTER = timedelta(days=7)
GONE_SEEN = 3
CALL_WAITS = timedelta(minutes=5)
CALL_IS_FRESH = timedelta(hours=24)

_DUE = text(
    "SELECT id, inbox, origin, serves, scheme, attempts, key_number FROM destination d WHERE next_at <= :now"
    " AND EXISTS (SELECT 1 FROM delivery x WHERE x.destination_id = d.id) ORDER BY next_at, id LIMIT :most"
)
# One statement for all inboxes, and still only the first few rows of each are touched, however many wait behind them.
_ROWS = text(
    "SELECT d.id AS destination_id, x.id, x.lane, x.queued_at, x.expires_at, b.document, b.tells_key"
    " FROM destination d CROSS JOIN delivery x JOIN body b ON b.id = x.body_id WHERE d.id IN :destinations"
    " AND x.id IN (SELECT y.id FROM delivery y WHERE y.destination_id = d.id ORDER BY y.lane, y.id LIMIT :depth)"
    " ORDER BY d.id, x.lane, x.id"
).bindparams(bindparam("destinations", expanding=True))
# What was read ahead is no longer next once something that goes before it was queued.
_STILL = text(
    "SELECT 1 FROM delivery x WHERE x.id = :id"
    " AND NOT EXISTS (SELECT 1 FROM delivery y WHERE y.destination_id = x.destination_id AND y.lane < x.lane)"
)
_NEXT = text(
    "SELECT min(next_at) FROM destination d WHERE next_at > :now"
    " AND EXISTS (SELECT 1 FROM delivery x WHERE x.destination_id = d.id)"
)
_DONE = text("DELETE FROM delivery WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message for one inbox. `call`: it is of the alert lane."""

    delivery_id: int
    document: bytes
    queued_at: datetime
    expires_at: datetime
    tells_key: int | None = None
    call: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """An inbox whose turn it is, with its next messages in order. `key_number`: the newest of our keys that it has acknowledged."""

    destination_id: int
    inbox: str
    origin: str
    serves: str
    scheme: str
    attempts: int
    messages: tuple[Waiting, ...]
    key_number: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt came to. `scheme` is the signature scheme that was accepted or last tried.

    `key_number`: the newest pair of our keys that the inbox has acknowledged, by taking word of it or a request signed by it.
    """

    destination_id: int
    delivery_id: int
    outcome: Outcome
    scheme: str
    at: datetime
    key_number: int = 1


def due(connection: Connection, *, now: datetime, busy: frozenset[int], most: int, depth: int = 8) -> list[Due]:
    """At most `most` inboxes to send to now, without those in `busy`, each with at most `depth` messages."""
    rows = connection.execute(_DUE, {"now": microseconds(now), "most": most + len(busy)}).all()
    free = [row for row in rows if row.id not in busy][:most]
    messages: dict[int, list[Waiting]] = {row.id: [] for row in free}
    if free:
        for m in connection.execute(_ROWS, {"destinations": list(messages), "depth": depth}):
            queued_at, expires_at = from_microseconds(m.queued_at), from_microseconds(m.expires_at)
            waiting = Waiting(m.id, m.document, queued_at, expires_at, m.tells_key, call=m.lane == Lane.ALERT)
            messages[m.destination_id].append(waiting)
    return [
        Due(
            row.id, row.inbox, row.origin, row.serves, row.scheme, row.attempts, tuple(messages[row.id]), row.key_number
        )
        for row in free
    ]


def is_waiting(connection: Connection, delivery_id: int) -> bool:
    """Whether a row read before is still there, and still what goes next: a call for help passes everything read ahead."""
    return connection.execute(_STILL, {"id": delivery_id}).first() is not None


def next_due_at(connection: Connection, *, now: datetime) -> datetime | None:
    """When the next waiting inbox will be due, if any is waiting."""
    earliest = connection.execute(_NEXT, {"now": microseconds(now)}).scalar()
    return None if earliest is None else from_microseconds(earliest)


def judge_attempt(
    council: Council,
    destination: Due,
    message: Waiting,
    *,
    status: int | None,
    failure: str | None,
    retry_after: str | None,
    reason: str | None,
    now: datetime,
) -> Outcome:
    """What an answer, or its absence, means for this message. A row past its end is given up whatever was answered."""
    rules = council.rules
    is_peer = destination.serves != "follower"
    outcome = after_attempt(
        status=status,
        failure=failure,
        retry_after=retry_after,
        attempts=destination.attempts + 1,
        first_queued=message.queued_at,
        now=now,
        uniform=council.randomness.uniform(),
        accepted_peer=is_peer,
        settings=Schedule(rules.backoff_first, rules.backoff_cap, rules.give_up if is_peer else rules.follower_rows),
        reason=reason,
    )
    if outcome.kind is Kind.LATER and now >= message.expires_at:
        return Outcome(Kind.NEVER, None, "expired")
    return outcome


def record(connection: Connection, results: Sequence[Result]) -> list[None]:
    """Write down what came of attempts, many at once."""
    done = [r.delivery_id for r in results if r.outcome.kind in (Kind.DELIVERED, Kind.NEVER)]
    never = [r for r in results if r.outcome.kind is Kind.NEVER]
    if never:
        call = int(Lane.ALERT)
        given = [{"id": r.delivery_id, "word": r.outcome.word, "at": microseconds(r.at), "call": call} for r in never]
        connection.execute(_CALL_GIVEN_UP, given)
    if done:
        connection.execute(_DONE, {"ids": done})
    last = sorted({r.destination_id: r for r in results}.items())
    taken = [
        _values(r) | {"scheme": r.scheme, "key": r.key_number} for _, r in last if r.outcome.kind is Kind.DELIVERED
    ]
    if taken:
        connection.execute(_TAKEN, taken)
    for _, result in last:
        if result.outcome.kind is not Kind.DELIVERED:
            _note_failure(connection, result)
    return [None] * len(results)


_TAKEN = text(
    "UPDATE destination SET attempts = 0, gone_seen = 0, gone_since = NULL, next_at = :at, last_ok_at = :at,"
    " last_failure = NULL, scheme = :scheme, key_number = max(key_number, :key) WHERE id = :id"
)
_SKIPPED = text("UPDATE destination SET last_failure = :word, next_at = :at WHERE id = :id")
_CALL_GIVEN_UP = text(
    "INSERT INTO given_up (body_id, destination_id, word, at) SELECT body_id, destination_id, :word, :at FROM delivery"
    " WHERE id = :id AND lane = :call ON CONFLICT DO NOTHING"
)
# A call that was queued while something else was on its way has not been tried yet: its turn is now. One that was tried and
# failed waits no longer than CALL_WAITS, for as long as it is fresh.
_LATER = text(
    "UPDATE destination SET attempts = attempts + 1, next_at = CASE WHEN NOT EXISTS (SELECT 1 FROM delivery x"
    " WHERE x.destination_id = destination.id AND x.lane = :call AND x.queued_at > :fresh) THEN :next"
    " WHEN coalesce((SELECT lane FROM delivery WHERE id = :delivery), :call + 1) > :call THEN :at"
    " ELSE min(:next, :call_next) END, last_failure = :word,"
    " gone_seen = gone_seen + :gone, gone_since = CASE :gone WHEN 1 THEN coalesce(gone_since, :at) END WHERE id = :id"
)


def _values(result: Result) -> dict[str, object]:
    return {"id": result.destination_id, "at": microseconds(result.at)}


def _note_failure(connection: Connection, result: Result) -> None:
    outcome, given = result.outcome, _values(result) | {"word": result.outcome.word}
    if outcome.kind is Kind.NEVER:
        connection.execute(_SKIPPED, given)
        return
    assert outcome.at is not None
    gone = outcome.kind is Kind.GONE
    fresh, call_next = microseconds(result.at - CALL_IS_FRESH), microseconds(result.at + CALL_WAITS)
    calls = {"call": int(Lane.ALERT), "fresh": fresh, "call_next": call_next}
    later = {"next": microseconds(outcome.at), "gone": int(gone), "delivery": result.delivery_id}
    connection.execute(_LATER, given | later | calls)
    if gone:
        _drop_if_gone(connection, result.destination_id, now=result.at)


def _drop_if_gone(connection: Connection, destination_id: int, *, now: datetime) -> None:
    """A follower's inbox that has said 410 three times over seven days is gone; a council's is waited for."""
    found = connection.execute(
        text(
            "SELECT inbox FROM destination WHERE id = :id AND serves = 'follower'"
            " AND gone_seen >= :seen AND gone_since <= :since"
        ),
        {"id": destination_id, "seen": GONE_SEEN, "since": microseconds(now - GONE_AFTER)},
    ).first()
    if found is not None:
        connection.execute(text("DELETE FROM follower WHERE inbox = :inbox"), {"inbox": found.inbox})
        connection.execute(text("DELETE FROM destination WHERE id = :id"), {"id": destination_id})
