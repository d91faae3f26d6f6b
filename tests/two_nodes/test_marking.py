"""An old database that was copied into its folder without the command for it: the server notices by the file beside it."""

import shutil
from pathlib import Path

import pytest

from federation.feeds import muting
from node import marking
from tests.two_nodes.reading import publish
from tests.two_nodes.region import Network, Town, link_up, make_town, region, until

PARTS = ("comarca.db", "comarca.db-wal", "comarca.db-shm")


def muted(town: Town) -> bool:
    return town.read(muting.muted_since) is not None


async def stopped(folder: Path, network: Network, *titles: str) -> None:
    """Riverside ran, said these things, and was stopped."""
    town = make_town(folder, network, name="riverside")
    await town.node.start()
    for title in titles:
        publish(town, title=title)
    await town.node.stop()


def copied(folder: Path, to: Path) -> None:
    to.mkdir(exist_ok=True)
    for name in PARTS:
        (to / name).unlink(missing_ok=True)
        if (folder / name).exists():
            shutil.copyfile(folder / name, to / name)


async def test_a_database_from_yesterday_is_silent_until_a_neighbour_has_given_back_what_it_said(
    tmp_path: Path,
) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        publish(riverside, title="Ten chairs")
        await riverside.node.stop()
        copied(tmp_path / "riverside", tmp_path / "yesterday")
        again = make_town(tmp_path / "riverside", riverside.network, name="riverside", seed="again")
        await again.node.start()
        publish(again, title="A lamp")
        assert (await harbour.node.engine.catching_up.catch_up(again.actor)).agreed
        await again.node.stop()
        copied(tmp_path / "yesterday", tmp_path / "riverside")

        old = make_town(tmp_path / "riverside", riverside.network, name="riverside", seed="old")
        await old.node.start()
        try:
            await until(lambda: not muted(old))
            titles = old.read(lambda c: [row[0] for row in c.exec_driver_sql("SELECT name FROM replica ORDER BY name")])
            forks = harbour.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM feed_fork").scalar_one())
        finally:
            await old.node.stop()

    assert {"A lamp", "Ten chairs"} <= set(titles)
    assert forks == 0


async def test_without_a_neighbour_that_could_have_heard_it_speaks_at_once(tmp_path: Path) -> None:
    network = Network()
    await stopped(tmp_path / "riverside", network, "Ten chairs")
    copied(tmp_path / "riverside", tmp_path / "yesterday")
    await stopped(tmp_path / "riverside", network, "A lamp")
    copied(tmp_path / "yesterday", tmp_path / "riverside")
    town = make_town(tmp_path / "riverside", network, name="riverside")

    older = marking.fall_silent_if_older(
        tmp_path / "riverside", town.node.store, clock=town.node.clock, randomness=town.node.randomness
    )
    noticed = muted(town)
    await town.node.start()
    try:
        await until(lambda: not muted(town))
    finally:
        await town.node.stop()

    assert older and noticed


async def test_a_server_that_is_merely_started_again_goes_on_speaking(tmp_path: Path) -> None:
    network = Network()
    await stopped(tmp_path / "riverside", network, "Ten chairs")
    town = make_town(tmp_path / "riverside", network, name="riverside")

    marked, stands = marking.read(tmp_path / "riverside"), town.read(marking.said)
    assert marked.keys() == stands.keys() and all(marked[feed] <= stands[feed] for feed in stands)
    assert not marking.fall_silent_if_older(
        tmp_path / "riverside", town.node.store, clock=town.node.clock, randomness=town.node.randomness
    )
    await town.node.start()
    assert not muted(town)
    await town.node.stop()


@pytest.mark.parametrize("broken", [b"", b"[1]", b"{", b'{"x": 1}', b'{"x": [1]}', b'{"x": [true, 2]}'])
def test_a_file_that_cannot_be_read_marks_nothing(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / marking.MARK).write_bytes(broken)

    assert marking.read(tmp_path) == {}
