"""A council that has just begun gets all that a neighbour carries: in bounded memory, and on from where it was killed."""

import resource
from pathlib import Path

import pytest

from federation.feeds import serving
from federation.feeds.questions import LONGEST_ANSWER
from node.database import Store
from tests.builders import SeededRandomness
from tests.feeds import crowd, first_copy
from tests.feeds.first_copy import Neighbour

OBJECTS = 400
MOST_MEMORY = 400_000_000
REAL_SIZE = 20
"""From this scale on answers are as long as they really are; below, so short that there are many all the same."""

ENTRY = 4_000
STEPS = 2
"""About how long an entry is, and how many steps are written at least for each answer."""


def test_a_first_copy_goes_on_where_it_was_killed_and_all_is_there_in_the_end(
    scale: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    councils, cuts = max(4, min(200, scale)), min(10, 1 + scale // 10)
    each = OBJECTS * scale // councils
    total = councils * (each + 1)
    if scale < REAL_SIZE:
        monkeypatch.setattr(serving, "MOST_BYTES", 60_000)
    crowd.carry(tmp_path / "carrier.db", councils=councils, each=each)
    neighbour, mine = Neighbour(Store.open(tmp_path / "carrier.db")), tmp_path / "reader.db"
    first_copy.new_reader(mine, councils=councils)
    dice, between = SeededRandomness("where to cut"), STEPS * total // (serving.MOST_BYTES // ENTRY) // (cuts + 1)

    for _ in range(cuts):
        assert first_copy.read(mine, neighbour, last=1 + dice.below(between)) is None
    told = first_copy.read(mine, neighbour)

    assert told is not None and told["agreed"] and told["flaws"] == [], told
    reader = Store.open(mine)
    assert first_copy.holds(reader) == first_copy.holds(neighbour.store)
    assert first_copy.on_the_wall(reader) == councils * each
    again = sum(neighbour.served) - total
    assert 0 <= again <= cuts * max(neighbour.served), "only what was under way when it was killed came twice"
    assert neighbour.longest <= LONGEST_ANSWER
    assert told["rss"] <= MOST_MEMORY, told
    reader.close()
    neighbour.store.close()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{total} entries, {cuts} cuts, {again} entries twice, {sum(neighbour.asked.values())} questions")
    print(
        f"{told['rss'] / 1e6:.0f} MB, {(used.ru_utime + used.ru_stime) / total * 1e6:.0f} us of processor for each entry"
    )
