"""What the store promises when all goes well: order, batches, snapshots, and an answer only after COMMIT."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text
from sqlmodel import Session

from node.database import NotDurable, Store, StoreBroken, StoreClosed
from tests.node.notes import NOTE, PATIENCE, add, add_all, open_store, texts_on_disk, writer_held


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(NOTE)).scalar_one()


async def test_another_connection_sees_the_row_when_write_returns(store: Store, path: Path) -> None:
    result = await store.write(lambda connection: add(connection, "bread"))

    assert texts_on_disk(path) == ["bread"]
    assert result == "bread"


async def test_another_connection_sees_the_row_when_gather_returns(store: Store, path: Path) -> None:
    result = await store.gather(add_all, "bread")

    assert texts_on_disk(path) == ["bread"]
    assert result == "BREAD"


async def test_nothing_is_seen_elsewhere_while_the_step_still_runs(store: Store, path: Path) -> None:
    def look(connection: Connection) -> list[str]:
        add(connection, "bread")
        return texts_on_disk(path)

    seen_within = await store.write(look)

    assert seen_within == []
    assert texts_on_disk(path) == ["bread"]


def test_a_thread_waits_for_its_own_commit(store: Store, path: Path) -> None:
    store.write_now(lambda connection: add(connection, "bread"))

    assert texts_on_disk(path) == ["bread"]


async def test_steps_waiting_together_share_one_commit_and_keep_their_order(store: Store, path: Path) -> None:
    commits: list[None] = []
    store.on_commit(lambda: commits.append(None))

    async with writer_held(store):
        calls = [asyncio.create_task(store.write(lambda c, n=n: add(c, f"note {n}"))) for n in range(20)]
    await asyncio.gather(*calls)

    assert len(commits) == 1
    assert texts_on_disk(path) == [f"note {n}" for n in range(20)]


async def test_items_for_one_function_come_in_one_call_and_get_their_own_results(store: Store) -> None:
    calls: list[list[str]] = []

    def remember(connection: Connection, texts: list[str]) -> list[str]:
        calls.append(texts)
        return add_all(connection, texts)

    async with writer_held(store):
        waiting = [asyncio.create_task(store.gather(remember, f"note {n}")) for n in range(10)]
        waiting.append(asyncio.create_task(store.gather(add_all, "other")))
    results = await asyncio.gather(*waiting)

    assert calls == [[f"note {n}" for n in range(10)]]
    assert results == [f"NOTE {n}" for n in range(10)] + ["OTHER"]


async def test_no_batch_is_larger_than_256(store: Store) -> None:
    sizes: list[int] = []

    def remember(_connection: Connection, items: list[int]) -> Sequence[int]:
        sizes.append(len(items))
        return items

    async with writer_held(store):
        waiting = [asyncio.create_task(store.gather(remember, n)) for n in range(600)]
    await asyncio.gather(*waiting)

    assert sizes == [256, 256, 88]


async def test_a_session_may_work_within_a_step(store: Store, path: Path) -> None:
    def step(connection: Connection) -> None:
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            session.execute(text("INSERT INTO note (text) VALUES ('kept')"))
            session.commit()
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            session.execute(text("INSERT INTO note (text) VALUES ('left')"))

    await store.write(step)

    assert texts_on_disk(path) == ["kept"]


async def test_a_reader_cannot_write(store: Store, path: Path) -> None:
    with pytest.raises(StoreBroken):
        await store.read(lambda connection: add(connection, "bread"))

    assert texts_on_disk(path) == []


async def test_a_reader_sees_one_snapshot_until_it_is_done(store: Store) -> None:
    with store.reading() as connection:
        before = count(connection)
        await store.write(lambda c: add(c, "bread"))
        within = count(connection)
    after = await store.read(count)

    assert (before, within, after) == (0, 0, 1)


async def test_listeners_hear_of_commits_that_changed_something_and_of_no_others(store: Store) -> None:
    heard = threading.Event()
    store.on_commit(heard.set)

    await store.write(lambda connection: connection.execute(select(NOTE)).all())
    await store.read(count)
    with pytest.raises(ZeroDivisionError):
        await store.write(lambda connection: (add(connection, "bread"), 1 / 0))
    quiet = not heard.is_set()
    await store.write(lambda connection: add(connection, "salt"))

    assert quiet
    assert await asyncio.to_thread(heard.wait, PATIENCE)


async def test_a_failing_listener_is_logged_and_stops_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("nobody home")

    heard = threading.Event()
    store.on_commit(fail)
    store.on_commit(heard.set)

    with caplog.at_level(logging.ERROR):
        await store.write(lambda connection: add(connection, "bread"))
        assert await asyncio.to_thread(heard.wait, PATIENCE)

    assert "a callback after COMMIT failed" in caplog.text
    assert await store.read(count) == 1


async def test_what_is_gathered_is_announced_to_its_callers_alone(store: Store) -> None:
    heard = threading.Event()
    store.on_commit(heard.set)

    await store.gather(add_all, "bread")
    quiet = not heard.is_set()
    async with writer_held(store):
        both = [asyncio.create_task(store.gather(add_all, "salt"))]
        both.append(asyncio.create_task(store.write(lambda connection: add(connection, "oil"))))
    await asyncio.gather(*both)

    assert quiet
    assert await asyncio.to_thread(heard.wait, PATIENCE)


async def test_our_own_commits_leave_the_data_version_alone(store: Store) -> None:
    before = await store.data_version()

    await store.write(lambda connection: add(connection, "bread"))

    assert await store.data_version() == before


async def test_somebody_elses_commit_changes_the_data_version(store: Store, path: Path) -> None:
    before = await store.data_version()
    other = Store.open(path)

    other.write_now(lambda connection: add(connection, "bread"))
    other.close()

    assert await store.data_version() != before


async def test_closing_finishes_what_is_queued_and_takes_nothing_more(store: Store, path: Path) -> None:
    async with writer_held(store):
        waiting = [asyncio.create_task(store.write(lambda c, n=n: add(c, f"note {n}"))) for n in range(300)]
    await asyncio.to_thread(store.close)

    assert await asyncio.gather(*waiting) == [f"note {n}" for n in range(300)]
    assert len(texts_on_disk(path)) == 300
    with pytest.raises(StoreClosed):
        await store.write(lambda connection: add(connection, "late"))
    with pytest.raises(StoreClosed), store.reading():
        pass


async def test_closing_finishes_what_this_turn_of_the_loop_has_asked_for(store: Store, path: Path) -> None:
    waiting = [asyncio.create_task(store.write(lambda c, n=n: add(c, f"note {n}"))) for n in range(3)]
    await asyncio.sleep(0)

    store.close()

    assert await asyncio.gather(*waiting) == ["note 0", "note 1", "note 2"]
    assert len(texts_on_disk(path)) == 3


async def test_what_one_turn_of_the_loop_asks_for_is_written_together(store: Store) -> None:
    together: list[int] = []

    def remember(_connection: Connection, items: list[int]) -> list[int]:
        together.append(len(items))
        return items

    got = await asyncio.gather(*(store.gather(remember, n) for n in range(40)))

    assert got == list(range(40))
    assert together == [40]


async def test_a_cancelled_caller_takes_nobody_along(store: Store, path: Path) -> None:
    async with writer_held(store):
        impatient = asyncio.create_task(store.write(lambda connection: add(connection, "one")))
        patient = asyncio.create_task(store.write(lambda connection: add(connection, "two")))
        await asyncio.sleep(0)
        impatient.cancel()

    assert await patient == "two"
    with pytest.raises(asyncio.CancelledError):
        await impatient


def test_the_connections_are_as_durable_and_as_strict_as_decided(store: Store) -> None:
    def pragma(connection: Connection, name: str) -> object:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    def strictness(connection: Connection) -> list[object]:
        return [pragma(connection, name) for name in ("synchronous", "journal_mode", "foreign_keys", "secure_delete")]

    assert store.write_now(strictness) == [2, "wal", 1, 1]
    with store.reading() as connection:
        assert [pragma(connection, name) for name in ("query_only", "secure_delete")] == [1, 1]


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_less_than_full_durability_is_refused(path: Path, level: str) -> None:
    with pytest.raises(NotDurable, match="synchronous"):
        Store.open(path, synchronous=level)


@pytest.mark.parametrize("level", ["FULL", "EXTRA"])
def test_full_durability_and_more_are_accepted(path: Path, level: str) -> None:
    store = Store.open(path, synchronous=level)

    store.close()


def test_the_database_file_is_for_its_owner_only(store: Store, path: Path) -> None:
    store.write_now(lambda connection: add(connection, "bread"))

    modes = {name.name: name.stat().st_mode & 0o777 for name in path.parent.glob("comarca.db*")}

    assert "comarca.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_closing_twice_is_closing_once(path: Path) -> None:
    store = open_store(path)

    store.close()
    store.close()

    assert texts_on_disk(path) == []
