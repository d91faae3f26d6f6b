"""What neighbours do with needs and offers: put up, change, say what is left, close, take down.

Each is one step: the rules, our own record and what the others are told are kept together or not at all. A record for our
own council never reaches the outbox. Raises `schemas.refusal.Refusal` and nothing else for what a person may not do.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from federation import outbox
from federation.council import Council
from federation.tables import table_of
from node.feature import Acting
from node.features.resources import rules
from node.features.resources.tables import Resource
from node.places import in_cell, place_of
from node.rights import Right
from protocol import ids
from schemas.audience import WireAudience
from schemas.context import Category
from schemas.phrase import phrase
from schemas.records.resource import Direction, ResourceForm, ResourceState, resource_note
from schemas.refusal import Refusal

_RESOURCES = table_of(Resource)


def put_up(connection: Connection, form: ResourceForm, acting: Acting) -> Resource:
    """A new need or offer of the neighbour who acts. Published at once where its audience reaches further than our council."""
    member_id = acting.viewer.require(Right.PUT_UP)
    wish = _judged(form, acting, starts_at=None)
    now = rules.next_update(acting.now, None)
    row = Resource(
        public_id=_new_public_id(acting.council),
        direction=form.direction,
        available=form.quantity,
        state=ResourceState.OPEN.value,
        because=form.because or "",
        by_member=member_id,
        created_at=now,
        updated_at=now,
        **wish,
    )
    return _keep_new(connection, row, acting)


def change(
    connection: Connection, public_id: str, form: ResourceForm, acting: Acting, *, available: str | None = None
) -> Resource:
    """Say a need or an offer anew. What was promised of it stays promised unless `available` says what is left.

    Narrowing to our own council takes it back everywhere else; it then lives on here under a new address.
    """
    row = _changeable(connection, public_id, acting)
    if form.direction != row.direction:
        raise Refusal(
            "direction", "direction", sentence=phrase("A need stays a need and an offer an offer. Put up a new one.")
        )
    rules.check_audience(form.seen_by.value, before=row.audience)
    wish = _judged(form, acting, starts_at=row.starts_at)
    left = _left(row, form.quantity)
    if available is not None:
        said = rules.quantity(available, field="available")
        left = None if said is None else rules.as_text(said)
    rules.check_quantities(form.quantity, left)
    return _say_anew(connection, row, acting, **wish, available=left, state=rules.state_of(form.quantity, left))


def set_available(connection: Connection, public_id: str, available: str, acting: Acting) -> Resource:
    """Say how much is left (decimal text, at most the whole). Saying the same again changes nothing."""
    row = _changeable(connection, public_id, acting)
    left = rules.quantity(available, field="available")
    if left is None:
        raise Refusal("quantity", "available", sentence=phrase("Write how many are left, 0 if none."))
    rules.check_quantities(row.quantity, available)
    if row.available is not None and Decimal(row.available) == left:
        return row
    text = rules.as_text(left)
    return _say_anew(connection, row, acting, available=text, state=rules.state_of(row.quantity, text))


def close(connection: Connection, public_id: str, outcome: str, acting: Acting) -> Resource:
    """Close it and say how it went. Told as closed (an Update), so that readers elsewhere know; the outcome stays here."""
    row = _changeable(connection, public_id, acting)
    rules.check_outcome(outcome)
    return _say_anew(connection, row, acting, state=ResourceState.CLOSED.value, outcome=outcome)


def take_down(connection: Connection, public_id: str, acting: Acting) -> None:
    """Remove it here and take it back everywhere (a Delete). Also for what is closed or over."""
    acting.viewer.require(Right.PUT_UP)
    row = _found(connection, public_id)
    _check_may_change(row, acting)
    if row.object_id is not None:
        outbox.withdraw(connection, acting.council, object_id=row.object_id, now=acting.now)
    connection.execute(_RESOURCES.delete().where(_RESOURCES.c.id == row.id))


def _judged(form: ResourceForm, acting: Acting, *, starts_at: datetime | None) -> dict[str, Any]:
    audience = form.seen_by.value
    rules.check_audience(audience)
    ends_at = form.ends(acting.now, zone=acting.zone).replace(microsecond=0)
    rules.check_end(ends_at, acting.now, starts_at=starts_at)
    rules.check_quantities(form.quantity, None)
    place = place_of(form.near or "", acting)
    texts = {"title": form.title, "words": form.words, "near": form.near or "", "unit": form.unit or ""}
    rules.check_words(texts, audience=audience, has_place=place is not None)
    return {
        "title": form.title,
        "words": form.words,
        "language": form.language or acting.council.language,
        "category": form.category,
        "quantity": form.quantity,
        "unit": form.unit,
        "near": place.name if place is not None else "",
        "cell": place.cell if place is not None else None,
        "audience": audience,
        "ends_at": ends_at,
    }


def _left(row: Resource, quantity: str | None) -> str | None:
    """What is left once the whole has changed: as much less of it as was promised before."""
    if quantity is None or row.quantity is None or row.available is None:
        return quantity
    promised = Decimal(row.quantity) - Decimal(row.available)
    return rules.as_text(max(Decimal(quantity) - promised, Decimal(0)))


def _found(connection: Connection, public_id: str) -> Resource:
    row = connection.execute(_RESOURCES.select().where(_RESOURCES.c.public_id == public_id)).mappings().first()
    if row is None:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
    return Resource(**row)


def _check_may_change(row: Resource, acting: Acting) -> None:
    rules.check_may_change(acting.viewer, by_member=row.by_member)


def _changeable(connection: Connection, public_id: str, acting: Acting) -> Resource:
    # Whoever is not signed in must not learn whether the address exists.
    acting.viewer.require(Right.PUT_UP)
    row = _found(connection, public_id)
    _check_may_change(row, acting)
    rules.check_open(row.state, ended=row.ends_at <= acting.now)
    return row


def _keep_new(connection: Connection, row: Resource, acting: Acting) -> Resource:
    if rules.publishes(row.audience):
        row.object_id = f"{acting.council.base_url}/o/{row.public_id}"
    values = row.model_dump(exclude={"id"})
    row.id = connection.execute(_RESOURCES.insert().values(**values).returning(_RESOURCES.c.id)).scalar_one()
    _tell(connection, row, acting)
    return row


def _say_anew(connection: Connection, row: Resource, acting: Acting, **columns: Any) -> Resource:
    values = {**columns, "updated_at": rules.next_update(acting.now, row.updated_at)}
    audience = values.get("audience", row.audience)
    if row.object_id is not None and not rules.publishes(audience):
        outbox.withdraw(connection, acting.council, object_id=row.object_id, now=acting.now)
        # The old address now answers "taken down", for good.
        values |= {"object_id": None, "public_id": _new_public_id(acting.council)}
    changed = connection.execute(
        _RESOURCES.update().where(_RESOURCES.c.id == row.id).values(**values).returning(*_RESOURCES.c)
    )
    after = Resource(**changed.mappings().one())
    _tell(connection, after, acting)
    return after


def _tell(connection: Connection, row: Resource, acting: Acting) -> None:
    if row.object_id is None or not rules.publishes(row.audience):
        return
    direction: Direction = "offer" if row.direction == "offer" else "need"
    category: Category = row.category  # type: ignore[assignment]  # kept from a form that was judged
    note = resource_note(
        row.object_id,
        acting.council.base_url,
        direction=direction,
        name=row.title,
        words=row.words,
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
        zone=acting.zone,
    )
    audience: WireAudience = "public" if row.audience == "public" else "neighbours"
    outbox.publish(connection, acting.council, note=note, audience=audience, now=acting.now)


def _new_public_id(council: Council) -> str:
    return ids.new_id(council.randomness.bytes(ids.ID_BYTES))
