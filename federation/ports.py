"""The four things the engine is given: clock, randomness, store, transport.

The engine never makes any of them, so that many nodes can run in one process over an in-memory network under a
seeded scheduler. The real ones live in node and in `federation.transport`; the simulated ones in the tests.
This module must never hold an implementation, open a file or reach the network.
"""

import builtins
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from protocol import ids

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  the item that is gathered
R = TypeVar("R")


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The present, as an aware datetime in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed point, never going back: for durations and deadlines only."""
        ...


class Randomness(Protocol):
    """Where randomness comes from. The real one is fit for keys and tokens."""

    def bytes(self, n: int, /) -> builtins.bytes:
        """`n` random bytes."""
        ...

    def uniform(self) -> float:
        """A number in [0, 1), for jitter."""
        ...


class Store(Protocol):
    """Where rows are kept. Whoever awaits `write` or `gather` goes on only after COMMIT has returned.

    A step, function or query never waits, renders or calls the network; what it raises reaches its caller.
    """

    async def write(self, step: Callable[[Connection], T], /) -> T:
        """Run `step` as one unit of the writer's next transaction. A step that raises leaves nothing behind."""
        ...

    async def gather(self, function: Callable[[Connection, list[I]], list[R]], item: I, /) -> R:
        """Hand `item` over together with all others waiting for the same `function`, in one call of it.

        `function` returns one result for each item, in their order. If it raises, every item of that call fails.
        """
        ...

    async def read(self, query: Callable[[Connection], T], /) -> T:
        """Run `query` on a connection that cannot write."""
        ...


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """One request to another node. `timeout` is the total deadline in seconds, `max_response` is in bytes."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float = 10.0
    max_response: int = 1_048_576


@dataclass(frozen=True, slots=True)
class OutgoingResponse:
    """What came back, whatever its status. Header names are lowercase."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """No whole answer came back.

    `word` is one of a closed list ("refused-address", "connect", "timeout", "protocol", "too-large" and the
    like); `detail` is for the log of this node and never leaves it.
    """

    word: str
    detail: str


class Transport(Protocol):
    """The way out to other nodes. A failure is a value, never an exception."""

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse | TransportFailure:
        """Send `request` once, judging the address at the moment of connecting; redirects are not followed."""
        ...


def new_id(randomness: Randomness) -> str:
    """A fresh id for an object or activity: 26 characters of base32, 130 bits, no time and no counter in it."""
    return ids.new_id(randomness.bytes(ids.ID_BYTES))
