"""Running one node as a server process: uvicorn with deadlines for slow senders, logs without addresses, a clean end."""

import asyncio
import gc
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from node.app import Node, lock_of, refuse_foreign_packages
from node.backup import restoring
from node.settings import Settings, load

OPEN_FILES = 65_536
YOUNG_OBJECTS = 10_000
"""So many before Python looks for cycles among them. One message makes some hundreds, and they go by themselves."""


def configure_logs(settings: Settings) -> None:
    """Lines for people or JSON for machines, to standard error. No field ever holds the address of who asked."""
    readable = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        # The rich one prints local variables, and those hold what people wrote.
        exception_formatter=structlog.dev.plain_traceback,
    )
    machine = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if settings.logs == "json" else _as_it_is,
            machine if settings.logs == "json" else readable,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _as_it_is(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return event


def deadline_protocol(seconds: float) -> type[HttpToolsProtocol]:
    """uvicorn's protocol with an end to waiting for a request's head: by itself it times idle keep-alive only."""

    class DeadlineProtocol(HttpToolsProtocol):
        _head: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._expect_head()

        def data_received(self, data: bytes) -> None:
            # A sender that drips one byte at a time must not push its own deadline away.
            if self._head is None and (self.cycle is None or self.cycle.response_complete):
                self._expect_head()
            super().data_received(data)

        def on_headers_complete(self) -> None:
            self._forget_head()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget_head()
            super().connection_lost(exc)

        def _expect_head(self) -> None:
            self._head = self.loop.call_later(seconds, self._give_up)

        def _forget_head(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _give_up(self) -> None:
            self._head = None
            if not self.transport.is_closing():
                self.transport.close()

    return DeadlineProtocol


class StoppingServer(uvicorn.Server):
    """uvicorn waits for open answers before it ends the application; the wall's streams would last until it gives up."""

    def __init__(self, config: uvicorn.Config, node: Node) -> None:
        super().__init__(config)
        self._node = node

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._node.site.streams.end()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        # A backup that was restored in the browser waits for us to let go of the folder.
        restored = counter % 5 == 0 and restoring.is_ready(self._node.settings.directory)
        return await super().on_tick(counter) or restored


def raise_open_files() -> None:
    """A node talks to many: the soft limit of open files goes up to the hard one, as far as is sensible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def leave_what_stays() -> None:
    """Spare Python's search for cycles what lives as long as the node: it was a tenth of the work for each message."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def serve(settings: Settings, *, hello: Callable[[Node], None] = lambda _node: None) -> None:
    """Serve one council until it is told to stop. `hello` is called before it listens.

    Raises AlreadyServed, BadIdentity, UpgradeRefused, StoreFault, OSError.
    """
    refuse_foreign_packages()
    configure_logs(settings)
    raise_open_files()
    # uvicorn hands a signal on once it has shut down: then, or before it runs, being told to stop is no failure.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end_well)
    directory = settings.directory
    with lock_of(settings):
        if restoring.finish(directory):
            settings = load(directory)
        _serve_until_told(settings, hello)
        while restoring.finish(directory):
            structlog.get_logger(__name__).info("a restored council takes this one's place")
            settings = load(directory)
            gc.unfreeze()
            gc.collect()
            _serve_until_told(settings, lambda _node: None)


def _serve_until_told(settings: Settings, hello: Callable[[Node], None]) -> None:
    """One node from its start to its end: to a signal, or to a restored council that waits."""
    node = Node(settings)
    hello(node)
    config = uvicorn.Config(
        node,
        host=settings.listen.host,
        port=settings.listen.port,
        loop="uvloop",
        http=deadline_protocol(settings.limits.header_deadline),
        ws="none",
        lifespan="on",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        backlog=2048,
    )
    server = StoppingServer(config, node)
    leave_what_stays()
    server.run()
    if not server.started:
        raise SystemExit(1)


def _end_well(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def is_served(directory: Path) -> bool:
    """Whether a server holds this folder now."""
    from node.database import AlreadyServed, hold_lock

    try:
        with hold_lock(directory):
            return False
    except AlreadyServed:
        return True


def finish_interrupted(directory: Path) -> None:
    """Carry a restore through that a power cut broke off in the middle, where nobody serves the folder."""
    from node.database import AlreadyServed, hold_lock

    if restoring.is_ready(directory):
        with suppress(AlreadyServed), hold_lock(directory):
            restoring.finish(directory)
