"""A council's folder with nobody in it: keys, settings, database, a fresh backup, the lock held, a clock that stands.

Enough for every check that asks this machine alone; the way out leads nowhere.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from federation.ports import TransportFailure
from node.app import lock_of, open_council, open_store
from node.doctor.look import Look
from node.identity import ED25519_FILE, FOLDER
from node.settings import load
from tests import builders
from tests.doctor.standing import ROOM, note_backup, place_keys, place_tables, to_loopback

URL = "https://riverside.example"


@dataclass
class StandingClock:
    """Time does not go on; deadlines do not come."""

    at: datetime = builders.START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 1_000.0


class Nowhere:
    """A way out that nothing takes."""

    async def send(self, request: Any, /) -> TransportFailure:
        raise AssertionError(f"{request.url} was asked")


@dataclass
class Resting:
    folder: Path
    look: Look
    clock: StandingClock
    stack: ExitStack = field(repr=False)

    def release(self) -> None:
        """The server has ended."""
        self.stack.close()

    def close(self) -> None:
        """Nobody has the database open; what was in its log is in the file."""
        self.raw("PRAGMA wal_checkpoint(TRUNCATE)")

    def raw(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.look.database, isolation_level=None)) as raw:
            raw.execute(statement, values)


@contextmanager
def resting(folder: Path) -> Iterator[Resting]:
    """The healthy one."""
    home = folder / "riverside"
    home.mkdir(mode=0o700)
    (home / "comarca.toml").touch(mode=0o600)
    place_keys(home)
    made = builders.START.timestamp() - 86_400
    os.utime(home / FOLDER / ED25519_FILE, (made, made))
    settings = load(home, name="Riverside", url=URL)
    place_tables(home)
    open_store(home).close()
    clock, randomness = StandingClock(), builders.SeededRandomness("resting")
    note_backup(home, made=clock.now() - timedelta(hours=3))
    look = Look(
        settings=settings,
        council=open_council(settings, randomness=randomness),
        clock=clock,
        randomness=randomness,
        transport=Nowhere(),
        version="0.1.0",
        resolve=to_loopback,
        machine=ROOM,
    )
    with ExitStack() as stack:
        stack.enter_context(lock_of(settings))
        yield Resting(home, look, clock, stack)
