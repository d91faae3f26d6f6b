"""A message has its effect exactly once: what it does, and that it was done, are one transaction.

Looked at from another connection at every COMMIT, since a crash may come right after any of them.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from node.app import DATABASE
from tests.two_nodes.outsiders import scene

_APPLIED = "SELECT count(*) FROM received_activity WHERE verb = 'Create' AND state = 'applied'"
_EFFECTS = "SELECT count(*) FROM replica"


async def test_whenever_something_is_committed_a_message_is_applied_and_marked_or_neither(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        seen: list[tuple[int, int]] = []

        def look() -> None:
            with closing(sqlite3.connect(at.town.node.settings.directory / DATABASE)) as other:
                seen.append((other.execute(_APPLIED).fetchone()[0], other.execute(_EFFECTS).fetchone()[0]))

        for number in range(3):
            await at.send(at.good(title=f"Chair {number}"))
        at.town.node.store.on_commit(look)

        while await at.town.node.engine.applier.run_once():
            pass

        assert seen[-1] == (3, 3)
        assert [pair for pair in seen if pair[0] != pair[1]] == []
