"""Many seeds of the storm: after it, everybody holds the same of everybody, no feed is forked, nobody stays silent."""

from pathlib import Path

import pytest

from tests.feeds.storm import Storm

SEEDS = 12
REGRESSIONS = Path(__file__).with_name("regressions.txt")


def _kept() -> list[int]:
    return [int(line.split()[0]) for line in REGRESSIONS.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]


@pytest.mark.simulation
@pytest.mark.parametrize("part", range(6))
def test_after_the_storm_all_hold_the_same(scale: int, part: int) -> None:
    seeds = range(part, SEEDS * scale, 6)

    wrong = {seed: told.wrong for seed in seeds if (told := Storm(seed).tell()).wrong}

    assert wrong == {}, f"keep these seeds in {REGRESSIONS.name}"


@pytest.mark.simulation
@pytest.mark.parametrize("seed", _kept())
def test_a_seed_that_once_failed_does_not_fail_again(seed: int) -> None:
    assert Storm(seed).tell().wrong == []


def test_the_same_seed_tells_the_same_story() -> None:
    one, other = Storm(7).tell(), Storm(7).tell()

    assert one.said == other.said and len(one.said) > 20


def test_the_storm_is_one() -> None:
    said = "\n".join(line for seed in range(12) for line in Storm(seed).tell().said)

    for word in (
        "put back",
        "speaks again: True",
        "changes its keys",
        "takes back",
        "connect",
        "unreadable",
        "forgets",
    ):
        assert word in said, word
