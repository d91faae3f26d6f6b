"""Ending a link and beginning it anew: each step that a lost, late or doubled message could break, by itself.

The simulation finds such orders of events by chance; here they are told in full. No network: what one council has queued is
applied at the other when the test says so.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, text

from federation import arrivals, delivery, inbox, outbox, peers
from federation.blocks import block, unblock
from federation.council import Council
from federation.delivery import Due, Result
from federation.directory import Directory
from federation.inbox import Judgement, Met
from federation.introductions import Introduction
from federation.keeping import STORED, Arrival, keep, keep_first_word
from federation.retry import Kind, Outcome
from federation.signing import headers_for
from protocol.http_signature import Request
from protocol.verdict import NeedsKey
from schemas.actor import TheirActor, council_actor
from tests import builders
from tests.builders import START, FakeClock, write


class Town:
    """One council with its tables, and a clock that both share."""

    def __init__(self, name: str, connection: Connection, clock: FakeClock) -> None:
        self.council = builders.council(name)
        self.connection = connection
        self.clock = clock
        self.inbox = f"{self.council.base_url}/inbox"

    def introduction(self) -> Introduction:
        ours: Council = self.council
        document = council_actor(
            ours.base_url,
            ours.name,
            summary="",
            rsa_pem=ours.rsa_pem,
            ed25519_multibase=ours.multibase,
            manually_approves=True,
            language="en",
        )
        actor = TheirActor.read(document)
        assert isinstance(actor, TheirActor)
        return Introduction.of(actor)

    def asks(self, other: "Town") -> None:
        who, now = other.introduction(), self.clock.advance()
        write(self.connection, lambda c: peers.ask(c, self.council, introduction=who, now=now))

    def does(self, function: Any, other: "Town") -> None:
        now = self.clock.advance()
        write(self.connection, lambda c: function(c, self.council, actor_id=other.council.actor_id, now=now))

    def says(self, title: str = "Ten folding chairs") -> str:
        now = self.clock.advance()
        note = builders.note(self.council, title=title, published=now.replace(microsecond=0))
        write(self.connection, lambda c: outbox.publish(c, self.council, note=note, audience="public", now=now))
        return str(note["id"])

    def queue(self) -> list[Due]:
        return delivery.due(self.connection, now=self.clock.now() + timedelta(days=1), busy=frozenset(), most=9)

    def letters(self) -> list[bytes]:
        """Everything that waits, in its order."""
        return [message.document for due in self.queue() for message in due.messages]

    def verbs(self) -> list[str]:
        return [orjson.loads(letter)["type"] for letter in self.letters()]

    def hand_over(self, other: "Town") -> list[bytes]:
        """Deliver everything that waits; returns it."""
        handed = []
        while letters := self.letters():
            for due in self.queue()[:1]:
                assert other.takes(letters[0], of=self) is not None
                done = Outcome(Kind.DELIVERED, None, "delivered")
                result = Result(due.destination_id, due.messages[0].delivery_id, done, "ed25519", self.clock.now())
                write(self.connection, partial(delivery.record, results=[result]))
            handed.append(letters[0])
        return handed

    def judges(self, letter: bytes, *, of: "Town") -> Judgement:
        headers = headers_for(
            of.council, scheme="ed25519", method="POST", url=self.inbox, body=letter, now=self.clock.now()
        )
        request = Request("POST", "/inbox", self.inbox, {name.lower(): value for name, value in headers.items()})

        def judgement(met: Met | None) -> Judgement:
            return inbox.judge(
                request,
                letter,
                directory=Directory.load(self.connection),
                council=self.council,
                now=self.clock.now(),
                met=met,
            )

        first = judgement(None)
        return (
            judgement(Met(of.council.ed25519.public_key(), of.introduction())) if isinstance(first, NeedsKey) else first
        )

    def takes(self, letter: bytes, *, of: "Town") -> str | None:
        """Judge, keep and apply one letter, as the inbox does; None if it was refused."""
        judged = self.judges(letter, of=of)
        if not isinstance(judged, Arrival):
            return "dropped" if isinstance(judged, inbox.Dropped) else None

        def step(connection: Connection) -> str:
            if judged.introduction is None:
                kept = keep(connection, [judged])[0]
            else:
                kept = str(keep_first_word(connection, self.council, judged))
            arrivals.apply_waiting(connection, self.council, now=self.clock.now())
            return kept

        return write(self.connection, step)

    def sees(self, other: "Town") -> str:
        statement = text("SELECT state FROM peer WHERE actor_id = :actor")
        return str(self.connection.execute(statement, {"actor": other.council.actor_id}).scalar())

    def holds(self, other: "Town") -> list[str]:
        statement = text("SELECT object_id FROM replica WHERE source = :actor AND gone_at IS NULL ORDER BY id")
        return list(self.connection.execute(statement, {"actor": other.council.actor_id}).scalars())


@pytest.fixture
def towns() -> Iterator[tuple[Town, Town]]:
    clock = FakeClock(START)
    with ExitStack() as closing:
        one, two = (closing.enter_context(builders.database()) for _ in range(2))
        yield Town("riverside", one, clock), Town("harbour", two, clock)


@pytest.fixture
def linked(towns: tuple[Town, Town]) -> tuple[Town, Town]:
    riverside, harbour = towns
    riverside.asks(harbour)
    riverside.hand_over(harbour)
    harbour.does(peers.accept, riverside)
    harbour.hand_over(riverside)
    riverside.hand_over(harbour)
    return riverside, harbour


Two = tuple[Town, Town]


def test_what_was_published_is_there_again_after_a_new_beginning(linked: Two) -> None:
    riverside, harbour = linked
    published = riverside.says()
    riverside.hand_over(harbour)

    riverside.does(peers.remove, harbour)
    riverside.hand_over(harbour)
    assert harbour.holds(riverside) == []
    riverside.asks(harbour)
    riverside.hand_over(harbour)
    harbour.does(peers.accept, riverside)
    harbour.hand_over(riverside)
    riverside.hand_over(harbour)

    assert harbour.holds(riverside) == [published]


def test_what_waited_when_the_link_ended_is_not_applied(linked: Two) -> None:
    riverside, harbour = linked
    riverside.says()
    judged = harbour.judges(riverside.letters()[0], of=riverside)
    assert isinstance(judged, Arrival)

    harbour.does(peers.remove, riverside)
    assert write(harbour.connection, lambda c: keep(c, [judged])) == [STORED]
    applied = write(harbour.connection, lambda c: arrivals.apply_waiting(c, harbour.council, now=harbour.clock.now()))

    assert (applied.count, applied.held) == (1, ())
    assert harbour.holds(riverside) == []


def test_an_answer_that_comes_after_its_row_is_gone_counts_for_no_other_row(linked: Two) -> None:
    riverside, harbour = linked
    riverside.says()
    due = riverside.queue()[0]

    riverside.does(peers.remove, harbour)
    late = Outcome(Kind.DELIVERED, None, "delivered")
    result = Result(due.destination_id, due.messages[0].delivery_id, late, "ed25519", riverside.clock.now())
    write(riverside.connection, lambda c: delivery.record(c, [result]))

    assert riverside.verbs() == ["Undo"]


def test_ending_twice_still_tells_it(linked: Two) -> None:
    riverside, harbour = linked
    riverside.does(peers.remove, harbour)

    riverside.does(peers.remove, harbour)
    riverside.hand_over(harbour)

    assert harbour.sees(riverside) == "ended"


def test_ending_asking_and_ending_again_still_tells_the_first_end(linked: Two) -> None:
    riverside, harbour = linked
    riverside.does(peers.remove, harbour)
    riverside.asks(harbour)

    riverside.does(peers.remove, harbour)
    riverside.hand_over(harbour)

    assert harbour.sees(riverside) not in ("accepted", "they-asked")


def test_an_end_is_understood_by_who_never_heard_the_accept(towns: Two) -> None:
    riverside, harbour = towns
    riverside.asks(harbour)
    harbour.asks(riverside)
    riverside.hand_over(harbour)
    assert harbour.sees(riverside) == "accepted"
    harbour.clock.advance()
    assert riverside.takes(harbour.letters()[0], of=harbour) == STORED
    assert riverside.verbs() == ["Accept"]
    write(riverside.connection, lambda c: c.execute(text("DELETE FROM delivery")))

    riverside.does(peers.remove, harbour)
    riverside.hand_over(harbour)

    assert harbour.sees(riverside) == "ended"


def test_the_second_copy_of_a_reject_is_acknowledged_too(towns: Two) -> None:
    riverside, harbour = towns
    riverside.asks(harbour)
    riverside.hand_over(harbour)
    harbour.does(peers.decline, riverside)
    reject = harbour.letters()[0]

    assert riverside.takes(reject, of=harbour) == STORED

    assert riverside.sees(harbour) == "declined"
    assert riverside.takes(reject, of=harbour) == "already-held"


def test_an_accept_of_an_offer_that_was_taken_back_is_told_so(towns: Two) -> None:
    riverside, harbour = towns
    riverside.asks(harbour)
    late = riverside.letters()[0]
    write(riverside.connection, lambda c: c.execute(text("DELETE FROM delivery")))
    riverside.does(peers.remove, harbour)
    riverside.hand_over(harbour)

    assert harbour.takes(late, of=riverside) == STORED
    harbour.does(peers.accept, riverside)
    harbour.hand_over(riverside)
    riverside.hand_over(harbour)

    assert (riverside.sees(harbour), harbour.sees(riverside)) == ("none", "ended")
    assert harbour.letters() == []


def test_an_offer_that_a_newer_one_has_overtaken_changes_nothing(linked: Two) -> None:
    riverside, harbour = linked
    riverside.does(peers.remove, harbour)
    riverside.hand_over(harbour)
    riverside.asks(harbour)
    late = riverside.letters()[0]
    write(riverside.connection, lambda c: c.execute(text("DELETE FROM delivery")))
    riverside.asks(harbour)
    riverside.hand_over(harbour)
    harbour.does(peers.accept, riverside)
    harbour.hand_over(riverside)
    riverside.hand_over(harbour)

    assert harbour.takes(late, of=riverside) == STORED

    assert harbour.letters() == []
    riverside.does(peers.remove, harbour)
    riverside.hand_over(harbour)
    assert harbour.sees(riverside) == "ended"


def test_a_reject_of_a_link_that_stands_ends_all_of_it(towns: Two) -> None:
    riverside, harbour = towns
    riverside.asks(harbour)
    harbour.asks(riverside)
    riverside.hand_over(harbour)
    harbour.says()
    harbour.hand_over(riverside)
    assert riverside.holds(harbour)
    riverside.says()
    write(harbour.connection, lambda c: c.execute(text("UPDATE peer SET state = 'they-asked'")))

    harbour.does(peers.decline, riverside)
    harbour.hand_over(riverside)

    assert riverside.sees(harbour) == "ended"
    assert riverside.holds(harbour) == []
    assert riverside.letters() == []


def test_after_a_block_the_old_link_is_taken_back(linked: Two) -> None:
    riverside, harbour = linked
    host, now = harbour.council.host, riverside.clock.advance()

    write(riverside.connection, lambda c: block(c, riverside.council, host=host, now=now))
    assert riverside.letters() == []
    write(riverside.connection, lambda c: unblock(c, riverside.council, host=host, now=now))
    riverside.hand_over(harbour)

    assert (riverside.sees(harbour), harbour.sees(riverside)) == ("none", "ended")


def test_what_was_taken_back_during_a_block_is_gone_when_they_begin_anew(linked: Two) -> None:
    riverside, harbour = linked
    kept, gone = riverside.says("Kept"), riverside.says("Gone")
    riverside.hand_over(harbour)
    host, now = harbour.council.host, riverside.clock.advance()
    write(riverside.connection, lambda c: block(c, riverside.council, host=host, now=now))
    write(riverside.connection, lambda c: outbox.withdraw(c, riverside.council, object_id=gone, now=now))
    write(riverside.connection, lambda c: unblock(c, riverside.council, host=host, now=now))
    write(riverside.connection, lambda c: c.execute(text("DELETE FROM delivery")))

    riverside.asks(harbour)
    riverside.hand_over(harbour)
    harbour.hand_over(riverside)
    riverside.hand_over(harbour)

    assert (riverside.sees(harbour), harbour.sees(riverside)) == ("accepted", "accepted")
    assert harbour.holds(riverside) == [kept]
