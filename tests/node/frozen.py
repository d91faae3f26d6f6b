"""Databases as earlier releases left them, frozen as SQL, and what every upgrade owes them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "releases"
FIRST = FOLDER / "0.1.0.sql"
DROPPED = {("member", "keeper")}
"""Columns that a later step has put elsewhere; `test_upgrades.py` looks for their contents there."""

Rows = list[tuple[Any, ...]]


def build(path: Path, release: Path = FIRST) -> Path:
    """The release's database at `path`, in the mode in which a node keeps it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.executescript(release.read_text(encoding="utf-8"))
    return path


def tables_of(path: Path) -> dict[str, list[str]]:
    """Every table of ours with its columns; full text indexes and SQLite's own left out."""
    with closing(sqlite3.connect(path)) as raw:
        named = [row[1] for row in raw.execute("PRAGMA table_list") if row[0] == "main" and row[2] == "table"]
        return {
            name: [column[1] for column in raw.execute(f'PRAGMA table_info("{name}")')]
            for name in sorted(named)
            if not name.startswith("sqlite_") and name != "alembic_version"
        }


def contents(path: Path, tables: dict[str, list[str]]) -> dict[str, Rows]:
    """What stands in these columns of these tables."""
    with closing(sqlite3.connect(path)) as raw:
        return {
            name: sorted(
                raw.execute(f"SELECT {', '.join(map(_quoted, columns))} FROM {_quoted(name)}").fetchall(), key=repr
            )
            for name, columns in tables.items()
        }


def owed(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """The columns of a release that must still be there, row for row."""
    return {name: [column for column in columns if (name, column) not in DROPPED] for name, columns in tables.items()}


def complaints(path: Path) -> Rows:
    """What SQLite finds wrong with the file, its references and its full text index."""
    with closing(sqlite3.connect(path)) as raw:
        found: Rows = [row for row in raw.execute("PRAGMA integrity_check") if row != ("ok",)]
        found += raw.execute("PRAGMA foreign_key_check").fetchall()
        raw.execute("INSERT INTO availability_text(availability_text, rank) VALUES('integrity-check', 1)")
        return found


def _quoted(name: str) -> str:
    return f'"{name}"'
