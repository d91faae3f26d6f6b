"""A server that is cut off in the midst of it: whatever it acknowledged is there, once, and it contradicts nobody who heard it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.durability.disk import WAYS
from tests.durability.sweeping import FAULTS

ROOT = Path(__file__).parents[2]
FAULTS_TRIED, IMAGES = 10, 240


def found_by(module: str, folder: Path, many: int) -> Any:
    """What one of the two programs here found. A process of its own: it forks, which one with threads must not."""
    command = [sys.executable, "-m", f"tests.durability.{module}", str(folder), str(many)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout)


def told(capsys: pytest.CaptureFixture[str], what: str) -> None:
    with capsys.disabled():
        print(f"\n{what}")


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
def test_nothing_acknowledged_is_lost_when_a_write_is_the_last_or_fails(
    disk_in_memory: Path, scale: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found, hasty = found_by("sweeping", disk_in_memory, FAULTS_TRIED * scale)

    if scale > 1:
        told(capsys, f"{found['calls']} calls; struck: {found['struck']}, slowest start {found['slowest']:.2f} s")
    assert found["wrong"] == {}
    assert set(found["struck"]) == set(FAULTS)
    assert sum(found["struck"].values()) >= 0.7 * sum(found["tried"].values())
    assert found["acknowledged"] > 0
    assert hasty["wrong"], "a server that answers before it has written was not found out"


@needs_strace
def test_nothing_acknowledged_is_lost_when_the_power_is_cut(
    disk_in_memory: Path, scale: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found, weak = found_by("powercut", disk_in_memory, IMAGES * scale)

    if scale > 1:
        told(
            capsys, f"{found['moments']} moments, images: {found['images']}; not waiting loses in {len(weak['wrong'])}"
        )
    assert found["wrong"] == {}
    assert set(found["images"]) == set(WAYS)
    assert weak["wrong"], "a server that does not wait for the disk was not found out"
