"""What a simulated node has on its disk: its database, which can run full, be copied, and be put back from an old copy."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from federation.feeds import muting
from node.database import sqlite
from tests import builders
from tests.builders import open_database
from tests.simulation.faults import DiskFull

T = TypeVar("T")

_HANDSHAKES = (
    text(
        "SELECT actor_id, state, ed25519_multibase, our_offer_id, their_offer_id, our_accept_id, their_accept_id"
        " FROM peer ORDER BY actor_id"
    ),
    text("SELECT host FROM block ORDER BY host"),
)


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy of a database. `links`: whom it knew, and how; `keys`: the pair of keys that was in use; `acks` is the log's."""

    content: bytes
    links: tuple[Any, ...]
    keys: int
    acks: int


class Disk:
    """One database in memory. `connection` is another one after an old copy was put back."""

    def __init__(self, content: bytes) -> None:
        self.connection = open_database(content)
        self.full = False

    def write(self, step: Callable[[Connection], T]) -> T:
        """As the store does it. Raises DiskFull where SQLite finds no room, at whatever statement it does."""
        if not self.full:
            return builders.write(self.connection, step)
        raw = sqlite.driver_connection(self.connection)
        self.connection.exec_driver_sql(sqlite.BEGIN)
        try:
            result = step(self.connection)
            self.connection.exec_driver_sql(sqlite.COMMIT)
        except BaseException as error:
            if raw.in_transaction:  # SQLite may have undone all of it by itself
                self.connection.exec_driver_sql(sqlite.ROLLBACK)
            if isinstance(error, OperationalError) and _is_full(error):
                raise DiskFull from error
            raise
        return result

    def fill(self) -> None:
        """From now on the database may not grow by one page."""
        pages = self.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        self.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        self.full = True

    def make_room(self) -> None:
        self.connection.exec_driver_sql("PRAGMA max_page_count=1073741823")
        self.full = False

    def links(self) -> tuple[Any, ...]:
        return tuple(tuple(row) for statement in _HANDSHAKES for row in self.connection.execute(statement))

    def copy(self, *, keys: int, acks: int) -> Copied:
        return Copied(builders.snapshot(self.connection), self.links(), keys, acks)

    def put_back(self, copied: Copied, *, store_id: str, now: Any, noticed: bool) -> None:
        """The old copy takes the place of the file. `noticed`: by the command that restores, which makes it silent."""
        self.connection.close()
        self.connection = open_database(copied.content)
        self.full = False
        if noticed:
            self.write(lambda c: muting.mute(c, store_id=store_id, now=now))


def _is_full(error: OperationalError) -> bool:
    return isinstance(error.orig, sqlite3.Error) and error.orig.sqlite_errorcode == sqlite3.SQLITE_FULL
