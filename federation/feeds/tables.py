"""Feeds and their entries, who may read them, proofs of a fork, and how far we have read at each neighbour.

Rows hold public (P0) and federated (P1) matter only, as the replicas do. Nothing about a person ever gets a column here.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, text
from sqlmodel import Field, SQLModel

from federation.columns import Instant


def _of_feed(*, primary_key: bool = False) -> Column[int]:
    return Column(Integer, ForeignKey("feed.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False)


class Feed(SQLModel, table=True):
    """One channel of one council, and its head: the last entry that we hold without a gap before it.

    `roots`: the newest line of root statements, as JSON. `frozen_seq`:
    the last number before a fork; such an epoch takes nothing more. `lacks`: it was taken up at a snapshot, and not all that
    this lists is held yet. `opened`: the newest epoch that their roots have told us of by themselves, before its genesis came.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    actor_id: str = Field(index=True)
    channel: str
    ours: bool = False
    epoch: int
    seq: int
    head: str
    key: str
    roots: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    frozen_seq: int | None = None
    lacks: bool = False
    opened: int = 0
    head_at: datetime = Field(sa_type=Instant)


class FeedEntry(SQLModel, table=True):
    """One entry. `n` counts what was stored here, by whomever: how far somebody has read with us.

    `header` is its canonical JSON. Salt and payload go together, when there are newer words on the object or its end has
    come; `expires_at` is the header's. `held_because`: the chain holds, but its payload was not taken.
    """

    __tablename__ = "feed_entry"
    __table_args__ = (
        Index("uq_feed_entry_place", "feed_id", "epoch", "seq", unique=True),
        Index("ix_feed_entry_object", "feed_id", "object_id"),
        Index("ix_feed_entry_expires_at", "expires_at", sqlite_where=text("payload IS NOT NULL")),
        Index("ix_feed_entry_bare", "stored_at", sqlite_where=text("payload IS NULL")),
        {"sqlite_autoincrement": True},
    )

    n: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(sa_column=_of_feed())
    epoch: int
    seq: int
    entry_id: str
    kind: str
    object_id: str | None = None
    header: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    salt: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    payload: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    stored_at: datetime = Field(sa_type=Instant)
    held_because: str | None = None


class FeedReader(SQLModel, table=True):
    """Who may read the region channel of a council, by its newest `audience` entry."""

    __tablename__ = "feed_reader"

    feed_id: int = Field(sa_column=_of_feed(primary_key=True))
    actor_id: str = Field(primary_key=True, index=True)


class Vouch(SQLModel, table=True):
    """A council names another that it is linked up with, and the root of its feeds: said in the signed list of its readers."""

    voucher: str = Field(primary_key=True)
    actor_id: str = Field(primary_key=True, index=True)
    root: str
    name: str


class FeedFork(SQLModel, table=True):
    """Two entries that one key has signed for one place. Kept for ever: it is small, and it is evidence."""

    __tablename__ = "feed_fork"

    feed_id: int = Field(sa_column=_of_feed(primary_key=True))
    epoch: int = Field(primary_key=True)
    seq: int
    proof: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = Field(sa_type=Instant)


class StoreMark(SQLModel, table=True):
    """Which store this is: drawn at random when the feeds begin, and anew whenever an old copy takes its place.

    `muted_since`: an old copy may have taken its place, or has. Nothing is said until what it forgot is back.
    """

    __tablename__ = "store_mark"

    id: int = Field(primary_key=True)
    store_id: str
    made_at: datetime = Field(sa_type=Instant)
    muted_since: datetime | None = Field(default=None, sa_type=Instant)


class SyncCursor(SQLModel, table=True):
    """How far we have read at one neighbour: the number after which its news begin, in the store that it had then.

    `agreed_at`: when we last held all that it holds and concerns us; `agreed_sum`: its sum over all heads then. While that is the
    same, it has nothing new. `failed`: the word for why the last try came to nothing, and since when.
    """

    __tablename__ = "sync_cursor"

    actor_id: str = Field(primary_key=True)
    store_id: str = ""
    n: int = 0
    read_at: datetime | None = Field(default=None, sa_type=Instant)
    agreed_at: datetime | None = Field(default=None, sa_type=Instant)
    agreed_sum: str | None = None
    failed: str | None = None
    failed_since: datetime | None = Field(default=None, sa_type=Instant)
