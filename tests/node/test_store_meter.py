"""What the store notes of its commits: those that reached the disk, with the steps that shared each."""

import asyncio

import pytest

from node.database import CommitFailed, Store
from node.database.meter import Meter
from tests.node.notes import add, writer_held


class Ticking:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.looked = 0

    def __call__(self) -> float:
        self.looked += 1
        return float(self.looked)


@pytest.fixture
def meter(store: Store) -> Meter:
    made = Meter(Ticking())
    store.measured_by(made)
    return made


async def test_steps_that_wait_together_are_noted_as_one_commit(store: Store, meter: Meter) -> None:
    async with writer_held(store):
        waiting = [asyncio.create_task(store.write(lambda c, n=n: add(c, f"note {n}"))) for n in range(5)]
    await asyncio.gather(*waiting)
    await store.write(lambda connection: add(connection, "alone"))

    assert (meter.steps.count, meter.steps.total) == (2, 6)
    assert meter.seconds.count == 2
    assert meter.seconds.total == 2.0


async def test_a_commit_without_a_change_is_not_noted(store: Store, meter: Meter) -> None:
    await store.write(lambda connection: None)
    await store.data_version()
    with pytest.raises(LookupError):
        await store.write(_fail)

    assert meter.steps.count == 0


async def test_a_commit_that_failed_is_not_noted(store: Store, meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.database.sqlite.COMMIT", "COMMIT IN VAIN")
    with pytest.raises(CommitFailed):
        await store.write(lambda connection: add(connection, "lost"))
    monkeypatch.undo()
    await store.write(lambda connection: add(connection, "kept"))

    assert (meter.steps.count, meter.steps.total) == (1, 1)


def _fail(connection: object) -> None:
    raise LookupError("no such neighbour")
