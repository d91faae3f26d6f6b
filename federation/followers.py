"""Accounts of the wider fediverse that read our public wall. They get readable Notes, and nothing that is not public."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from federation import outbox
from federation.council import Council
from federation.destinations import close_destination, drop_waiting, open_destination
from federation.introductions import Introduction
from federation.tables import Follower, table_of
from protocol import ids
from schemas import activity as activities
from schemas.phrase import phrase
from schemas.refusal import Refusal

_FOLLOWER = table_of(Follower)
MOST_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class FollowerView:
    actor_id: str
    state: str
    created_at: datetime


def asked(
    connection: Connection, council: Council, *, introduction: Introduction, follow_id: str, now: datetime
) -> None:
    """A Follow has come, its signature checked against the key in `introduction`. Raises Refusal "full" or "no-key"."""
    if introduction.rsa_key_id is None or introduction.rsa_pem is None:
        raise Refusal("no-key", sentence=phrase("The account shows no RSA key."))
    waiting = connection.execute(text("SELECT count(*) FROM follower WHERE state = 'asked'")).scalar_one()
    if waiting >= MOST_WAITING:
        raise Refusal("full", sentence=phrase("Too many accounts have asked already."))
    values = {
        "origin": ids.origin_of(introduction.actor_id),
        "inbox": introduction.inbox,
        "follow_id": follow_id,
        "key_id": introduction.rsa_key_id,
        "key_pem": introduction.rsa_pem,
        "key_fetched_at": now,
    }
    known = (
        connection.execute(_FOLLOWER.select().where(_FOLLOWER.c.actor_id == introduction.actor_id)).mappings().first()
    )
    if known is None:
        row = {"actor_id": introduction.actor_id, "state": "asked", "created_at": now}
        connection.execute(_FOLLOWER.insert().values(**row, **values))
    else:
        connection.execute(_FOLLOWER.update().where(_FOLLOWER.c.id == known["id"]).values(**values))


def learn_key(connection: Connection, *, introduction: Introduction, now: datetime) -> None:
    """An account that follows us signs with another key now, as its actor shows."""
    changed = {"key_id": introduction.rsa_key_id, "key_pem": introduction.rsa_pem, "key_fetched_at": now}
    if introduction.rsa_pem is not None:
        of = _FOLLOWER.c.actor_id == introduction.actor_id
        connection.execute(_FOLLOWER.update().where(of).values(**changed))


def follow_arrived(connection: Connection, council: Council, *, actor_id: str, follow_id: str, now: datetime) -> None:
    """Answer a Follow as the council has set it: `auto` accepts, `approve` waits for a keeper.

    Asking again while accepted is answered again: the first answer may have been lost, and the newest Follow is the one
    that they will undo.
    """
    renamed = _FOLLOWER.update().where(_FOLLOWER.c.actor_id == actor_id).values(follow_id=follow_id)
    connection.execute(renamed)
    row = connection.execute(_FOLLOWER.select().where(_FOLLOWER.c.actor_id == actor_id)).mappings().first()
    if row is not None and (council.rules.followers == "auto" or row["state"] == "accepted"):
        accept(connection, council, actor_id=actor_id, now=now)


def accept(connection: Connection, council: Council, *, actor_id: str, now: datetime) -> str:
    """Let an account follow. It gets what is public from now on. Raises Refusal "unknown"."""
    row = _known(connection, actor_id)
    connection.execute(_FOLLOWER.update().where(_FOLLOWER.c.id == row["id"]).values(state="accepted"))
    open_destination(connection, inbox=row["inbox"], serves="follower", scheme="unknown", now=now)
    answer = activities.accept_follow(
        council.actor_id, council.new_activity_id(), follow=_follow(council, row), published=now
    )
    outbox.send_to(connection, council, activity=answer, inbox=row["inbox"], now=now)
    return actor_id


def remove(connection: Connection, council: Council, *, actor_id: str, now: datetime) -> str:
    """Let an account follow no longer, and tell it so (Reject of its Follow). Raises Refusal "unknown"."""
    row = _known(connection, actor_id)
    forget(connection, actor_id=actor_id)
    if _last_at(connection, row["inbox"]) and not _serves_peer(connection, row["inbox"]):
        drop_waiting(connection, inbox=row["inbox"])
        open_destination(connection, inbox=row["inbox"], serves="handshake", scheme="unknown", now=now)
    answer = activities.reject_follow(
        council.actor_id, council.new_activity_id(), follow=_follow(council, row), published=now
    )
    outbox.send_to(connection, council, activity=answer, inbox=row["inbox"], now=now)
    return actor_id


def unfollowed(connection: Connection, *, actor_id: str, follow_id: str | None) -> bool:
    """They undid their Follow, or vanished or moved away (`follow_id` None). Returns whether they were following."""
    row = connection.execute(_FOLLOWER.select().where(_FOLLOWER.c.actor_id == actor_id)).mappings().first()
    if row is None or (follow_id is not None and follow_id != row["follow_id"]):
        return False
    forget(connection, actor_id=actor_id)
    if _last_at(connection, row["inbox"]) and not _serves_peer(connection, row["inbox"]):
        close_destination(connection, inbox=row["inbox"])
    return True


def forget(connection: Connection, *, actor_id: str) -> None:
    connection.execute(_FOLLOWER.delete().where(_FOLLOWER.c.actor_id == actor_id))


def listing(connection: Connection) -> list[FollowerView]:
    rows = connection.execute(_FOLLOWER.select().order_by(_FOLLOWER.c.created_at, _FOLLOWER.c.id)).mappings().all()
    return [FollowerView(row["actor_id"], row["state"], row["created_at"]) for row in rows]


def _known(connection: Connection, actor_id: str) -> Any:
    row = connection.execute(_FOLLOWER.select().where(_FOLLOWER.c.actor_id == actor_id)).mappings().first()
    if row is None:
        raise Refusal(
            "unknown", sentence=phrase("That account does not follow us. To see those that do: comarca followers list")
        )
    return row


def _follow(council: Council, row: Any) -> dict[str, str]:
    return {"id": row["follow_id"], "type": "Follow", "actor": row["actor_id"], "object": council.actor_id}


def _last_at(connection: Connection, inbox: str) -> bool:
    """Whether nobody else reads through this (shared) inbox."""
    others = connection.execute(text("SELECT 1 FROM follower WHERE inbox = :i LIMIT 1"), {"i": inbox}).first()
    return others is None


def _serves_peer(connection: Connection, inbox: str) -> bool:
    serves = connection.execute(text("SELECT serves FROM destination WHERE inbox = :i"), {"i": inbox}).scalar()
    return str(serves) == "peer"
