"""A line between councils that lies: every council's address is a port of ours, and behind it stands its real one.

Councils sign for their own addresses and never learn that we are here. Who asks is told by the key that a request names, so
each pair of councils has its own weather (`tests.nemesis.weather`). What each request came to is written down. What council
people write for their own house must never come by here; neither may what is for neighbours, on its way to anybody else.
"""

import asyncio
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from tests.nemesis.weather import PASS, Cut, Fate, Weather

LOOPBACK: Final = "127.0.0.1"
STRANGER: Final = "stranger"
MOST_HEAD: Final = 65_536
ANSWERS_WITHIN: Final = 65.0
_KEY_ID: Final = re.compile(rb'key_?id="([^"#]+)', re.IGNORECASE)
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_CLOSE: Final = re.compile(rb"\r\nconnection: *[a-z-]+", re.IGNORECASE)
_REFUSALS: Final = {
    "answer-429": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    "answer-500": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\noops\n",
    "answer-503": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
}

Watch = Callable[[str, str, bytes], None]
"""Called with who is going to read these bytes, and who sent them."""


class BrokenOff(Exception):
    """This connection ends here, after these bytes and no others."""

    def __init__(self, part: bytes = b"") -> None:
        self.part = part


class FaultProxy:
    """`ports`: a council's name to the port of ours that is its address; `behind`: to the port where it really listens."""

    def __init__(
        self, ports: Mapping[str, int], behind: Mapping[str, int], *, log: Path, watch: Watch = lambda *_: None
    ) -> None:
        self._ports, self._behind = dict(ports), dict(behind)
        self._names = {f"http://{LOOPBACK}:{port}".encode(): name for name, port in ports.items()}
        self._watch = watch
        self._weather: Weather | None = None
        self._cuts: dict[Cut, float] = {}
        self._numbers: Counter[tuple[str, str]] = Counter()
        self.kinds: Counter[str] = Counter()
        self.answers: Counter[tuple[str, str]] = Counter()
        self._log_path = log
        self._log: IO[str] | None = None
        self._loop = asyncio.new_event_loop()
        self._calm: asyncio.Event
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> "FaultProxy":
        self._log = self._log_path.open("w", encoding="utf-8")
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        assert self._log is not None
        self._log.close()

    def change(self, weather: Weather | None) -> None:
        """From now on the weather is this; None: whatever is sent arrives, and what was held is let go."""

        def step() -> None:
            self._weather = weather
            self._write(f"weather {weather}")
            if weather is None:
                self._cuts.clear()
                self._calm.set()
            else:
                self._calm.clear()

        self._loop.call_soon_threadsafe(step)

    def cut(self, cut: Cut) -> None:
        def step() -> None:
            self._cuts[cut] = self._loop.time()
            self._write(f"cut {sorted(cut.links)} deaf={cut.deaf} silent={cut.silent} every={cut.every}")

        self._loop.call_soon_threadsafe(step)

    def mend(self, cut: Cut) -> None:
        def step() -> None:
            self._cuts.pop(cut, None)
            self._write(f"mend {len(cut.links)} links")

        self._loop.call_soon_threadsafe(step)

    async def _open(self) -> None:
        self._calm = asyncio.Event()
        self._calm.set()
        for name, port in self._ports.items():
            serve = self._serving(name)
            self._servers.append(await asyncio.start_server(serve, LOOPBACK, port, limit=MOST_HEAD))

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _serving(self, receiver: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None]"]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while request := await _message(reader):
                    answer = await self._carry(receiver, request)
                    writer.write(answer)
                    await writer.drain()
                    if _LENGTH.search(answer) is None:
                        break
            except BrokenOff as broken:
                if broken.part:
                    writer.write(broken.part)
                else:
                    _reset(writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                _reset(writer)
            finally:
                writer.close()

        return serve  # type: ignore[return-value]

    async def _carry(self, receiver: str, request: bytes) -> bytes:
        """The bytes to answer with. Raises BrokenOff."""
        found = _KEY_ID.search(request)
        sender = STRANGER if found is None else self._names.get(found[1].removesuffix(b"/council"), STRANGER)
        if sender == STRANGER:
            return await self._forward(receiver, request)
        cut = self._cut_between(sender, receiver)
        self._numbers[sender, receiver] += 1
        number = self._numbers[sender, receiver]
        fate = Fate(PASS, 0.0) if self._weather is None else self._weather.fate(sender, receiver, number)
        what = fate.kind if cut is None else "deaf" if cut.deaf else "cut"
        self.kinds[what] += 1
        target = request.split(b" ", 2)[1].decode("latin-1")
        self._write(f"{sender}>{receiver} {number} {what} {fate.wait:.3f} {target}")
        if cut is not None:
            if cut.deaf:
                await self._delivered(receiver, sender, request)
            if cut.silent:
                await self._wait(ANSWERS_WITHIN)
            raise BrokenOff
        await self._wait(fate.wait)
        return await self._befall(fate, sender, receiver, request)

    async def _befall(self, fate: Fate, sender: str, receiver: str, request: bytes) -> bytes:
        kind, at = fate.kind, fate.where
        if kind in _REFUSALS:
            return _REFUSALS[kind]
        if kind == "reset":
            raise BrokenOff
        if kind == "cut-request":
            await self._send_part(receiver, request[: int(at * len(request))])
            raise BrokenOff
        if kind == "flip-request":
            request = flipped(request, at, fate.bit)
        if kind == "twice":
            await self._delivered(receiver, sender, request)
        if kind == "replay":
            self._later(fate.again, receiver, sender, request)
        answer = await self._delivered(receiver, sender, request)
        if kind == "lost-answer":
            raise BrokenOff
        if kind == "cut-answer":
            raise BrokenOff(answer[: int(at * len(answer))])
        return flipped(answer, at, fate.bit) if kind == "flip-answer" else answer

    async def _delivered(self, receiver: str, sender: str, request: bytes) -> bytes:
        self._watch(receiver, sender, request)
        answer = await self._forward(receiver, request)
        self._watch(sender, receiver, answer)
        self.answers[receiver, answer[9:12].decode("latin-1")] += 1
        return answer

    def _later(self, seconds: float, receiver: str, sender: str, request: bytes) -> None:
        async def again() -> None:
            await self._wait(seconds)
            self._write(f"{sender}>{receiver} replayed")
            with suppress(BrokenOff):
                await self._delivered(receiver, sender, request)

        task = self._loop.create_task(again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, seconds: float) -> None:
        """So long, or until the weather has ended."""
        if self._calm.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._calm.wait()

    async def _forward(self, receiver: str, request: bytes) -> bytes:
        """The whole answer of the real server. Raises BrokenOff where it gives none."""
        head, end, body = request.partition(b"\r\n\r\n")
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._behind[receiver])
                try:
                    writer.write(_CLOSE.sub(b"", head) + b"\r\nConnection: close" + end + body)
                    answer = await reader.read(-1)
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            raise BrokenOff from None
        if b"\r\n\r\n" not in answer:
            raise BrokenOff
        head, end, body = answer.partition(b"\r\n\r\n")
        return _CLOSE.sub(b"", head) + end + body

    async def _send_part(self, receiver: str, part: bytes) -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, self._behind[receiver])
            writer.write(part)
            with suppress(OSError):
                await writer.drain()
            writer.close()

    def _cut_between(self, sender: str, receiver: str) -> Cut | None:
        now = self._loop.time()
        return next((cut for cut, since in self._cuts.items() if cut.holds(sender, receiver, now - since)), None)

    def _write(self, line: str) -> None:
        assert self._log is not None
        seed = "calm" if self._weather is None else self._weather.seed
        self._log.write(f"{seed} {self._loop.time():.3f} {line}\n")


def flipped(message: bytes, where: float, bit: int) -> bytes:
    """The same with one bit of one byte changed."""
    place = int(where * len(message))
    return message[:place] + bytes([message[place] ^ (1 << bit)]) + message[place + 1 :]


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request with its body; nothing where the connection has ended in between."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a line does that is cut: no farewell."""
    with suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
