"""What is due, looked at for many inboxes at once, is what one would find by asking for each; records of many attempts too."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from federation import delivery
from federation.delivery import Due, Result
from federation.destinations import open_destination
from federation.moments import microseconds
from federation.retry import Kind, Outcome
from tests import builders
from tests.builders import START

DEPTH = 3
Queued = list[tuple[int, int]]  # (inbox, lane) in the order of queueing


def queue(connection: Connection, queued: Queued, *, inboxes: int) -> None:
    for number in range(inboxes):
        open_destination(
            connection, inbox=f"https://n{number}.example/inbox", serves="peer", scheme="ed25519", now=START
        )
    for number, (inbox, lane) in enumerate(queued, start=1):
        connection.execute(
            text(
                "INSERT INTO body (id, activity_id, audience, document, created_at) VALUES (:n, :a, 'public', :d, :now)"
            ),
            {"n": number, "a": f"https://ours.example/a/{number}", "d": b"%d" % number, "now": microseconds(START)},
        )
        connection.execute(
            text(
                "INSERT INTO delivery (id, destination_id, body_id, lane, queued_at, expires_at)"
                " VALUES (:n, :to, :n, :lane, :now, :now)"
            ),
            {"n": number, "to": inbox + 1, "lane": lane, "now": microseconds(START)},
        )


def rows_of(found: list[Due]) -> dict[int, list[int]]:
    return {due.destination_id: [message.delivery_id for message in due.messages] for due in found}


@settings(deadline=None)  # the first example makes the tables
@given(
    queued=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=30),
    busy=st.frozensets(st.integers(1, 5)),
    most=st.integers(1, 6),
)
def test_each_free_inbox_gets_its_first_messages_by_lane_and_age(
    queued: Queued, busy: frozenset[int], most: int
) -> None:
    expected: dict[int, list[int]] = {}
    for number, (inbox, _) in sorted(enumerate(queued, start=1), key=lambda one: (one[1][1], one[0])):
        expected.setdefault(inbox + 1, []).append(number)
    with builders.database() as connection:
        queue(connection, queued, inboxes=5)

        found = delivery.due(connection, now=START, busy=busy, most=most, depth=DEPTH)

    free = sorted(set(expected) - busy)[:most]
    assert rows_of(found) == {inbox: expected[inbox][:DEPTH] for inbox in free}
    assert all(message.document == b"%d" % message.delivery_id for due in found for message in due.messages)


def result(number: int, kind: Kind, *, at: datetime | None = None, word: str = "delivered") -> Result:
    return Result(number, number, Outcome(kind, at, word), "rfc9421", START)


def test_attempts_that_ended_together_are_written_down_each_for_its_own_inbox() -> None:
    later = START + timedelta(seconds=8)
    with builders.database() as connection:
        queue(connection, [(0, 1), (1, 1), (2, 1), (3, 1)], inboxes=4)

        delivery.record(
            connection,
            [
                result(1, Kind.DELIVERED),
                result(2, Kind.LATER, at=later, word="timeout"),
                result(3, Kind.NEVER, word="http-400"),
                result(4, Kind.DELIVERED),
            ],
        )

        rows = connection.execute(
            text("SELECT id, scheme, attempts, next_at, last_failure, last_ok_at FROM destination ORDER BY id")
        ).all()
        left = connection.execute(text("SELECT id FROM delivery")).scalars().all()
    now = microseconds(START)
    assert [tuple(row) for row in rows] == [
        (1, "rfc9421", 0, now, None, now),
        (2, "ed25519", 1, microseconds(later), "timeout", None),
        (3, "ed25519", 0, now, "http-400", None),
        (4, "rfc9421", 0, now, None, now),
    ]
    assert left == [2]
