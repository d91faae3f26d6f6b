"""Servers on loopback that behave as a test tells them to, byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from federation.connections import Resolver, resolve_by_system
from federation.ports import OutgoingRequest
from federation.transport import NetworkTransport
from protocol.ids import Policy

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"


@dataclass(slots=True)
class Seen:
    """What one server has seen: a number of connections, and the raw requests in their order."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def listed(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/inbox") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


@asynccontextmanager
async def server(*answers: bytes | Behaviour, context: ssl.SSLContext | None = None) -> AsyncIterator[Seen]:
    """Each request takes the next of `answers`, the last one again and again.

    Bytes are written as they are; a behaviour gets the streams after the request was read, and ends the connection.
    """
    seen = Seen()
    open_writers: set[asyncio.StreamWriter] = set()
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        open_writers.add(writer)
        try:
            while True:
                seen.requests.append(await read_request(reader))
                answer = answers[min(len(seen.requests), len(answers)) - 1]
                if not isinstance(answer, bytes):
                    await answer(reader, writer)
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(converse(reader, writer))
        tasks.add(task)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    seen.port = listening.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in open_writers:
            writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def network(
    *listed: str,
    resolve: Resolver = resolve_by_system,
    ca_file: Path | None = None,
    per_origin: int = 4,
    in_all: int = 2_000,
    idle_seconds: float = 50.0,
) -> AsyncIterator[NetworkTransport]:
    transport = NetworkTransport(
        Policy(frozenset(listed)),
        resolve=resolve,
        ca_file=ca_file,
        per_origin=per_origin,
        in_all=in_all,
        idle_seconds=idle_seconds,
    )
    try:
        yield transport
    finally:
        await transport.aclose()


def resolving(**hosts: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that knows these hosts (an underscore stands for the dot)."""
    known = {name.replace("_", "."): addresses for name, addresses in hosts.items()}

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host not in known:
            raise OSError("no such host")
        return known[host]

    return resolve


def post(url: str, *, timeout: float = 10.0, max_response: int = 1_048_576) -> OutgoingRequest:
    headers = {"Content-Type": "application/activity+json"}
    return OutgoingRequest("POST", url, headers, b'{"id": 1}', timeout=timeout, max_response=max_response)


async def until(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    """Wait for `condition`, looking often; fails at the deadline."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what it looks at is inside the code under test
            await asyncio.sleep(0.002)
