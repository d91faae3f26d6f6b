"""Backups by themselves, every so many hours, while a node runs. What fails is logged and shown, and tried again later.

This module must never stop the node it runs in, and removes old backups only after a new one is verified.
"""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from federation.ports import Clock
from node.backup.contents import BackupFailed
from node.backup.copying import Stopped
from node.backup.making import Made, folder_of, make
from node.backup.record import last_backup, last_failure, prune
from node.backup.sealing import Lock
from node.settings import Settings
from schemas.refusal import Refusal

FIRST_AFTER = 20.0
LOOK_EVERY = 300.0
AGAIN_AFTER = timedelta(hours=1)

_log = structlog.get_logger(__name__)


def make_one(
    settings: Settings, *, clock: Clock, version: str, council: str | None = None, stop: threading.Event | None = None
) -> Made:
    """One backup as the settings want it; then the oldest go. Blocks. Raises what `make` raises."""
    lock = Lock(recipients=settings.backup.encrypt_to)
    made = make(settings, clock=clock, version=version, lock=lock, council=council, stop=stop)
    prune(folder_of(settings), settings.url, keep=settings.backup.keep, last=last_backup(settings.directory))
    return made


class RegularBackups:
    """The loop. `start` and `stop` belong to the node's own."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        version: str,
        council: Callable[[], str],
        first_after: float = FIRST_AFTER,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._settings, self._clock, self._version, self._council = settings, clock, version, council
        self._first_after, self._look_every = first_after, look_every
        self._stop = threading.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._settings.backup.every_hours:
            self._stop.clear()
            self._task = asyncio.create_task(self._run(), name="RegularBackups")

    async def stop(self) -> None:
        """End; a backup that is being made is broken off and leaves nothing behind."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def is_due(self) -> bool:
        """Whether the last good backup is older than the settings want, and the last failure not too fresh."""
        now, directory = self._clock.now(), self._settings.directory
        failure = last_failure(directory)
        if failure is not None and timedelta() <= now - failure.at < AGAIN_AFTER:
            return False
        last = last_backup(directory)
        # A clock that was set back must not put the next one off for as long as it was wrong.
        return last is None or abs(now - last.made_at) >= timedelta(hours=self._settings.backup.every_hours)

    async def _run(self) -> None:
        await asyncio.sleep(self._first_after)
        while True:
            try:
                if self.is_due():
                    await asyncio.to_thread(self._one)
            except Exception:
                _log.exception("backup failed; trying again later")
            await asyncio.sleep(self._look_every)

    def _one(self) -> None:
        try:
            made = make_one(
                self._settings, clock=self._clock, version=self._version, council=self._council(), stop=self._stop
            )
        except Stopped:
            return
        except (BackupFailed, OSError, Refusal) as error:
            _log.error("backup failed; trying again in an hour", why=str(error))
            return
        _log.info("backup made and verified", file=made.file.name, size=made.size, seconds=made.seconds)
