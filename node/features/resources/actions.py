"""What neighbours do with needs and offers: put up, change, say what is left, close, take down.

Each is one step: the rules, our own record and what the others are told are kept together or not at all. A record for our
own council never reaches the outbox. Raises `schemas.refusal.Refusal` and nothing else for what a person may not do.
"""

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from federation.tables import table_of
from node.feature import Acting
from node.features.resources import kinds, numbers, quantities, reckoning, rules, telling
from node.features.resources.promises import keeping
from node.features.resources.tables import Resource
from node.places import place_of
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.resource import ResourceForm, ResourceState
from schemas.refusal import Refusal

_RESOURCES = table_of(Resource)


def put_up(connection: Connection, form: ResourceForm, acting: Acting) -> Resource:
    """A new need or offer of the neighbour who acts. Published at once where its audience reaches further than our council."""
    member_id = acting.viewer.require(Right.PUT_UP)
    return keep_asked(connection, form, acting, by_member=member_id)


def keep_asked(connection: Connection, form: ResourceForm, acting: Acting, **columns: Any) -> Resource:
    """The same for whoever has no account, or is told by a clerk or on paper. The caller has judged whether it may be.

    `columns` say how it came and how it stands (`told_by`, `shown`, `phrase_hash`, `link_hash`, `contact`, …). It is judged and
    published as every other: what is held is told to nobody. Raises Refusal.
    """
    wish = _judged(form, acting, before=None)
    now = rules.next_update(acting.now, None)
    row = Resource(
        public_id=telling.new_public_id(acting.council),
        direction=form.direction,
        state=ResourceState.OPEN.value,
        because=form.because or "",
        created_at=now,
        updated_at=now,
        held_since=now,
        **{"by_member": 0, "code": _new_code(connection, acting), **wish, **columns},
    )
    return reckoning.keep_new(connection, row, acting)


def change(
    connection: Connection, public_id: str, form: ResourceForm, acting: Acting, *, available: str | None = None
) -> Resource:
    """Say a need or an offer anew. What was promised of it stays promised, and what went otherwise stays gone, unless
    `available` says what is left.

    The whole cannot become less than that: Refusal("promised-more", "quantity").
    Narrowing to our own council takes it back everywhere else; it then lives on here under a new address.
    """
    row = _changeable(connection, public_id, acting)
    if form.direction != row.direction:
        raise Refusal(
            "direction", "direction", sentence=phrase("A need stays a need and an offer an offer. Put up a new one.")
        )
    rules.check_audience(form.seen_by.value, before=row.audience)
    wish = _judged(form, acting, before=row)
    promised = reckoning.promised(connection, row).amount
    quantities.check_unit(row.unit, form.unit, promised=promised)
    said = rules.quantity(available, field="available")
    if said is not None:
        rules.check_quantities(form.quantity, available)
        quantities.check_whole(form.quantity, gone=promised)
        assert form.quantity is not None
        taken = quantities.taken_for(form.quantity, promised=promised, left=said)
    else:
        # What is not counted keeps only a mark that it is spoken for: that is no number of things.
        taken = row.taken_otherwise if (row.quantity is None) == (form.quantity is None) else "0"
        quantities.check_whole(form.quantity, gone=promised + (Decimal(taken) if form.quantity is not None else 0))
    return reckoning.say_anew(connection, row, acting, **wish, taken_otherwise=taken)


def set_available(connection: Connection, public_id: str, available: str, acting: Acting) -> Resource:
    """Say how much is left (decimal text, at most the whole less what is promised). Saying the same again changes nothing."""
    row = _changeable(connection, public_id, acting)
    said = rules.quantity(available, field="available")
    if said is None:
        raise Refusal("quantity", "available", sentence=phrase("Write how many are left, 0 if none."))
    rules.check_quantities(row.quantity, available)
    if row.available is not None and Decimal(row.available) == said:
        return row
    assert row.quantity is not None
    promised = reckoning.promised(connection, row).amount
    taken = quantities.taken_for(row.quantity, promised=promised, left=said)
    return reckoning.say_anew(connection, row, acting, taken_otherwise=taken)


def close(connection: Connection, public_id: str, outcome: str, acting: Acting) -> Resource:
    """Close it and say how it went. Told as closed (an Update), so that readers elsewhere know; the outcome stays here."""
    row = _changeable(connection, public_id, acting)
    rules.check_outcome(outcome)
    keeping.lapse_unanswered(connection, acting, row.id or 0)
    row = reckoning.found(connection, row.id or 0)
    closed_at = rules.next_update(acting.now, row.updated_at)
    return reckoning.say_anew(connection, row, acting, closed_at=closed_at, outcome=outcome)


def take_down(connection: Connection, public_id: str, acting: Acting) -> None:
    """Remove it here and take it back everywhere (a Delete). Also for what is closed or over."""
    acting.viewer.require(Right.PUT_UP)
    row = _found(connection, public_id)
    _check_may_change(row, acting)
    remove(connection, row, acting)


def remove(connection: Connection, row: Resource, acting: Acting) -> None:
    """The same, once it is judged: with all that was promised and said about it."""
    telling.take_back(connection, row, acting)
    keeping.forget_about(connection, [row.id or 0], acting)
    connection.execute(_RESOURCES.delete().where(_RESOURCES.c.id == row.id))


def _judged(form: ResourceForm, acting: Acting, *, before: Resource | None) -> dict[str, Any]:
    kind = kinds.find(form.kind or "")
    if form.kind is None and before is not None and before.category == form.category:
        kind = kinds.find(before.kind)
    audience = form.seen_by.value
    if form.audience is None and kind is not None and kind.sensitive:
        audience = "council"
    rules.check_audience(audience)
    rules.check_kind(kind, typed=form.kind or "", audience=audience)
    starts_at = before.starts_at if before is not None else None
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
        "category": kind.category if kind is not None else form.category,
        "kind": kind.id if kind is not None else "",
        "can_wait": _said(form.can_wait, before.can_wait if before is not None else True),
        "may_pass_on": _said(form.may_pass_on, before.may_pass_on if before is not None else False),
        "quantity": form.quantity,
        "unit": form.unit,
        "near": place.name if place is not None else "",
        "cell": place.cell if place is not None else None,
        "audience": audience,
        "ends_at": ends_at,
    }


def _said(said: bool | None, before: bool) -> bool:
    return before if said is None else said


def _new_code(connection: Connection, acting: Acting) -> str:
    """A number that no note of ours has. Of 85 million few are taken, so it is rarely tried twice."""
    while True:
        code = numbers.new_code(acting.council.randomness)
        if connection.execute(_RESOURCES.select().where(_RESOURCES.c.code == code)).first() is None:
            return code


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
