"""A process that catches up with one neighbour, which answers over a pipe: to be measured, and to be killed.

On standard output: questions, each as a line of JSON (path, length of the body) and the body; last a line with what came of it.
On standard input: answers, each as a line with its length, and the body. It may be told to kill itself in the middle of a step.
"""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import orjson
from sqlalchemy import Connection

from federation.feeds.conversation import Outcome
from federation.feeds.driver import CatchingUp
from federation.ports import OutgoingRequest, OutgoingResponse
from node.app import kinds_of
from node.database import Store
from node.installed import FEATURES
from protocol import ids
from tests import builders
from tests.builders import FakeClock, SeededRandomness

T = TypeVar("T")

NAME = "reader"


class Pipe:
    """`federation.ports.Transport` to whoever started this process."""

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse:
        body, path = request.body or b"", request.url.removeprefix(ids.origin_of(request.url))
        say({"path": path, "bytes": len(body)}, body)
        return OutgoingResponse(200, {}, sys.stdin.buffer.read(int(sys.stdin.buffer.readline())))


class Mortal:
    """`federation.ports.Store` whose process is killed in its `last` step: all of it is written, and nothing committed."""

    def __init__(self, store: Store, last: int) -> None:
        self._store = store
        self._left = last
        self.read, self.gather = store.read, store.gather

    async def write(self, step: Callable[[Connection], T], /) -> T:
        self._left -= 1
        return await self._store.write(step if self._left else lambda connection: _killed(step(connection)))


def _killed(_done: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("this process is no more")


def say(line: dict[str, Any], body: bytes = b"") -> None:
    sys.stdout.buffer.write(orjson.dumps(line) + b"\n" + body)
    sys.stdout.buffer.flush()


async def catch_up(store: Mortal, carrier: str) -> Outcome:
    async def nothing() -> None:
        pass

    reader = CatchingUp(
        builders.council(NAME, kinds=kinds_of(FEATURES)),
        store,
        FakeClock(),
        SeededRandomness(NAME),
        Pipe(),
        lambda: [carrier],
        600.0,
        nothing,
        lambda actor: None,
        lambda: None,
    )
    return await reader.catch_up(carrier)


def main(path: str, carrier: str, last: str) -> None:
    store = Store.open(Path(path))
    outcome = asyncio.run(catch_up(Mortal(store, int(last)), carrier))
    store.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    say(
        {
            "agreed": outcome.agreed,
            "word": outcome.word,
            "flaws": outcome.flaws,
            "taken": outcome.taken,
            "asked": outcome.asked,
            "received": outcome.received,
            "cpu": used.ru_utime + used.ru_stime,
            "rss": _most_memory(),
        }
    )


def _most_memory() -> int:
    """The most that was resident, in bytes. Not `ru_maxrss`: Linux hands that on from whoever started the process."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
