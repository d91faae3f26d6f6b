"""Entries as they are kept, ours and others': rows in and out, with nothing judged here."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, text

from federation.moments import microseconds
from protocol.feeds import entry as entries
from protocol.feeds import roots
from protocol.feeds.chain import Begun, Head, Live
from protocol.feeds.coding import b64
from protocol.feeds.entry import Entry, Kind
from protocol.feeds.roots import Root
from protocol.verdict import Reason

_BEGIN = text(
    "INSERT INTO feed (name, actor_id, channel, ours, epoch, seq, head, key, roots, lacks, opened, head_at)"
    " VALUES (:name, :actor, :channel, :ours, :epoch, 1, :head, :key, :roots, 0, 0, :now)"
    " ON CONFLICT (name) DO UPDATE SET actor_id = excluded.actor_id, epoch = excluded.epoch, seq = 1, head = excluded.head,"
    " key = excluded.key, roots = excluded.roots, frozen_seq = NULL, head_at = excluded.head_at RETURNING id"
)
_FORGET_EPOCHS = text("DELETE FROM feed_entry WHERE feed_id = :feed AND epoch < :epoch")
_STORE = text(
    "INSERT INTO feed_entry (feed_id, epoch, seq, entry_id, kind, object_id, header, signature, salt, payload, expires_at,"
    " stored_at, held_because) VALUES (:feed_id, :epoch, :seq, :entry_id, :kind, :object_id, :header, :signature, :salt,"
    " :payload, :expires_at, :stored_at, :held_because)"
)
_SUPERSEDE = text(
    "UPDATE feed_entry SET salt = NULL, payload = NULL WHERE feed_id = :feed AND object_id = :object AND kind = 'put'"
    " AND (epoch < :epoch OR (epoch = :epoch AND seq < :seq)) AND payload IS NOT NULL"
)
_SUPERSEDE_LIST = text(
    "UPDATE feed_entry SET salt = NULL, payload = NULL WHERE feed_id = :feed AND kind = :kind AND payload IS NOT NULL"
    " AND (epoch < :epoch OR (epoch = :epoch AND seq < :seq))"
)
_LIVE = text(
    "SELECT object_id, seq, entry_id FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND kind = 'put'"
    " AND payload IS NOT NULL AND expires_at > :now"
)
_BY_NAME = text("SELECT * FROM feed WHERE name = :name")
_PLACE = text("SELECT * FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND seq = :seq")
_NEWEST = text(
    "SELECT * FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND kind = :kind ORDER BY seq DESC LIMIT 1"
)


def begin_feed(connection: Connection, genesis: Entry, begun: Begun, *, ours: bool, now: datetime) -> int:
    """A feed, or a new epoch of one that is held, from its genesis on. What earlier epochs said is gone with them."""
    assert genesis.payload is not None
    header = genesis.header
    given = {
        "name": header.feed,
        "actor": begun.actor,
        "channel": header.channel,
        "ours": ours,
        "epoch": header.epoch,
        "head": genesis.id,
        "key": begun.head.key,
        "roots": orjson.dumps(genesis.payload["roots"]),
        "now": microseconds(now),
    }
    feed_id = int(connection.execute(_BEGIN, given).scalar_one())
    connection.execute(_FORGET_EPOCHS, {"feed": feed_id, "epoch": header.epoch})
    store(connection, genesis, feed_id=feed_id, now=now)
    return feed_id


def store(
    connection: Connection, entry: Entry, *, feed_id: int, now: datetime, held_because: str | None = None
) -> None:
    """Keep one entry; older words on its object are forgotten, salt and payload."""
    store_all(
        connection, [entry], feed_id=feed_id, now=now, held={} if held_because is None else {entry.id: held_because}
    )


def store_all(
    connection: Connection, run: Sequence[Entry], *, feed_id: int, now: datetime, held: dict[str, str]
) -> None:
    """Keep entries of one feed, oldest first. `held` says of some why their payload was not taken."""
    connection.execute(_STORE, [_row(one, feed_id=feed_id, now=now, because=held.get(one.id)) for one in run])
    said = [one for one in run if one.header.kind in (Kind.PUT, Kind.END, Kind.MOVED)]
    if said:
        connection.execute(
            _SUPERSEDE,
            [
                {"feed": feed_id, "object": one.header.object, "epoch": one.header.epoch, "seq": one.header.seq}
                for one in said
            ],
        )
    for one in run:
        if one.header.kind in (Kind.SNAPSHOT, Kind.AUDIENCE):
            header = one.header
            given = {"feed": feed_id, "kind": header.kind.value, "epoch": header.epoch, "seq": header.seq}
            connection.execute(_SUPERSEDE_LIST, given)


def _row(entry: Entry, *, feed_id: int, now: datetime, because: str | None) -> dict[str, Any]:
    header = entry.header
    bare = entry.payload is None or because == Reason.TOO_MANY.value  # its place in the chain is kept, and nothing more
    return {
        "feed_id": feed_id,
        "epoch": header.epoch,
        "seq": header.seq,
        "entry_id": entry.id,
        "kind": header.kind.value,
        "object_id": header.object,
        "header": entry.signed,
        "signature": entry.signature,
        "salt": None if bare else entry.salt,
        "payload": None if bare else orjson.dumps(entry.payload),
        "expires_at": None if header.expires is None else microseconds(header.expires),
        "stored_at": microseconds(now),
        "held_because": because,
    }


def feed(connection: Connection, name: str) -> RowMapping | None:
    """The row of a feed, by its name."""
    return connection.execute(_BY_NAME, {"name": name}).mappings().first()


def owner(connection: Connection, name: str) -> str:
    """Whose feed it is: the actor id of its council."""
    row = feed(connection, name)
    return "" if row is None else str(row["actor_id"])


def at(connection: Connection, *, feed_id: int, epoch: int, seq: int) -> RowMapping | None:
    """The entry at one place of a feed."""
    return connection.execute(_PLACE, {"feed": feed_id, "epoch": epoch, "seq": seq}).mappings().first()


def newest(connection: Connection, *, feed_id: int, epoch: int, kind: Kind) -> RowMapping | None:
    """The last entry of a kind, in one epoch."""
    given = {"feed": feed_id, "epoch": epoch, "kind": kind.value}
    return connection.execute(_NEWEST, given).mappings().first()


def head_of(row: RowMapping) -> Head:
    """The head in a feed's row."""
    return Head(row["name"], row["epoch"], row["seq"], row["head"], row["key"])


