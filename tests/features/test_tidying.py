"""What has had its time goes, and nothing of it stays in the files: the engine's tidying over real features and a real store."""

from pathlib import Path

import pytest
from sqlalchemy import text

from node.engine import PURGE_EVERY, Engine
from tests import builders
from tests.features.village import START, Village


class NoWayOut:
    """A transport that must not be asked."""

    async def send(self, request: object) -> object:
        raise AssertionError("tidying sends nothing")

    async def aclose(self) -> None:
        return None


@pytest.fixture
def engine(village: Village) -> Engine:
    return Engine(
        village.site.settings,
        council=village.council,
        store=village.store,
        clock=village.clock,
        randomness=village.site.randomness,
        transport=NoWayOut(),
        version="0",
        place=None,
    )


def kept_in(folder: Path) -> bytes:
    """All that the database's files hold, the write-ahead log included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("comarca.db*")))


async def test_words_of_what_has_ended_leave_the_files(village: Village, engine: Engine, tmp_path: Path) -> None:
    harbour = village.meet()
    village.hears(harbour, builders.note(harbour, title="Marzipan", ends_at=START.replace(hour=12)))
    village.hears(harbour, builders.note(harbour, title="Ladder"))
    before = kept_in(tmp_path)
    village.clock.advance(24 * 3600)

    while await engine.tidy_once():
        pass
    purged = await engine.purge_if_due()

    assert purged
    assert b"arzipan" in before
    after = kept_in(tmp_path)
    assert (b"arzipan" in after, b"adder" in after) == (False, True)
    assert (tmp_path / "comarca.db-wal").stat().st_size == 0


async def test_words_of_what_was_taken_down_leave_the_files_within_the_hour(
    village: Village, engine: Engine, tmp_path: Path
) -> None:
    harbour = village.meet()
    village.hears(harbour, builders.note(harbour, title="Marzipan"))
    assert await engine.purge_if_due()
    village.do(lambda c: c.execute(text("DELETE FROM replica")))

    early = await engine.purge_if_due()
    village.clock.advance(PURGE_EVERY)
    due = await engine.purge_if_due()

    assert (early, due) == (False, True)
    assert b"arzipan" not in kept_in(tmp_path)


async def test_a_reader_in_the_way_puts_it_off_and_harms_nothing(village: Village, engine: Engine) -> None:
    with village.store.reading() as connection:
        connection.execute(text("SELECT count(*) FROM replica"))
        village.member()

        put_off = await engine.purge_if_due()

    assert not put_off
    assert await engine.purge_if_due()
    assert village.member("Bo")
