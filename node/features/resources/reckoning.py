"""What is left of our needs and offers, reckoned anew from the whole, from what is promised and from what went otherwise.

The only writer of `available` and `state`, so that they are right after any order of acts. Whoever changes a promise or a
record comes here in the same step; what others know is said in that step too, once.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.accounts import rota
from node.features.resources import lapsing, quantities, rules, telling
from node.features.resources.promises.states import ON_THE_COUNTERPART, ON_THE_RESOURCE
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.features.resources.telling import Speaking
from schemas.phrase import phrase
from schemas.records.resource import ResourceState
from schemas.refusal import Refusal

_RESOURCES = table_of(Resource)
_PROMISES = table_of(Promise)


@dataclass(frozen=True, slots=True)
class Promised:
    """How much of one record is promised, on whichever side of a promise it stands, and whether anybody has agreed at all."""

    amount: Decimal
    any_agreed: bool


def promised(connection: Connection, row: Resource) -> Promised:
    """What promises take from this record. A proposal takes only from the proposer's own side."""
    answered = _counting(connection, _PROMISES.c.resource_id == row.id, ON_THE_RESOURCE)
    drawn_on = _counting(connection, _PROMISES.c.counterpart_id == row.id, ON_THE_COUNTERPART)
    amounts = [one.amount for one in answered] + [counterpart_amount(one, row) for one in drawn_on]
    # A proposal alone does not speak for what is not counted: its answer may never come.
    agreed = bool(answered) or any(one.state in ON_THE_RESOURCE for one in drawn_on)
    return Promised(quantities.total(amounts), agreed)


def counterpart_amount(promise: Any, counterpart: Resource) -> str | None:
    """What a promise takes from the record it draws on: as typed, or the same amount where both count in the same unit."""
    if promise.counterpart_amount is not None:
        return str(promise.counterpart_amount)
    return promise.amount if promise.unit == counterpart.unit else None


def left(connection: Connection, row: Resource) -> Decimal | None:
    """What is left of this record at this moment, None where it is not counted."""
    return _left(row, promised(connection, row))


def check_fits(connection: Connection, row: Resource, amount: str | None) -> None:
    """Raises Refusal("not-enough", "amount") with what is left where so much cannot be had; what is not counted always fits."""
    there = left(connection, row)
    found = quantities.room(None if amount is None else Decimal(amount), there)
    if isinstance(found, quantities.OverBy):
        raise Refusal(
            "not-enough",
            "amount",
            sentence=phrase("{left} {unit} are left.", left=quantities.as_text(found.left), unit=row.unit or ""),
        )


def found(connection: Connection, resource_id: int) -> Resource:
    """The record as it is kept now. Raises Refusal("not-found")."""
    values = connection.execute(_RESOURCES.select().where(_RESOURCES.c.id == resource_id)).mappings().first()
    if values is None:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
    return Resource(**values)


def recount(connection: Connection, resource_id: int, acting: Speaking) -> Resource:
    """Reckon one record anew, after its promises have changed. Where nothing came of it, nothing is written or said."""
    row = found(connection, resource_id)
    if _results(connection, row) == (row.available, row.state):
        return row
    return say_anew(connection, row, acting)


def keep_new(connection: Connection, row: Resource, acting: Speaking) -> Resource:
    """Keep a record that is new, and tell it where it is for others."""
    row.erase_at = lapsing.erase_at(None, row.ends_at)
    row.available, row.state = row.quantity, ResourceState.OPEN.value
    if telling.leaves(row):
        row.object_id = telling.address_of(row, acting.council)
    values = row.model_dump(exclude={"id"})
    row.id = connection.execute(_RESOURCES.insert().values(**values).returning(_RESOURCES.c.id)).scalar_one()
    telling.tell(connection, row, acting)
    return row


def say_anew(connection: Connection, row: Resource, acting: Speaking, **columns: Any) -> Resource:
    """Change columns of a record, reckon it anew, and say so once to everybody it is for.

    What others may no longer see is taken back everywhere; it lives on here under a new address, and should it be for others
    again, it is told under that one. Closing is `closed_at`: the state follows. `row` has been read in this very step.
    """
    updated = rules.next_update(acting.now, row.updated_at)
    after = row.model_copy(update={**columns, "updated_at": updated})
    if row.object_id is not None and not telling.leaves(after):
        telling.take_back(connection, row, acting)
        after.object_id, after.public_id = None, telling.new_public_id(acting.council)
        rota.renamed(connection, row.public_id, after.public_id)
    elif row.object_id is None and telling.leaves(after):
        after.object_id = telling.address_of(after, acting.council)
    after.available, after.state = _results(connection, after)
    live = after.closed_at is None and after.ends_at > acting.now
    if live or after.erase_at is not None:  # once it has been done, it is not due again, unless the note goes on
        after.erase_at = lapsing.erase_at(after.closed_at, after.ends_at)
    values = after.model_dump(exclude={"id"})
    connection.execute(_RESOURCES.update().where(_RESOURCES.c.id == row.id).values(**values))
    telling.tell(connection, after, acting)
    return after


def brought_back(
    connection: Connection, held: Resource | None, *, whole: str | None, available: str | None, state: str, at: datetime
) -> dict[str, Any]:
    """The columns of a record of ours as it was once told, for an old copy of us: what was gone then counts as gone.

    Promises that this copy knows of are part of what was gone; those it has lost are not promised again to somebody else.
    """
    known = promised(connection, held) if held is not None else Promised(Decimal(0), False)
    gone = Decimal(0)
    if whole is not None and available is not None:
        gone = max(Decimal(whole) - Decimal(available) - known.amount, Decimal(0))
    elif state == ResourceState.PROMISED and not known.any_agreed:
        gone = Decimal(1)  # not counted, and spoken for
    closed = state == ResourceState.CLOSED
    return {
        "quantity": whole,
        "available": available,
        "state": state,
        "taken_otherwise": quantities.as_text(gone),
        "closed_at": at if closed else None,
    }


def _counting(connection: Connection, where: Any, states: frozenset[Any]) -> list[Any]:
    columns = (_PROMISES.c.amount, _PROMISES.c.unit, _PROMISES.c.counterpart_amount, _PROMISES.c.state)
    return list(connection.execute(select(*columns).where(where, _PROMISES.c.state.in_(sorted(states)))))


def _left(row: Resource, taken: Promised) -> Decimal | None:
    return quantities.remaining(
        row.quantity, taken_otherwise=row.taken_otherwise, amounts=[quantities.as_text(taken.amount)]
    )


def _results(connection: Connection, row: Resource) -> tuple[str | None, str]:
    taken = promised(connection, row)
    there = _left(row, taken)
    state = quantities.state_of(row.quantity, there, any_agreed=taken.any_agreed, taken_otherwise=row.taken_otherwise)
    if row.closed_at is not None:
        state = ResourceState.CLOSED.value
    return quantities.left_text(row.quantity, there), state
