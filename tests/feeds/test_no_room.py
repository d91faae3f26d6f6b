"""A disk without room while something is applied: nothing of it is held against what came, and it is done once there is room."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from federation.alone import done_alone
from tests import builders
from tests.feeds.carrying import all_linked, talk


@contextmanager
def _no_room(connection: Connection) -> Iterator[None]:
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    yield
    connection.exec_driver_sql("PRAGMA max_page_count=1000000")


def _grows(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE pages AS SELECT zeroblob(1000000) AS page")


def test_what_came_is_not_held_because_there_was_no_room() -> None:
    with builders.database() as connection, _no_room(connection), pytest.raises(OperationalError):
        builders.write(connection, lambda c: done_alone(c, lambda: _grows(c)))


@pytest.mark.parametrize("fault", [lambda c: c.execute(text("SELECT nothing")), lambda c: 1 // 0])
def test_what_is_wrong_with_one_is_written_down_and_leaves_nothing(fault: Callable[[Connection], object]) -> None:
    def step(connection: Connection) -> str | None:
        connection.execute(text("CREATE TABLE half (a)"))
        fault(connection)
        return None

    with builders.database() as connection:
        because = builders.write(connection, lambda c: done_alone(c, lambda: step(c)))
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE name = 'half'")).all()

    assert because is not None and ("Error" in because)
    assert tables == []


def test_entries_that_came_while_there_was_no_room_are_applied_later() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    ids = {riverside.publish(f"Thing {number}", words="For all. " * 400) for number in range(30)}

    with _no_room(hilltop.connection), pytest.raises(OperationalError):
        talk(hilltop, riverside)
    told = talk(hilltop, riverside)

    assert told.agreed and hilltop.held() == []
    assert set(hilltop.live()) == ids
