"""Kept and new connections, by origin, and the check of every address at the moment of connecting (S21).

The name is resolved once, each of its addresses is judged, and the connection goes to an address that was judged: a name
that answers differently a moment later gains nothing. It must never connect by name, use a proxy from the environment, or
search through connections of other origins: acquiring one costs the same with one origin as with a thousand.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from federation.addresses import judge_address
from federation.connection import Connection, ExchangeFailed

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

CONNECT_SECONDS = 5.0
_MOST_ADDRESSES = 4
_CLOSING_SECONDS = 1.0


class Origin(NamedTuple):
    """Where a connection leads. `host` is ASCII, an IPv6 literal without its brackets."""

    secure: bool
    host: str
    port: int


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses the system knows for a name. Raises OSError, and UnicodeError for an impossible name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Connections:
    """Keeps at most `per_origin` idle connections to one origin and `in_all` to all, for `idle_seconds`.

    `listed` names the hosts ("host" or "host:port") that may be at loopback or private addresses.
    """

    def __init__(
        self,
        *,
        resolve: Resolver,
        listed: frozenset[str],
        ssl_context: Callable[[], ssl.SSLContext],
        per_origin: int = 4,
        in_all: int = 2_000,
        idle_seconds: float = 50.0,
    ) -> None:
        self._resolve = resolve
        self._listed = listed
        self._ssl_context = ssl_context
        self._per_origin = per_origin
        self._in_all = in_all
        self._idle_seconds = idle_seconds
        self._open: set[Connection] = set()
        self._idle: dict[Origin, list[Connection]] = {}
        self._idle_order: OrderedDict[Connection, Origin] = OrderedDict()  # the longest idle first
        self._sweep: asyncio.TimerHandle | None = None
        self._all_closed = asyncio.Event()
        self._closing = False

    @property
    def idle_count(self) -> int:
        return len(self._idle_order)

    def kept(self, origin: Origin) -> Connection | None:
        """A usable idle connection to `origin`, the most recently used one, or None."""
        now = asyncio.get_running_loop().time()
        while waiting := self._idle.get(origin):
            connection = waiting[-1]
            self._take_out(connection)
            if connection.usable and now - connection.kept_since < self._idle_seconds:
                return connection
            connection.abort()
        return None

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Give back a connection whose answer is whole; it is closed where it cannot or need not be kept."""
        if not connection.usable:
            return
        if self._closing or len(self._idle.get(origin, ())) >= self._per_origin:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        connection.kept_since = loop.time()
        self._idle.setdefault(origin, []).append(connection)
        self._idle_order[connection] = origin
        if len(self._idle_order) > self._in_all:
            self._drop(next(iter(self._idle_order)))
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_seconds, self._drop_expired, loop)

    async def opened(self, origin: Origin) -> Connection:
        """A new connection to a judged address of `origin`. Raises ExchangeFailed, within CONNECT_SECONDS."""
        if self._closing:
            raise ExchangeFailed("closed", "this node is stopping")
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                addresses = (await self._judged(origin))[:_MOST_ADDRESSES]
                failure = ExchangeFailed("resolve", f"{origin.host} has no address")
                for address in addresses:
                    try:
                        async with asyncio.timeout(CONNECT_SECONDS / len(addresses)):
                            return await self._connected(origin, address)
                    except TimeoutError:
                        failure = ExchangeFailed("timeout", f"no connection to {origin.host} at {address} in time")
                    except ExchangeFailed as failed:
                        failure = failed
                raise failure
        except TimeoutError:
            raise ExchangeFailed("timeout", f"no connection to {origin.host} in time") from None

    async def aclose(self) -> None:
        """Close everything, also what is under way, and wait a moment for the sockets to be gone."""
        self._closing = True
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in list(self._open):
            connection.abort()
        if self._open:
            self._all_closed.clear()
            try:
                async with asyncio.timeout(_CLOSING_SECONDS):
                    await self._all_closed.wait()
            except TimeoutError:
                return

    async def _judged(self, origin: Origin) -> list[str]:
        """All addresses of the host, each of them judged: one that is refused refuses the host, whatever its others are."""
        host = origin.host
        try:
            addresses: Sequence[str] = [str(ipaddress.ip_address(host))]
        except ValueError:
            try:
                addresses = await self._resolve(host, origin.port)
            except TimeoutError:
                raise
            except (OSError, ValueError) as error:
                raise ExchangeFailed("resolve", f"{host} cannot be resolved: {error}") from error
        shown = f"[{host}]" if ":" in host else host
        exempt = shown in self._listed or f"{shown}:{origin.port}" in self._listed
        for address in addresses:
            word = judge_address(address, exempt=exempt)
            if word is not None:
                hint = " (list the host under allow.plain_hosts if that is meant)" if not exempt else ""
                raise ExchangeFailed("refused-address", f"{host} is at {address}, which is {word}{hint}")
        return list(dict.fromkeys(addresses))

    async def _connected(self, origin: Origin, address: str) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._forget),
                address,
                origin.port,
                ssl=self._ssl_context() if origin.secure else None,
                server_hostname=origin.host if origin.secure else None,
            )
        except ssl.SSLCertVerificationError as error:
            raise ExchangeFailed("certificate", f"{origin.host}: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise ExchangeFailed("tls", f"{origin.host}: {error.reason}") from error
        except OSError as error:
            raise ExchangeFailed("connect", f"{origin.host} at {address}: {error}") from error
        if connection.usable:  # else it is gone already, and nobody would tell us again
            self._open.add(connection)
        return connection

    def _take_out(self, connection: Connection) -> None:
        origin = self._idle_order.pop(connection, None)
        if origin is not None:
            waiting = self._idle[origin]
            waiting.remove(connection)
            if not waiting:
                del self._idle[origin]

    def _drop(self, connection: Connection) -> None:
        self._take_out(connection)
        connection.abort()

    def _drop_expired(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweep = None
        while self._idle_order:
            oldest = next(iter(self._idle_order))
            remaining = oldest.kept_since + self._idle_seconds - loop.time()
            if remaining > 0:
                self._sweep = loop.call_later(remaining, self._drop_expired, loop)
                return
            self._drop(oldest)

    def _forget(self, connection: Connection) -> None:
        self._take_out(connection)
        self._open.discard(connection)
        if not self._open:
            self._all_closed.set()
