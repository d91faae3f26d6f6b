"""Hosts that we do not listen to. A block is ours alone: nobody is told of it, and it comes before every other check."""

from datetime import datetime

from sqlalchemy import Connection, text

from federation.council import Council
from federation.destinations import close_destination, drop_waiting
from federation.feeds import own, vouching
from federation.linking import change, end_link, step, take_back_all
from federation.moments import microseconds
from federation.tables import Peer, table_of
from protocol import ids
from protocol.peering import Event, State

_PEER = table_of(Peer)


def block(connection: Connection, council: Council, *, host: str, now: datetime) -> None:
    """Listen to a host no more: refused first of all, nothing sent, nothing of theirs shown."""
    connection.execute(
        text("INSERT INTO block (host, created_at) VALUES (:host, :now) ON CONFLICT (host) DO NOTHING"),
        {"host": host, "now": microseconds(now)},
    )
    for row in connection.execute(_PEER.select()).mappings().all():
        if _lies_on(row["origin"], host):
            drop_waiting(connection, inbox=row["inbox"])
            close_destination(connection, inbox=row["inbox"])
            end_link(connection, council, row, State.BLOCKED)
    own.name_readers(connection, council, now=now)
    vouching.forget_the_rest(connection, council)
    for follower in connection.execute(text("SELECT actor_id, inbox FROM follower")).all():
        if _lies_on(follower.actor_id, host):
            close_destination(connection, inbox=follower.inbox)
            connection.execute(text("DELETE FROM follower WHERE actor_id = :a"), {"a": follower.actor_id})


def unblock(connection: Connection, council: Council, *, host: str, now: datetime) -> bool:
    """Listen again; linking up starts anew, and they are told that the old link has ended. Returns whether it was blocked."""
    gone = connection.execute(text("DELETE FROM block WHERE host = :host"), {"host": host}).rowcount
    for row in connection.execute(_PEER.select().where(_PEER.c.state == State.BLOCKED.value)).mappings().all():
        if _lies_on(row["origin"], host):
            take_back_all(connection, council, row, now=now)
            change(connection, row, state=step(row, Event.OUR_UNBLOCK).value)
    return bool(gone)


def _lies_on(address: str, host: str) -> bool:
    """Whether an address is of a host, which may be named with its port or without."""
    return host in (ids.host_of(address), ids.origin_of(address).split("://", 1)[1])
