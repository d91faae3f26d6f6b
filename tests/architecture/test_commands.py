"""Every command is listed in docs/routes.md with the right it needs, and the turn that there is decides, as on a page."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from federation.tables import table_of
from node.accounts.tables import Turn
from node.cli.main import application
from node.database import Store
from node.rights import CARETAKER, KEEPER, Right
from tests.docs.reading import rows, text_of

FOLDER = "folder"
LISTED = {row[0].strip("`"): row[1] for row in rows(text_of("docs/routes.md"), "## Commands")}
MORE = {
    "peers": ["http://127.0.0.1:9"],
    "followers": ["https://fedi.example/@rosa"],
    "offer": ["Chairs"],
    "need": ["Chairs"],
    "hand-over": ["--to", "99"],
    "people end": ["99"],
}
ASKING = sorted(name for name, who in LISTED.items() if who != FOLDER)
_TURNS = table_of(Turn)


def _commands(group: Any, path: tuple[str, ...] = ()) -> set[str]:
    inner = getattr(group, "commands", None)
    if inner is None:
        return {" ".join(path)}
    return {name for word, one in inner.items() for name in _commands(one, (*path, word))}


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("council") / "one"
    words = ["init", str(folder), "--name", "One", "--url", "https://one.example", "--keeper", "Amina"]
    made = CliRunner().invoke(application, words)
    assert made.exit_code == 0, made.output
    return folder


def _turn_is(folder: Path, state: str) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    begin, weeks = {"keeper": (past, 5_000), "caretaker": (past, 13), "nobody": (past + timedelta(weeks=9_000), 13)}[
        state
    ]
    values = {"starts_at": begin, "ends_at": begin + timedelta(weeks=weeks)}
    store = Store.open(folder / "comarca.db")
    try:
        store.write_now(lambda c: c.execute(_TURNS.update().values(**values)))
    finally:
        store.close()


def _word(folder: Path, name: str) -> str:
    """The word of the refusal that a command is answered with, if any."""
    group = name.split(maxsplit=1)[0]
    words = [
        *name.split(),
        str(folder),
        *MORE.get(name, [] if name.endswith("list") else MORE.get(group, [])),
        "--json",
    ]
    ran = CliRunner().invoke(application, words)
    return str(json.loads(ran.stdout).get("error", ""))


def test_every_command_is_listed_and_no_other() -> None:
    assert _commands(typer.main.get_command(application)) == set(LISTED)


def test_who_may_type_it_is_whoever_has_the_folder_or_a_right() -> None:
    assert set(LISTED.values()) <= {FOLDER, *Right}


@pytest.mark.parametrize("name", ASKING)
def test_a_command_does_what_the_turn_that_there_is_may_do(council: Path, name: str) -> None:
    said = {}
    for state in ("keeper", "caretaker", "nobody"):
        _turn_is(council, state)
        said[state] = _word(council, name)

    right = Right(LISTED[name])
    assert right in KEEPER
    assert said["keeper"] not in ("turn-ended", "not-keeper", "no-keeper")
    assert (said["caretaker"] == "turn-ended") is (right not in CARETAKER)
    assert said["nobody"] == "no-keeper"


def test_what_is_refused_for_an_ended_turn_says_what_to_type(council: Path) -> None:
    _turn_is(council, "caretaker")

    ran = CliRunner().invoke(application, ["peers", "block", str(council), "harbour.example"])

    assert ran.exit_code == 2
    assert f"comarca hand-over {council} --to NUMBER" in ran.stderr
