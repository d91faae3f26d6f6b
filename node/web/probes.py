"""What machines ask that watch a node: does the process answer, can it do its work, what are its figures.

Plain ASGI in front of everything, so that an answer costs next to nothing, holds before anybody has set the council up, and
does not hang on what it reports about. Anybody may ask; nobody learns more than a word from a fixed list.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import orjson
import structlog
from sqlalchemy import Connection

from federation.front import Application, Receive, Scope, Send
from federation.ports import Clock
from node.database import Store, StoreFault, StoreFull
from node.web.metrics import Figures, authorized

ALIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
PATHS = (ALIVE, READY, METRICS)

LOOKED_AT_LEAST_EVERY = 1.0
"""Seconds: however many ask, the store is asked once in that time."""
STORE_SECONDS = 2.0
LEAST_FREE = 16 * 1_048_576
"""Bytes. Below this the next messages would soon be refused as `full`."""

_log = structlog.get_logger(__name__)


class Unready(StrEnum):
    """Why a node cannot do its work now; the value is the reason word of the answer."""

    STARTING = "starting"
    LOOP_ENDED = "loop-ended"
    STORE_BROKEN = "store-broken"
    STORE_SLOW = "store-slow"
    OTHER_TABLES = "other-tables"
    DISK_FULL = "disk-full"


SENTENCES = {
    Unready.STARTING: "The node is starting or stopping.",
    Unready.LOOP_ENDED: "A part of the node that should run has ended. Its log says why; start it again.",
    Unready.STORE_BROKEN: "The database cannot be read or written.",
    Unready.STORE_SLOW: "The database does not answer in time.",
    Unready.OTHER_TABLES: "The database was changed by another version while this one runs.",
    Unready.DISK_FULL: "The disk is full, or nearly so.",
}


def free_bytes(directory: Path) -> int:
    """What somebody without special rights may still write beside `directory`."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


@dataclass
class Readiness:
    """Whether a node can do its work. `ended_loops` names those that should run and do not; None before they began."""

    store: Store
    clock: Clock
    directory: Path
    revision: str
    ended_loops: Callable[[], Sequence[str] | None]
    free_bytes: Callable[[Path], int] = free_bytes
    seconds: float = STORE_SECONDS
    _looked: float | None = None
    _found: tuple[Unready, ...] = ()
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self) -> tuple[Unready, ...]:
        """Everything that is in the way, most telling first; empty when the node is ready. At most a second old."""
        async with self._looking:
            now = self.clock.monotonic()
            if self._looked is None or now - self._looked >= LOOKED_AT_LEAST_EVERY:
                found = await self._reasons()
                if found != self._found:
                    _log.warning("readiness changed", unready=[reason.value for reason in found])
                self._found, self._looked = found, self.clock.monotonic()
            return self._found

    async def _reasons(self) -> tuple[Unready, ...]:
        ended = self.ended_loops()
        loops = Unready.STARTING if ended is None else Unready.LOOP_ENDED if ended else None
        found = (loops, await self._store(), self._disk())
        return tuple(dict.fromkeys(reason for reason in found if reason is not None))

    def _disk(self) -> Unready | None:
        try:
            return Unready.DISK_FULL if self.free_bytes(self.directory) < LEAST_FREE else None
        except OSError:
            return Unready.STORE_BROKEN

    async def _store(self) -> Unready | None:
        """A cheap read, and a transaction that takes the write lock and changes nothing: no byte reaches the disk."""
        try:
            async with asyncio.timeout(self.seconds):
                revision = await self.store.read(_revision)
                await self.store.write(lambda connection: None)
        except TimeoutError:
            return Unready.STORE_SLOW
        except StoreFull:
            return Unready.DISK_FULL
        except StoreFault:
            return Unready.STORE_BROKEN
        except Exception:
            _log.exception("could not look whether the database answers")
            return Unready.STORE_BROKEN
        return None if revision == self.revision else Unready.OTHER_TABLES


def _revision(connection: Connection) -> str | None:
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


class Probes:
    """An ASGI application in front of another. With `figures` every request to it is counted."""

    def __init__(self, inner: Application, *, readiness: Readiness, figures: Figures | None, token: str) -> None:
        self._inner = inner if figures is None else figures.counted(inner)
        self._readiness = readiness
        self._figures = figures
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if path == ALIVE:
            await self._answer(scope, send, _alive)
        elif path == READY:
            await self._answer(scope, send, self._ready)
        elif path == METRICS and self._token and self._figures is not None:
            await self._answer(scope, send, lambda: self._shown(scope))
        else:
            await self._inner(scope, receive, send)

    async def _answer(self, scope: Scope, send: Send, make: Callable[[], Awaitable["_Reply"]]) -> None:
        head = scope["method"] == "HEAD"
        if not head and scope["method"] != "GET":
            reply = _problem(405, "not-allowed", "This is only looked at, with GET or HEAD.", (b"allow", b"GET, HEAD"))
        else:
            reply = await make()
        headers = [
            (b"content-type", reply.media_type),
            (b"content-length", str(len(reply.body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *reply.headers,
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else reply.body})

    async def _ready(self) -> "_Reply":
        found = await self._readiness.look()
        if not found:
            return _Reply(200, b'{"status":"ready"}')
        sentence = " ".join(SENTENCES[reason] for reason in found)
        return _problem(503, found[0].value, sentence, (b"retry-after", b"5"), all_of=[one.value for one in found])

    async def _shown(self, scope: Scope) -> "_Reply":
        assert self._figures is not None
        if not authorized(scope["headers"], self._token):
            sentence = "Bring the token from this node's settings."
            return _problem(401, "not-signed-in", sentence, (b"www-authenticate", b"Bearer"))
        return _Reply(200, *await self._figures.shown())


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes
    media_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def _alive() -> _Reply:
    return _Reply(200, b'{"status":"alive"}')


def _problem(
    status: int, reason: str, sentence: str, *headers: tuple[bytes, bytes], all_of: Sequence[str] = ()
) -> _Reply:
    """problem+json (RFC 9457) with the first reason as its word, and all of them where there are several."""
    title = reason.replace("-", " ").capitalize()
    document = {"type": "about:blank", "title": title, "status": status, "detail": sentence, "reason": reason}
    more = {"reasons": list(all_of)} if all_of else {}
    return _Reply(status, orjson.dumps(document | more), b"application/problem+json", headers)
