"""A tour that cannot fail proves nothing: what each kind of check must notice, and what is printed then."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from node.demo import evidence, tour
from node.demo.asking import Visitor, forms_on
from node.demo.checking import NotSeen, check, wait_for
from node.demo.steps import carried
from node.demo.steps.audiences import SEARCHED, SECRET, showing
from node.demo.stranger import Stranger
from node.demo.tour import Result
from node.demo.typed import typed
from node.demo.walking import Sought, walk


def test_a_step_that_does_not_see_what_it_should_fails_with_what_it_saw() -> None:
    def harbour_knows_the_offer(_stage: Any) -> str:
        check(False, "Harbour answers 404")
        return "never said"

    result = tour._run(harbour_knows_the_offer, None)  # type: ignore[arg-type]

    assert (result.name, result.passed, result.detail) == ("Harbour knows the offer", False, "Harbour answers 404")


def test_a_step_that_stumbles_fails_and_says_over_what() -> None:
    def something_breaks(_stage: Any) -> str:
        raise ConnectionRefusedError("nobody there")

    result = tour._run(something_breaks, None)  # type: ignore[arg-type]

    assert not result.passed
    assert result.detail == "ConnectionRefusedError: nobody there"


@pytest.mark.parametrize("failing", [True, False])
def test_one_failed_step_fails_the_whole_but_not_the_others(
    failing: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def first(_stage: Any) -> str:
        check(not failing, "not so")
        return "seen"

    def second(_stage: Any) -> str:
        return "seen"

    def walk_over(_keep: Path | None, tell: Any) -> None:
        tell(Result(tour.SETTING_UP, True, 0.0, ""))
        for step in tour.ORDER:
            tell(tour._run(step, None))  # type: ignore[arg-type]

    monkeypatch.setattr(tour, "ORDER", (first, second))
    monkeypatch.setattr(tour, "_walk", walk_over)

    good = tour.run_tour(None, as_json=True)

    facts = json.loads(capsys.readouterr().out)
    assert good is facts["passed"] is not failing
    assert [step["passed"] for step in facts["steps"]] == [True, not failing, True]


def test_a_region_that_does_not_come_up_fails_the_tour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing_comes_up(_keep: Path | None, _tell: Any) -> None:
        raise NotSeen("http://127.0.0.1:8101 answers: not within 20 s")

    monkeypatch.setattr(tour, "_walk", nothing_comes_up)

    good = tour.run_tour(None, as_json=False)

    said = capsys.readouterr().out
    assert not good
    assert said.startswith("FAIL")
    assert "not within 20 s" in said


def test_waiting_ends_and_says_what_it_saw_last() -> None:
    def never() -> bool:
        raise NotSeen("still 40 left")

    with pytest.raises(NotSeen, match=r"the copy: not within 0\.1 s; last seen: still 40 left"):
        wait_for(never, "the copy", within=0.1)


def test_a_walk_finds_what_only_a_further_document_shows() -> None:
    with Stranger() as leaky:
        leaky.documents |= {"/openapi.json": {"paths": {}}, "/councils.json": {"next": f"{leaky.origin}/deeper"}}
        leaky.documents["/deeper"] = {"note": f"the {SECRET} box"}
        sought = Sought(f"{leaky.origin}/o/1", SEARCHED, "Quay")

        shown = showing(walk(Visitor(leaky.origin), sought))

    assert {seen.target for seen in shown} == {"/deeper"}


def test_a_walk_asks_every_described_route_with_the_words_it_looks_for() -> None:
    parameters = [{"name": name, "in": "query"} for name in ("text", "id", "near")]
    with Stranger() as server:
        server.documents["/openapi.json"] = {
            "paths": {"/search": {"get": {"parameters": parameters}}, "/x": {"post": {}}}
        }
        sought = Sought(f"{server.origin}/o/1", SEARCHED, "Quay")

        targets = {seen.target for seen in walk(Visitor(server.origin), sought)}

    asked = [parse_qs(target.partition("?")[2]) for target in targets if target.startswith("/search")]
    assert {"text": [SEARCHED]} in asked
    assert {"id": [f"{server.origin}/o/1"]} in asked
    assert not any(target.startswith("/x") for target in targets)


def test_forms_are_read_as_a_browser_reads_them() -> None:
    page = """
    <form action="/search"><input type="search" name="text" value="old"><input type="submit" value="Go"></form>
    <form method="post" action="/put-up/offer">
      <input name="title" value="a &amp; b"><textarea name="words">two
