"""Everything that is SQLite's own: how connections are opened, how a transaction begins, what its errors mean.

Another database will get a file like this one; SQL that differs by database stands nowhere else. This module must
never weaken durability: what is acknowledged has been through COMMIT with synchronous=FULL or more.
"""

import sqlite3
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event

from protocol.verdict import Reason

Synchronous = Literal["FULL", "EXTRA"]

# Another process may hold the write lock while it copies or migrates; longer than this and callers are told so.
BUSY_MILLISECONDS = 10_000
_LEAST_SYNCHRONOUS = 2  # 2 is FULL, 3 is EXTRA (SQLite, PRAGMA synchronous)

BEGIN = "BEGIN IMMEDIATE"
SAVEPOINT = "SAVEPOINT step"
RELEASE = "RELEASE step"
ROLLBACK_TO = "ROLLBACK TO step"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"


class StoreFault(Exception):
    """The store could not keep what it was given: nothing of it is there. Never a person's refused action."""


class StoreFull(StoreFault):
    """No room is left: answered 507."""


class StoreBroken(StoreFault):
    """The disk or the file fails, or somebody holds it: answered 503."""


class StoreBusy(StoreBroken):
    """Another process held the write lock for too long, or no reader came free in time."""


class CommitFailed(StoreBroken):
    """COMMIT was refused, for everyone in the batch; the cause is chained."""


class StoreClosed(StoreBroken):
    """The store is closing and takes nothing more."""


class NotDurable(StoreFault):
    """The database cannot promise that what is committed stays: the node must not start on it."""


_FULL = {sqlite3.SQLITE_FULL}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}


def fault_reason(error: Exception) -> Reason | None:
    """What the sender is told when keeping failed: full, or busy. Anything else is a fault that is not the store's."""
    if isinstance(error, StoreFull):
        return Reason.FULL
    return Reason.BUSY if isinstance(error, StoreFault) else None


def fault_of(error: BaseException) -> StoreFault | None:
    """The store's fault behind a driver's error, or None if the step itself is to blame (a constraint, bad SQL)."""
    if isinstance(error, StoreFault):
        return error
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None  # the upper bits of a code only say more about the same
    fault: StoreFault
    if primary in _FULL:
        fault = StoreFull("there is no room left for the database")
    elif primary in _BUSY:
        fault = StoreBusy("another process holds the database")
    elif primary in _BROKEN:
        fault = StoreBroken("the database file cannot be read or written")
    else:
        return None
    fault.__cause__ = error
    return fault


def writing_engine(path: Path, synchronous: str) -> Engine:
    """An engine for the one writer, whose transactions are the store's: SQLAlchemy neither begins nor ends them.

    Raises NotDurable on connecting if the file cannot do what `synchronous` says.
    """
    engine = create_engine(
        _url(path),
        poolclass=NullPool,
        connect_args={"check_same_thread": False},
        hide_parameters=True,  # an error must not carry what people wrote into a log
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: Any) -> None:
        _common(raw, synchronous)
        mode = raw.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        level = raw.execute("PRAGMA synchronous").fetchone()[0]
        if mode != "wal" or level < _LEAST_SYNCHRONOUS:
            raise NotDurable(
                f"{path} offers journal_mode={mode}, synchronous={level}; wal and 2 (FULL) or more are needed, since "
                "an answer may only be given for what stays. Put the folder on a local disk and remove any override."
            )

    return engine


def reading_engine(path: Path, *, size: int) -> Engine:
    """An engine for readers, `size` kept open and as many again when needed; its connections refuse to write."""
    engine = create_engine(
        _url(path),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=size,
        pool_timeout=BUSY_MILLISECONDS / 1000,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: Any) -> None:
        _common(raw, "FULL")
        raw.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _one_snapshot(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def data_version(raw: sqlite3.Connection) -> int:
    """A number that differs once another connection than this one has committed. Not to be asked in a transaction."""
    return int(raw.execute("PRAGMA data_version").fetchone()[0])


def driver_connection(connection: Connection) -> sqlite3.Connection:
    """The sqlite3 connection underneath."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _url(path: Path) -> URL:
    return URL.create("sqlite+pysqlite", database=str(path.absolute()))


def _common(raw: sqlite3.Connection, synchronous: str) -> None:
    raw.isolation_level = None  # the driver must never begin or commit by itself
    raw.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    raw.execute(f"PRAGMA synchronous={synchronous}")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.execute("PRAGMA secure_delete=ON")
    raw.execute("PRAGMA temp_store=MEMORY")  # what is being sorted may be about people: not into a temporary file


# While it waits for readers the checkpoint keeps the writer waiting.
_CHECKPOINT_WAITS_MILLISECONDS = 200


def truncate_log(connection: Connection) -> bool:
    """Move the whole write-ahead log into the database and empty its file. False if a reader or the writer was in the way.

    Not in a transaction, so not a step; a connection that only reads may do it (SQLite, PRAGMA query_only).
    """
    raw = driver_connection(connection)
    raw.execute(f"PRAGMA busy_timeout={_CHECKPOINT_WAITS_MILLISECONDS}")
    try:
        busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    return not busy
