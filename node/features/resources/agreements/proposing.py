"""What our neighbours promise nearby councils, and what they ask of them: the beginnings of an exchange, and our answers.

Each is one step: the rules, our own promise, and what the other council is told, in our council's name. Raises
`schemas.refusal.Refusal` and nothing else for what cannot be.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, text

from federation import replicas
from federation.tables import table_of
from node.feature import Acting, Viewer
from node.features.resources import lapsing, quantities, reckoning, rules, telling
from node.features.resources.agreements import saying
from node.features.resources.promises import keeping, wishes
from node.features.resources.promises.keeping import Proposal
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.rights import Right
from protocol.verdict import Refused
from schemas.phrase import phrase
from schemas.records.agreement import UNCOUNTED_UNIT
from schemas.records.resource import ResourceNote, ResourceState, read_resource
from schemas.refusal import Refusal

_PROMISES: Final = table_of(Promise)
_RESOURCES: Final = table_of(Resource)
_ASKED: Final = text(
    "SELECT DISTINCT json_extract(document, '$.to[0]') FROM agreement_act"
    " WHERE verb = 'Offer' AND actor = :us AND object_id = :note"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody typed: how much, from which note of their own (its public id), and how much of that."""

    amount: str = ""
    counterpart: str = ""
    counterpart_amount: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """Which way a note of theirs goes, how much of it there is, and in what unit, as our own records say it."""

    direction: str
    quantity: str | None
    unit: str | None


def promise_theirs(connection: Connection, object_id: str, wish: Wish, acting: Acting) -> Promise:
    """We can do this, or would like this: an Offer of our council about a need or offer of a nearby one. Raises Refusal.

    Saying the same twice before it is answered is said once.
    """
    member_id = acting.viewer.require(Right.PUT_UP)
    note, peer = _theirs(connection, object_id, acting.now)
    wishes.check_no_place(note.standing)
    unit = about(note).unit
    amount = _amount(wish.amount, note.available, unit)
    drawn = _drawn_on(connection, acting, note, wish)
    before = _said_already(connection, object_id, by_member=member_id, amount=amount, **drawn)
    if before is not None:
        return before
    ends_at = lapsing.proposal_ends(acting.now, note.end_time).replace(microsecond=0)
    offer_id = saying.offer(
        connection,
        acting,
        note_id=object_id,
        their_actor=peer["actor_id"],
        amount=amount,
        unit=unit,
        ends_at=ends_at,
    )
    proposal = Proposal(
        ends_at=ends_at,
        object_id=object_id,
        by_member=member_id,
        amount=amount,
        unit=unit,
        offer_id=offer_id,
        **drawn,
    )
    return keeping.add(connection, acting, proposal)


def ask(connection: Connection, public_id: str, their_actor: str, acting: Acting, *, amount: str = "") -> Promise:
    """Ask a nearby council to take on a need of ours, where whoever put it up agreed to that. It comes back if they do not.

    Raises Refusal("not-found"), ("not-yours"), ("closed"), ("no-need"), ("stays-home"), ("asked-already"), ("not-linked").
    """
    acting.viewer.require(Right.PUT_UP)
    row = _need(connection, public_id, acting)
    assert row.object_id is not None
    if their_actor in asked_before(connection, row.object_id, acting.council.actor_id):
        raise Refusal("asked-already", sentence=phrase("They have been asked about this. Ask another nearby council."))
    left = reckoning.left(connection, row)
    there = None if left is None else quantities.as_text(left)
    wanted = _amount(amount, there, row.unit, field="ask_amount")
    ends_at = min(acting.now + lapsing.UNANSWERED, row.ends_at).replace(microsecond=0)
    offer_id = saying.offer(
        connection,
        acting,
        note_id=row.object_id,
        their_actor=their_actor,
        amount=wanted,
        unit=row.unit,
        ends_at=ends_at,
    )
    proposal = Proposal(
        ends_at=ends_at,
        resource_id=row.id,
        by_actor=their_actor,
        amount=wanted,
        unit=row.unit,
        offer_id=offer_id,
        asked=True,
    )
    return keeping.add(connection, acting, proposal)


