"""A reverse proxy of the tests' own that ends TLS, as Caddy or nginx does in front of councils: names in, plain http out.

One certificate for each name, chosen by SNI; the upstream by Host, which must be what SNI said. Nothing is changed on the way
but `Connection`, and nothing is buffered.
"""

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import trustme

from node.demo.ports import LOOPBACK

_HEAD = 65_536


@dataclass
class Front:
    """`sockets` listen already. `upstreams`: the local port behind each authority (`name:port`). `seen` counts requests."""

    authority: trustme.CA
    sockets: Sequence[socket.socket]
    upstreams: Mapping[str, int]
    seen: Counter[str] = field(default_factory=Counter)

    def tls(self) -> ssl.SSLContext:
        by_name = {name: self._context(name) for name in {a.rpartition(":")[0] for a in self.upstreams}}
        first = self._context("nobody.invalid")

        def choose(secured: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
            if name not in by_name:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            secured.context = by_name[name]
            return None

        first.sni_callback = choose
        return first

    def _context(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self.authority.issue_cert(name).configure_cert(context)
        return context

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            await self._pass_on(head, reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        host = fields.get("host", "")
        if host not in self.upstreams:
            writer.write(b"HTTP/1.1 421 Misdirected Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            return
        self.seen[host] += 1
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        kept = [line for line in lines if not line.lower().startswith("connection:")]
        upstream, to_upstream = await asyncio.open_connection(LOOPBACK, self.upstreams[host])
        to_upstream.write("\r\n".join([first, *kept, "connection: close", "", ""]).encode("latin-1") + body)
        await to_upstream.drain()
        while part := await upstream.read(_HEAD):
            writer.write(part)
            await writer.drain()
        to_upstream.close()


@contextmanager
def listening(count: int) -> Iterator[tuple[socket.socket, ...]]:
    """As many ports as the system gives, held from this moment on: between finding a port and using it somebody else may."""
    with ExitStack() as closing:
        yield tuple(closing.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(count))


@contextmanager
def standing(front: Front) -> Iterator[Front]:
    """The proxy in a thread of its own."""
    loop = asyncio.new_event_loop()
    servers: list[asyncio.Server] = []

    async def begin() -> None:
        context = front.tls()
        for one in front.sockets:
            servers.append(await asyncio.start_server(front.serve, sock=one, ssl=context, limit=_HEAD))

    async def end() -> None:
        for server in servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    loop.run_until_complete(begin())
    thread = threading.Thread(target=loop.run_forever, name="tls-front")
    thread.start()
    try:
        yield front
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
