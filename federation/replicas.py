"""What councils have published, ours included: one row for each object, the newest word of its only writer.

A replica is put by its owner's Create or Update and ended by its owner's Delete. Both are safe to run twice and in any
order: `updated` grows with every change of an object, a tombstone stays, and nobody's words count for another's object.
This module never judges: what reaches it has passed `protocol.authority` and the shape of its kind.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, Table, bindparam, text

from federation import tables
from federation.council import Council
from federation.kinds import Copy
from federation.moments import microseconds, read_time
from protocol.verdict import Refused
from schemas.activity import kind_of


class Effect(StrEnum):
    """What a put or an end did to the row."""

    STORED = "stored"
    SUPERSEDED = "superseded"
    GONE = "gone"
    ENDED = "ended"


_PUT = text(
    "INSERT INTO replica (object_id, source, kind, audience, name, document, method, published, updated, ends_at,"
    " received_at, gone_at, final) VALUES (:object_id, :source, :kind, :audience, :name, :document, :method, :published,"
    " :updated, :ends_at, :received_at, NULL, :final) ON CONFLICT (object_id) DO UPDATE SET kind = excluded.kind,"
    " audience = excluded.audience, name = excluded.name, document = excluded.document, method = excluded.method,"
    " updated = excluded.updated, ends_at = excluded.ends_at, received_at = excluded.received_at, final = excluded.final"
    " WHERE replica.source = excluded.source AND replica.gone_at IS NULL"
    # A last word stands whatever comes after it or was overtaken by it; else the newest does.
    " AND (excluded.final > replica.final OR (excluded.final = replica.final AND replica.updated < excluded.updated))"
    " RETURNING id"
)
_GONE = text(
    "INSERT INTO replica (object_id, source, kind, audience, name, document, method, published, updated, ends_at,"
    " received_at, gone_at, final) VALUES (:object_id, :source, '', :audience, '', x'', '', :now, :now, NULL, :now, :now, 0)"
    " ON CONFLICT (object_id) DO UPDATE SET name = '', document = x'', gone_at = excluded.gone_at, ends_at = NULL"
    " WHERE replica.source = excluded.source AND replica.gone_at IS NULL RETURNING id, kind"
)

_LIVE_OF = text("SELECT id, kind FROM replica WHERE source = :source AND gone_at IS NULL")
_LIVE_COUNT = text(
    "SELECT count(*) FROM replica WHERE source = :source AND audience = :audience AND gone_at IS NULL AND kind <> 'alert'"
)
_FULL = text(
    "SELECT source FROM replica WHERE gone_at IS NULL AND kind <> 'alert' GROUP BY source, audience HAVING count(*) >= :most"
)
_FORGET_CONTENT = text(
    "DELETE FROM received_activity WHERE actor_id = :source AND verb IN ('Create', 'Update', 'Delete')"
)
_DROP = text(
    "DELETE FROM replica WHERE object_id = :object_id AND source = :source AND gone_at IS NULL RETURNING id, kind"
)
_FORGET_FEEDS = text("DELETE FROM feed WHERE actor_id = :source AND NOT ours")
_FORGET_VOUCHES = text("DELETE FROM vouch WHERE voucher = :source")
# What is dropped here may be asked for again, of whoever still has it (federation.feeds.cursors).
_AGREE_ANEW = text("UPDATE sync_cursor SET agreed_sum = NULL")

_REPLICA: Table = tables.table_of(tables.Replica)
_BY_OBJECT = _REPLICA.select().where(_REPLICA.c.object_id == bindparam("object_id"))


def put(
    connection: Connection,
    council: Council,
    *,
    activity: Mapping[str, Any],
    document: bytes,
    audience: str,
    received_at: datetime,
) -> Effect:
    """Take the note that a judged Create or Update carries as the newest word about its object."""
    note = activity["object"]
    name = kind_of(note)
    kind = None if isinstance(name, Refused) else council.kinds.get(name)
    model = None if kind is None else kind.read(note)
    if kind is None or model is None or isinstance(model, Refused):
        raise ValueError(f"{activity['id']} was judged acceptable, but no kind of ours reads it")
    source, ours = activity["actor"], activity["actor"] == council.actor_id
    published = read_time(note["published"])
    updated = read_time(note.get("updated") or note["published"])
    row = connection.execute(
        _PUT,
        {
            "object_id": note["id"],
            "source": source,
            "kind": kind.name,
            "audience": audience,
            "name": note.get("name") or "",
            "document": document,
            "method": (activity.get("proof") or {}).get("verificationMethod", ""),
            "published": microseconds(published),
            "updated": microseconds(updated),
            "ends_at": microseconds(read_time(note["endTime"])) if note.get("endTime") else None,
            "received_at": microseconds(received_at),
            "final": int(kind.final(model)),
        },
    ).first()
    if row is None:
        return _why_not(connection, note["id"])
    copy = Copy(row.id, note["id"], source, audience, ours, updated)
    kind.put(connection, copy, model)
    return Effect.STORED


def _why_not(connection: Connection, object_id: str) -> Effect:
    held = find(connection, object_id)
    return Effect.GONE if held is not None and held["gone_at"] is not None else Effect.SUPERSEDED


def end(
    connection: Connection, council: Council, *, object_id: str, source: str, audience: str, now: datetime
) -> Effect:
    """Leave only a tombstone. One that comes before its object is kept too, so that a late Create finds it."""
    parameters = {"object_id": object_id, "source": source, "audience": audience, "now": microseconds(now)}
    row = connection.execute(_GONE, parameters).first()
    if row is None:
        return Effect.GONE
    kind = council.kinds.get(row.kind)
    if kind is not None:
        kind.end(connection, row.id)
    return Effect.ENDED


def drop(connection: Connection, council: Council, *, object_id: str, source: str) -> bool:
    """Hold an object no more, as if it had never come. Returns whether it was live here."""
    row = connection.execute(_DROP, {"object_id": object_id, "source": source}).first()
    kind = None if row is None else council.kinds.get(row.kind)
    if row is not None and kind is not None:
        kind.end(connection, row.id)
    return row is not None


def forget_source(connection: Connection, council: Council, *, source: str) -> int:
    """Drop what a council has published, when we no longer listen to it. Returns how many objects were dropped.

    That we ever had it is forgotten too, and so are their feeds: linked up again, they send the same anew. Tombstones stay:
    they hold nothing, and a late copy of what was taken back must find them.
    """
    given = {"source": source}
    rows = connection.execute(_LIVE_OF, given).all()
    for row in rows:
        kind = council.kinds.get(row.kind)
        if kind is not None:
            kind.end(connection, row.id)
    connection.execute(text("DELETE FROM replica WHERE source = :source AND gone_at IS NULL"), given)
    connection.execute(_FORGET_CONTENT, given)
    for statement in (_FORGET_FEEDS, _FORGET_VOUCHES, _AGREE_ANEW):
        connection.execute(statement, given if statement is not _AGREE_ANEW else {})
    return len(rows)


def live_count(connection: Connection, *, source: str, audience: str) -> int:
    """How many objects of a council are live here for one audience, its calls for help apart."""
    return int(connection.execute(_LIVE_COUNT, {"source": source, "audience": audience}).scalar_one())


def full_sources(connection: Connection, *, most: int) -> frozenset[str]:
    """The councils of which so many objects are live here for one audience, or more."""
    return frozenset(connection.execute(_FULL, {"most": most}).scalars())


def find(connection: Connection, object_id: str) -> RowMapping | None:
    """The row under an object's address, tombstones included, with its times as aware datetimes; None if not held."""
    return connection.execute(_BY_OBJECT, {"object_id": object_id}).mappings().first()


def note_of(row: RowMapping) -> dict[str, Any]:
    """The note inside a live replica's activity."""
    note: dict[str, Any] = orjson.loads(row["document"])["object"]
    return note
