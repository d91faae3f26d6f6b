"""A second file that says how far our own feeds have come, so that a database which was put back is noticed at the next start.

Whoever copies an old `comarca.db` into its folder, without the command for it, would else sign again what was signed already,
and fork the feeds. The file may lag a second behind the tables; it is never ahead of what was committed. Neighbours find out
what it misses (federation.feeds.muting).
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection, text

from federation.feeds import muting
from federation.ports import Clock, Randomness
from node.database import Store
from protocol.feeds.coding import b64

MARK: Final = "said.json"
EVERY: Final = 1.0

Said = dict[str, list[int]]
"""The name of a feed of ours to its epoch and number."""

_log = structlog.get_logger(__name__)
_OURS = text("SELECT name, epoch, seq FROM feed WHERE ours ORDER BY name")


def said(connection: Connection) -> Said:
    """How far our own feeds stand in the tables."""
    return {row.name: [row.epoch, row.seq] for row in connection.execute(_OURS)}


def read(directory: Path) -> Said:
    """How far they had come by the file; nothing where there is none, or none that can be read."""
    try:
        found = json.loads((directory / MARK).read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: at for name, at in found.items() if isinstance(at, list) and [type(n) for n in at] == [int, int]}


def write(directory: Path, at: Said) -> None:
    """Put the file in the place of the one before: whole, or not at all. Raises OSError."""
    beside = directory / f"{MARK}.new"
    beside.write_text(json.dumps(at), encoding="utf-8")
    os.replace(beside, directory / MARK)


def fall_silent_if_older(directory: Path, store: Store, *, clock: Clock, randomness: Randomness) -> bool:
    """At start: whether the tables know less of our own feeds than the file does. Then they are an old copy, and say nothing."""
    marked, now, store_id = read(directory), clock.now(), b64(randomness.bytes(12))

    def step(connection: Connection) -> bool:
        stands = said(connection)
        older = any(name in stands and stands[name] < at for name, at in marked.items())
        return older and muting.mute(connection, store_id=store_id, now=now)

    silent = store.write_now(step)
    if silent:
        _log.warning("the database is older than what this server has said; silent until neighbours have given it back")
    return silent


class Marking:
    """Keeps the file up to date while the server runs: within a second of each commit that moved our feeds."""

    def __init__(self, directory: Path, store: Store) -> None:
        self._directory = directory
        self._store = store
        self._written: Said = {}
        self._committed = True
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._store.on_commit(self.wake)
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Something was committed, here or by a command. Called from any thread."""
        self._committed = True

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            self._committed = True  # it may have been ended in the middle of looking
            await self.mark()

    async def _run(self) -> None:
        while True:
            await self.mark()
            await asyncio.sleep(EVERY)

    async def mark(self) -> None:
        """Write the file if our feeds have moved. A disk that takes nothing is no reason to stop."""
        if not self._committed:
            return
        self._committed = False
        try:
            at = await self._store.read(said)
            if at != self._written:
                await asyncio.to_thread(write, self._directory, at)
                self._written = at
        except Exception as error:
            self._committed = True
            _log.warning("how far our feeds have come could not be written down", because=type(error).__name__)
