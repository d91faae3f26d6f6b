"""One simulated node: the real engine over a database in memory, with everything that a crash would take from it.

The receiving half follows `federation.reception`: judge, one key fetch where it is allowed, keep, COMMIT, answer. Handshakes
are applied before they are answered, the rest by a second transaction a moment later.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection

from federation import arrivals, destinations, documents, inbox, keeping, tidying
from federation.delivery import Due
from federation.directory import Directory
from federation.inbox import Dropped, Judgement, Met
from federation.introductions import Introduction
from federation.keeping import ALREADY_HELD, ID_REUSED, STORED, Arrival
from federation.ports import OutgoingRequest, OutgoingResponse
from protocol import ids
from protocol.http_signature import Request
from protocol.verdict import NeedsKey, Reason, Refused
from schemas.actor import TheirActor, council_actor
from tests import builders
from tests.builders import SeededRandomness, open_database
from tests.simulation.checks import Log
from tests.simulation.faults import Crashed, Faults
from tests.simulation.network import Answer, Answered, Network
from tests.simulation.observing import observed_template, recording_kinds
from tests.simulation.sending import Deliveries
from tests.simulation.world import World

T = TypeVar("T")


class Node:
    """A council with its tables. Only what `crash` leaves alone survives a crash."""

    def __init__(self, name: str, *, world: World, network: Network, faults: Faults, log: Log, followers: str) -> None:
        self.name = name
        self.world = world
        self.network = network
        self.faults = faults
        self.log = log
        self.council = builders.council(
            name,
            kinds=recording_kinds(),
            followers=followers,
            randomness=SeededRandomness(f"{world.seed} {name}"),
        )
        self.origin = self.council.origin
        self.connection = open_database(observed_template())
        self.skew = timedelta(seconds=faults.skew())
        self.up = False
        self._generation = 0
        self._begin()

    def _begin(self) -> None:
        """As `node.engine.Engine.start`: what was held waits again, what waits for others is tried at once."""
        self.up = True
        self.directory = Directory.load(self.connection)
        self.deliveries = Deliveries(self, self._watch)
        self._applying = False
        now = self.now()
        builders.write(self.connection, arrivals.try_held_again)
        builders.write(self.connection, lambda c: destinations.try_now(c, origin=None, now=now))
        self._plan_applying()
        self.deliveries.wake()

    def now(self) -> datetime:
        return self.world.now + self.skew

    def guarded(self, step: Callable[[], None]) -> Callable[[], None]:
        """`step` for later: not done if the process that planned it is gone by then; a crash inside ends the process."""
        generation = self._generation

        def run() -> None:
            if generation != self._generation or not self.up:
                return
            try:
                step()
            except Crashed as crash:
                self.crash(str(crash))

        return run

    def crash(self, point: str) -> None:
        seconds = self.faults.down_for()
        self.world.say(f"{self.name} crashes {point}; down for {seconds:.1f}s")
        self.up = False
        self._generation += 1
        self.world.after(seconds, self.restart)

    def restart(self) -> None:
        if not self.up:
            self.world.say(f"{self.name} is back")
            self._begin()

    def commit(self, step: Callable[[Connection], T]) -> T:
        """As `Store.write`: what `step` returns, once it is committed. Wakes the deliveries, as every commit does."""
        result = builders.write(self.connection, step)
        self.deliveries.wake()
        return result

    def act(self, step: Callable[[Connection], T]) -> T:
        """A keeper's or a neighbour's action, done and committed. The server notices a moment later, as with the command line."""
        result = self.commit(step)
        self.world.after(0.4 * self.world.randomness.uniform(), self.guarded(self._look_again))
        return result

    def _look_again(self) -> None:
        self.directory = Directory.load(self.connection)

    def tidy(self) -> None:
        now = self.now()
        while self.commit(lambda c: tidying.tidy(c, self.council, now=now)):
            pass

    def document(self, path: str) -> dict[str, Any] | None:
        return actor_document(self.council) if path == "/council" else None

    def fetch_actor(self, address: str, then: Callable[[TheirActor | None, dict[str, Any]], None]) -> None:
        """Ask for an actor document over the network; `then` gets it, or None."""

        def answered(answer: Answer) -> None:
            found: dict[str, Any] = {}
            actor: TheirActor | None = None
            if isinstance(answer, OutgoingResponse) and answer.status == 200:
                found = orjson.loads(answer.body)
                read = TheirActor.read(found)
                actor = read if isinstance(read, TheirActor) and read.id == address else None
            self.guarded(lambda: then(actor, found))()

        generation = self._generation
        self.network.send(
            self.name,
            OutgoingRequest("GET", address, {}, None),
            lambda answer: answered(answer) if generation == self._generation else None,
        )

    def receive(self, request: Request, body: bytes, answered: Answered) -> None:
        self.guarded(lambda: self._judge(request, body, answered))()

    def _judge(self, request: Request, body: bytes, answered: Answered) -> None:
        judgement = self._judgement(request, body, met=None)
        if not isinstance(judgement, NeedsKey):
            self._settle(judgement, answered)
            return
        key_id = judgement.key_id

        def then(actor: TheirActor | None, found: dict[str, Any]) -> None:
            key = None if actor is None else documents.listed_key(found, key_id)
            if actor is None or key is None or isinstance(key, documents.Unfit):
                self._refuse(Refused(Reason.UNKNOWN_KEY, "The key could not be had."), answered)
                return
            self._settle(self._judgement(request, body, met=Met(key, Introduction.of(actor))), answered)

        self.fetch_actor(ids.actor_of_key(key_id), then)

    def _judgement(self, request: Request, body: bytes, *, met: Met | None) -> Judgement:
        return inbox.judge(request, body, directory=self.directory, council=self.council, now=self.now(), met=met)

    def _settle(self, judgement: Judgement, answered: Answered) -> None:
        match judgement:
            case Arrival():
                # The writer takes what is queued: other commits come between judging and keeping.
                wait = 0.01 * self.world.randomness.uniform()
                self.world.after(wait, self.guarded(lambda: self.keep_and_answer(judgement, answered)))
            case Dropped(word):
                self.world.say(f"{self.name} drops {word}")
                answered(OutgoingResponse(202, {}, orjson.dumps({"result": "nothing-done"})))
            case Refused():
                self._refuse(judgement, answered)
            case _:
                self._refuse(Refused(Reason.UNKNOWN_KEY, "The key could not be had."), answered)

    def _refuse(self, refused: Refused, answered: Answered) -> None:
        self.world.say(f"{self.name} refuses {refused.reason.value}")
        body = orjson.dumps({"reason": refused.reason.value})
        answered(OutgoingResponse(refused.reason.status, {}, body))

    def keep_and_answer(self, arrival: Arrival, answered: Answered) -> None:
        """Keep, COMMIT, answer: never in another order."""
        self.faults.pass_point("before keep")
        result = self.keep(arrival)
        self.faults.pass_point("between commit and answer")
        self.answer(arrival, result, answered)

    def keep(self, arrival: Arrival) -> str | Refused:
        def step(connection: Connection) -> str | Refused:
            if arrival.introduction is None:
                kept: str | Refused = keeping.keep(connection, [arrival])[0]
            else:
                kept = keeping.keep_first_word(connection, self.council, arrival)
            if kept == STORED and arrival.at_once:
                arrivals.apply_waiting(connection, self.council, now=arrival.received_at, most=1_000)
            self.faults.pass_point("before commit")
            return kept

        result = self.commit(step)
        if arrival.at_once:
            self.directory = Directory.load(self.connection)
        elif result == STORED:
            self._plan_applying()
        return result

    def answer(self, arrival: Arrival, result: str | Refused, answered: Answered) -> None:
        if isinstance(result, Refused):
            self._refuse(result, answered)
        elif result == ID_REUSED:
            self._refuse(Refused(Reason.ID_REUSED, "That id was used before."), answered)
        else:
            assert result in (STORED, ALREADY_HELD)
            self.world.say(f"{self.name} takes {arrival.verb} …{arrival.activity_id[-6:]} {result}")
            self.log.acknowledged(self.name, arrival)
            answered(OutgoingResponse(202, {}, orjson.dumps({"result": result})))

    def _plan_applying(self) -> None:
        if not self._applying:
            self._applying = True
            randomness = self.world.randomness
            wait = randomness.uniform() * randomness.pick((0.01, 0.01, 0.01, 0.3, 20.0))
            self.world.after(wait, self.guarded(self._apply))

    def _apply(self) -> None:
        self._applying = False
        self.faults.pass_point("before apply")
        now = self.now()

        def step(connection: Connection) -> arrivals.Applied:
            applied = arrivals.apply_waiting(connection, self.council, now=now)
            if applied.count:
                self.faults.pass_point("while applying")
            return applied

        done = self.commit(step)
        for activity_id, because in done.held:
            self.world.wrong(f"{self.name} holds {activity_id}: {because}")
        if done.relations:
            self.directory = Directory.load(self.connection)
        if done.count:
            self.world.say(f"{self.name} applies {done.count}")
            self._plan_applying()

    def _watch(self, destination: Due, document: bytes, standing: str | None) -> None:
        self.log.sent(self.name, self.council, destination, document, standing=standing)


def actor_document(council: Any) -> dict[str, Any]:
    """The actor document of a council, as it serves it."""
    return council_actor(
        council.base_url,
        council.name,
        summary="",
        rsa_pem=council.rsa_pem,
        ed25519_multibase=council.multibase,
        manually_approves=True,
        language="en",
    )
