"""How far a call has come: what waits, what was taken, what was given up, and who was linked up when."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from federation import blocks, delivery, outbox
from federation.council import Council
from federation.delivery import Due, Result
from federation.destinations import open_destination
from federation.moments import microseconds
from federation.reached import MOST, Reached, Standing, reached
from federation.retry import Kind, Outcome
from federation.tables import Peer, table_of
from protocol.peering import State
from tests import builders
from tests.builders import START
from tests.schemas.examples import an_alert

AGO = START - timedelta(days=3)
LATER = START + timedelta(seconds=30)
CALL = f"https://riverside.example/o/{'a' * 26}"


def a_call(**changes: Any) -> dict[str, Any]:
    usual = {"published": START, "updated": None, "ends_at": START + timedelta(hours=5), "audience": "neighbours"}
    return {**an_alert(**{**usual, **changes}), "id": CALL}


class Riverside:
    """A council of ours with linked ones around it, and what their inboxes answer."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.council: Council = builders.council("riverside")

    def link(
        self, *names: str, at: datetime = AGO, heard: datetime | None = AGO, state: State = State.ACCEPTED
    ) -> None:
        for name in names:
            theirs = builders.council(name)
            inbox = f"{theirs.base_url}/council/inbox"
            row = {
                "actor_id": theirs.actor_id,
                "origin": theirs.base_url,
                "name": theirs.name,
                "inbox": inbox,
                "state": state.value,
                "ed25519_key_id": theirs.ed25519_key_id,
                "ed25519_multibase": theirs.multibase,
                "created_at": at,
                "accepted_at": at,
                "last_heard_at": heard,
            }
            self.connection.execute(table_of(Peer).insert().values(**row))
            serves = "peer" if state is State.ACCEPTED else "handshake"
            open_destination(self.connection, inbox=inbox, serves=serves, scheme="ed25519", now=at)

    def say(self, now: datetime = START, **changes: Any) -> None:
        outbox.publish(self.connection, self.council, note=a_call(**changes), audience="neighbours", now=now)

    def answer(self, name: str, kind: Kind, *, at: datetime = LATER, word: str = "http-503") -> None:
        """What comes of the next message to one of them."""
        (due,) = [one for one in self.due(at) if name in one.inbox]
        again = at + timedelta(seconds=2) if kind is Kind.LATER else None
        outcome = Outcome(kind, again, "delivered" if kind is Kind.DELIVERED else word)
        result = Result(due.destination_id, due.messages[0].delivery_id, outcome, "ed25519", at)
        delivery.record(self.connection, [result])

    def due(self, at: datetime) -> list[Due]:
        return delivery.due(self.connection, now=at, busy=frozenset(), most=50)

    def reached(self, now: datetime = LATER) -> Reached:
        found = reached(self.connection, object_id=CALL, now=now)
        assert found is not None
        return found

    def standings(self, now: datetime = LATER) -> dict[str, str]:
        return {told.name: told.standing.value for told in self.reached(now).councils}


@pytest.fixture
def riverside() -> Any:
    with builders.database() as connection:
        yield Riverside(connection)


def test_who_has_acknowledged_it_has_it_and_for_nobody_else_is_it_claimed(riverside: Riverside) -> None:
    riverside.link("harbour", "hillside", "mill")
    riverside.say()

    before = riverside.standings()
    riverside.answer("harbour", Kind.DELIVERED)
    riverside.answer("hillside", Kind.LATER)

    assert before == {"Harbour": "on-the-way", "Hillside": "on-the-way", "Mill": "on-the-way"}
    assert riverside.standings() == {"Harbour": "has", "Hillside": "silent", "Mill": "on-the-way"}
    assert riverside.reached().silent_since == AGO


def test_one_that_speaks_to_us_is_not_called_silent_when_our_message_fails(riverside: Riverside) -> None:
    riverside.link("harbour", heard=START)
    riverside.say()

    riverside.answer("harbour", Kind.LATER)

    assert riverside.standings() == {"Harbour": "on-the-way"}
    assert riverside.standings(START + timedelta(minutes=6)) == {"Harbour": "silent"}


def test_one_that_was_never_heard_is_silent_since_nobody_knows_when(riverside: Riverside) -> None:
    riverside.link("harbour", "hillside")
    riverside.link("mill", heard=None)
    riverside.say()

    for name in ("harbour", "mill"):
        riverside.answer(name, Kind.LATER)

    assert riverside.standings()["Mill"] == "silent"
    assert riverside.reached().silent_since is None


