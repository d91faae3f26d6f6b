"""Real servers that are put back from real copies again and again: whatever was said since comes back, and nothing forks."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from federation.feeds import muting
from node.accounts.after_restore import settle
from tests.two_nodes.reading import publish
from tests.two_nodes.region import Town, link_up, make_town, region, until

AT_MOST = 20


def titles(town: Town) -> set[str]:
    return set(town.read(lambda c: c.exec_driver_sql("SELECT name FROM replica WHERE gone_at IS NULL").scalars().all()))


def muted(town: Town) -> bool:
    return town.read(muting.muted_since) is not None


async def test_put_back_again_and_again_it_has_everything_and_contradicts_nobody(tmp_path: Path, scale: int) -> None:
    folder, copy = tmp_path / "riverside", tmp_path / "copy.db"
    said: set[str] = set()
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        town = riverside
        for number in range(min(scale, AT_MOST) + 1):
            said.add(f"Said {number} before the copy")
            publish(town, title=f"Said {number} before the copy")
            copy.unlink(missing_ok=True)
            with closing(sqlite3.connect(folder / "comarca.db")) as raw:
                raw.execute("VACUUM INTO ?", (str(copy),))
            said.add(f"Said {number} after the copy")
            publish(town, title=f"Said {number} after the copy")
            assert (await harbour.node.engine.catching_up.catch_up(town.actor)).agreed
            await town.node.stop()
            for name in ("comarca.db", "comarca.db-wal", "comarca.db-shm"):
                (folder / name).unlink(missing_ok=True)
            shutil.copyfile(copy, folder / "comarca.db")
            settle(folder, clock=town.node.clock, randomness=town.node.randomness)

            town = make_town(folder, riverside.network, name="riverside", seed=f"started {number}")
            await town.node.start()
            await until(lambda town=town: not muted(town), deadline=20)

            assert titles(town) >= said
            assert harbour.count("feed_fork") == town.count("feed_fork") == 0
        assert (await harbour.node.engine.catching_up.catch_up(town.actor)).agreed
        assert titles(harbour) >= said
        await town.node.stop()
