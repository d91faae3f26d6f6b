"""A database of the first release, brought up to date: whoever kept the server has a turn from that moment, nobody else has."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from node.accounts import turns
from node.database import Store
from node.migrations import run
from node.migrations.run import upgrade

_KEPT = (
    (1, "Amina", 1, None),
    (2, "Bo", 0, None),
    (3, "Kim", 1, 5),
    (4, "Dee", 1, None),
)


def at_first_release(folder: Path) -> Path:
    versions = folder / "versions"
    versions.mkdir()
    shutil.copy(run.VERSIONS / "0001_first_tables.py", versions)
    path = folder / "comarca.db"
    upgrade(path, versions=versions, version="0.1.0")
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, name, keeper, ended_at in _KEPT:
            row = (number, name, keeper, 1, ended_at)
            connection.execute(
                "INSERT INTO member (id, name, keeper, created_at, ended_at) VALUES (?, ?, ?, ?, ?)", row
            )
        connection.execute(
            "INSERT INTO session (token_hash, member_id, created_at, last_seen_at, expires_at) VALUES ('h', 1, 1, 1, 2)"
        )
    return path


def test_each_keeper_who_is_still_here_gets_a_turn_of_the_usual_length(tmp_path: Path) -> None:
    path = at_first_release(tmp_path)
    before = datetime.fromtimestamp(path.stat().st_mtime, UTC) - timedelta(minutes=1)

    upgrade(path, version="0.2.0")

    store = Store.open(path)
    try:
        with store.reading() as connection:
            held, names = turns.held_turns(connection), turns.present(connection)
    finally:
        store.close()
    assert [turn.member_id for turn in held] == [1, 4]
    assert {turn.until - turn.since for turn in held} == {timedelta(weeks=turns.KEEPER_WEEKS)}
    assert all(before <= turn.since <= before + timedelta(minutes=5) for turn in held)
    assert names == {1: "Amina", 2: "Bo", 4: "Dee"}


def test_nothing_else_of_the_members_is_lost_and_the_old_mark_is_gone(tmp_path: Path) -> None:
    path = at_first_release(tmp_path)

    upgrade(path, version="0.2.0")

    with closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(member)")]
        rows = connection.execute("SELECT id, name, ended_at FROM member ORDER BY id").fetchall()
        sessions = connection.execute("SELECT member_id FROM session").fetchall()
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    assert "keeper" not in columns
    assert rows == [(number, name, ended_at) for number, name, _, ended_at in _KEPT]
    assert sessions == [(1,)] and broken == []