lines</textarea>
      <select name="category"><option value="food">Food</option><option value="water" selected>Water</option></select>
      <select name="near"><option value="">nowhere</option><option value="Quay">Quay</option></select>
      <label><input type="radio" name="audience" value="council"></label>
      <label><input type="radio" name="audience" value="public" checked></label>
    </form>"""

    search, offer = forms_on(page)

    assert (search.method, search.values, search.free) == ("get", {"text": "old"}, {"text"})
    assert (offer.method, offer.action) == ("post", "/put-up/offer")
    assert offer.values == {
        "title": "a & b",
        "words": "two\nlines",
        "category": "water",
        "near": "",
        "audience": "public",
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "comarca.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE received_activity (id INTEGER PRIMARY KEY, activity_id, digest, actor_id, verb, state, document);"
            "CREATE TABLE replica (object_id, source, updated, gone_at, document, name);"
            "CREATE TABLE peer (actor_id, state, inbox, ed25519_multibase);"
            "CREATE TABLE follower (actor_id, state);"
            "CREATE TABLE destination (inbox, serves);"
            "INSERT INTO replica VALUES ('o1', 'us', 1, NULL, x'7b7d', 'Dal');"
            "CREATE TABLE feed (name, actor_id, epoch, seq);"
            "INSERT INTO feed VALUES ('root/public', 'us', 1, 7), ('other/public', 'them', 1, 3);"
        )
    return path


@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO received_activity VALUES (9, 'a9', x'00', 'x', 'Create', 'waiting', x'00')",
        "UPDATE replica SET updated = 2",
        "INSERT INTO peer VALUES ('x', 'none', 'i', 'z')",
        "INSERT INTO follower VALUES ('x', 'asked')",
        "DELETE FROM replica",
    ],
)
def test_anything_that_a_refused_message_leaves_behind_is_noticed(file: Path, row: str) -> None:
    before = evidence.watched_rows(file)
    assert evidence.changed_tables(before, file) == ""

    with closing(sqlite3.connect(file)) as connection:
        connection.execute(row)
        connection.commit()

    assert evidence.changed_tables(before, file) != ""


def test_words_are_found_in_text_and_in_bytes(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "INSERT INTO received_activity VALUES (1, 'a', x'', 'x', 'v', 's', ?)", [b'{"name":"Free gold"}']
        )
        connection.commit()

    assert evidence.mentions(file, "Free gold") == "received_activity"
    assert evidence.mentions(file, "Dal") == "replica"
    assert evidence.mentions(file, "Free silver") == ""


def test_a_mark_counts_only_when_its_words_are_gone(file: Path) -> None:
    assert not evidence.tombstoned(file, "o1")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE replica SET gone_at = 5")
        connection.commit()
    assert not evidence.tombstoned(file, "o1")

    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE replica SET document = x'', name = ''")
        connection.commit()

    assert evidence.tombstoned(file, "o1")
    assert not evidence.tombstoned(file, "unknown")


def test_a_feed_that_is_shorter_than_its_owners_is_not_taken_for_all_of_it(file: Path, tmp_path: Path) -> None:
    whole = evidence.feed_heads(file, "us")
    shorter = tmp_path / "shorter.db"
    shutil.copy(file, shorter)
    with closing(sqlite3.connect(shorter)) as connection:
        connection.execute("UPDATE feed SET seq = 6 WHERE actor_id = 'us'")
        connection.commit()

    assert whole == {"root/public": (1, 7)} != evidence.feed_heads(shorter, "us")


def test_what_did_not_come_back_is_missed(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "ALTER TABLE replica ADD COLUMN audience;"
            "UPDATE replica SET audience = 'public';"
            "INSERT INTO replica VALUES ('o2', 'us', 1, NULL, x'7b7d', 'Soup', 'neighbours');"
            "INSERT INTO replica VALUES ('o3', 'us', 1, NULL, x'7b7d', 'Key', 'council');"
        )
    before = evidence.told_by(file, "us")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE replica SET gone_at = 5 WHERE object_id = 'o2'")
        connection.commit()

    assert before == {"o1", "o2"}
    assert before - evidence.told_by(file, "us") == {"o2"}


def test_a_changed_stick_differs_from_the_one_that_was_written(tmp_path: Path) -> None:
    stick, changed = tmp_path / "a.comarca", tmp_path / "b.comarca"
    stick.write_bytes(bytes(range(200)))

    carried._change(stick, into=changed)

    assert sum(one != other for one, other in zip(stick.read_bytes(), changed.read_bytes(), strict=True)) == 1


def test_a_command_that_says_nothing_to_programs_is_no_answer() -> None:
    with pytest.raises(NotSeen, match="comarca nonsense ended with 2"):
        typed("nonsense")
