"""Councils in storms: whatever is lost, doubled, late or broken off, in the end everybody holds what is meant for them.

200 seeds in the ordinary run, more by `--scale`. A seed that fails is printed and kept in `regressions.txt`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.faults import CRASH_POINTS
from tests.simulation.scenario import run
from tests.simulation.world import Trace

pytestmark = pytest.mark.simulation

SEEDS = 200
CHUNKS = 8
EVENTS = 80_000
KEPT = Path(__file__).parent / "regressions.txt"
ROOT = Path(__file__).parents[2]


def kept_seeds() -> list[int]:
    lines = (line.partition("#")[0].split() for line in KEPT.read_text(encoding="utf-8").splitlines())
    return sorted({int(words[0]) for words in lines if words})


def keep(trace: Trace) -> None:
    if trace.seed not in kept_seeds():
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(f"{trace.seed}    {trace.violations[0].split(' ', 1)[1].partition(':')[0]}\n")


def calm(seed: int) -> Trace:
    trace = run(seed)
    if trace.violations:
        keep(trace)
        pytest.fail(f"seed {seed}:\n" + "\n".join(trace.violations), pytrace=False)
    return trace


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_every_storm_all_copies_agree_and_nothing_is_where_it_should_not_be(chunk: int, scale: int) -> None:
    seeds = range(chunk, SEEDS * scale, CHUNKS)

    events = sum(calm(seed).events for seed in seeds)

    assert events >= EVENTS * scale // CHUNKS


def test_seeds_that_once_showed_a_fault_stay_mended() -> None:
    for seed in kept_seeds():
        calm(seed)


def test_the_same_seed_gives_the_same_trace_in_every_process() -> None:
    program = "from tests.simulation.scenario import run; print(run(11).digest)"

    def digest_with(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        found = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        return found.stdout.strip()

    assert digest_with("1") == digest_with("2") == run(11).digest


def test_two_seeds_tell_two_stories() -> None:
    assert run(3).digest != run(4).digest


def test_the_storms_hold_everything_that_can_befall_a_node() -> None:
    lines = "\n".join(line for seed in range(30) for line in run(seed).lines)

    befallen = {
        *(f"crashes {point}" for point in CRASH_POINTS),
        *("cut ", "answer lost", "timeout", "no connection", "already-held", "may not", "drops nothing-to-undo"),
        *("is put back, silent", "nobody notices", "speaks again", "has a full disk", "refuses full", "is off by"),
        *("changes its keys", "tells two stories", "with forged", "with garbage", "with again"),
        *("with less", "took 1", "is right again"),
        *("accepts", "declines", "ends with", "blocks", "unblocks", "says Thing", "takes down"),
        *(f"refuses {reason}" for reason in ("blocked", "unknown-peer", "bad-signature", "wrong-target", "stale")),
        *(
            f"refuses {reason}"
            for reason in ("not-owner", "id-reused", "unknown-key", "no-signature", "bad-digest", "malformed")
        ),
    }
    assert {word for word in befallen if word not in lines} == set()
