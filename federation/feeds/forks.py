"""Two entries that one key has signed for one place: found out, written down, and followed by nobody."""

from datetime import datetime
from typing import Final

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

_FREEZE = text("UPDATE feed SET frozen_seq = :seq WHERE id = :id AND (frozen_seq IS NULL OR frozen_seq > :seq)")
_FORK = text(
    "INSERT INTO feed_fork (feed_id, epoch, seq, proof, at) VALUES (:feed, :epoch, :seq, :proof, :now)"
    " ON CONFLICT (feed_id, epoch) DO NOTHING"
)


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
