"""Every promise has a command that is there, and says what came of it last."""

import re

import pytest

from tests.docs.reading import ROOT, rows, text_of

PROMISES = rows(text_of("docs/promises.md"), "## The promises")
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(("promise", "command", "last"), PROMISES)
def test_a_promise_has_a_command_and_a_last_figure(promise: str, command: str, last: str) -> None:
    assert promise.endswith(".")
    assert re.search(r"\d{4}-\d\d-\d\d: |in every run", last)
    words = command.strip("`").split()
    if words[0] == "make":
        assert words[1] in TARGETS
    else:
        assert all((ROOT / word).exists() for word in words if word.startswith("tests/"))
