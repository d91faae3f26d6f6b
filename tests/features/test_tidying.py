"""What has had its time goes, and nothing of it stays in the files: the engine's tidying over real features and a real store."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from node.chores import PURGE_EVERY
from node.engine import Engine
from node.feature import Feature
from node.features.alerts import actions as alerts
from node.features.alerts import tidying as alerts_tidying
from node.features.resolutions import actions as resolutions
from node.features.resources import actions as resources
from node.features.resources import tidying as resources_tidying
from node.features.resources.tables import Resource
from node.installed import FEATURES
from schemas.records.alert import AlertForm
from schemas.records.resolution_forms import ResolutionForm
from schemas.records.resource import ResourceForm
from tests import builders
from tests.features.village import START, Village, offer

DAY = 24 * 3600


class NoWayOut:
    """A transport that must not be asked."""

    async def send(self, request: object) -> object:
        raise AssertionError("tidying sends nothing")

    async def aclose(self) -> None:
        return None


def engine_of(village: Village, *, features: tuple[Feature, ...] = FEATURES) -> Engine:
    return Engine(
        village.site.settings,
        council=village.council,
        store=village.store,
        clock=village.clock,
        randomness=village.site.randomness,
        transport=NoWayOut(),
        version="0",
        features=features,
    )


@pytest.fixture
def engine(village: Village) -> Engine:
    return engine_of(village)


def kept_in(folder: Path) -> bytes:
    """All that the database's files hold, the write-ahead log included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("comarca.db*")))


async def test_words_of_what_has_ended_leave_the_files(village: Village, engine: Engine, tmp_path: Path) -> None:
    harbour = village.meet()
    village.hears(harbour, builders.note(harbour, title="Marzipan", ends_at=START.replace(hour=12)))
    village.hears(harbour, builders.note(harbour, title="Ladder"))
    before = kept_in(tmp_path)
    village.clock.advance(24 * 3600)

    while await engine.chores.tidy_once():
        pass
    purged = await engine.chores.purge_if_due()

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
    assert await engine.chores.purge_if_due()
    village.do(lambda c: c.execute(text("DELETE FROM replica")))

    early = await engine.chores.purge_if_due()
    village.clock.advance(PURGE_EVERY)
    due = await engine.chores.purge_if_due()

    assert (early, due) == (False, True)
    assert b"arzipan" not in kept_in(tmp_path)


async def test_a_reader_in_the_way_puts_it_off_and_harms_nothing(village: Village, engine: Engine) -> None:
    with village.store.reading() as connection:
        connection.execute(text("SELECT count(*) FROM replica"))
        village.member()

        put_off = await engine.chores.purge_if_due()

    assert not put_off
    assert await engine.chores.purge_if_due()
    assert village.member("Bo")


async def forget(engine: Engine) -> None:
    while await engine.chores.tidy_once():
        pass


def put_up(village: Village, **given: str) -> Resource:
    form = ResourceForm.model_validate(offer(**given))
    return village.do(lambda c: resources.put_up(c, form, village.acting(1)))


def kept(village: Village, table: str) -> list[str]:
    return [row.title for row in village.rows(f"SELECT title FROM {table} ORDER BY title")]


@pytest.mark.parametrize("audience", ["council", "neighbours", "public"])
async def test_our_own_go_thirty_days_after_their_end_with_who_put_them_up(
    village: Village, engine: Engine, audience: str
) -> None:
    village.member()
    put_up(village, title="Short", until="2026-03-03T10:00", audience=audience)
    put_up(village, title="Long", until="2026-04-20T10:00", audience=audience)
    call = AlertForm.model_validate({"title": "Flood", "event": "Flood", "audience": audience})
    village.do(lambda c: alerts.put_up(c, call, village.acting(1)))

    village.clock.advance(31 * DAY - 1)
    await forget(engine)
    before = kept(village, "resource"), kept(village, "alert")
    village.clock.advance(2)
    await forget(engine)

    assert before == (["Long", "Short"], ["Flood"])
    assert (kept(village, "resource"), kept(village, "alert")) == (["Long"], [])


async def test_what_is_closed_goes_thirty_days_later_unless_it_can_still_be_taken_back(
    village: Village, engine: Engine
) -> None:
    village.member()
    for audience in ("council", "public"):
        row = put_up(village, title=f"For {audience}", until="2026-05-20T10:00", audience=audience)
        village.do(lambda c, row=row: resources.close(c, row.public_id, "met", village.acting(1)))  # type: ignore[misc]

    village.clock.advance(31 * DAY)
    await forget(engine)
    soon = kept(village, "resource")
    village.clock.advance(49 * DAY)
    await forget(engine)

    assert soon == ["For public"]
    assert kept(village, "resource") == []


async def test_what_is_taken_down_is_gone_at_once(village: Village) -> None:
    village.member()
    row = put_up(village)

    village.do(lambda c: resources.take_down(c, row.public_id, village.acting(1)))

    assert village.rows("SELECT by_member FROM resource") == []


async def test_a_resolution_has_no_end_and_stays(village: Village, engine: Engine) -> None:
    village.member()
    form = ResolutionForm.model_validate(
        {"title": "Open at night", "text": "Two of us.", "decided_at": "2026-03-01", "present": 9}
    )
    village.do(lambda c: resolutions.put_up(c, form, village.acting(1)))

    village.clock.advance(400 * DAY)
    await forget(engine)

    assert kept(village, "resolution") == ["Open at night"]


async def test_one_step_of_tidying_does_a_bounded_amount(
    village: Village, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tidying in (resources_tidying, alerts_tidying):
        monkeypatch.setattr(tidying, "AT_ONCE", 2)
    village.member()
    for number in range(5):
        put_up(village, title=f"{number}", until="tonight", audience="council")
    village.clock.advance(40 * DAY)

    went = [await engine.chores.tidy_once() for _ in range(4)]

    assert went == [2, 2, 1, 0]


async def test_the_engine_asks_every_feature_that_has_something_to_tidy(village: Village) -> None:
    asked = []
    features = [
        replace(feature, tidy=lambda _connection, now, name=feature.name: asked.append((name, now)) or 0)
        for feature in FEATURES
    ]
    engine = engine_of(village, features=(*features, replace(FEATURES[0], name="silent", tidy=None)))

    await engine.chores.tidy_once()

    assert asked == [(feature.name, START) for feature in FEATURES]
