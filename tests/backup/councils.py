"""A council's folder for tests of backups: real settings, real keys, a real database with people and words in it."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from node.accounts import actions
from node.accounts.after_restore import settle
from node.backup.contents import DATABASE
from node.database import Store
from node.identity import make_identity
from node.migrations import upgrade
from node.ports import SystemRandomness
from node.settings import Settings, load, write

URL = "https://riverside.example"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VERSION = "0.1.0"
RANDOMNESS = SystemRandomness()


@dataclass
class Clock:
    at: datetime = NOON
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, time: timedelta) -> None:
        self.at += time
        self.seconds += time.total_seconds()


@dataclass
class Kept:
    """A council in a folder, and the session and sign-in link that are open in it."""

    directory: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def settings(self) -> Settings:
        return load(self.directory)

    @property
    def database(self) -> Path:
        return self.directory / DATABASE

    def store(self) -> Store:
        return Store.open(self.database)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return rows(self.database, query)


def build(directory: Path, *, url: str = URL, plain: bool = False) -> Kept:
    """A council with a keeper who is signed in, a neighbour, and an open sign-in link."""
    allow = {"allow": {"plain_hosts": ["127.0.0.1"]}} if plain else {}
    write(directory, {"name": "Riverside", "url": url, "listen": {"port": 8123}, **allow})
    make_identity(directory, RANDOMNESS)
    upgrade(directory / DATABASE, version=VERSION)
    store = Store.open(directory / DATABASE)

    def fill(connection: Any) -> None:
        keeper = actions.add_member(connection, name="Amina", keeper=True, now=NOON)
        actions.add_member(connection, name="Zoë O'Neil", keeper=False, now=NOON)
        link = partial(actions.make_sign_in_link, connection, member_id=keeper, now=NOON, randomness=RANDOMNESS)
        actions.sign_in(connection, token=link(), now=NOON, randomness=RANDOMNESS)
        link()

    try:
        store.write_now(fill)
    finally:
        store.close()
    return Kept(directory)


def twin(kept: Kept, directory: Path) -> Kept:
    """The same council in another folder; making keys anew takes time."""
    shutil.copytree(kept.directory, directory)
    return Kept(directory)


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as raw:
        return raw.execute(query).fetchall()


def everything(directory: Path) -> dict[str, bytes | None]:
    """Every path in a folder with its bytes, but for what reading alone changes."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in sorted(directory.rglob("*"))
        if path.name != "node.lock"
    }


def settling(clock: Clock) -> Any:
    return partial(settle, clock=clock, randomness=RANDOMNESS)
