"""The simulated network: what is sent may be lost, doubled, late by days, overtaken, or answered into the void.

Hosts are anything that can receive. The network knows addresses and moments; it never reads a message.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from protocol.http_signature import Request
from tests.simulation.world import DAY, HOUR, World

Answer = OutgoingResponse | TransportFailure
Answered = Callable[[Answer], None]


class Host(Protocol):
    """Whatever answers under an origin."""

    name: str
    origin: str
    up: bool

    def receive(self, request: Request, body: bytes, answered: Answered) -> None:
        """Take one POST; `answered` is called once, later or at once, or never."""
        ...

    def document(self, path: str) -> dict[str, Any] | None:
        """What is served there to everybody."""
        ...


@dataclass(slots=True)
class _Exchange:
    """One request on its way, as its sender sees it: whatever comes first settles it."""

    answered: Answered | None

    def settle(self, answer: Answer) -> bool:
        answered, self.answered = self.answered, None
        if answered is None:
            return False
        answered(answer)
        return True


@dataclass(frozen=True, slots=True)
class Captured:
    """A POST as somebody on the way could have kept it."""

    request: Request
    body: bytes
    to: str


@dataclass(slots=True)
class Network:
    """All hosts by origin, and the weather. Rates are probabilities for each message."""

    world: World
    loss: float = 0.0
    doubled: float = 0.0
    lost_answers: float = 0.0
    late: float = 0.0
    hosts: dict[str, Host] = field(default_factory=dict)
    captured: list[Captured] = field(default_factory=list)
    healed: bool = False
    _cuts: dict[tuple[str, str], int] = field(default_factory=dict)

    def cut(self, source: str, target: str, *, seconds: float) -> None:
        """Nothing gets from `source` to `target` (host names) for so long; the other direction is not touched."""
        if self.healed:
            return
        until = self.world.elapsed + round(seconds * 1_000_000)
        self._cuts[source, target] = max(until, self._cuts.get((source, target), 0))
        self.world.say(f"cut {source}->{target} for {seconds:.0f}s")

    def heal(self) -> None:
        self.loss = self.doubled = self.lost_answers = self.late = 0.0
        self._cuts.clear()
        self.healed = True
        self.world.say("network healed")

    def send(self, source: str, request: OutgoingRequest, answered: Answered) -> None:
        """Send one request from the host named `source`. `answered` is called exactly once."""
        world, exchange = self.world, _Exchange(answered)
        parts = urlsplit(request.url)
        host = self.hosts[f"{parts.scheme}://{parts.netloc}"]
        headers = {name.lower(): value for name, value in request.headers.items()}
        arriving = Request(request.method, parts.path, request.url, headers)
        world.after(request.timeout, lambda: self._time_out(exchange, source, host))
        if self._is_cut(source, host.name):
            if world.randomness.chance(0.5):
                world.after(0.05, lambda: self._refuse(exchange, source, host))
            return
        if request.method == "POST" and len(self.captured) < 400:
            self.captured.append(Captured(arriving, request.body or b"", host.origin))
        copies = 2 if world.randomness.chance(self.doubled) else 1
        for _ in range(copies):
            if not world.randomness.chance(self.loss):
                arrive = self._arrival(exchange, source, host, request=arriving, body=request.body)
                world.after(self._delay(), arrive)

    def _arrival(
        self, exchange: _Exchange, source: str, host: Host, *, request: Request, body: bytes | None
    ) -> Callable[[], None]:
        def answer(response: Answer) -> None:
            if self._is_cut(host.name, source) or self.world.randomness.chance(self.lost_answers):
                self.world.say(f"answer lost {host.name}->{source}")
                return
            self.world.after(self._delay(), lambda: _settle(exchange, response))

        def arrive() -> None:
            if self._is_cut(source, host.name):
                return
            if not host.up:
                self._refuse(exchange, source, host)
            elif request.method == "POST":
                host.receive(request, body or b"", answer)
            else:
                document = host.document(request.target)
                found = OutgoingResponse(404, {}, b"") if document is None else _found(document)
                answer(found)

        return arrive

    def _time_out(self, exchange: _Exchange, source: str, host: Host) -> None:
        if exchange.settle(TransportFailure("timeout", "")):
            self.world.say(f"timeout {source}->{host.name}")

    def _refuse(self, exchange: _Exchange, source: str, host: Host) -> None:
        if exchange.settle(TransportFailure("connect", "")):
            self.world.say(f"no connection {source}->{host.name}")

    def _is_cut(self, source: str, target: str) -> bool:
        return self._cuts.get((source, target), 0) > self.world.elapsed

    def _delay(self) -> float:
        """Seconds on the way. Most are quick; of the late ones some are later than any signature lives."""
        randomness = self.world.randomness
        if not randomness.chance(self.late):
            return 0.01 + 0.3 * randomness.uniform()
        longest = randomness.pick((5.0, 30.0, 600.0, HOUR, HOUR, 2 * DAY))
        return 0.3 + longest * randomness.uniform()


def _settle(exchange: _Exchange, response: Answer) -> None:
    exchange.settle(response)


def _found(document: dict[str, Any]) -> OutgoingResponse:
    return OutgoingResponse(200, {"content-type": "application/activity+json"}, orjson.dumps(document))
