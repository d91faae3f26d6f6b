"""Who is waiting to hear that the public wall has changed: one small watcher for all of them, and no thread for any.

They are told that it changed and the digest of what it is now, never what changed: whoever wants to know looks at the page,
which judges afresh what this viewer may see. What only signed-in neighbours see wakes nobody.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress

import structlog

from node.feature import Slip

LOOK_AT_LEAST_EVERY = 20.0
"""Seconds. A slip comes down by its end as well, and no commit tells of that."""
LOOK_AT_MOST_EVERY = 1.0

_log = structlog.get_logger(__name__)


def digest_of(slips: Iterable[Slip]) -> str:
    """A short mark of what these slips say; another wall has another mark."""
    mark = hashlib.sha256()
    for slip in slips:
        said = (slip.kind, slip.href, slip.title, slip.words, *slip.meta, str(slip.updated), str(slip.ends_at))
        mark.update("\0".join(said).encode("utf-8", "replace") + b"\1")
    return mark.hexdigest()[:16]


class Streams:
    """All open streams of one node. `look` gives the digest of the public wall as it is now."""

    def __init__(self, look: Callable[[], Awaitable[str]], *, limit: int) -> None:
        self._look = look
        self._limit = limit
        self._listening: set[asyncio.Event] = set()
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.digest = ""
        self.ended = False

    def __len__(self) -> int:
        return len(self._listening)

    @property
    def full(self) -> bool:
        return self.ended or len(self._listening) >= self._limit

    def wake(self) -> None:
        """Something was written, here or by another process. From any thread; costs nothing while nobody listens."""
        loop = self._loop
        if loop is None or not self._listening:
            return
        with suppress(RuntimeError):  # the loop has ended, and with it whoever listened
            loop.call_soon_threadsafe(self._woken.set)

    def end(self) -> None:
        """Every stream ends now, and none begins any more: so a server that stops need not wait for its readers."""
        self.ended = True
        if self._watcher is not None:
            self._watcher.cancel()
        for changed in self._listening:
            changed.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set when the wall has changed or the streams end. Ask `full` before, without waiting between."""
        changed = asyncio.Event()
        self._listening.add(changed)
        try:
            if self._watcher is None:
                self._loop = asyncio.get_running_loop()
                self.digest = await self._look()
                self._watcher = self._watcher or asyncio.create_task(self._watch(), name="the wall's streams")
            yield changed
        finally:
            self._listening.discard(changed)
            if not self._listening and self._watcher is not None:
                self._watcher.cancel()
                self._watcher = None

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AT_LEAST_EVERY):
                    await self._woken.wait()
            self._woken.clear()
            try:
                digest = await self._look()
            except Exception:
                _log.exception("could not look whether the wall has changed")
            else:
                if digest != self.digest:
                    self.digest = digest
                    for changed in self._listening:
                        changed.set()
            await asyncio.sleep(LOOK_AT_MOST_EVERY)
