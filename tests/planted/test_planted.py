"""The tests can fail: each planted fault is noticed by the tests that are named for it, which pass on the software as it is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.planted.bugs import FILES, ROOT, Bug, Change, PatchDoesNotFit, all_bugs, copy_of_the_software, plant

BUGS = all_bugs()
RUNNER = Path(__file__).parent / "running.py"


class Runner:
    """The program that tries copies, kept for all of them."""

    def __init__(self, template: Path) -> None:
        self._template = template
        command = [sys.executable, "-P", str(RUNNER)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=FILES, env=environment
        )

    def try_on(self, root: Path, tests: tuple[str, ...]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(
            json.dumps({"root": str(root), "tests": list(tests), "template": str(self._template)}) + "\n"
        )
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Whatever is tried with it, the software without a fault is tried before: its tables are lent to the others."""
    started = Runner(tmp_path_factory.mktemp("tables") / "template.db")
    sound = copy_of_the_software(tmp_path_factory.mktemp("sound"))
    told = started.try_on(sound, ("tests/planted/test_planted.py::test_a_patch_that_fits_no_longer_is_an_error",))
    assert (told["failed"], told["broken"]) == ([], []), told["said"]
    yield started
    started.close()


def _names(node_ids: list[str]) -> set[str]:
    """Tests without their parameters."""
    return {node_id.partition("[")[0] for node_id in node_ids}


def test_all_tests_that_are_named_pass_on_the_software_as_it_is(runner: Runner, tmp_path: Path) -> None:
    tests = tuple(sorted({test for bug in BUGS for test in bug.tests}))

    found = runner.try_on(copy_of_the_software(tmp_path), tests)

    assert (found["failed"], found["broken"]) == ([], []), found["said"]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_fault_is_noticed(runner: Runner, tmp_path: Path, bug: Bug) -> None:
    root = copy_of_the_software(tmp_path)
    plant(bug, root)

    found = runner.try_on(root, bug.tests)

    assert found["broken"] == [], found["said"]
    missed = _names(list(bug.tests)) - _names(found["failed"])
    assert not missed, f"{bug.fault} Nobody noticed: {found['said']}"


@pytest.mark.parametrize("old", ["this stands nowhere in it", "import "], ids=["nowhere", "in many places"])
def test_a_patch_that_fits_no_longer_is_an_error(tmp_path: Path, old: str) -> None:
    (tmp_path / "ids.py").write_bytes((ROOT / "protocol" / "ids.py").read_bytes())
    bug = Bug("stale", "A fault.", (Change("ids.py", old, "something else"),), ())

    with pytest.raises(PatchDoesNotFit):
        plant(bug, tmp_path)
