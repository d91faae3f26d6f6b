"""The rule of restoring: an old copy says nothing until it has back what it once said (reliability.md 4.6).

One key that signs from two copies forks its feed, and a fork cannot be undone. So a store that may be an old one draws a new
name and falls silent: it still listens, and its pages still work. It asks its neighbours for its own head, takes its own
entries back, and speaks again once none of them holds anything that it lacks: its last word may have reached only one. Whoever
has not answered by then is waited for ten minutes; after that two (one, where it has one) are enough. What was published here
meanwhile is said then.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from federation.council import Council
from federation.feeds import cursors, own
from federation.feeds.reconciling import say_what_was_not
from federation.moments import from_microseconds, microseconds
from protocol.peering import State

WITNESSES: Final = 2
WAITED_FOR: Final = timedelta(minutes=10)
"""Longer than lies between two talks with one neighbour in ordinary times (`catch_up_every`, and half as much again)."""

_MUTE = text("UPDATE store_mark SET store_id = :store_id, muted_since = coalesce(muted_since, :now) WHERE id = 1")
_SINCE = text("SELECT muted_since FROM store_mark WHERE id = 1")
_MADE = text("SELECT made_at FROM store_mark WHERE id = 1")
# Whom we have accepted while silent, and who cannot hear of it before we speak, can be no witness: each would wait for the other.
_LINKED = text(
    "SELECT count(*) FROM peer p WHERE p.state = :accepted AND NOT (p.accepted_at >= :since AND EXISTS ("
    "SELECT 1 FROM delivery d JOIN body b ON b.id = d.body_id WHERE b.activity_id = p.our_accept_id))"
)
_AGREED = text(
    "SELECT count(*) FROM sync_cursor s JOIN peer p ON p.actor_id = s.actor_id"
    " WHERE p.state = :accepted AND s.agreed_at >= :since"
)


def mute(connection: Connection, *, store_id: str, now: datetime) -> bool:
    """Fall silent under a new name. False where there are no feeds that could fork."""
    cursors.agree_anew(connection)
    return connection.execute(_MUTE, {"store_id": store_id, "now": microseconds(now)}).rowcount == 1


def muted_since(connection: Connection) -> datetime | None:
    """Since when nothing is said; None in ordinary times."""
    found = connection.execute(_SINCE).scalar()
    return None if found is None else from_microseconds(found)


def marked_at(connection: Connection) -> datetime | None:
    """When our feeds, or the epoch that they are in, began; None before that."""
    found = connection.execute(_MADE).scalar()
    return None if found is None else from_microseconds(found)


def witnesses(connection: Connection, *, now: datetime) -> tuple[int, int]:
    """How many neighbours have shown, since we fell silent, that they hold nothing of ours that we lack; and how many must."""
    since = muted_since(connection)
    given = {"accepted": State.ACCEPTED.value, "since": None if since is None else microseconds(since)}
    wanted = int(connection.execute(_LINKED, given).scalar_one())
    if since is None:
        return wanted, wanted
    if now >= since + WAITED_FOR:
        wanted = min(WITNESSES, wanted)
    return int(connection.execute(_AGREED, given).scalar_one()), wanted


def speak_again(connection: Connection, council: Council, *, now: datetime) -> bool:
    """Speak, if enough neighbours have shown that nothing is missing. Says first what was published here meanwhile.

    False while it must wait, or where our feeds are signed by a key that is not here: the council has moved, and this is not it.
    """
    since = muted_since(connection)
    if since is None:
        return True
    have, wanted = witnesses(connection, now=now)
    if have < wanted or not own.may_sign(connection, council):
        return False
    connection.execute(text("UPDATE store_mark SET muted_since = NULL WHERE id = 1"))
    say_what_was_not(connection, council, since=since, now=now)
    return True
