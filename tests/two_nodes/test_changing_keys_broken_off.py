"""A change of keys that breaks off, anywhere, leaves a council that signs with the old ones; one that is through, the new."""

from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from federation.rotation import rotate
from node.app import DATABASE, open_council
from node.database import Store
from node.identity import next_pair
from schemas.refusal import Refusal
from tests import builders
from tests.two_nodes.changing import change_keys
from tests.two_nodes.region import Town, link_up, region


@pytest.fixture
async def towns(tmp_path: Path) -> AsyncIterator[list[Town]]:
    async with region(tmp_path, "riverside", "harbour") as two:
        await link_up(two[0], two[1])
        yield two


async def test_a_restart_signs_with_the_new_keys(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside") as [riverside]:
        first = open_council(riverside.node.settings, randomness=builders.SeededRandomness())
        change_keys(riverside)

        again = open_council(riverside.node.settings, randomness=builders.SeededRandomness())

        assert again.keyring.number == 2
        assert again.multibase != first.multibase
        assert again.lookup_key.private_bytes_raw() == first.ed25519.private_bytes_raw()


async def test_files_without_a_row_change_nothing_and_are_used_by_the_next_try(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside") as [riverside]:
        directory, settings = riverside.node.settings.directory, riverside.node.settings
        broken_off = next_pair(directory, builders.SeededRandomness("broken off"), number=2)
        assert open_council(settings, randomness=builders.SeededRandomness()).keyring.number == 1

        change_keys(riverside)

        again = open_council(settings, randomness=builders.SeededRandomness())
        assert (again.keyring.number, again.multibase) == (2, broken_off.multibase)


async def test_half_of_the_files_is_completed(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside") as [riverside]:
        directory = riverside.node.settings.directory
        made = next_pair(directory, builders.SeededRandomness("half"), number=2)
        (directory / "keys" / "ed25519-2.pem").unlink()

        completed = next_pair(directory, builders.SeededRandomness("the rest"), number=2)

        assert completed.rsa_pem == made.rsa_pem
        assert completed.multibase != made.multibase
        assert (directory / "keys" / "ed25519-2.pem").stat().st_mode & 0o777 == 0o600


async def test_a_step_that_fails_leaves_the_old_keys_in_use_and_tells_nobody(towns: list[Town]) -> None:
    riverside = towns[0]
    before = riverside.count("delivery"), riverside.count("body")
    riverside.write(
        lambda c: c.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON delivery BEGIN SELECT raise(FAIL, 'disk'); END"
        )
    )

    with pytest.raises(Exception, match="disk"):
        change_keys(riverside)

    riverside.write(lambda c: c.exec_driver_sql("DROP TRIGGER full"))
    assert (riverside.count("delivery"), riverside.count("body")) == before
    assert riverside.count("own_key") == 0
    assert open_council(riverside.node.settings, randomness=builders.SeededRandomness()).keyring.number == 1


async def test_two_changes_at_once_are_one(towns: list[Town]) -> None:
    riverside = towns[0]
    settings = riverside.node.settings
    stale = open_council(settings, randomness=builders.SeededRandomness())
    change_keys(riverside)
    pair = next_pair(settings.directory, stale.randomness, number=2)

    with closing(Store.open(settings.directory / DATABASE)) as elsewhere, pytest.raises(Refusal) as refused:
        now = riverside.node.clock.now() + timedelta(minutes=1)
        elsewhere.write_now(lambda c: rotate(c, stale, stale.profile, pair=pair, now=now))

    assert refused.value.word == "changed-meanwhile"


async def test_a_clock_that_went_back_changes_no_keys(towns: list[Town]) -> None:
    riverside = towns[0]
    change_keys(riverside)

    with pytest.raises(Refusal) as refused:
        change_keys(riverside, at=riverside.node.clock.now() - timedelta(days=1))

    assert refused.value.word == "clock"