def test_one_that_will_never_take_it_is_not_counted_as_having_it_whatever_else_it_takes(riverside: Riverside) -> None:
    riverside.link("harbour")
    riverside.say()
    ordinary = builders.note(riverside.council)
    outbox.publish(riverside.connection, riverside.council, note=ordinary, audience="public", now=START)

    riverside.answer("harbour", Kind.NEVER, word="http-413")
    riverside.answer("harbour", Kind.DELIVERED)

    assert riverside.standings() == {"Harbour": "refused"}


def test_newer_words_are_told_anew_to_one_that_refused_the_older(riverside: Riverside) -> None:
    riverside.link("harbour")
    riverside.say()
    riverside.answer("harbour", Kind.NEVER, word="http-413")

    riverside.say(LATER, updated=LATER, words="The bridge is closed.")
    between = riverside.standings()
    riverside.answer("harbour", Kind.DELIVERED, at=LATER + timedelta(seconds=1))

    assert (between, riverside.standings()) == ({"Harbour": "on-the-way"}, {"Harbour": "has"})


def test_who_has_older_words_only_has_not_the_newest(riverside: Riverside) -> None:
    riverside.link("harbour", "hillside")
    riverside.say()
    riverside.answer("harbour", Kind.DELIVERED)

    riverside.say(LATER, updated=LATER, words="The bridge is closed.")

    assert riverside.standings() == {"Harbour": "on-the-way", "Hillside": "on-the-way"}
    assert riverside.connection.execute(text("SELECT count(*) FROM delivery")).scalar() == 2


def test_whoever_is_linked_up_later_is_told_while_it_lasts_and_not_counted_afterwards(riverside: Riverside) -> None:
    riverside.say()
    alone = riverside.reached()
    riverside.link("harbour", at=LATER, heard=LATER)
    inbox = "https://harbour.example/council/inbox"

    before = riverside.standings()
    outbox.send_live_objects(
        riverside.connection, riverside.council, inbox=inbox, audiences=("public", "neighbours"), now=LATER
    )
    between = riverside.standings()
    riverside.answer("harbour", Kind.DELIVERED)
    over = START + timedelta(hours=6)
    riverside.link("hillside", at=over)

    assert alone == Reached(())
    assert (before, between) == ({"Harbour": "untold"}, {"Harbour": "on-the-way"})
    assert riverside.standings(over) == {"Harbour": "has", "Hillside": "untold"}


def test_one_that_took_something_else_before_has_not_taken_this(riverside: Riverside) -> None:
    riverside.link("harbour")
    riverside.say()
    riverside.connection.execute(text("UPDATE destination SET last_ok_at = :at"), {"at": microseconds(AGO)})

    riverside.connection.execute(text("DELETE FROM delivery"))  # as a delivery that has expired

    assert riverside.standings() == {"Harbour": "untold"}


def test_blocked_and_unlinked_councils_are_not_among_them(riverside: Riverside) -> None:
    riverside.link("harbour", "hillside")
    riverside.link("mill", state=State.THEY_ASKED)
    riverside.say()

    blocks.block(riverside.connection, riverside.council, host="harbour.example", now=LATER)

    assert riverside.standings() == {"Hillside": "on-the-way"}


def test_what_was_taken_back_or_never_told_or_is_theirs_has_no_such_state(riverside: Riverside) -> None:
    riverside.link("harbour")
    never = reached(riverside.connection, object_id=CALL, now=LATER)
    riverside.say()

    outbox.withdraw(riverside.connection, riverside.council, object_id=CALL, now=LATER)

    assert never is None
    assert reached(riverside.connection, object_id=CALL, now=LATER) is None


def test_it_is_one_bounded_question_however_many_councils_and_messages_there_are(riverside: Riverside) -> None:
    riverside.link(*(f"council-{n}" for n in range(60)))
    riverside.say()
    asked: list[str] = []
    raw: Any = riverside.connection.connection.dbapi_connection
    raw.set_trace_callback(asked.append)

    found = riverside.reached()
    raw.set_trace_callback(None)

    assert len(found.councils) == 60
    assert found.count(Standing.ON_THE_WAY) == 60
    assert len(asked) == 1
    assert f"LIMIT {MOST}" in asked[0]
