"""The recovery words, typed and printed: on paper they bring a council back, on the machine they are removed."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from node.cli.main import application
from node.cli.opening import opened
from node.identity import FOLDER
from node.recovery import ROOT_FILE, begin_feeds

NOBODYS = ("abandon " * 23 + "art").split()


def _typed(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(application, list(words), input=given)


def _told(ran: Result) -> dict[str, Any]:
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.fixture
def council(tmp_path: Path) -> str:
    """A council whose server has run once."""
    folder = tmp_path / "one"
    made = _typed("init", str(folder), "--name", "One", "--url", "https://one.example", "--keeper", "Amina")
    assert made.exit_code == 0, made.output
    with opened(folder) as here:
        begin_feeds(folder, here.council, here.store, clock=here.clock, randomness=here.randomness)
    return str(folder)


def test_before_the_first_start_there_is_nothing_to_show(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    _typed("init", str(folder), "--name", "One", "--url", "https://one.example", "--keeper", "Amina")

    ran = _typed("keys", "show", str(folder), "--json")

    assert ran.exit_code == 2
    assert json.loads(ran.stdout)["error"] == "no-feeds"


def test_the_words_are_printed_and_taken_away_by_whoever_has_them(council: str) -> None:
    words = _told(_typed("keys", "words", council, "--json"))["words"]
    other = _typed("keys", "take-away", council, "--json", given=" ".join(NOBODYS))
    there = (Path(council) / FOLDER / ROOT_FILE).exists()
    taken = _typed("keys", "take-away", council, "--json", given=" ".join(words))
    again = _typed("keys", "words", council, "--json")

    assert len(words) == 24
    assert (other.exit_code, json.loads(other.stdout)["error"], there) == (2, "other-words", True)
    assert taken.exit_code == 0
    assert not (Path(council) / FOLDER / ROOT_FILE).exists()
    assert json.loads(again.stdout)["error"] == "taken-away"
    assert _told(_typed("keys", "show", council, "--json"))["words_still_here"] is False


@pytest.mark.parametrize("change", ["one misread", "two changed places", "one missing", "no words at all"])
def test_words_that_were_misread_are_refused_before_they_do_anything(council: str, change: str) -> None:
    words = _told(_typed("keys", "words", council, "--json"))["words"]
    wrong = {
        "one misread": [*words[:5], "zoo" if words[5] != "zoo" else "zone", *words[6:]],
        "two changed places": [words[1], words[0], *words[2:]] if words[0] != words[1] else [*words[:-1], "zoo"],
        "one missing": words[:-1],
        "no words at all": ["mist"],
    }[change]

    ran = _typed("keys", "take-away", council, "--json", given=" ".join(wrong))

    assert json.loads(ran.stdout)["error"] in ("words", "other-words")
    assert (Path(council) / FOLDER / ROOT_FILE).exists()


def test_a_new_epoch_needs_the_words_once_they_are_on_paper_alone(council: str) -> None:
    words = _told(_typed("keys", "words", council, "--json"))["words"]
    _typed("keys", "take-away", council, given=" ".join(words))

    without = _typed("keys", "new-epoch", council, "--json", given=" ".join(NOBODYS))
    begun = _typed("keys", "new-epoch", council, "--json", given=" ".join(words))

    assert json.loads(without.stdout)["error"] == "not-enough-keys"
    assert _told(begun)["epoch"] == 2


def test_three_papers_of_which_two_are_needed(council: str) -> None:
    before = _told(_typed("keys", "words", council, "--json"))["words"]
    papers = [" ".join(paper) for paper in _told(_typed("keys", "share", council, "--json"))["papers"]]

    old = _typed("keys", "new-epoch", council, "--json", given=" ".join(before) + "\n" + papers[0])
    one = _typed("keys", "new-epoch", council, "--json", given=f"{papers[0]}\n{papers[0]}")
    two = _typed("keys", "new-epoch", council, "--json", given=f"{papers[0]}\n{papers[2]}")

    assert not (Path(council) / FOLDER / ROOT_FILE).exists()
    assert [json.loads(ran.stdout)["error"] for ran in (old, one)] == ["not-enough-keys"] * 2
    assert _told(two)["epoch"] == 3
    shown = _told(_typed("keys", "show", council, "--json"))
    assert (shown["people_with_words"], shown["of_them_needed"], shown["epoch"]) == (3, 2, 3)


def test_status_says_of_nobody_that_it_holds_anything_while_nobody_is_linked(council: str) -> None:
    told = _told(_typed("status", council, "--json"))

    assert told["councils"] == {}
    assert told["silent_since"] == "no"
