"""The load generator, a process of its own: signs beforehand, then sends over kept connections and takes the time.

Two ways of sending: `closed` keeps every connection busy, and its rate is what the server can take; `steady` sends at fixed
moments whether or not the server keeps up, and counts each latency from the moment that was meant.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter, deque
from typing import Any

import uvloop

from node.ports import SystemClock
from tests.bench.children import LOOPBACK, tell
from tests.bench.letters import Letter, departures, offers
from tests.bench.measuring import quantile

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_MOST_LATE = 10.0


class Course:
    """One stretch of sending. `due` holds letters with the moment that each was meant to be sent at."""

    def __init__(self) -> None:
        self.due: deque[tuple[float, Letter]] = deque()
        self.free: list[Line] = []
        self.open = 0
        self.latencies: list[float] = []
        self.results: Counter[str] = Counter()
        self.acknowledged: list[str] = []
        self.last = 0.0
        self.finished = asyncio.Event()

    def answered(self, line: "Line", status: int, body: bytes) -> None:
        self.last = time.perf_counter()
        self.latencies.append(self.last - line.meant)
        result = json.loads(body).get("result" if status == 202 else "reason", "")
        self.results[f"{status} {result}"] += 1
        if status == 202 and result == "stored":
            self.acknowledged.append(line.letter.activity_id)

    def next_for(self, line: "Line") -> None:
        raise NotImplementedError


class Closed(Course):
    """Each connection sends its next letter as soon as it has its answer, until `end`."""

    end = 0.0

    def next_for(self, line: "Line") -> None:
        if self.due and self.last < self.end:
            line.post(self.last or time.perf_counter(), self.due.popleft()[1])
            return
        self.open -= 1
        if not self.open:
            self.finished.set()


class Steady(Course):
    """Letters wait for a free connection; what waits is late, and counted as late."""

    expected = 0

    def next_for(self, line: "Line") -> None:
        if len(self.latencies) == self.expected:
            self.finished.set()
        if self.due:
            line.post(*self.due.popleft())
        else:
            self.free.append(line)


class Line(asyncio.Protocol):
    """One kept connection with at most one request on its way."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.meant = 0.0
        self.letter = Letter("", b"")
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport: Any = transport

    def post(self, meant: float, letter: Letter) -> None:
        self.meant, self.letter = meant, letter
        self.transport.write(letter.request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        match = _LENGTH.search(self._buffer, 0, end)
        whole = end + 4 + (int(match[1]) if match else 0)
        if len(self._buffer) < whole:
            return
        status, body = int(self._buffer[9:12]), self._buffer[end + 4 : whole]
        self._buffer = self._buffer[whole:]
        self.course.answered(self, status, body)
        self.course.next_for(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.course.finished.is_set():
            self.course.results["connection lost"] += 1
            self.course.finished.set()


async def _connect(course: Course, *, port: int, connections: int) -> list[Line]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Line(course), LOOPBACK, port) for _ in range(connections)]
    return [line for _, line in made]


async def closed(letters: list[Letter], *, port: int, connections: int, seconds: float) -> Course:
    course = Closed()
    lines = await _connect(course, port=port, connections=connections)
    course.due.extend((0.0, letter) for letter in letters)
    course.open = len(lines)
    begun = time.perf_counter()
    course.end = begun + seconds
    for line in lines:
        course.next_for(line)
    return await _finish(course, lines, begun=begun, seconds=seconds)


async def steady(letters: list[Letter], *, port: int, connections: int, rate: float) -> Course:
    course = Steady()
    course.free = await _connect(course, port=port, connections=connections)
    lines = list(course.free)
    course.expected = len(letters)
    begun = time.perf_counter()
    for number, letter in enumerate(letters):
        meant = begun + number / rate
        wait = meant - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        if course.free:
            course.free.pop().post(meant, letter)
        else:
            course.due.append((meant, letter))
    return await _finish(course, lines, begun=begun, seconds=len(letters) / rate)


async def _finish(course: Course, lines: list[Line], *, begun: float, seconds: float) -> Course:
    async with asyncio.timeout(seconds + _MOST_LATE):
        await course.finished.wait()
    course.last -= begun
    for line in lines:
        line.transport.close()
    return course


def _told(course: Course) -> dict[str, Any]:
    count = len(course.latencies)
    return {
        "answered": count,
        "seconds": course.last,
        "rate": round(count / course.last, 1),
        "p50_ms": round(quantile(course.latencies, 0.5) * 1e3, 2),
        "p99_ms": round(quantile(course.latencies, 0.99) * 1e3, 2),
        "results": dict(course.results),
        "acknowledged": course.acknowledged,
    }


def _answer(question: dict[str, Any], batches: dict[str, list[Letter]]) -> dict[str, Any]:
    now = SystemClock().now()
    match question:
        case {"sign": "offers", "as": name, "url": url, "count": count}:
            batches[name] = offers(url, count=count, now=now)
        case {"sign": "departures", "as": name, "url": url, "first": first, "count": count}:
            batches[name] = departures(url, first=first, count=count, now=now)
        case {"send": name, "port": port, "connections": connections, "seconds": seconds}:
            return _told(uvloop.run(closed(batches[name], port=port, connections=connections, seconds=seconds)))
        case {"send": name, "port": port, "connections": connections, "rate": rate}:
            return _told(uvloop.run(steady(batches[name], port=port, connections=connections, rate=rate)))
        case _:
            raise ValueError(f"what is {question}?")
    sizes = [len(letter.request.partition(b"\r\n\r\n")[2]) for letter in batches[name]]
    return {"made": len(sizes), "bytes": max(sizes)}


if __name__ == "__main__":
    kept: dict[str, list[Letter]] = {}
    for asked in sys.stdin:
        tell(_answer(json.loads(asked), kept))
