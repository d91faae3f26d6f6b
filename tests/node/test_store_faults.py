"""What the store promises when something fails: whose answer is an error, and what is on disk afterwards."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from node.database import CommitFailed, Store, StoreBroken, StoreFull
from node.database.sqlite import StoreBusy, fault_of
from tests.node.notes import add, add_all, open_store, texts_on_disk, writer_held


async def test_a_raising_step_is_undone_alone(store: Store, path: Path) -> None:
    def fail(connection: Connection) -> None:
        add(connection, "half done")
        raise LookupError("no such neighbour")

    async with writer_held(store):
        first = asyncio.create_task(store.write(lambda connection: add(connection, "first")))
        bad = asyncio.create_task(store.write(fail))
        last = asyncio.create_task(store.write(lambda connection: add(connection, "last")))

    assert await first == "first"
    assert await last == "last"
    with pytest.raises(LookupError, match="no such neighbour"):
        await bad
    assert texts_on_disk(path) == ["first", "last"]


async def test_a_refused_row_is_its_own_callers_error(store: Store, path: Path) -> None:
    async with writer_held(store):
        first = asyncio.create_task(store.write(lambda connection: add(connection, "bread")))
        again = asyncio.create_task(store.write(lambda connection: add(connection, "bread")))

    assert await first == "bread"
    with pytest.raises(IntegrityError):
        await again
    assert texts_on_disk(path) == ["bread"]


async def test_a_failing_gather_fails_its_items_and_no_others(store: Store, path: Path) -> None:
    async with writer_held(store):
        step = asyncio.create_task(store.write(lambda connection: add(connection, "bread")))
        items = [asyncio.create_task(store.gather(add_all, name)) for name in ("salt", "bread", "oil")]
        after = asyncio.create_task(store.write(lambda connection: add(connection, "water")))

    outcomes = await asyncio.gather(*items, return_exceptions=True)

    assert await step == "bread"
    assert await after == "water"
    assert [type(outcome) for outcome in outcomes] == [IntegrityError] * 3
    assert texts_on_disk(path) == ["bread", "water"]


async def test_a_gather_that_answers_for_too_few_is_undone(store: Store, path: Path) -> None:
    def forget(connection: Connection, texts: list[str]) -> list[str]:
        return add_all(connection, texts)[1:]

    with pytest.raises(ValueError, match="zip"):
        await store.gather(forget, "bread")

    assert texts_on_disk(path) == []


async def test_a_failing_commit_is_an_error_for_everyone_in_the_batch(store: Store, path: Path) -> None:
    async with writer_held(store):
        good = [asyncio.create_task(store.write(lambda c, n=n: add(c, f"note {n}"))) for n in range(3)]
        good += [asyncio.create_task(store.gather(add_all, "gathered"))]
        dangling = asyncio.create_task(
            store.write(lambda connection: add(connection, "answer to nothing", answers=999))
        )
    outcomes = await asyncio.gather(*good, dangling, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [CommitFailed] * 5
    assert len({id(outcome) for outcome in outcomes}) == 5
    assert isinstance(outcomes[0].__cause__, IntegrityError)
    assert texts_on_disk(path) == []


async def test_the_store_stays_usable_after_a_failing_commit(store: Store, path: Path) -> None:
    with pytest.raises(CommitFailed):
        await store.write(lambda connection: add(connection, "answer to nothing", answers=999))

    await store.write(lambda connection: add(connection, "bread"))

    assert texts_on_disk(path) == ["bread"]


async def test_a_step_that_raised_keeps_its_own_error_when_the_commit_fails(store: Store) -> None:
    def fail(_connection: Connection) -> None:
        raise LookupError("no such neighbour")

    async with writer_held(store):
        bad = asyncio.create_task(store.write(fail))
        dangling = asyncio.create_task(
            store.write(lambda connection: add(connection, "answer to nothing", answers=999))
        )
    outcomes = await asyncio.gather(bad, dangling, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [LookupError, CommitFailed]


async def test_nobody_is_acknowledged_when_sqlite_drops_the_whole_transaction(store: Store, path: Path) -> None:
    def drop(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT OR ROLLBACK INTO note (text) VALUES ('first')")

    async with writer_held(store):
        first = asyncio.create_task(store.write(lambda connection: add(connection, "first")))
        dropping = asyncio.create_task(store.write(drop))
        last = asyncio.create_task(store.write(lambda connection: add(connection, "last")))
    outcomes = await asyncio.gather(first, dropping, last, return_exceptions=True)

    assert all(isinstance(outcome, StoreBroken) for outcome in outcomes)
    assert texts_on_disk(path) == []
    assert await store.write(lambda connection: add(connection, "afterwards")) == "afterwards"


async def test_a_full_database_is_said_to_be_full_and_small_steps_go_on(store: Store, path: Path) -> None:
    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

    await store.write(limit)
    with pytest.raises(StoreFull):
        await store.write(lambda connection: add(connection, "x" * 100_000))

    assert await store.write(lambda connection: add(connection, "bread")) == "bread"
    assert texts_on_disk(path) == ["bread"]


@pytest.mark.parametrize("word", ["commit", "rollback"])
async def test_a_step_may_not_end_the_transaction_that_it_shares(store: Store, path: Path, word: str) -> None:
    def end(connection: Connection) -> None:
        add(connection, "mine")
        getattr(connection, word)()

    async with writer_held(store):
        other = asyncio.create_task(store.write(lambda connection: add(connection, "theirs")))
        ending = asyncio.create_task(store.write(end))

    with pytest.raises(RuntimeError, match="may not commit"):
        await ending
    assert await other == "theirs"
    assert texts_on_disk(path) == ["theirs"]


async def test_steps_after_one_that_tried_to_end_the_transaction_are_done(store: Store, path: Path) -> None:
    async with writer_held(store):
        ending = asyncio.create_task(store.write(lambda connection: connection.commit()))
        other = asyncio.create_task(store.write(lambda connection: add(connection, "theirs")))

    with pytest.raises(RuntimeError, match="may not commit"):
        await ending
    assert await other == "theirs"
    assert texts_on_disk(path) == ["theirs"]


async def test_a_step_that_leaves_a_savepoint_open_is_undone(store: Store, path: Path) -> None:
    def leave(connection: Connection) -> None:
        connection.begin_nested()
        add(connection, "bread")

    with pytest.raises(RuntimeError, match="savepoint open"):
        await store.write(leave)

    assert await store.write(lambda connection: add(connection, "salt")) == "salt"
    assert texts_on_disk(path) == ["salt"]


def test_a_step_that_waits_for_another_is_refused_instead_of_waiting_for_ever(store: Store) -> None:
    with pytest.raises(RuntimeError, match="wait for itself"):
        store.write_now(lambda _connection: store.write_now(lambda connection: add(connection, "bread")))


async def test_a_step_that_raises_stop_iteration_is_answered_too(store: Store) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await store.write(lambda _connection: next(iter(())))


def test_a_file_that_is_no_database_cannot_be_opened(path: Path) -> None:
    path.write_bytes(b"a shopping list, not a database\n" * 100)

    with pytest.raises(StoreBroken):
        Store.open(path)


def test_a_missing_folder_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreBroken, match="cannot be opened"):
        Store.open(tmp_path / "nowhere" / "comarca.db")


def test_a_database_whose_file_was_taken_away_is_broken_and_not_silently_new(path: Path) -> None:
    store = open_store(path)
    with pytest.raises(CommitFailed):
        store.write_now(lambda connection: add(connection, "answer to nothing", answers=999))
    for file in path.parent.glob("comarca.db*"):
        file.unlink()
    path.mkdir()

    with pytest.raises(StoreBroken):
        store.write_now(lambda connection: add(connection, "bread"))

    store.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StoreFull),
        (sqlite3.SQLITE_IOERR_WRITE, StoreBroken),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreBroken),
        (sqlite3.SQLITE_CORRUPT, StoreBroken),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreBusy),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, None),
    ],
)
def test_the_drivers_codes_are_read_with_their_extensions(code: int, kind: type[StoreBroken] | None) -> None:
    driver = sqlite3.OperationalError("as the driver puts it")
    driver.sqlite_errorcode = code

    bare, wrapped = fault_of(driver), fault_of(OperationalError("SELECT 1", {}, driver))

    assert type(bare) is type(wrapped) is (kind or type(None))
