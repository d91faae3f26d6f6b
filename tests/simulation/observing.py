"""How a simulated database tells what happened to it: triggers and a recording kind, inside the same transactions.

What is rolled back was never seen, so the record is exactly what each node has committed. The engine knows nothing of it.
"""

from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from federation.kinds import Copy, Kind
from federation.moments import microseconds
from tests.builders import open_database, plain_kinds, snapshot

_TABLES = """
CREATE TABLE seen (
    id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, subject TEXT NOT NULL, source TEXT, before, after, standing TEXT
);
CREATE TABLE seen_index (replica_id INTEGER PRIMARY KEY, object_id TEXT NOT NULL, updated INTEGER NOT NULL);

CREATE TRIGGER see_new_replica AFTER INSERT ON replica BEGIN
    INSERT INTO seen (what, subject, source, before, after, standing) VALUES (
        CASE WHEN NEW.gone_at IS NULL THEN 'put' ELSE 'gone' END, NEW.object_id, NEW.source, NULL, NEW.updated,
        (SELECT state FROM peer WHERE actor_id = NEW.source));
END;
CREATE TRIGGER see_changed_replica AFTER UPDATE ON replica BEGIN
    INSERT INTO seen (what, subject, source, before, after, standing) VALUES (
        CASE WHEN NEW.gone_at IS NOT NULL THEN 'gone' WHEN OLD.gone_at IS NOT NULL THEN 'risen' ELSE 'put' END,
        NEW.object_id, NEW.source, OLD.updated, NEW.updated, (SELECT state FROM peer WHERE actor_id = NEW.source));
END;
CREATE TRIGGER see_dropped_replica AFTER DELETE ON replica BEGIN
    INSERT INTO seen (what, subject, source, before) VALUES (
        CASE WHEN OLD.gone_at IS NULL THEN 'dropped' ELSE 'tombstone dropped' END, OLD.object_id, OLD.source, OLD.updated);
END;
CREATE TRIGGER see_standing AFTER UPDATE OF state ON peer WHEN OLD.state <> NEW.state BEGIN
    INSERT INTO seen (what, subject, before, after) VALUES ('standing', NEW.actor_id, OLD.state, NEW.state);
END;
CREATE TRIGGER see_followed AFTER INSERT ON feed_entry
WHEN EXISTS (SELECT 1 FROM feed WHERE id = NEW.feed_id AND epoch = NEW.epoch AND frozen_seq IS NOT NULL AND NOT ours) BEGIN
    INSERT INTO seen (what, subject) VALUES ('followed', NEW.entry_id);
END;
CREATE TRIGGER see_forgotten AFTER DELETE ON received_activity BEGIN
    INSERT INTO seen (what, subject, source, before, standing) VALUES (
        'forgotten', OLD.activity_id, OLD.actor_id, OLD.verb, (SELECT state FROM peer WHERE actor_id = OLD.actor_id));
END;
"""
_EFFECT = text("INSERT INTO seen (what, subject, source, after) VALUES ('effect', :object_id, :source, :updated)")
_INDEX = text(
    "INSERT INTO seen_index (replica_id, object_id, updated) VALUES (:replica_id, :object_id, :updated)"
    " ON CONFLICT (replica_id) DO UPDATE SET object_id = excluded.object_id, updated = excluded.updated"
)


@cache
def observed_template() -> bytes:
    """An empty database that records what happens to it."""
    connection = open_database()
    raw: Any = connection.connection.driver_connection
    raw.executescript(_TABLES)
    content = snapshot(connection)
    connection.close()
    return content


@cache
def template_that_reuses_ids() -> bytes:
    """The same, with deliveries whose ids are given again once they are free: what SQLite does unless told not to."""
    connection = open_database(observed_template())
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA writable_schema=ON")
    raw.execute("UPDATE sqlite_master SET sql = replace(sql, 'AUTOINCREMENT', '') WHERE name = 'delivery'")
    raw.execute("PRAGMA writable_schema=OFF")
    content = snapshot(connection)
    connection.close()
    return content


def recording_kinds() -> dict[str, Kind]:
    """The plain kinds with an index behind them, as a feature would have it, and a record of each effect."""
    return {name: replace(kind, put=_put, end=_end) for name, kind in plain_kinds().items()}


def _put(connection: Connection, copy: Copy, model: Any) -> None:
    updated = microseconds(copy.updated)
    connection.execute(_EFFECT, {"object_id": copy.object_id, "source": copy.source, "updated": updated})
    connection.execute(_INDEX, {"replica_id": copy.replica_id, "object_id": copy.object_id, "updated": updated})


def _end(connection: Connection, replica_id: int) -> None:
    connection.execute(text("DELETE FROM seen_index WHERE replica_id = :id"), {"id": replica_id})


def note_consent(connection: Connection, actor_id: str, *, given: bool) -> None:
    """Record, in the keeper's own transaction, that a link with this council is wanted, or no longer."""
    what = "consent" if given else "dissent"
    connection.execute(text("INSERT INTO seen (what, subject) VALUES (:w, :a)"), {"w": what, "a": actor_id})
