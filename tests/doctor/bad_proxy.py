"""A reverse proxy that does what a badly set up one does, one fault at a time, on loopback. Without a fault it is a good one.

One request to a connection. It exists to be blamed: nothing here is an example of how to write a proxy.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

BUFFER_SECONDS = 30.0
TLS_BEGINS = b"\x16"
Head = list[tuple[str, str]]


@dataclass
class Faults:
    """What goes wrong. Names of fields in lower case; sizes in bytes, times in seconds."""

    drop: frozenset[str] = frozenset()
    put: dict[str, str] = field(default_factory=dict)
    hide: frozenset[str] = frozenset()
    answer: dict[str, str] = field(default_factory=dict)
    tidies_paths: bool = False
    changes_bodies: bool = False
    holds_back: bool = False
    keeps_answers: bool = False
    most: int | None = None
    slow: float = 0.0
    status: int | None = None
    page: bool = False
    sends_on: str | None = None
    sends_posts_on: str | None = None
    refuses_posts: bool = False
    own_well_known: bool = False
    second: int | None = None


@dataclass
class Proxy:
    """Forwards to `upstream`, a port on loopback."""

    upstream: int
    faults: Faults = field(default_factory=Faults)
    asked: int = 0
    _kept: dict[str, bytes] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            begun = await reader.readexactly(1)
            if begun == TLS_BEGINS:
                writer.write(_said(400))  # as a server does that was asked for TLS where it speaks none
                return
            method, target, head, body = await _read(reader, begun)
            answering = asyncio.create_task(self._answered(method, target, head, body, writer))
            hung_up = asyncio.create_task(reader.read())
            try:
                await asyncio.wait({answering, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (answering, hung_up):
                    task.cancel()
                await asyncio.gather(answering, hung_up, return_exceptions=True)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answered(self, method: str, target: str, head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.faults.slow)
        own = self._own_answer(method, target, len(body))
        if own is not None:
            writer.write(own)
        else:
            await self._forward(method, target, head, body, writer)
        await writer.drain()

    def _own_answer(self, method: str, target: str, size: int) -> bytes | None:
        faults = self.faults
        if faults.status is not None:
            return _said(faults.status)
        if faults.page or (faults.own_well_known and target.startswith("/.well-known/")):
            return _said(200 if faults.page else 404)
        if faults.sends_on is not None:
            return _said(301, location=faults.sends_on + target)
        if faults.sends_posts_on is not None and method == "POST":
            return _said(301, location=faults.sends_posts_on + target)
        if faults.refuses_posts and method == "POST":
            return _said(405)
        if faults.most is not None and size > faults.most:
            return _said(413)
        return self._kept.get(target) if method == "GET" else None

    async def _forward(self, method: str, target: str, head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
        faults = self.faults
        self.asked += 1
        port = faults.second if faults.second is not None and self.asked % 2 == 0 else self.upstream
        if faults.tidies_paths:
            target = unquote(target)
        if faults.changes_bodies:
            body = body.replace(b" ", b"")
        fields = [(n, v) for n, v in head if n not in faults.drop | set(faults.put) | {"content-length", "connection"}]
        fields += [*faults.put.items(), ("connection", "close")]
        if body or method == "POST":
            fields.append(("content-length", str(len(body))))
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.write(_said(502))
            return
        try:
            lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
            to_server.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            await self._answer(method, target, from_server, writer)
        finally:
            to_server.close()

    async def _answer(
        self, method: str, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        faults = self.faults
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        head = [(n.strip().lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines)]
        head = [(n, v) for n, v in head if n not in faults.hide | set(faults.answer)] + list(faults.answer.items())
        raw = "\r\n".join([status, *(f"{n}: {v}" for n, v in head)]).encode("latin-1") + b"\r\n\r\n"
        if faults.holds_back:
            async with asyncio.timeout(BUFFER_SECONDS):
                raw += await reader.read()
            writer.write(raw)
            return
        writer.write(raw)
        whole = raw
        while part := await reader.read(65_536):
            whole += part
            writer.write(part)
            await writer.drain()
        if faults.keeps_answers and method == "GET":
            self._kept[target] = whole


async def _read(reader: asyncio.StreamReader, begun: bytes) -> tuple[str, str, Head, bytes]:
    first, *lines = (begun + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    head = [(n.strip().lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines)]
    size = int(dict(head).get("content-length", "0"))
    return method, target, head, await reader.readexactly(size)


def _said(status: int, *, location: str = "") -> bytes:
    body = b"<html><title>Welcome</title><p>It works.</p></html>"
    more = f"location: {location}\r\n" if location else ""
    head = f"HTTP/1.1 {status} So\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\n{more}connection: close\r\n\r\n"
    return head.encode() + body


@asynccontextmanager
async def proxying(proxy: Proxy, *, context: ssl.SSLContext | None) -> AsyncIterator[asyncio.Server]:
    """The proxy on a free port of loopback; whatever is still under way at the end is broken off."""
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(proxy.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield listening
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
