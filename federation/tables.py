"""What federation remembers: councils, followers, keys, what is to be sent, what arrived, and copies of what was published.

Rows hold public (P0) and federated (P1) matter only; nothing about a person ever gets a column here. A refused sender
leaves no row at all. Tables never parse input: what is written here has been judged by protocol and read by schemas.
"""

from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, text
from sqlmodel import Field, SQLModel

from federation.columns import Instant


def table_of(model: type[SQLModel]) -> Table:
    """The Core table behind a model, for statements on hot paths."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


class Lane(IntEnum):
    """What goes first to one destination. Order is kept inside a lane; an object's activities all use one lane."""

    HANDSHAKE = 0
    ALERT = 1
    ORDINARY = 2


class ArrivalState(StrEnum):
    """`waiting` until applied; `held` if applying failed, which is our fault and is tried again after an upgrade."""

    WAITING = "waiting"
    APPLIED = "applied"
    HELD = "held"


class Peer(SQLModel, table=True):
    """A nearby council, with the keys that were compared when we linked up (pinned: never replaced by a fetch).

    `rotated_at`: when they last changed their keys, as they said with the old ones.
    """

    id: int | None = Field(default=None, primary_key=True)
    actor_id: str = Field(unique=True)
    origin: str = Field(index=True)
    name: str
    named_at: datetime | None = Field(default=None, sa_type=Instant)  # when they last said that they changed it
    inbox: str
    state: str
    rsa_key_id: str | None = None
    rsa_pem: str | None = None
    ed25519_key_id: str
    ed25519_multibase: str
    rotated_at: datetime | None = Field(default=None, sa_type=Instant)
    our_offer_id: str | None = None
    their_offer_id: str | None = None
    our_accept_id: str | None = None
    their_accept_id: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    last_heard_at: datetime | None = Field(default=None, sa_type=Instant)


class PeerKey(SQLModel, table=True):
    """An Ed25519 key that a nearby council has given up. What it proved `until` then stays checkable."""

    __tablename__ = "peer_key"

    key_id: str = Field(primary_key=True)
    actor_id: str = Field(index=True)
    multibase: str
    until: datetime = Field(sa_type=Instant)


class OwnKey(SQLModel, table=True):
    """A change of our own keys: the pair of this `number`, whose files lie in `keys/`, is in use `since` then.

    The highest number is the pair that we sign with; without a row it is the first. Nothing else decides it.
    """

    __tablename__ = "own_key"

    number: int = Field(primary_key=True)
    since: datetime = Field(sa_type=Instant)


class Block(SQLModel, table=True):
    """A host we do not listen to, whoever asks from it."""

    host: str = Field(primary_key=True)
    created_at: datetime = Field(sa_type=Instant)


class Follower(SQLModel, table=True):
    """An account of the wider fediverse that reads our public wall. `state` is `asked` or `accepted`."""

    id: int | None = Field(default=None, primary_key=True)
    actor_id: str = Field(unique=True)
    origin: str
    inbox: str = Field(index=True)
    state: str
    follow_id: str
    key_id: str
    key_pem: str
    key_fetched_at: datetime = Field(sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class Destination(SQLModel, table=True):
    """An inbox that we deliver to, and how it has been answering. Waiting time belongs to the host, not to a message."""

    __table_args__ = ({"sqlite_autoincrement": True},)  # as for deliveries

    id: int | None = Field(default=None, primary_key=True)
    inbox: str = Field(unique=True)
    origin: str = Field(index=True)
    serves: str  # "peer", "follower", or "handshake": nothing but linking up goes there
    scheme: str = "unknown"  # how its origin wants HTTP signatures: "ed25519", "rfc9421", "cavage"
    next_at: datetime = Field(sa_type=Instant, index=True)
    attempts: int = 0
    gone_seen: int = 0
    gone_since: datetime | None = Field(default=None, sa_type=Instant)
    last_ok_at: datetime | None = Field(default=None, sa_type=Instant)
    last_failure: str | None = None
    # The newest pair of our keys that it has acknowledged: requests to it are signed by that one.
    key_number: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})


class Body(SQLModel, table=True):
    """The bytes of one activity of ours, stored once however many inboxes it goes to."""

    id: int | None = Field(default=None, primary_key=True)
    activity_id: str = Field(unique=True)
    object_id: str | None = Field(default=None, index=True)
    audience: str
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_type=Instant)
    tells_key: int | None = None  # the number of the pair of keys that this activity makes known


class Delivery(SQLModel, table=True):
    """One activity that one inbox has not yet acknowledged. Deleted once it has, or once it is given up."""

    # An id is never given twice: an answer may come when its row is gone, and must not count for the next one.
    __table_args__ = (Index("ix_delivery_order", "destination_id", "lane", "id"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    destination_id: int = Field(
        sa_column=Column(Integer, ForeignKey("destination.id", ondelete="CASCADE"), nullable=False)
    )
    body_id: int = Field(sa_column=Column(Integer, ForeignKey("body.id"), nullable=False, index=True))
    lane: int
    queued_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)


class GivenUp(SQLModel, table=True):
    """A call for help that one inbox will never take: without this it would look like one that was taken.

    `word` is from the bounded set of `federation.retry`. It goes with its body, when there are newer words on the object.
    """

    __tablename__ = "given_up"

    body_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("body.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, nullable=False
        )
    )
    destination_id: int = Field(
        sa_column=Column(
            Integer,
            ForeignKey("destination.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
            nullable=False,
            index=True,
        )
    )
    word: str
    at: datetime = Field(sa_type=Instant)


class ReceivedActivity(SQLModel, table=True):
    """What was acknowledged with 202, byte for byte. Its id is remembered 90 days: after that its proof is too old."""

    __tablename__ = "received_activity"
    __table_args__ = (
        Index("ix_received_activity_waiting", "id", sqlite_where=text("state = 'waiting'")),
        Index("ix_received_activity_received_at", "received_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    activity_id: str = Field(unique=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    actor_id: str
    verb: str
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime = Field(sa_type=Instant)
    state: str = ArrivalState.WAITING
    held_because: str | None = None


class Replica(SQLModel, table=True):
    """The newest word of a council, ours included, about one object it has published.

    `document` is the activity that carried it, with its proof. After `gone_at` only the tombstone stays: the document is
    emptied, and no late Create or Update brings the object back.
    """

    __table_args__ = (Index("ix_replica_kind", "kind", "ends_at"), Index("ix_replica_source", "source"))

    id: int | None = Field(default=None, primary_key=True)
    object_id: str = Field(unique=True)
    source: str
    kind: str
    audience: str
    name: str
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    method: str
    published: datetime = Field(sa_type=Instant)
    updated: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
    gone_at: datetime | None = Field(default=None, sa_type=Instant)
    # The last word on this object: no later note under its id is taken.
    final: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
