"""What really stands in a node's database file, read beside the running server and without a way to write.

The tour believes no answer about what was stored: it looks.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

# What a refused message could have left behind. When a council was last heard changes with every sign of life.
_WATCHED = {
    "received_activity": "SELECT activity_id, hex(digest) FROM received_activity",
    "replica": "SELECT object_id, updated, gone_at, length(document) FROM replica",
    "peer": "SELECT actor_id, state, inbox, ed25519_multibase FROM peer",
    "follower": "SELECT actor_id, state FROM follower",
    "destination": "SELECT inbox, serves FROM destination",
}


@dataclass(frozen=True, slots=True)
class Held:
    """One acknowledged activity as it stands in the file."""

    activity_id: str
    state: str
    document: bytes


@contextmanager
def _file(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        yield connection


def watched_rows(path: Path) -> dict[str, frozenset[tuple[object, ...]]]:
    """The rows of every table that strangers could fill."""
    with _file(path) as connection:
        return {table: frozenset(connection.execute(query).fetchall()) for table, query in _WATCHED.items()}


def changed_tables(before: dict[str, frozenset[tuple[object, ...]]], path: Path) -> str:
    """In words, what came into or went from the watched tables since `before`; nothing if they are the same."""
    after = watched_rows(path)
    said = []
    for table, rows in before.items():
        came, went = after[table] - rows, rows - after[table]
        if came or went:
            said.append(f"{table}: {len(came)} came, {len(went)} went ({sorted(map(str, came | went))[0][:120]})")
    return "; ".join(said)


def received(path: Path, *, source: str, verb: str | None = None) -> list[Held]:
    """The acknowledged activities of one council, oldest first."""
    query = "SELECT activity_id, state, document FROM received_activity WHERE actor_id = ?"
    given = [source]
    if verb is not None:
        query, given = query + " AND verb = ?", [source, verb]
    with _file(path) as connection:
        return [Held(*row) for row in connection.execute(query + " ORDER BY id", given)]


def replicas_of(path: Path, *, source: str) -> dict[str, int]:
    """How many rows the objects of one council have here, by object id."""
    with _file(path) as connection:
        rows = connection.execute(
            "SELECT object_id, count(*) FROM replica WHERE source = ? AND gone_at IS NULL GROUP BY object_id", [source]
        )
        return dict(rows.fetchall())


def told_by(path: Path, actor_id: str) -> frozenset[str]:
    """The objects of one council that are told to others and that its own file holds live."""
    query = (
        "SELECT object_id FROM replica WHERE source = ? AND gone_at IS NULL AND audience IN ('public', 'neighbours')"
    )
    with _file(path) as connection:
        return frozenset(row[0] for row in connection.execute(query, [actor_id]))


def feed_heads(path: Path, actor_id: str) -> dict[str, tuple[int, int]]:
    """How far a file holds the feeds of one council: epoch and number of the last entry, by the feed's name."""
    with _file(path) as connection:
        rows = connection.execute("SELECT name, epoch, seq FROM feed WHERE actor_id = ?", [actor_id])
        return {name: (epoch, seq) for name, epoch, seq in rows}


def tombstoned(path: Path, object_id: str) -> bool:
    """Whether only the mark of a taken-down object is left: its words are gone."""
    with _file(path) as connection:
        row = connection.execute(
            "SELECT gone_at, length(document), name FROM replica WHERE object_id = ?", [object_id]
        ).fetchone()
    return row is not None and row[0] is not None and row[1] == 0 and row[2] == ""


def mentions(path: Path, words: str) -> str:
    """The first table that holds these words in any column, or nothing."""
    with _file(path) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            anywhere = " OR ".join(f'instr("{column}", ?)' for column in columns)
            blobs = " OR ".join(f'instr(CAST("{column}" AS BLOB), CAST(? AS BLOB))' for column in columns)
            query = f'SELECT 1 FROM "{table}" WHERE {anywhere} OR {blobs} LIMIT 1'
            if connection.execute(query, [words] * (2 * len(columns))).fetchone() is not None:
                return str(table)
    return ""
