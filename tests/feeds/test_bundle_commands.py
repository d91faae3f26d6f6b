"""`comarca bundle`: what a person types to write a file, look at it and take it in, and what is said to that person."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from federation.feeds import own
from node.cli.bundles import carrying
from node.cli.main import application
from node.cli.opening import opened
from node.recovery import begin_feeds
from tests.feeds.carrying import link


def _council(folder: Path, name: str) -> Path:
    words = ["init", str(folder), "--name", name, "--url", f"https://{name.lower()}.example", "--keeper", "Amina"]
    made = CliRunner().invoke(application, words)
    assert made.exit_code == 0, made.output
    with opened(folder) as here:
        begin_feeds(folder, here.council, here.store, clock=here.clock, randomness=here.randomness)
    return folder


def _linked(one: Path, other: Path) -> None:
    for ours, theirs in ((one, other), (other, one)):
        with opened(ours) as here, opened(theirs) as there:
            now = here.clock.now()
            here.store.write_now(partial(link, theirs=there.council, now=now))
            here.store.write_now(partial(own.name_readers, council=here.council, now=now))


def _offer(folder: Path, title: str) -> None:
    put_up = CliRunner().invoke(application, ["offer", str(folder), title])
    assert put_up.exit_code == 0, put_up.output


def _said(*words: object) -> tuple[int, str]:
    ran = CliRunner().invoke(carrying, [str(word) for word in words])
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, ran.output


def _facts(*words: object) -> dict[str, Any]:
    code, output = _said(*words, "--json")
    assert code in (0, 1, 2), output
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    riverside, hilltop = _council(folder / "one", "Riverside"), _council(folder / "two", "Hilltop")
    _linked(riverside, hilltop)
    _offer(riverside, "Ten chairs")
    return riverside, hilltop


def test_a_file_goes_there_and_its_receipt_makes_the_next_one_short(pair: tuple[Path, Path], tmp_path: Path) -> None:
    riverside, hilltop = pair
    first, second = tmp_path / "monday.comarca", tmp_path / "tuesday.comarca"

    made = _facts("export", riverside, first, "--for", "hilltop.example")
    seen = _facts("inspect", first)
    taken = _facts("import", hilltop, first)
    again = _said("import", hilltop, first)
    _offer(riverside, "A lamp")
    short = _facts("export", riverside, second, "--for", "hilltop.example", "--since", taken["receipt"])
    back = _facts("export", hilltop, tmp_path / "b.comarca", "--for", "riverside.example", "--since", first)

    assert seen["audience"] == made["audience"] == "https://hilltop.example/council"
    assert len(seen["key_words"]) == 6 and seen["bundle"] == made["bundle"]
    assert taken["maker_known"] and taken["taken"] == made["entries"] and taken["refused"] == []
    assert again[0] == 0 and "Nothing new" in again[1]
    assert short["entries"] < made["entries"] and back["entries"] > 0
    with opened(hilltop) as here, here.store.reading() as connection:
        assert "Ten chairs" in connection.execute(text("SELECT name FROM replica")).scalars().all()


def test_what_was_changed_on_the_way_is_refused_with_its_word(pair: tuple[Path, Path], tmp_path: Path) -> None:
    riverside, hilltop = pair
    file, changed = tmp_path / "a.comarca", tmp_path / "b.comarca"
    _said("export", riverside, file)
    raw = file.read_bytes()
    changed.write_bytes(raw[:-30] + bytes([raw[-30] ^ 1]) + raw[-29:])

    for command in (
        ["inspect", changed],
        ["import", hilltop, changed],
        ["export", riverside, tmp_path / "c.comarca", "--since", changed],
    ):
        code, words = _said(*command)
        assert code == 1 and words.startswith("comarca: "), words
    assert not (tmp_path / "c.comarca").exists()
    assert not changed.with_name("b.comarca.receipt.json").exists()
    assert _said("inspect", file)[0] == 0


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["a.zip"], "wrong-suffix"),
        (["there.comarca"], "file-exists"),
        (["a.comarca", "--for", "stranger.example"], "not-linked"),
        (["a.comarca", "--since", "there.comarca"], "bad-receipt"),
        (["a.comarca", "--receipt", "there.comarca"], "bad-receipt"),
        (["a.comarca", "--since", "nowhere.json"], "system"),
    ],
)
def test_what_cannot_be_written_is_said_and_leaves_nothing(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.comarca").write_text("hello")

    told = _facts("export", pair[0], *words)

    assert told["error"] == word
    assert [path.name for path in tmp_path.iterdir()] == ["there.comarca"]


def test_where_the_receipt_cannot_be_left_it_is_said_and_all_is_taken(pair: tuple[Path, Path], tmp_path: Path) -> None:
    riverside, hilltop = pair
    file = tmp_path / "a.comarca"
    _said("export", riverside, file, "--for", "hilltop.example")

    code, words = _said("import", hilltop, file, "--receipt", tmp_path / "nowhere" / "receipt.json")

    assert code == 0
    assert "could not be written" in words and "--receipt" in words


def test_whom_we_are_not_linked_up_with_is_set_aside_with_words(pair: tuple[Path, Path], tmp_path: Path) -> None:
    riverside, _ = pair
    apart, file = _council(tmp_path / "apart", "Apart"), tmp_path / "a.comarca"
    _said("export", riverside, file)

    facts, (code, words) = _facts("import", apart, file), _said("import", apart, file)

    assert code == 0 and not facts["maker_known"] and facts["taken"] == 0
    aside = [line for line in words.splitlines() if line.startswith("Set aside")]
    assert len(aside) == 1
    assert aside[0].endswith("words: " + " ".join(facts["set_aside"][0]["words"]))
