"""The bench itself runs, tells every figure, and loses nothing that was acknowledged. No time is judged here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the least run wrote."""
    file = tmp_path_factory.mktemp("bench") / "figures.json"
    words = [sys.executable, "-m", "tests.bench", "--least", "--json", str(file)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert found == json.loads(file.read_text("utf-8"))
    assert "to reach" in done.stderr
    return found


def test_every_figure_is_told_beside_what_is_to_be_reached(told: dict[str, Any]) -> None:
    figures = told["figures"]

    assert set(figures) == {"inbox", "cavage", "alert", "regional", "idle"}
    for name in ("inbox", "cavage", "alert", "regional"):
        assert figures[name]["ratio"] > 0
    assert all(figure["to_reach"] for figure in figures.values())
    assert figures["idle"]["memory_mb"]["rss"] > 0


@pytest.mark.parametrize("name", ["inbox", "cavage", "alert"])
def test_nothing_that_was_acknowledged_is_missing(told: dict[str, Any], name: str) -> None:
    assert told["figures"][name]["acknowledged_and_missing"] == 0


@pytest.mark.parametrize("name", ["inbox", "cavage"])
def test_the_node_was_measured_at_work_and_its_ceiling_in_the_same_run(told: dict[str, Any], name: str) -> None:
    figure = told["figures"][name]

    assert figure["acknowledged"] >= figure["steady"]["requests"] > 0
    assert figure["cpu_us"]["median"] > 0
    assert figure["ceiling_us"]["sum"] == pytest.approx(
        sum(value for part, value in figure["ceiling_us"].items() if part != "sum"), abs=0.2
    )
