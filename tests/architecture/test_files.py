"""Files stay small, and modules are named for what they hold."""

import ast
import re
import warnings
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, files, name_of, python_files, syntax_of, text_of

LONG, TOO_LONG = 300, 500
LENGTHS_COUNTED = {".py", ".html", ".css", ".toml", ".sql"}
MAY_BE_LONG = {
    "node/migrations/versions/0001_first_tables.py": "the whole history's first step, generated and then read",
}
"""Files over 300 lines that have a reason to be. Over 500 there is none."""

FORBIDDEN_MODULES = {
    "utils",
    "util",
    "common",
    "helpers",
    "helper",
    "manager",
    "service",
    "services",
    "misc",
    "base_service",
}
FORBIDDEN_ENDINGS = ("Manager", "Handler", "Helper", "Helpers", "Utils", "Data", "Info", "Service")


def _lines(path: Path) -> int:
    return len((text_of(path) or "").splitlines())


def _counted() -> list[Path]:
    return [path for path in files() if path.suffix in LENGTHS_COUNTED]


def test_no_file_is_over_five_hundred_lines() -> None:
    assert {name_of(path): _lines(path) for path in _counted() if _lines(path) > TOO_LONG} == {}


@pytest.mark.filterwarnings("default::UserWarning")
def test_long_files_have_a_reason() -> None:
    long = {name_of(path): _lines(path) for path in _counted() if _lines(path) > LONG}
    shipped = {name for name in long if name.split("/")[0] in PACKAGES}

    for name in sorted(set(long) - shipped - set(MAY_BE_LONG)):
        warnings.warn(f"{name} has {long[name]} lines", stacklevel=1)
    assert shipped - set(MAY_BE_LONG) == set(), "split it, or give it a reason in MAY_BE_LONG"


def test_reasons_are_given_for_long_files_only() -> None:
    assert [name for name in MAY_BE_LONG if not (ROOT / name).exists() or _lines(ROOT / name) <= LONG] == []


@pytest.mark.parametrize("word", sorted(FORBIDDEN_MODULES))
def test_no_module_is_named_for_nothing(word: str) -> None:
    named = [
        name_of(path) for path in python_files() if path.stem == word or word in path.relative_to(ROOT).parent.parts
    ]

    assert named == []


def test_no_class_is_named_for_nothing() -> None:
    named = [
        f"{name_of(path)}: {node.name}"
        for path in python_files(*PACKAGES)
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.ClassDef) and node.name.endswith(FORBIDDEN_ENDINGS)
    ]

    assert named == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in python_files(*PACKAGES)
        if path.read_text(encoding="utf-8").strip() and ast.get_docstring(syntax_of(path)) is None
    ]

    assert silent == []


def test_nothing_is_left_to_be_done_later() -> None:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    found = [
        name_of(path)
        for path in files()
        if path.suffix in {".py", ".html", ".css", ".md"} and marks.search(text_of(path) or "")
    ]

    assert found == []


def test_a_feature_declares_itself_and_nothing_else() -> None:
    for path in sorted((ROOT / "node" / "features").glob("*/__init__.py")):
        body = syntax_of(path).body[1:]
        kinds = {type(node) for node in body}
        assert kinds <= {ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign}, name_of(path)
        assigned = [node for node in body if isinstance(node, ast.Assign | ast.AnnAssign)]
        assert len(assigned) == 1, name_of(path)
