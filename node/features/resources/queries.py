"""Reads for the pages of needs and offers: our own board, and who told us what, when. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from federation.council import Council
from federation.feeds import vouching
from federation.tables import Peer, table_of
from node.feature import Viewer
from node.features.resources import numbers
from node.features.resources.tables import Resource
from protocol import ids
from protocol.peering import State

_RESOURCES = table_of(Resource)
_PEERS = table_of(Peer)
MOST_ON_THE_BOARD = 500
_LINKED = (
    select(_PEERS.c.actor_id, _PEERS.c.name, _PEERS.c.origin, _PEERS.c.ed25519_key_id, _PEERS.c.last_heard_at)
    .where(_PEERS.c.state == State.ACCEPTED.value)
    .order_by(_PEERS.c.name, _PEERS.c.actor_id)
)


@dataclass(frozen=True, slots=True)
class Source:
    """A council of the region, ours among them. `key_id` is the key its notes were verified with.

    `told_by`: we are not linked up with it; these are, whom we are linked up with, and carry what it says to everybody.
    """

    actor_id: str
    name: str
    url: str
    key_id: str
    ours: bool
    last_heard_at: datetime | None
    age: timedelta | None
    current: bool
    told_by: tuple[str, ...] = ()


def board(
    connection: Connection,
    viewer: Viewer,
    *,
    now: datetime,
    direction: str | None = None,
    category: str | None = None,
    text: str | None = None,
    because: str | None = None,
    kind: str | None = None,
    standing: bool = False,
    oldest_first: bool = False,
) -> list[Resource]:
    """Our own live needs and offers that this viewer may see, soonest end first; those of a resolution with `because`.

    `kind` is the id of a finer kind; with `standing` only standing places are looked for.

    Neighbours also find one by its number. Words are matched here and not in the statement: they may tell of persons, so they are
    never searched in the table.
    """
    wanted = [
        _RESOURCES.c.state != "closed",
        _RESOURCES.c.ends_at > now,
        _RESOURCES.c.audience.in_(viewer.audiences),
        _RESOURCES.c.shown == "shown",
    ]
    if direction is not None:
        wanted.append(_RESOURCES.c.direction == direction)
    if category is not None:
        wanted.append(_RESOURCES.c.category == category)
    if because is not None:
        wanted.append(_RESOURCES.c.because == because)
    if kind is not None:
        wanted.append(_RESOURCES.c.kind == kind)
    if standing:
        wanted.append(_RESOURCES.c.standing)
    first = _RESOURCES.c.created_at if oldest_first else _RESOURCES.c.ends_at
    statement = _RESOURCES.select().where(*wanted).order_by(first, _RESOURCES.c.id)
    words, number = (text or "").casefold().split(), numbers.read(text or "") if viewer.signed_in else None
    found: list[Resource] = []
    for values in connection.execute(statement).mappings():
        row = Resource(**values)
        said = f"{row.title}\n{row.words}\n{row.near}".casefold()
        by_number = number is not None and row.code == number
        if by_number or all(word in said for word in words):
            found.append(row)
        if len(found) == MOST_ON_THE_BOARD:
            break
    return found


def on_the_board(row: Resource, viewer: Viewer, *, now: datetime) -> bool:
    """Whether a record of ours is live, has been let up, and is for this viewer."""
    return row.state != "closed" and row.ends_at > now and row.shown == "shown" and row.audience in viewer.audiences


def ours(connection: Connection, public_id: str) -> Resource | None:
    """Our own record under a public id, whatever its state."""
    values = connection.execute(_RESOURCES.select().where(_RESOURCES.c.public_id == public_id)).mappings().first()
    return None if values is None else Resource(**values)


def ours_at(connection: Connection, object_id: str) -> Resource | None:
    """Our own record behind a published address, None for everybody else's."""
    values = connection.execute(_RESOURCES.select().where(_RESOURCES.c.object_id == object_id)).mappings().first()
    return None if values is None else Resource(**values)


def sources(connection: Connection, council: Council, *, now: datetime, current_for: timedelta) -> Mapping[str, Source]:
    """Ourselves, the councils we are linked up with, and those they vouch for, by actor id. Our own word is always current."""
    rows = connection.execute(_LINKED)
    found = {
        council.actor_id: Source(
            council.actor_id, council.name, council.base_url, council.ed25519_key_id, True, now, timedelta(0), True
        )
    }
    for actor_id, name, origin, key_id, heard in rows:
        age = None if heard is None else max(now - heard, timedelta(0))
        current = age is not None and age <= current_for
        found[actor_id] = Source(actor_id, name, origin, key_id, False, heard, age, current)
    for one in vouching.carried(connection, council):
        age = max(now - one.head_at, timedelta(0))
        origin = ids.origin_of(one.actor_id)
        found[one.actor_id] = Source(
            one.actor_id, one.name, origin, "", False, one.head_at, age, age <= current_for, told_by=one.by
        )
    return found
