"""What the documentation tells people to try works as it is written: a first council, its status, the questions of programs."""

import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from typer.testing import CliRunner

from node.cli.main import application
from schemas.records.resource import ResourceForm
from tests.docs.reading import blocks, text_of
from tests.features.village import village_in

RUN = CliRunner()


def _lines(name: str, beginning: str) -> list[str]:
    return [line for block in blocks(text_of(name)) for line in block.splitlines() if line.startswith(beginning)]


@pytest.fixture
def council_of_the_guide(tmp_path: Path) -> Path:
    [line] = [line for line in _lines("docs/install.md", "comarca init") if "--name One" in line]
    words = shlex.split(line)[1:]
    folder = tmp_path / words[1]

    made = RUN.invoke(application, [words[0], str(folder), *words[2:], "--json"])

    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["sign_in"].startswith("http://localhost:8101/in/")
    return folder


def test_the_handbook_names_every_line_of_a_status(council_of_the_guide: Path) -> None:
    facts = json.loads(RUN.invoke(application, ["status", str(council_of_the_guide), "--json"]).output)

    told = " ".join(text_of("docs/keepers.md").split())
    assert [fact for fact in facts if fact.replace("_", " ") not in told] == []


def test_what_the_handbook_puts_up_goes_up(council_of_the_guide: Path) -> None:
    lines = [*_lines("docs/keepers.md", "comarca offer DIR"), *_lines("docs/keepers.md", "comarca need DIR")]
    assert len(lines) == 2

    for line in lines:
        words = [str(council_of_the_guide) if word == "DIR" else word for word in shlex.split(line)[1:]]
        if re.search(r"--until 20\d\d", line):
            words[words.index("--until") + 1] = "month"  # a date in a guide passes
        done = RUN.invoke(application, [*words, "--json"])
        assert done.exit_code == 0, done.output


def test_the_questions_that_programs_ask_are_understood(tmp_path: Path) -> None:
    with village_in(tmp_path) as village:
        described: dict[str, Any] = village.app.openapi()["paths"]

    asked = re.findall(r"curl '(http://localhost:[^']+)'", text_of("README.md"))
    assert len(asked) == 2
    for address in asked:
        parts = urlsplit(address)
        known = {parameter["name"] for parameter in described[parts.path]["get"]["parameters"]}
        assert {name for name, _ in parse_qsl(parts.query)} <= known


def test_every_option_for_putting_up_is_a_field_of_the_form() -> None:
    row = next(line for line in text_of("README.md").splitlines() if line.startswith("| `comarca offer DIR TITLE`"))

    options = set(re.findall(r"`--([a-z]+)`", row))
    assert options <= set(ResourceForm.model_fields)