def root_of(row: RowMapping) -> Root:
    """The newest root in a feed's row: judged when it was taken, and so when it is read."""
    root = roots.judge_line(orjson.loads(row["roots"]))
    assert isinstance(root, Root)
    return root


def line_of(row: RowMapping) -> bytes:
    """An entry as one line of NDJSON, without its line end. Its header is the very bytes that were signed."""
    salt, payload = b"null", b"null"
    if row["payload"] is not None:
        salt, payload = b'"%s"' % b64(row["salt"]).encode(), row["payload"]
    signature = b64(row["signature"]).encode()
    return b'{"header":%s,"signature":"%s","salt":%s,"payload":%s}' % (row["header"], signature, salt, payload)


def entry_of(row: RowMapping) -> Entry:
    """The entry in a row."""
    found = entries.read_line(line_of(row))
    assert isinstance(found, Entry)
    return found


def live(connection: Connection, *, feed_id: int, epoch: int, now: datetime) -> Live:
    """What is live in a feed: object to number and id of its newest `put`."""
    given = {"feed": feed_id, "epoch": epoch, "now": microseconds(now)}
    return {row.object_id: (row.seq, row.entry_id) for row in connection.execute(_LIVE, given)}


def name_readers(connection: Connection, *, feed_id: int, readers: Iterable[str]) -> None:
    """Write down who may read a region feed, in place of whoever might before."""
    connection.execute(text("DELETE FROM feed_reader WHERE feed_id = :feed"), {"feed": feed_id})
    rows = [{"feed": feed_id, "actor": reader} for reader in readers]
    if rows:
        connection.execute(text("INSERT INTO feed_reader (feed_id, actor_id) VALUES (:feed, :actor)"), rows)


def store_id(connection: Connection) -> str | None:
    """Which store this is; None before the feeds began."""
    found: str | None = connection.execute(text("SELECT store_id FROM store_mark WHERE id = 1")).scalar()
    return found


def holds_of_others(connection: Connection) -> bool:
    """Whether any feed is held that is not ours."""
    return connection.execute(text("SELECT 1 FROM feed WHERE NOT ours LIMIT 1")).first() is not None


def root_is_known(connection: Connection, *, root: str, actor: str) -> bool:
    """Whether another channel of the same council, by the same root, is held."""
    given = {"actor": actor, "one": f"{root}/public", "other": f"{root}/region"}
    statement = text("SELECT 1 FROM feed WHERE actor_id = :actor AND name IN (:one, :other)")
    return connection.execute(statement, given).first() is not None


def numbers(connection: Connection, *, feed_id: int, epoch: int, before: int) -> set[int]:
    """The numbers of the entries that are held, below one."""
    statement = text("SELECT seq FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND seq < :before")
    return set(connection.execute(statement, {"feed": feed_id, "epoch": epoch, "before": before}).scalars())


def payloads(connection: Connection, *, feed_id: int, epoch: int, now: datetime) -> dict[str, bytes]:
    """What is live in a feed: object to payload."""
    statement = text(
        "SELECT object_id, payload FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND kind = 'put'"
        " AND payload IS NOT NULL AND expires_at > :now"
    )
    given = {"feed": feed_id, "epoch": epoch, "now": microseconds(now)}
    return {row.object_id: row.payload for row in connection.execute(statement, given)}


def last_number(connection: Connection) -> int:
    """The number of what was stored here last."""
    return int(connection.execute(text("SELECT coalesce(max(n), 0) FROM feed_entry")).scalar_one())


def was_said(connection: Connection, *, object_id: str) -> bool:
    """Whether an object stands, or stood, in any feed that is held."""
    statement = text(
        "SELECT 1 FROM feed_entry e JOIN feed f ON f.id = e.feed_id WHERE f.ours AND e.object_id = :o LIMIT 1"
    )
    return connection.execute(statement, {"o": object_id}).first() is not None
