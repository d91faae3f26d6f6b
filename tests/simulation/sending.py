"""The sending half of a simulated node: what `federation.worker.Deliverer` does, driven by the world's heap.

One message at a time to one inbox, rows read ahead, a breaker for each origin. It takes no decision of its own.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import orjson
from sqlalchemy import Connection, text

from federation import delivery
from federation.breaker import Breakers
from federation.council import Council
from federation.delivery import Due, Result
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.retry import Kind
from federation.signing import headers_for, other_knock
from tests.simulation.faults import Faults
from tests.simulation.network import Answer, Network
from tests.simulation.world import World

CONCURRENCY = 8
LONGEST_WAIT = 30.0
_STANDING = text("SELECT state FROM peer WHERE inbox = :inbox")


class Sender(Protocol):
    """What the sending half needs of its node."""

    name: str
    council: Council
    connection: Connection
    world: World
    network: Network
    faults: Faults

    def now(self) -> datetime: ...

    def guarded(self, step: Callable[[], None]) -> Callable[[], None]: ...

    def commit(self, step: Callable[[Connection], object]) -> object: ...


class Deliveries:
    """Everything here is memory: a crash throws it away and a restart makes a new one."""

    def __init__(self, node: Sender, watch: Callable[[Due, bytes, str | None], None]) -> None:
        self._node = node
        self._watch = watch
        self._breakers = Breakers()
        self._busy: set[int] = set()
        self._planned: int | None = None

    @property
    def busy(self) -> bool:
        return bool(self._busy)

    def wake(self, seconds: float = 0.001) -> None:
        """Look for what is due soon; an earlier plan stands."""
        world = self._node.world
        at = world.elapsed + round(seconds * 1_000_000)
        if self._planned is not None and world.elapsed <= self._planned <= at:
            return
        self._planned = at
        world.after(seconds, self._node.guarded(lambda: self._look(at)))

    def _look(self, planned: int) -> None:
        if planned != self._planned:
            return
        self._planned = None
        node, now = self._node, self._node.now()
        found = delivery.due(node.connection, now=now, busy=frozenset(self._busy), most=CONCURRENCY)
        started = False
        for destination in found:
            if not self._breakers.allows(destination.origin, self._monotonic()):
                continue
            self._busy.add(destination.destination_id)
            standing = node.connection.execute(_STANDING, {"inbox": destination.inbox}).scalar()
            self._send(destination, 0, standing=standing)
            started = True
        if not started:
            following = delivery.next_due_at(node.connection, now=now)
            wait = None if following is None else max((following - now).total_seconds(), 0.01)
            if any(destination.destination_id not in self._busy for destination in found):
                wait = min(LONGEST_WAIT, wait or LONGEST_WAIT)
            if wait is not None:
                self.wake(wait)

    def _monotonic(self) -> float:
        return self._node.world.elapsed / 1_000_000

    def _send(self, destination: Due, index: int, *, standing: str | None) -> None:
        document = destination.messages[index].document
        self._watch(destination, document, standing)
        self._node.world.say(f"{self._node.name} sends {index} to {destination.inbox} {_name_of(document)}")

        def answered(answer: Answer) -> None:
            second = other_knock(destination.scheme)
            refused = isinstance(answer, OutgoingResponse) and answer.status in (400, 401, 403)
            if refused and second is not None:
                self._knock(destination, document, second, lambda again: knocked_twice(answer, again, second))
            else:
                self._record(destination, index, answer, scheme=destination.scheme, standing=standing)

        def knocked_twice(answer: Answer, again: Answer, second: str) -> None:
            taken = isinstance(again, OutgoingResponse) and 200 <= again.status < 300
            chosen, scheme = (again, second) if taken else (answer, destination.scheme)
            self._record(destination, index, chosen, scheme=scheme, standing=standing)

        self._knock(destination, document, destination.scheme, answered)

    def _knock(self, destination: Due, document: bytes, scheme: str, answered: Callable[[Answer], None]) -> None:
        node = self._node
        headers = headers_for(
            node.council, scheme=scheme, method="POST", url=destination.inbox, body=document, now=node.now()
        )
        request = OutgoingRequest("POST", destination.inbox, headers, document)
        arrived: list[Answer] = []
        resume = node.guarded(lambda: answered(arrived.pop()))

        def hand_over(answer: Answer) -> None:
            arrived.append(answer)
            resume()

        node.network.send(node.name, request, hand_over)

    def _record(self, destination: Due, index: int, answer: Answer, *, scheme: str, standing: str | None) -> None:
        node, message, now = self._node, destination.messages[index], self._node.now()
        response = answer if isinstance(answer, OutgoingResponse) else None
        failed = response is None or response.status >= 500
        self._breakers.note(destination.origin, not failed, self._monotonic())
        outcome = delivery.judge_attempt(
            node.council,
            destination,
            message,
            status=None if response is None else response.status,
            failure=answer.word if isinstance(answer, TransportFailure) else None,
            retry_after=None,
            reason=None if response is None or response.status < 400 else _reason_of(response.body),
            now=now,
        )
        node.world.say(f"{node.name} {outcome.kind.value} ({outcome.word}) {_name_of(message.document)}")
        node.faults.pass_point("between outcome and record")
        result = Result(destination.destination_id, message.delivery_id, outcome, scheme, now)

        def step(connection: Connection) -> None:
            delivery.record(connection, [result])
            node.faults.pass_point("before commit of record")

        node.commit(step)
        if outcome.kind is Kind.DELIVERED and index + 1 < len(destination.messages):
            self._send(replace(destination, attempts=0, scheme=scheme), index + 1, standing=standing)
        else:
            self._busy.discard(destination.destination_id)
            self.wake()


def _name_of(document: bytes) -> str:
    """Verb and the end of its id, for the trace."""
    activity = orjson.loads(document)
    return f"{activity['type']} …{activity['id'][-6:]}"


def _reason_of(body: bytes) -> str | None:
    word = orjson.loads(body).get("reason")
    return word if isinstance(word, str) else None
