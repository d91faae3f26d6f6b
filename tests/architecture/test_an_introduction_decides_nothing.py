"""Who let somebody in, and who shows them around, is read in a few places and nowhere else: above all not where rights are.

Found in the source, so that a new reader has to be let in here, in the open.
"""

import ast
import re

from tests.architecture.tree import ROOT, python_files

ABOUT = re.compile(r"introduced_by|\bcompanion(_until)?\b")
# Kept, let go, asked and answered; none of these says what somebody may do.
READERS = {
    "node/accounts/actions.py",
    "node/accounts/companions.py",
    "node/accounts/invites.py",
    "node/accounts/leaving.py",
    "node/accounts/tables.py",
    "node/web/account/companions.py",
}
IMPORTERS = {"node/web/account/__init__.py", "node/web/account/companions.py", "node/web/account/own.py"}


def _words_in(source: str) -> set[str]:
    """Names, attributes, keywords and texts of a module, without what its docstrings say."""
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        for name in ("id", "attr", "arg"):
            found.add(str(getattr(node, name, "")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            found.add(node.value)
    return found


def _reading() -> set[str]:
    files = [path for path in python_files() if path.is_relative_to(ROOT / "node")]
    return {
        path.relative_to(ROOT).as_posix()
        for path in files
        if "migrations" not in path.parts and any(ABOUT.search(word) for word in _words_in(path.read_text("utf-8")))
    }


def test_only_those_that_are_known_to_read_it_do() -> None:
    assert _reading() == READERS


def test_no_rule_imports_the_companions() -> None:
    asking = re.compile(r"^from node\.(accounts|web\.account) import .*\bcompanions\b", re.MULTILINE)
    found = {path.relative_to(ROOT).as_posix() for path in python_files() if asking.search(path.read_text("utf-8"))}

    assert {path for path in found if path.startswith("node/")} == IMPORTERS


def test_a_new_reader_would_be_noticed() -> None:
    assert any(ABOUT.search(word) for word in _words_in("def may(row):\n    return row.introduced_by is not None"))
    assert any(ABOUT.search(word) for word in _words_in("sql = 'SELECT companion FROM member'"))
    assert not any(ABOUT.search(word) for word in _words_in('"""Not about introduced_by."""'))
