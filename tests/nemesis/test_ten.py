"""Ten real servers behind a line that lies: after half a minute of quiet they hold the same, and nothing that was said is lost."""

from pathlib import Path

import pytest

from tests.nemesis.nemesis import Nemesis
from tests.nemesis.plan import draw
from tests.nemesis.town import NAMES

REGRESSIONS = Path(__file__).with_name("regressions.txt")
FIRST_SEED = 3
SHORT, LONG = 7.0, 15.0

pytestmark = pytest.mark.cluster


def _kept() -> list[int]:
    return [int(line.split()[0]) for line in REGRESSIONS.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]


def _seeds(scale: int) -> list[int]:
    return [FIRST_SEED] if scale == 1 else list(dict.fromkeys([*_kept(), *range(1, scale + 1)]))


def test_ten_servers_hold_the_same_half_a_minute_after_the_trouble(scale: int, tmp_path: Path) -> None:
    wrong: dict[int, list[str]] = {}
    for seed in _seeds(scale):
        folder = tmp_path / f"seed-{seed}"
        folder.mkdir()

        story = Nemesis(seed, folder, seconds=SHORT if scale == 1 else LONG).tell()

        print(f"seed {seed}: settled after {story.settled:.1f} s, {story.acknowledged} writes, {story.done}")
        assert story.acknowledged > 20 and sum(story.befallen.values()) - story.befallen["pass"] > 50
        if story.wrong:
            wrong[seed] = [*story.said, *story.wrong]

    assert wrong == {}, f"keep these seeds in {REGRESSIONS.name}"


def test_the_short_seed_holds_every_sort_of_trouble() -> None:
    done = {deed.what for deed in draw(FIRST_SEED, NAMES, seconds=SHORT)}

    assert done == {"weather", "cut", "kill", "stop", "pause", "shift", "copy", "old copy"}
