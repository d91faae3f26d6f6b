"""The inboxes that we deliver to: opened when linking up or being followed, closed when that ends."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from federation.moments import microseconds
from federation.tables import Lane
from protocol import ids

SOON = timedelta(seconds=5)
"""Whoever is due within this is not tried earlier for a call."""

_OPEN = text(
    "INSERT INTO destination (inbox, origin, serves, scheme, next_at, attempts, gone_seen, key_number)"
    " VALUES (:inbox, :origin, :serves, :scheme, :now, 0, 0, (SELECT coalesce(max(number), 1) FROM own_key))"
    " ON CONFLICT (inbox) DO UPDATE SET"
    " serves = CASE WHEN destination.serves = 'peer' AND excluded.serves = 'follower' THEN 'peer' ELSE excluded.serves END,"
    " next_at = excluded.next_at, attempts = 0, gone_seen = 0, gone_since = NULL"
)

_CALL_AT_ONCE = text(
    "UPDATE destination SET next_at = :now WHERE next_at > :soon"
    " AND id IN (SELECT destination_id FROM delivery WHERE body_id = :body)"
)
_NOT_GIVEN_UP = text(
    "DELETE FROM given_up WHERE body_id = :body AND destination_id IN (SELECT destination_id FROM delivery WHERE body_id = :body)"
)


def open_destination(connection: Connection, *, inbox: str, serves: str, scheme: str, now: datetime) -> None:
    """Make `inbox` one of ours, or change what it `serves`: "peer", "follower" or "handshake"."""
    parameters = {
        "inbox": inbox,
        "origin": ids.origin_of(inbox),
        "serves": serves,
        "scheme": scheme,
        "now": microseconds(now),
    }
    connection.execute(_OPEN, parameters)


def drop_waiting(connection: Connection, *, inbox: str) -> None:
    """Forget what waits for an inbox that is no longer to have it."""
    statement = "DELETE FROM delivery WHERE destination_id IN (SELECT id FROM destination WHERE inbox = :inbox)"
    connection.execute(text(statement), {"inbox": inbox})


def drop_content(connection: Connection, *, inbox: str) -> None:
    """Forget what waits for an inbox but for handshakes, whose order tells them where we stand."""
    statement = (
        "DELETE FROM delivery WHERE lane <> :handshake"
        " AND destination_id IN (SELECT id FROM destination WHERE inbox = :inbox)"
    )
    connection.execute(text(statement), {"inbox": inbox, "handshake": int(Lane.HANDSHAKE)})


def close_destination(connection: Connection, *, inbox: str) -> None:
    connection.execute(text("DELETE FROM destination WHERE inbox = :inbox"), {"inbox": inbox})


def call_at_once(connection: Connection, *, body: int, now: datetime) -> None:
    """A call for help has just been queued: inboxes that are being waited for are tried once for it, whatever failed before.

    Everything else still counts: how often they have failed stays known, and if this fails too, they are waited for again.
    """
    given = {"body": body, "now": microseconds(now), "soon": microseconds(now + SOON)}
    connection.execute(_CALL_AT_ONCE, given)
    connection.execute(_NOT_GIVEN_UP, given)


def try_now(connection: Connection, *, origin: str | None, now: datetime) -> None:
    """A host was heard from (or, without `origin`, we ourselves are back): what waits for it is tried at once."""
    given: dict[str, object] = {"now": microseconds(now)}
    if origin is None:
        connection.execute(text("UPDATE destination SET next_at = :now WHERE next_at > :now"), given)
    else:
        statement = text("UPDATE destination SET next_at = :now WHERE next_at > :now AND origin = :origin")
        connection.execute(statement, given | {"origin": origin})
