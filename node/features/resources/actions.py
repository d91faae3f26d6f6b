"""What neighbours do with needs and offers: put up, change, say what is left, close, take down.

Each is one step: the rules, our own record and what the others are told are kept together or not at all. A record for our
own council never reaches the outbox. Raises `schemas.refusal.Refusal` and nothing else for what a person may not do.
"""

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from federation.tables import table_of
from node.accounts import rota
from node.feature import Acting
from node.features.resources import (
    beside,
    kinds_here,
    lasting,
    numbers,
    quantities,
    reckoning,
    recurring,
    rules,
    telling,
)
from node.features.resources.kinds import Kind
from node.features.resources.letters import occasions
from node.features.resources.promises import acts, keeping
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
    wish = _judged(connection, form, acting, before=None)
    now = rules.next_update(acting.now, None)
    row = Resource(
        public_id=telling.new_public_id(acting.council),
        direction=form.direction,
        state=ResourceState.OPEN.value,
        because=form.because or "",
        created_at=now,
        updated_at=now,
        held_since=now,
        **{"by_member": 0, "code": columns.get("code") or new_code(connection, acting), **wish, **columns},
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
    wish = _judged(connection, form, acting, before=row)
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
    changed = reckoning.say_anew(connection, row, acting, **wish, taken_otherwise=taken, asked_at=None)
    keeping.wait_until(connection, acting, row.id or 0, changed.ends_at)
    acts.move_up(connection, acting, row.id or 0)
    return changed


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
    changed = reckoning.say_anew(connection, row, acting, taken_otherwise=taken)
    acts.move_up(connection, acting, row.id or 0)
    return changed


def close(connection: Connection, public_id: str, outcome: str, acting: Acting) -> Resource:
    """Close it and say how it went. Told as closed (an Update), so that readers elsewhere know; the outcome stays here."""
    row = _changeable(connection, public_id, acting)
    rules.check_outcome(outcome)
    return lasting.finish(connection, acting, row, outcome=outcome)


def take_down(connection: Connection, public_id: str, acting: Acting) -> None:
    """Remove it here and take it back everywhere (a Delete). Also for what is closed or over."""
    acting.viewer.require(Right.PUT_UP)
    row = _found(connection, public_id)
    _check_may_change(row, acting)
    remove(connection, row, acting)


def remove(connection: Connection, row: Resource, acting: Acting) -> None:
    """The same, once it is judged: with all that was promised and said about it."""
    occasions.over(connection, acting, row, gone=True)
    telling.take_back(connection, row, acting)
    keeping.forget_about(connection, [row.id or 0], acting)
    rota.ended(connection, row.public_id)
    connection.execute(_RESOURCES.delete().where(_RESOURCES.c.id == row.id))


def judged(connection: Connection, form: ResourceForm, acting: Acting) -> dict[str, Any]:
    """What putting this up would keep, without keeping it. Raises Refusal."""
    acting.viewer.require(Right.PUT_UP)
    return _judged(connection, form, acting, before=None)


def _judged(connection: Connection, form: ResourceForm, acting: Acting, *, before: Resource | None) -> dict[str, Any]:
    kind = kinds_here.chosen(connection, form.kind or "", before=before.kind if before is not None else "")
    if form.kind is None and before is not None and before.category == form.category:
        kind = kinds_here.find(connection, before.kind)
    audience = form.seen_by.value
    if form.audience is None and kind is not None and kind.sensitive:
        audience = "council"
    rules.check_audience(audience)
    rules.check_kind(kind, typed=form.kind or "", audience=audience)
    ends_at = form.ends(acting.now, zone=acting.zone).replace(microsecond=0)
    times = recurring.asked(form, before, ends_at=ends_at, zone=acting.settings.zone)
    rules.check_end(ends_at, acting.now, starts_at=times.starts_at)
    rules.check_quantities(form.quantity, None)
    told = _beside(connection, form, kind, before)
    rules.check_standing(told["standing"], direction=form.direction)
    place = place_of(form.near or "", acting)
    texts = {"title": form.title, "words": form.words, "near": form.near or "", "unit": form.unit or ""}
    texts |= {"hours": told["hours"], "access": told["access"], **rules.fields_of_notes(told["notes"])}
    rules.check_words(texts, audience=audience, has_place=place is not None)
    return {
        "title": form.title,
        "words": form.words,
        "language": form.language or acting.council.language,
        "category": kind.category if kind is not None else form.category,
        "kind": kind.id if kind is not None and kind.id != kind.category else "",
        **told,
        "can_wait": _said(form.can_wait, before.can_wait if before is not None else True),
        # What stays home is asked of nobody elsewhere, whatever was ticked.
        "may_pass_on": (kind is None or not kind.sensitive)
        and _said(form.may_pass_on, before.may_pass_on if before is not None else False),
        "quantity": form.quantity,
        "unit": form.unit,
        "near": place.name if place is not None else "",
        "cell": place.cell if place is not None else None,
        "audience": audience,
        "ends_at": ends_at,
        "starts_at": times.starts_at,
        "repeats": times.repeats,
        "zone": times.zone,
    }


def _beside(connection: Connection, form: ResourceForm, kind: Kind | None, before: Resource | None) -> dict[str, Any]:
    """What stands beside the words; what is not said stays as it was, and what the kind does not ask for is left out."""
    noted = beside.notes_of(before) if before is not None else {}
    asking = kind or kinds_here.find(connection, form.category)
    standing = _said(form.standing, before.standing if before is not None else False)
    usual = {"hours": before.hours, "access": before.access} if before is not None else {"hours": "", "access": ""}
    said = {"hours": form.hours, "access": form.access}
    return {
        "standing": standing,
        **{name: (said[name] if said[name] is not None else usual[name]) if standing else "" for name in usual},
        "notes": beside.as_kept(asking, noted if form.notes is None else form.notes, before=noted),
    }


def _said(said: bool | None, before: bool) -> bool:
    return before if said is None else said


def new_code(connection: Connection, acting: Acting) -> str:
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
