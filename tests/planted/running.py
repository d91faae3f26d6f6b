"""Runs tests against several copies of the software, each in a process of its own, and says which failed. A program by itself.

What all copies share (pytest and the packages of others) is imported once; each copy is then tried in a fork. Lines come in on
the standard input, one JSON object a copy: `root`, its folder, `tests`, node ids below it, and `template`, a file
for empty tables. Lines go out: `failed`, the ids of tests that failed as tests do, `broken`, whatever else went wrong, and `said`,
the last words.
"""

import contextlib
import io
import json
import os
import resource
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

MOST_SECONDS = 120
OWN = ("protocol", "schemas", "federation", "node")


class Outcomes:
    """What came of each test."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.broken: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            (self.failed if report.when == "call" else self.broken).append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.broken.append(report.nodeid or "collecting")


def share() -> None:
    """Import what is nobody's copy. Nothing of the software itself may be among it."""
    import xdist.scheduler  # noqa: F401

    own = {*OWN, "tests"} & set(sys.modules)
    assert not own, f"{own} would be the same for every copy"


def _lend_tables(template: Path) -> None:
    """Empty tables are made by the first copy, which has no fault, and lent to all others: making them costs most of the time."""
    from tests import builders

    if template.exists():
        content = template.read_bytes()
        builders.database_template = lambda: content  # type: ignore[assignment]
    else:
        template.write_bytes(builders.database_template())


def tried(root: str, tests: list[str], template: Path) -> dict[str, Any]:
    """Run the tests of one copy in this process. To be called once in a process."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    os.chdir(root)
    sys.path.insert(0, root)
    os.environ["PYTHONPATH"] = root
    sys.dont_write_bytecode = True
    _lend_tables(template)
    outcomes, said = Outcomes(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        plain = ["-q", "--tb=short", "--assert=plain", "-p", "no:xdist", "-p", "no:cacheprovider", f"--rootdir={root}"]
        code = pytest.main([*plain, *(f"{root}/{test}" for test in tests)], plugins=[outcomes])
    if code not in (0, 1):
        outcomes.broken.append(f"pytest ended with {int(code)}")
    own = [str(module.__file__) for name, module in sys.modules.items() if name in OWN]
    if not own or not all(file.startswith(f"{root}/") for file in own):
        outcomes.broken.append(f"another copy was tried: {own}")
    return {"failed": outcomes.failed, "broken": outcomes.broken, "said": said.getvalue()[-4_000:]}


def in_a_fork(job: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile("w+") as answer:
        child = os.fork()
        if child == 0:
            try:
                found = tried(job["root"], job["tests"], Path(job["template"]))
            except BaseException:
                found = {"failed": [], "broken": ["the run"], "said": traceback.format_exc()}
            answer.write(json.dumps(found))
            answer.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        answer.seek(0)
        told = answer.read()
    return json.loads(told) if told else {"failed": [], "broken": [f"ended with {status}"], "said": ""}


def main() -> None:
    share()
    for line in sys.stdin:
        print(json.dumps(in_a_fork(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
