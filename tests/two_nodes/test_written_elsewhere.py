"""What the command line writes from its own process is noticed by the running node, also if the first look fails."""

from pathlib import Path

import pytest

from federation import blocks
from node.app import DATABASE
from node.database import Store, StoreBusy
from tests.two_nodes.region import region, until


@pytest.mark.parametrize("failures", [0, 2])
async def test_a_block_typed_in_another_process_takes_hold(
    tmp_path: Path, failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside") as [riverside]:
        engine, council, now = riverside.node.engine, riverside.node.council, riverside.node.clock.now()
        refresh, left = engine.refresh, [failures]

        async def sometimes() -> None:
            if left[0]:
                left[0] -= 1
                raise StoreBusy("no reader came free in time")
            await refresh()

        monkeypatch.setattr(engine, "refresh", sometimes)
        elsewhere = Store.open(tmp_path / "riverside" / DATABASE)

        elsewhere.write_now(lambda c: blocks.block(c, council, host="harbour.example", now=now))
        elsewhere.close()

        await until(lambda: "harbour.example" in engine.directory.blocked)
        assert left == [0]
