"""The tour as a council's keeper runs it: one command, real processes, every step passed."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from node.demo.processes import command
from node.demo.tour import ORDER, SETTING_UP, sentence_of

pytestmark = pytest.mark.cluster

NAMES = [SETTING_UP, *(sentence_of(step) for step in ORDER)]


@pytest.fixture(scope="module")
def tour() -> Iterator[dict[str, Any]]:
    ran = subprocess.run(
        command("demo", "--script", "--json"), capture_output=True, text=True, timeout=600, check=False
    )
    facts = json.loads(ran.stdout)
    yield {**facts, "exit": ran.returncode, "stderr": ran.stderr}


@pytest.mark.parametrize("name", NAMES)
def test_each_step_passes_by_itself(tour: dict[str, Any], name: str) -> None:
    found = [step for step in tour["steps"] if step["name"] == name]

    assert len(found) == 1
    assert found[0]["passed"], found[0]["detail"]


def test_the_whole_passes_tells_how_long_it_took_and_says_nothing_else(tour: dict[str, Any]) -> None:
    assert tour["passed"] is True
    assert tour["exit"] == 0
    assert tour["stderr"] == ""
    assert tour["seconds"] >= max(step["seconds"] for step in tour["steps"]) > 0


def test_the_steps_come_in_their_order_and_no_name_twice(tour: dict[str, Any]) -> None:
    assert [step["name"] for step in tour["steps"]] == NAMES
    assert len(set(NAMES)) == len(NAMES)
