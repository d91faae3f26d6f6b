"""Councils that we are not linked up with, and one of ours is: what they publish for everybody may be read here too.

**Who says so.** The signed list of readers in a council's region feed names, for each council that it is linked up with, the
root of its feeds. Keys were compared by voice there, so a root that a linked council names is believed for what is public, and
for nothing else: no answer, no call, no word for nearby councils is taken of a council that is only vouched for. Where two of
them name different roots for one council, neither is believed.

**What it is for.** A council whose server is gone stays readable, by newcomers as well; a newcomer finds the region at once. How
many are taken is bounded, so a small machine survives a large region.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from federation import replicas
from federation.council import Council
from federation.moments import from_microseconds
from protocol import ids
from protocol.feeds.coding import b64, is_hash
from protocol.feeds.entry import Entry
from protocol.peering import State

MOST_NAMED: Final = 1_000

_FORGET = text("DELETE FROM vouch WHERE voucher = :voucher")
_NOTED = text("SELECT actor_id, root, name FROM vouch WHERE voucher = :voucher ORDER BY actor_id")
_NOTE = text("INSERT INTO vouch (voucher, actor_id, root, name) VALUES (:voucher, :actor, :root, :name)")
_LINKED_ROOTS = text(
    "SELECT p.actor_id, p.name, f.name AS feed FROM peer p JOIN feed f ON f.actor_id = p.actor_id AND f.channel = 'public'"
    " WHERE p.state = :accepted AND NOT f.ours AND f.frozen_seq IS NULL ORDER BY p.actor_id"
)
_BELIEVED = text(
    "SELECT v.actor_id, min(v.root) AS root, min(v.name) AS name, group_concat(p.name, char(10)) AS by FROM vouch v"
    " JOIN peer p ON p.actor_id = v.voucher AND p.state = :accepted WHERE v.actor_id <> :us AND NOT EXISTS (SELECT 1"
    " FROM peer o WHERE o.actor_id = v.actor_id AND o.state NOT IN (:none, :we_asked, :they_asked))"
    " GROUP BY v.actor_id HAVING min(v.root) = max(v.root)"
)
_LINKED = text("SELECT actor_id FROM peer WHERE state = :accepted ORDER BY actor_id")
_TAKEN = text(
    "SELECT count(*) FROM feed f WHERE NOT f.ours AND f.actor_id NOT IN (SELECT actor_id FROM peer WHERE state = :accepted)"
)
_HEADS = text(
    "SELECT actor_id, head_at FROM feed WHERE NOT ours AND channel = 'public'"
    " AND actor_id NOT IN (SELECT actor_id FROM peer WHERE state = :accepted)"
)
_OTHERS_FEEDS = text(
    "SELECT DISTINCT actor_id, name FROM feed WHERE NOT ours"
    " AND actor_id NOT IN (SELECT actor_id FROM peer WHERE state = :accepted)"
)


@dataclass(frozen=True, slots=True)
class Vouched:
    """A council that linked ones vouch for: the root of its feeds, what they call it, and their own names."""

    actor_id: str
    root: str
    name: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """A vouched council whose public feed is held here; `head_at`: when something of it came last."""

    actor_id: str
    name: str
    by: tuple[str, ...]
    head_at: datetime


def said(connection: Connection) -> dict[str, dict[str, str]]:
    """Whom we vouch for: every council that we are linked up with and whose feeds are held here, by actor id."""
    rows = connection.execute(_LINKED_ROOTS, {"accepted": State.ACCEPTED.value})
    return {row.actor_id: {"root": row.feed.partition("/")[0], "name": row.name} for row in rows}


def noted(connection: Connection, *, voucher: str) -> dict[str, dict[str, str]]:
    """Whom a council vouches for, as its newest list is written down here."""
    rows = connection.execute(_NOTED, {"voucher": voucher})
    return {row.actor_id: {"root": row.root, "name": row.name} for row in rows}


def note(connection: Connection, *, voucher: str, entry: Entry) -> None:
    """Write down whom a council vouches for, by its newest list, in place of whomever it did before.

    A member that is not of this shape counts for nothing; it makes no list of readers void.
    """
    connection.execute(_FORGET, {"voucher": voucher})
    named = (entry.payload or {}).get("vouched")
    if not isinstance(named, dict):
        return
    rows = [
        {"voucher": voucher, "actor": actor, "root": one["root"], "name": one["name"][:200]}
        for actor, one in sorted(named.items())[:MOST_NAMED]
        if _is_shaped(one) and _is_actor(actor)
    ]
    if rows:
        connection.execute(_NOTE, rows)


def _is_shaped(one: Any) -> bool:
    return isinstance(one, dict) and is_hash(one.get("root")) and isinstance(one.get("name"), str)


def _is_actor(actor: str) -> bool:
    try:
        return bool(ids.origin_of(actor)) and len(actor) <= 2_048
    except ids.BadAddress:
        return False


def vouched(connection: Connection, council: Council) -> dict[str, Vouched]:
    """Every council that is vouched for and that our own assembly has not turned away, by actor id."""
    given = {
        "us": council.actor_id,
        "accepted": State.ACCEPTED.value,
        "none": State.NONE.value,
        "we_asked": State.WE_ASKED.value,
        "they_asked": State.THEY_ASKED.value,
    }
    blocked = set(connection.execute(text("SELECT host FROM block")).scalars())
    found = {}
    for row in connection.execute(_BELIEVED, given):
        if not blocked & {ids.host_of(row.actor_id), ids.origin_of(row.actor_id).split("://", 1)[1]}:
            by = tuple(sorted(set(row.by.split("\n"))))
            found[row.actor_id] = Vouched(row.actor_id, row.root, row.name or row.actor_id, by)
    return found


def carried(connection: Connection, council: Council) -> list[Carried]:
    """Those whose public feed is held here though we are not linked up with them, by name."""
    held = connection.execute(_HEADS, {"accepted": State.ACCEPTED.value}).all()
    known = vouched(connection, council) if held else {}
    found = [
        Carried(row.actor_id, known[row.actor_id].name, known[row.actor_id].by, from_microseconds(row.head_at))
        for row in held
        if row.actor_id in known
    ]
    return sorted(found, key=lambda one: (one.name, one.actor_id))


def allows(connection: Connection, council: Council, *, actor: str, feed: str) -> bool:
    """Whether a feed may be taken though we are not linked up with its council: it is public, vouched for, and there is room."""
    root, _, channel = feed.partition("/")
    if channel != "public" or council.rules.vouched == 0:
        return False
    one = vouched(connection, council).get(actor)
    if one is None or one.root != root:
        return False
    held = connection.execute(text("SELECT 1 FROM feed WHERE name = :name"), {"name": feed}).first() is not None
    taken = connection.execute(_TAKEN, {"accepted": State.ACCEPTED.value}).scalar_one()
    return held or int(taken) < council.rules.vouched


def forget_the_rest(connection: Connection, council: Council) -> int:
    """Drop what is held of councils that are neither linked up with us nor vouched for any more. Returns how many went."""
    rows = connection.execute(_OTHERS_FEEDS, {"accepted": State.ACCEPTED.value}).all()
    if not rows:
        return 0
    still = vouched(connection, council) if council.rules.vouched else {}
    gone = [r.actor_id for r in rows if r.actor_id not in still or still[r.actor_id].root != r.name.partition("/")[0]]
    for actor in gone:
        replicas.forget_source(connection, council, source=actor)
    return len(gone)


def scope(connection: Connection, council: Council) -> str:
    """Stands for whom we listen to: the same as long as nobody was added or went."""
    linked = connection.execute(_LINKED, {"accepted": State.ACCEPTED.value}).scalars()
    others = vouched(connection, council) if council.rules.vouched else {}
    named = [*linked, "", *(f"{one.actor_id} {one.root}" for _, one in sorted(others.items()))]
    return b64(hashlib.sha256("\n".join(named).encode()).digest())[:16]
