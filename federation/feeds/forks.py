"""Two entries that one key has signed for one place: found out, written down, and followed by nobody."""

from datetime import datetime
from typing import Any, Final, cast

import orjson
from sqlalchemy import Connection, RowMapping, text

from federation.feeds import kept
from federation.moments import microseconds
from protocol.feeds import chain
from protocol.feeds.entry import Entry
from protocol.feeds.flaw import Flaw, Flawed

FROZEN: Final = Flawed(
    Flaw.FORK, "Two entries were signed for one place of this feed; it takes nothing until its roots say more."
)

STANDING: Final = Flawed(Flaw.FORK, "This feed has forked, as was known; it takes nothing until its roots say more.")

_PROOF = text("SELECT proof FROM feed_fork WHERE feed_id = :feed AND epoch = :epoch")
_KEY_AT = text(
    "SELECT object_id FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND kind = 'key' AND seq < :seq"
    " ORDER BY seq DESC LIMIT 1"
)
_FREEZE = text("UPDATE feed SET frozen_seq = :seq WHERE id = :id AND (frozen_seq IS NULL OR frozen_seq > :seq)")
_FORK = text(
    "INSERT INTO feed_fork (feed_id, epoch, seq, proof, at) VALUES (:feed, :epoch, :seq, :proof, :now)"
    " ON CONFLICT (feed_id, epoch) DO NOTHING"
)
_FROZEN = text("SELECT DISTINCT actor_id FROM feed WHERE frozen_seq IS NOT NULL")


def frozen(connection: Connection) -> frozenset[str]:
    """The councils, by actor id, that have said two different things in one place: we follow neither."""
    return frozenset(connection.execute(_FROZEN).scalars())


def compare(connection: Connection, row: RowMapping, entry: Entry, *, now: datetime) -> Flawed | None:
    """Whether an entry for a place that is held is the very same. Another one, well signed, proves a fork."""
    held = kept.at(connection, feed_id=row["id"], epoch=entry.header.epoch, seq=entry.header.seq)
    if held is None or held["entry_id"] == entry.id:
        return None
    proof = chain.fork_of(kept.entry_of(held), entry)
    if isinstance(proof, Flawed):
        return proof
    note_fork(connection, row, epoch=entry.header.epoch, seq=entry.header.seq, proof=orjson.dumps(proof), now=now)
    return FROZEN


def note_fork(connection: Connection, row: RowMapping, *, epoch: int, seq: int, proof: bytes, now: datetime) -> None:
    """Write a fork down, and let the epoch take nothing more."""
    given = {"feed": row["id"], "epoch": epoch, "seq": seq, "proof": proof, "now": microseconds(now)}
    connection.execute(_FORK, given)
    connection.execute(_FREEZE, {"id": row["id"], "seq": seq - 1})


def proof(connection: Connection, row: RowMapping) -> dict[str, Any] | None:
    """The proof that a frozen feed was forked, for whoever does not know it yet."""
    found = connection.execute(_PROOF, {"feed": row["id"], "epoch": row["epoch"]}).scalar()
    return None if found is None else cast("dict[str, Any]", orjson.loads(found))


def take_proof(connection: Connection, said: object, *, now: datetime) -> str | None:
    """Act on a proof that somebody passes on. Returns the feed that it freezes; None where it proves nothing here.

    It needs no trust in who brought it: both entries are signed by the key whose turn it was at that place.
    """
    pair = chain.judge_fork(said)
    if isinstance(pair, Flawed):
        return None
    header = pair[0].header
    row = kept.feed(connection, header.feed)
    if row is None or row["frozen_seq"] is not None or row["epoch"] != header.epoch:
        return None
    if header.key != _key_at(connection, row, seq=header.seq):
        return None
    note_fork(connection, row, epoch=header.epoch, seq=header.seq, proof=orjson.dumps(said), now=now)
    return str(header.feed)


def _key_at(connection: Connection, row: RowMapping, *, seq: int) -> str | None:
    """The key whose turn it was at one place of a feed, as far as its entries are held."""
    given = {"feed": row["id"], "epoch": row["epoch"], "seq": seq}
    handed = connection.execute(_KEY_AT, given).scalar()
    if handed is not None:
        return str(handed)
    genesis = kept.at(connection, feed_id=row["id"], epoch=row["epoch"], seq=1)
    return None if genesis is None else kept.entry_of(genesis).header.key
