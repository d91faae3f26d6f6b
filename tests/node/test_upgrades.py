"""A council's database of an earlier release, opened by this version: nothing is lost, whatever happens in the middle."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from node.app import DATABASE, open_store
from node.migrations import NewerDatabase, current_revision, head, upgrade
from tests.node.frozen import DROPPED, FIRST, build, complaints, contents, owed, tables_of

ROOT = Path(__file__).parents[2]
POINTS = 30
"""Spread over the whole upgrade, so that a run stays short; `--scale` tries more, in the end every single one."""


@pytest.fixture
def released(tmp_path: Path) -> Path:
    return build(tmp_path / "riverside" / DATABASE)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(query).fetchall()


def test_the_frozen_release_holds_something_in_every_table_that_matters(released: Path) -> None:
    filled = {name for name, found in contents(released, tables_of(released)).items() if found}

    assert current_revision(released) == "0001"
    assert filled >= {
        "alert",
        "availability",
        "block",
        "body",
        "delivery",
        "destination",
        "follower",
        "member",
        "peer",
        "received_activity",
        "replica",
        "resolution",
        "resource",
        "session",
        "sign_in_link",
    }


def test_every_row_of_the_release_is_there_after_the_upgrade(released: Path) -> None:
    tables = owed(tables_of(released))
    before = contents(released, tables)

    open_store(released.parent).close()

    assert current_revision(released) == head()
    assert contents(released, tables) == before
    assert complaints(released) == []
    assert "Zoë O'Neil — زوي" in {name for (name,) in rows(released, "SELECT name FROM member")}


def test_no_column_went_that_is_not_accounted_for(released: Path) -> None:
    before = tables_of(released)
    upgrade(released)
    after = tables_of(released)

    gone = {(name, column) for name, columns in before.items() for column in columns if column not in after[name]}

    assert gone == DROPPED


def test_whoever_kept_the_server_has_a_turn_that_runs_and_nobody_else(released: Path) -> None:
    keepers = rows(released, "SELECT id FROM member WHERE keeper = 1 AND ended_at IS NULL ORDER BY id")

    upgrade(released)

    assert keepers
    assert rows(released, "SELECT member_id FROM turn ORDER BY member_id") == keepers
    [(weeks,)] = rows(released, "SELECT DISTINCT (ends_at - starts_at) / 604800000000 FROM turn")
    assert weeks == 13


def test_what_had_been_written_by_hand_as_left_is_kept_as_gone_without_a_promise(released: Path) -> None:
    with closing(sqlite3.connect(released)) as raw, raw:
        raw.execute("UPDATE resource SET quantity = '10.5', available = '4', state = 'partly-promised' WHERE id = 1")
    before = rows(released, "SELECT id, available, state FROM resource ORDER BY id")

    upgrade(released)

    assert rows(released, "SELECT id, available, state FROM resource ORDER BY id") == before
    assert rows(released, "SELECT taken_otherwise FROM resource WHERE id = 1") == [("6.5",)]
    kept = rows(released, "SELECT quantity, available, taken_otherwise FROM resource WHERE quantity IS NOT NULL")
    assert kept and all(Decimal(whole) - Decimal(gone) == Decimal(left) for whole, left, gone in kept)
    closed = rows(released, "SELECT closed_at IS NOT NULL, state = 'closed' FROM resource")
    assert all(one == other for one, other in closed)
    due = rows(
        released, "SELECT erase_at - min(coalesce(closed_at, ends_at), ends_at), held_since - created_at FROM resource"
    )
    assert set(due) == {(3 * 86_400_000_000, 0)}


def test_what_was_found_by_its_words_is_found_still(released: Path) -> None:
    query = "SELECT rowid FROM availability_text WHERE availability_text MATCH 'fans' ORDER BY rowid"
    before = rows(released, query)

    upgrade(released)

    assert before
    assert rows(released, query) == before


def test_a_whole_copy_of_before_stands_beside_it(released: Path) -> None:
    tables = tables_of(released)
    before = contents(released, tables)

    done = upgrade(released)

    assert done.copy == released.with_name("comarca-0001.db")
    assert contents(done.copy, tables) == before
    assert current_revision(done.copy) == "0001"


def test_the_copy_put_back_is_upgraded_again(released: Path) -> None:
    done = upgrade(released)
    assert done.copy is not None
    tables = owed(tables_of(done.copy))
    before = contents(done.copy, tables)

    done.copy.replace(released)
    upgrade(released)

    assert contents(released, tables) == before


def test_a_newer_one_is_left_alone_and_the_version_it_needs_is_said(released: Path) -> None:
    with closing(sqlite3.connect(released)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.execute("PRAGMA user_version = 3004005")
    before = contents(released, tables_of(released))

    with pytest.raises(NewerDatabase, match=r"Comarca 3\.4\.5.*Install that version"):
        open_store(released.parent)

    assert contents(released, tables_of(released)) == before
    assert current_revision(released) == "9999"
    assert not list(released.parent.glob("comarca-*.db"))


def test_killed_anywhere_in_the_middle_a_normal_start_finds_everything(tmp_path: Path, scale: int) -> None:
    most = POINTS * scale
    ran = subprocess.run(
        [sys.executable, "-m", "tests.node.killed_upgrades", str(tmp_path), str(most)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout.splitlines()[-1])

    assert found["wrong"] == {}
    assert found["tried"] == min(most, found["points"])
    assert found["points"] >= 50, "every statement, flush and rename of an upgrade"


def test_the_frozen_release_is_small_and_is_sql() -> None:
    text = FIRST.read_text(encoding="utf-8")

    assert len(text) < 200_000
    assert "PRIVATE KEY" not in text