def answer_theirs(
    connection: Connection, promise_id: str, acting: Acting, *, yes: bool, wish: Wish | None = None
) -> Promise:
    """Answer a nearby council that asks us for something: any of us can do that; that we cannot is said by who is on call.

    Raises Refusal.
    """
    member_id = acting.viewer.require(Right.PUT_UP if yes else Right.READ_ASKED)
    promise = keeping.named(connection, promise_id)
    if promise.object_id is None or not promise.asked:
        raise Refusal("not-found", sentence=phrase("There is no promise under this address."))
    if State(promise.state) is not State.PROPOSED:
        raise Refusal("moved-on", sentence=phrase("This promise has moved on. Look at it again."))
    if not yes:
        keeping.decline(connection, acting, promise.id or 0)
        return promise
    note, _ = _theirs(connection, promise.object_id, acting.now)
    drawn = _drawn_on(connection, acting, note, wish or Wish())
    return keeping.turn_to(connection, acting, promise.id or 0, State.AGREED, by_member=member_id, **drawn)


def asked_before(connection: Connection, object_id: str, us: str) -> frozenset[str]:
    """The councils that we have asked about a need of ours; they are not asked about it again."""
    return frozenset(connection.execute(_ASKED, {"us": us, "note": object_id}).scalars())


def may_ask(row: Resource, viewer: Viewer) -> bool:
    """Whether this viewer may pass a need on: it reaches nearby councils, its asker has agreed, and it is in their hands."""
    live = row.state != ResourceState.CLOSED and row.direction == "need" and row.object_id is not None
    theirs = viewer.may(Right.READ_ASKED) or viewer.member_id in (row.by_member, row.holder)
    return live and row.may_pass_on and telling.leaves(row) and viewer.may(Right.PUT_UP) and theirs


def _theirs(connection: Connection, object_id: str, now: datetime) -> tuple[ResourceNote, RowMapping]:
    """A live need or offer of a council that we are linked up with."""
    held = replicas.find(connection, object_id)
    if held is None or held["kind"] != "resource" or held["gone_at"] is not None:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of a nearby council under this address."))
    note = read_resource(replicas.note_of(held))
    peer = saying.peer(connection, held["source"])
    if isinstance(note, Refused) or peer is None:
        raise Refusal("not-linked", sentence=phrase("We are not linked up with that nearby council."))
    if note.state is ResourceState.CLOSED or note.end_time <= now:
        raise Refusal("closed", sentence=phrase("That one is over. Look at what else there is around us."))
    return note, peer


def _need(connection: Connection, public_id: str, acting: Acting) -> Resource:
    values = connection.execute(_RESOURCES.select().where(_RESOURCES.c.public_id == public_id)).mappings().first()
    if values is None:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
    row = Resource(**values)
    rules.check_open(row.state, ended=row.ends_at <= acting.now)
    if row.direction != "need":
        raise Refusal("no-need", sentence=phrase("Only what is needed is passed on. An offer is seen by them anyway."))
    if not may_ask(row, acting.viewer):
        raise Refusal(
            "stays-home",
            sentence=phrase("This one stays here: show it to nearby councils first, with the yes of whoever asks."),
        )
    return row


def _amount(typed: str, left: str | None, unit: str | None, *, field: str = "amount") -> str | None:
    """How much is promised: as typed, all that is left where nothing was, None where nothing is counted."""
    if left is None:
        return None
    wanted = rules.quantity(typed, field=field)
    there = Decimal(left)
    wanted = there if wanted is None else wanted
    if there == 0 or wanted > there:
        much = quantities.as_text(there)
        counted = (
            phrase("{left} {unit} are left.", left=much, unit=unit) if unit else phrase("{left} are left.", left=much)
        )
        raise Refusal("not-enough", field, sentence=counted)
    if wanted == 0:
        raise Refusal("quantity", field, sentence=phrase("How many? Write a number above nought."))
    return quantities.as_text(wanted)


def about(note: ResourceNote) -> About:
    """Their note in the words of ours."""
    return About(note.direction, note.quantity, None if note.unit == UNCOUNTED_UNIT else note.unit)


def _said_already(connection: Connection, object_id: str, **said: Any) -> Promise | None:
    """The same of the same neighbour, said before and not answered yet."""
    same = {**said, "object_id": object_id, "asked": False, "state": State.PROPOSED.value}
    statement = _PROMISES.select().filter_by(**same)
    found = connection.execute(statement).mappings().first()
    return None if found is None else Promise(**found)


def _drawn_on(connection: Connection, acting: Acting, note: ResourceNote, wish: Wish) -> dict[str, Any]:
    """What of their own the neighbour draws on, and how much of that where it is counted otherwise. Raises Refusal."""
    own = {one.public_id: one.id for one in wishes.own_notes(connection, acting.viewer, acting.now, about(note))}
    chosen = None if not wish.counterpart else own.get(wish.counterpart, 0)
    amount = wishes.drawn_from(connection, acting, about(note), chosen, wish.counterpart_amount)
    return {"counterpart_id": chosen, "counterpart_amount": amount}
