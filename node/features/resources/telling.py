"""What others are told of our own needs and offers: whether anything at all, under which address, in which words.

The only place that publishes one. What is for our own council, held or hidden, or of a kind that stays home never passes here.
"""

from datetime import datetime, tzinfo
from typing import Any, Protocol

from sqlalchemy import Connection

from federation import outbox
from federation.council import Council
from node.features.resources import beside, kinds, kinds_here, recurring, rules
from node.features.resources.tables import Resource
from node.places import in_cell
from protocol import ids
from schemas.audience import WireAudience
from schemas.context import Category
from schemas.records.resource import Direction, resource_note

SHOWN = "shown"


class Speaking(Protocol):
    """Which council speaks, and when. Whoever acts has it; so has the node where another council's act, or time, changes ours."""

    @property
    def council(self) -> Council: ...

    @property
    def now(self) -> datetime: ...

    @property
    def zone(self) -> tzinfo: ...


def leaves(row: Resource) -> bool:
    """Whether this record is told to anybody outside this server."""
    return rules.publishes(row.audience) and row.shown == SHOWN and not kinds.is_sensitive(row.kind)


def address_of(row: Resource, council: Council) -> str:
    """The federated address that it has or would get."""
    return f"{council.base_url}/o/{row.public_id}"


def new_public_id(council: Council) -> str:
    """A name for a new record: 26 characters that nobody can guess."""
    return ids.new_id(council.randomness.bytes(ids.ID_BYTES))


def tell(connection: Connection, row: Resource, acting: Speaking) -> None:
    """Say it to everybody it is for (a Create or an Update); nothing where it stays here."""
    if row.object_id is None or not leaves(row):
        return
    audience: WireAudience = "public" if row.audience == "public" else "neighbours"
    note = note_of(row, acting, kind=kinds_here.of(connection, row))
    outbox.publish(connection, acting.council, note=note, audience=audience, now=acting.now)


def take_back(connection: Connection, row: Resource, acting: Speaking) -> None:
    """Take back what was told of it (a Delete). The address then answers "taken down", for good."""
    if row.object_id is not None:
        outbox.withdraw(connection, acting.council, object_id=row.object_id, now=acting.now)


def note_of(row: Resource, acting: Speaking, *, kind: kinds.Kind | None = None) -> dict[str, Any]:
    """The Note of a record that has an address. Nothing about a person is copied from here, and no kind of our own by name."""
    assert row.object_id is not None
    direction: Direction = "offer" if row.direction == "offer" else "need"
    category: Category = row.category  # type: ignore[assignment]  # kept from a form that was judged
    return resource_note(
        row.object_id,
        acting.council.base_url,
        direction=direction,
        name=row.title,
        words=beside.words_told(row, kind),
        language=row.language,
        category=category,
        quantity=row.quantity,
        unit=row.unit,
        available=row.available,
        place=in_cell(row.cell, name=row.near),
        published=row.created_at,
        updated=row.updated_at if row.updated_at > row.created_at else None,
        ends_at=row.ends_at,
        audience=row.audience,
        starts_at=row.starts_at,
        state=row.state,
        kind=kind.id if kind is not None and kind.travels else "",
        can_wait=row.can_wait,
        standing=row.standing,
        zone=acting.zone,
        comes_back=recurring.of_row(row),
    )
