"""The store: one writer with group commit, and readers that cannot write. The only transaction boundary.

Whoever calls `write`, `write_now` or `gather` goes on after COMMIT has returned, never before: a 2xx that is sent then
is true. The writer takes whatever is queued, at most 256 calls, without a timer: batches form in each turn of the event
loop and while the previous one is being synced, and a lone call waits for its own sync only.
It must never acknowledge early, retry a step (its caller decides), or let one step's failure touch another's rows.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.exc import TimeoutError as PoolTimeout

from node.database import sqlite
from node.database.calls import Call, Line, fault_for_one, sayable, settle, units
from node.database.meter import Meter
from node.database.sqlite import CommitFailed, StoreBroken, StoreBusy, StoreClosed, fault_of

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  the item that is gathered
R = TypeVar("R")

MOST_IN_A_BATCH = 256
READERS = 4

_log = logging.getLogger(__name__)


class Store:
    """The rows of one council, on SQLite. Made by `open`; safe to use from any thread and any event loop."""

    def __init__(self, path: Path, synchronous: str, *, readers: int) -> None:
        self._engine = sqlite.writing_engine(path, synchronous)
        event.listen(self._engine, "commit", self._refuse_in_step)
        event.listen(self._engine, "rollback", self._refuse_in_step)
        self._reading_engine = sqlite.reading_engine(path, size=readers)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._line = Line()
        self._closing = False
        self._callbacks: list[Callable[[], None]] = []
        self._meter: Meter | None = None
        self._in_step = False
        self._reopened = 0
        self._connection: Connection | None = None
        self._raw: sqlite3.Connection = self._connect()[1]
        self._writer = threading.Thread(target=self._run, name="writer", daemon=True)
        self._writer.start()

    @classmethod
    def open(cls, path: Path, *, synchronous: str = "FULL", readers: int = READERS) -> "Store":
        """Open the database at `path` (made with mode 0600 if missing; its tables are the migrations' affair).

        Raises NotDurable below synchronous=FULL or without a write-ahead log, StoreFault if the file cannot be used.
        """
        try:
            path.touch(mode=0o600)
        except OSError as error:
            raise StoreBroken(f"{path} cannot be opened ({error.strerror})") from error
        with _faults():
            return cls(path, synchronous, readers=readers)

    async def write(self, step: Callable[[Connection], T], /) -> T:
        """Run `step` in the writer's next transaction, and return what it returned once that is committed.

        What `step` raises is raised here and leaves nothing behind; StoreFault if the batch could not be committed.
        A caller who is cancelled does not know whether the step was done.
        """
        result: T = await self._wait(Call(step, None, False))
        return result

    async def gather(self, function: Callable[[Connection, list[I]], list[R]], item: I, /) -> R:
        """Hand `item` to `function` with all others waiting for it: one call, one savepoint, one result for each."""
        result: R = await self._wait(Call(function, item, True))
        return result

    def write_now(self, step: Callable[[Connection], T], /) -> T:
        """`write` for threads and the command line: blocks until COMMIT has returned."""
        if threading.current_thread() is self._writer:
            raise RuntimeError("a step may not wait for another step: the writer would wait for itself")
        call = Call(step, None, False)
        call.future = Future()
        self._put(call)
        result: T = call.future.result()
        return result

    async def read(self, query: Callable[[Connection], T], /) -> T:
        """Run `query` on a connection that cannot write, on one snapshot, in a reader's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    def _read(self, query: Callable[[Connection], T]) -> T:
        with self.reading() as connection:
            return query(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that cannot write, on one snapshot, for a thread that renders."""
        if self._closing:
            raise StoreClosed("the store is closed")
        with _faults(), self._reading_engine.connect() as connection:
            yield connection

    async def data_version(self) -> int:
        """A number that changes once somebody else (the command line) has committed; our own commits leave it alone."""
        result: int = await self._wait(Call(None, None, False))
        return result

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` called after each COMMIT in which a step changed rows, before its callers are answered.

        What was gathered is not announced: it comes in numbers, and whoever hands it over knows what follows.
        The callback runs on the writer's thread, so it must only hand on (`call_soon_threadsafe`).
        """
        self._callbacks.append(callback)

    def measured_by(self, meter: Meter) -> None:
        """From now on have each COMMIT that changed rows noted: how many steps were in it, and how long it took."""
        self._meter = meter

    def close(self) -> None:
        """Take nothing more, finish what is queued, close the files. Blocks; may be called twice."""
        self._closing = True
        self._line.close()
        self._writer.join()
        self._readers.shutdown(wait=True)
        self._reading_engine.dispose()

    def _wait(self, call: Call) -> "asyncio.Future[Any]":
        call.loop = asyncio.get_running_loop()
        call.future = call.loop.create_future()
        self._put(call)
        future: asyncio.Future[Any] = call.future
        return future

    def _put(self, call: Call) -> None:
        if not self._line.join(call):
            raise StoreClosed("the store is closed")

    # What follows runs on the writer's thread alone.

    def _run(self) -> None:
        while calls := self._line.take(MOST_IN_A_BATCH):
            changed = self._batch(calls)
            if changed:
                self._tell()
            settle(calls)
        self._drop()
        self._engine.dispose()

    def _batch(self, calls: list[Call]) -> bool:
        """Everything between BEGIN and COMMIT; outcomes are left in `calls`. True if a step has changed rows."""
        changed = False
        try:
            connection, raw = self._connect()
            steps = [call for call in calls if call.work is not None]
            if len(steps) < len(calls):
                version = (self._reopened << 32) + sqlite.data_version(raw)
                for call in calls:
                    if call.work is None:
                        call.result = version
            if steps:
                raw.execute(sqlite.BEGIN)
                before = raw.total_changes
                for work, members in units(steps):
                    changed |= self._attempt(connection, work, members) and not members[0].gathered
                self._commit(connection, steps=len(steps) if raw.total_changes != before else 0)
        except BaseException as error:
            self._drop()
            for call in calls:
                # A step that was refused before stays refused for its own reason; everyone else gets an error of their own,
                # since a traceback grows with each raise.
                call.error = call.error or fault_for_one(error)
            return False
        return changed

    def _attempt(self, connection: Connection, work: Callable[..., Any], members: list[Call]) -> bool:
        raw = self._raw
        before = raw.total_changes
        if not connection.in_transaction():
            connection.begin()  # a session in a step must find itself inside one, or it would end ours
        raw.execute(sqlite.SAVEPOINT)
        self._in_step = True
        try:
            if members[0].gathered:
                results = work(connection, [call.item for call in members])
                for call, result in zip(members, results, strict=True):
                    call.result = result
            else:
                members[0].result = work(connection)
            if connection.in_nested_transaction():
                raise RuntimeError("a step left a savepoint open: close its session or end its block")
        except BaseException as error:
            self._in_step = False
            if not raw.in_transaction:
                raise  # a full or failing disk can make SQLite roll back the whole transaction, the others' steps included
            connection.rollback()  # only what SQLAlchemy believes; the transaction itself is ours and goes on
            raw.execute(sqlite.ROLLBACK_TO)
            raw.execute(sqlite.RELEASE)
            reason = fault_of(error) or sayable(error)
            for call in members:
                call.result, call.error = None, reason
            return False
        finally:
            self._in_step = False
        raw.execute(sqlite.RELEASE)
        return raw.total_changes != before

    def _commit(self, connection: Connection, *, steps: int) -> None:
        meter = self._meter
        began = 0.0 if meter is None else meter.monotonic()
        try:
            connection.exec_driver_sql(sqlite.COMMIT)
        except Exception as error:
            raise fault_of(error) or CommitFailed("the transaction could not be committed") from error
        if meter is not None and steps:
            meter.committed(steps, since=began)

    def _connect(self) -> tuple[Connection, sqlite3.Connection]:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._raw = sqlite.driver_connection(self._connection)
        return self._connection, self._raw

    def _drop(self) -> None:
        """Give the connection up, and with it whatever it had not committed; the next batch opens a new one."""
        connection, self._connection = self._connection, None
        self._reopened += 1
        if connection is None:
            return
        with suppress(Exception):
            if self._raw.in_transaction:
                self._raw.execute(sqlite.ROLLBACK)
        with suppress(Exception):
            connection.close()

    def _refuse_in_step(self, _connection: Connection) -> None:
        if self._in_step:
            raise RuntimeError("a step may not commit or roll back: raise an exception to have it undone")

    def _tell(self) -> None:
        for callback in self._callbacks:
            try:
                callback()
            except Exception:
                _log.exception("a callback after COMMIT failed")


@contextmanager
def _faults() -> Iterator[None]:
    """Driver errors that are the store's fault leave the block as such; all others as they are."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy("no reader came free in time") from error
    except Exception as error:
        fault = fault_of(error)
        if fault is None or fault is error:
            raise
        raise fault from error
