"""Backups that a running node makes by itself: when they are due, how many stay, and that a failure stops nothing."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from node.backup import make, making
from node.backup.copying import Stopped
from node.backup.record import last_backup, last_failure, listing
from node.backup.regular import RegularBackups
from node.settings import BadSettings, Settings, load
from tests.backup.councils import NOON, URL, VERSION, Kept, everything
from tests.backup.test_killed_and_full import no_file_over

DAY = timedelta(days=1)


def chosen(kept: Kept, **values: object) -> Settings:
    return kept.settings.model_copy(update={"backup": kept.settings.backup.model_copy(update=values)})


@asynccontextmanager
async def running(kept: Kept, settings: Settings) -> AsyncIterator[RegularBackups]:
    loop = RegularBackups(
        settings,
        clock=kept.clock,
        version=VERSION,
        council=lambda: "Riverside and the mill",
        first_after=0.0,
        look_every=0.01,
    )
    loop.start()
    try:
        yield loop
    finally:
        await loop.stop()


async def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def loops() -> int:
    """How many loops run at this moment."""
    return sum(task.get_name() == "RegularBackups" for task in asyncio.all_tasks())


def made_at(kept: Kept) -> object:
    last = last_backup(kept.directory)
    return None if last is None else last.made_at


async def test_the_first_comes_soon_after_the_start_and_the_next_when_it_is_due(kept: Kept) -> None:
    async with running(kept, chosen(kept)) as loop:
        await eventually(lambda: made_at(kept) == NOON)
        kept.clock.pass_by(DAY - timedelta(seconds=1))
        assert not loop.is_due()
        kept.clock.pass_by(timedelta(seconds=1))
        await eventually(lambda: made_at(kept) == NOON + DAY)

    assert len(listing(kept.directory / "backups", URL)) == 2


async def test_a_start_soon_after_a_good_one_makes_none(kept: Kept) -> None:
    make(kept.settings, clock=kept.clock, version=VERSION)
    kept.clock.pass_by(timedelta(hours=23))

    async with running(kept, chosen(kept)) as loop:
        assert not loop.is_due()
        kept.clock.pass_by(timedelta(hours=1))
        await eventually(lambda: made_at(kept) == NOON + DAY)


async def test_only_the_newest_stay(kept: Kept) -> None:
    async with running(kept, chosen(kept, keep=2)):
        for number in range(4):
            await eventually(lambda due=NOON + number * DAY: made_at(kept) == due)  # type: ignore[misc]
            kept.clock.pass_by(DAY)

    names = [one.name for one in listing(kept.directory / "backups", URL)]
    assert len(names) <= 3  # the last look may have begun one more
    assert "20261122" not in names[-1]


async def test_switched_off_none_is_made(kept: Kept) -> None:
    async with running(kept, chosen(kept, every_hours=0)):
        assert loops() == 0

    assert made_at(kept) is None
    assert not (kept.directory / "backups").exists()


async def test_a_full_disk_is_noted_and_tried_again_an_hour_later(kept: Kept) -> None:
    make(kept.settings, clock=kept.clock, version=VERSION)
    kept.clock.pass_by(DAY)

    async with running(kept, chosen(kept)) as loop:
        with no_file_over(8_000):
            await eventually(lambda: last_failure(kept.directory) is not None)
        assert made_at(kept) == NOON
        kept.clock.pass_by(timedelta(minutes=59))
        assert not loop.is_due()
        kept.clock.pass_by(timedelta(minutes=1))
        await eventually(lambda: made_at(kept) == NOON + DAY + timedelta(hours=1))
        await eventually(lambda: last_failure(kept.directory) is None)

    assert len(listing(kept.directory / "backups", URL)) == 2


async def test_a_clock_that_was_set_back_does_not_put_the_next_one_off(kept: Kept) -> None:
    kept.clock.pass_by(timedelta(days=400))
    make(kept.settings, clock=kept.clock, version=VERSION)
    kept.clock.pass_by(-timedelta(days=400))

    async with running(kept, chosen(kept)):
        await eventually(lambda: made_at(kept) == NOON)


async def test_they_go_where_the_settings_say_and_for_whose_keys(kept: Kept, tmp_path: Path) -> None:
    recipient = str(pyrage.x25519.Identity.generate().to_public())

    async with running(kept, chosen(kept, folder=str(tmp_path / "stick"), encrypt_to=(recipient,))):
        await eventually(lambda: made_at(kept) == NOON)

    [one] = listing(tmp_path / "stick", URL)
    assert one.encrypted
    assert not listing(kept.directory / "backups", URL)


def test_one_that_is_broken_off_leaves_nothing_and_is_no_failure(kept: Kept) -> None:
    good, stop = make(kept.settings, clock=kept.clock, version=VERSION), threading.Event()
    before = everything(kept.directory)
    stop.set()

    with pytest.raises(Stopped):
        make(kept.settings, clock=kept.clock, version=VERSION, stop=stop)

    after = {name: inside for name, inside in everything(kept.directory).items() if not name.startswith("comarca.db-")}
    assert after == before
    assert last_failure(kept.directory) is None
    assert good.file.exists()


def test_it_is_broken_off_also_while_it_is_packed(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, describe = threading.Event(), making.describe
    monkeypatch.setattr(making, "describe", lambda path: (stop.set(), describe(path))[1])

    with pytest.raises(Stopped):
        make(kept.settings, clock=kept.clock, version=VERSION, stop=stop)

    assert {path.name for path in (kept.directory / "backups").iterdir()} == {"node.lock"}


async def test_the_end_of_the_server_ends_the_loop(kept: Kept) -> None:
    async with running(kept, chosen(kept)) as loop:
        await eventually(lambda: made_at(kept) == NOON)
        assert loops() == 1
        await loop.stop()
        assert loops() == 0

    assert made_at(kept) == NOON


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("every_hours = -1", "every_hours"),
        ("keep = 0", "keep"),
        ('encrypt_to = ["ssh-ed25519 AAAA"]', "no age recipient"),
    ],
)
def test_settings_that_make_no_sense_are_said(kept: Kept, line: str, said: str) -> None:
    path = kept.directory / "comarca.toml"
    text = path.read_text(encoding="utf-8").replace("[backup]\n", f"[backup]\n{line}\n")
    assert line in text
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadSettings, match=said):
        load(kept.directory)
