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
from federation.signing import headers_for, knocks
from tests.simulation.faults import DiskFull, Faults
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
    muted: bool

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
        if node.muted:  # an old copy says nothing (federation.worker.Deliverer)
            return
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

        current = self._node.council.keyring.number
        ways = knocks(destination.scheme, acknowledged=destination.key_number, current=current)

        def knock(place: int, first: Answer | None) -> None:
            scheme, number = ways[place]

            def answered(answer: Answer) -> None:
                taken = isinstance(answer, OutgoingResponse) and 200 <= answer.status < 300
                told = answer if first is None or taken else first
                signed = (scheme, number) if first is None or taken else ways[0]
                refused = isinstance(told, OutgoingResponse) and told.status in (400, 401, 403)
                if refused and place + 1 < len(ways):
                    knock(place + 1, told)
                else:
                    self._record(destination, index, told, signed=signed, standing=standing)

            self._knock(destination, document, scheme, number, answered)

        knock(0, None)

    def _knock(
        self, destination: Due, document: bytes, scheme: str, number: int, answered: Callable[[Answer], None]
    ) -> None:
        node = self._node
        headers = headers_for(
            node.council,
            scheme=scheme,
            number=number,
            method="POST",
            url=destination.inbox,
            body=document,
            now=node.now(),
        )
        request = OutgoingRequest("POST", destination.inbox, headers, document)
        arrived: list[Answer] = []
        resume = node.guarded(lambda: answered(arrived.pop()))

        def hand_over(answer: Answer) -> None:
            arrived.append(answer)
            resume()

        node.network.send(node.name, request, hand_over)

    def _record(
        self, destination: Due, index: int, answer: Answer, *, signed: tuple[str, int], standing: str | None
    ) -> None:
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
        delivered = outcome.kind is Kind.DELIVERED
        newest = max(destination.key_number, signed[1], message.tells_key or 1)
        known = newest if delivered else destination.key_number
        result = Result(destination.destination_id, message.delivery_id, outcome, signed[0], now, known)

        def step(connection: Connection) -> None:
            delivery.record(connection, [result])
            node.faults.pass_point("before commit of record")

        try:
            node.commit(step)
        except DiskFull:
            node.world.say(f"{node.name} has no room to write down that it was delivered")
            self._busy.discard(destination.destination_id)
            self.wake(1.0)
            return
        if delivered and index + 1 < len(destination.messages):
            following = replace(destination, attempts=0, scheme=signed[0], key_number=known)
            self._send(following, index + 1, standing=standing)
        else:
            self._busy.discard(destination.destination_id)
            self.wake()

    def heard_from(self, origin: str) -> None:
        """A host is up again: its breaker lets one attempt through at once."""
        self._breakers.heard_from(origin)
        self.wake()


def _name_of(document: bytes) -> str:
    """Verb and the end of its id, for the trace."""
    activity = orjson.loads(document)
    return f"{activity['type']} …{activity['id'][-6:]}"


def _reason_of(body: bytes) -> str | None:
    word = orjson.loads(body).get("reason")
    return word if isinstance(word, str) else None
