"""The rules that machines check are switched on: import contracts, banned names, types, one history of tables."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from node.migrations import run
from node.migrations.new import differences, every_table
from tests.architecture.tree import ROOT

HEAD = '"""A module."""\n\n'
BANNED = {
    "import random": "TID251",
    "import secrets": "TID251",
    "import uuid": "TID251",
    "from os import urandom": "TID251",
    "from time import time": "TID251",
    "import requests": "TID251",
    "import urllib.request": "TID251",
    "from datetime import datetime\n\nNOW = datetime.now()": "DTZ005",
    "from .near import thing": "TID252",
    'print("hello")': "T201",
}


def _ruff(source: str, name: str) -> str:
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", "--stdin-filename", name, "-"],
        input=source,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout + found.stderr


@pytest.mark.parametrize(("source", "rule"), sorted(BANNED.items()))
def test_a_banned_name_is_refused(source: str, rule: str) -> None:
    assert rule in _ruff(f"{HEAD}{source}\n", "federation/invented.py")


def test_a_module_without_banned_names_passes() -> None:
    assert "All checks passed" in _ruff(f"{HEAD}SECONDS = 60\n", "federation/invented.py")


def test_every_import_contract_is_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]
    assert " 0 broken" in done.stdout


def test_the_contracts_that_we_rely_on_are_there() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert 'layers = ["node", "federation", "schemas", "protocol"]' in text
    for name in ("protocol does no I/O", "httpx is imported in one module", "Feature folders do not know each other"):
        assert f'name = "{name}"' in text
    assert "exhaustive = true" in text
    assert "strict = true" in text


def test_the_history_of_the_tables_is_one_line() -> None:
    steps = {}
    for path in sorted(run.VERSIONS.glob("[0-9]*.py")):
        values = {
            target.id: ast.literal_eval(node.value)
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and target.id in ("revision", "down_revision")
        }
        steps[values["revision"]] = values["down_revision"]

    assert steps, "there is no first step"
    assert list(steps.values()) == [None, *list(steps)[:-1]]


def test_the_tables_are_as_the_history_leaves_them() -> None:
    assert differences(every_table()) == []


def test_a_table_without_a_step_would_be_noticed(tmp_path: Path) -> None:
    nothing = tmp_path / "versions"
    nothing.mkdir()

    assert differences(every_table(), versions=nothing) != []
