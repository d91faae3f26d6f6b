"""The receiving half of a simulated node: judge, one key fetch where it is allowed, keep, COMMIT, answer; then apply.

It follows `federation.reception`. Handshakes are applied before they are answered, the rest by a second transaction a moment later.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from federation import arrivals, documents, inbox, keeping
from federation.council import Council
from federation.directory import Directory
from federation.feeds import questions
from federation.inbox import Dropped, Judgement, Met
from federation.introductions import Introduction
from federation.keeping import ALREADY_HELD, ID_REUSED, STORED, Arrival
from federation.ourselves import council_document
from federation.ports import OutgoingRequest, OutgoingResponse
from protocol import ids
from protocol.http_signature import Request
from protocol.verdict import NeedsKey, Reason, Refused
from schemas.actor import TheirActor
from tests.simulation.catching import Catching
from tests.simulation.checks import Log
from tests.simulation.faults import DiskFull, Faults
from tests.simulation.network import Answer, Answered, Network
from tests.simulation.world import World


class Receiving:
    """What a node does with what comes in. Its process and its tables are told in `nodes`."""

    name: str
    world: World
    network: Network
    faults: Faults
    log: Log
    council: Council
    directory: Directory
    catching: Catching
    _generation: int
    _applying: bool

    def now(self) -> datetime:
        raise NotImplementedError

    def guarded(self, step: Callable[[], None]) -> Callable[[], None]:
        raise NotImplementedError

    def commit(self, step: Callable[[Connection], Any]) -> Any:
        raise NotImplementedError

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
        take = self.catching.receive if request.target in questions.PATHS else self._judge
        self.guarded(lambda: take(request, body, answered))()

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
        try:
            result = self.keep(arrival)
        except DiskFull:
            self._refuse(Refused(Reason.FULL, "There is no room."), answered)
            return
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

        try:
            done = self.commit(step)
        except DiskFull:
            self.world.say(f"{self.name} has no room to apply")
            self._plan_applying()
            return
        for activity_id, because in done.held:
            self.world.wrong(f"{self.name} holds {activity_id}: {because}")
        if done.relations:
            self.directory = Directory.load(self.connection)
        if done.count:
            self.world.say(f"{self.name} applies {done.count}")
            self._plan_applying()


def actor_document(council: Any) -> dict[str, Any]:
    """The actor document of a council, as it serves it."""
    found: dict[str, Any] = council_document(council, council.profile)
    return found
