"""What an act that has come does to our own rows: the promise moves to where the signed acts of both stand, and what cannot be is
answered at once.

The council that put up a need or an offer alone says what is left of it. So an Offer of more than there is is answered with a
Reject, and a yes to our asking that comes when others have taken it is taken back: what is left never goes below none by two
councils promising it at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection

from federation.council import Council
from federation.tables import table_of
from node.feature import ANYBODY, Acting
from node.features.resources import quantities, reckoning, rules
from node.features.resources.agreements import evidence, saying
from node.features.resources.agreements.evidence import Exchange
from node.features.resources.agreements.outcome import STANDS, Outcome
from node.features.resources.letters import occasions
from node.features.resources.promises import acts, keeping, sides
from node.features.resources.promises.keeping import Proposal
from node.features.resources.promises.states import ON_THE_RESOURCE, OPEN, State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.features.resources.telling import SHOWN, Speaking, new_public_id
from node.settings import Settings
from schemas.records.resource import ResourceState
from schemas.refusal import Refusal

_PROMISES: Final = table_of(Promise)
_RESOURCES: Final = table_of(Resource)


@dataclass(frozen=True, slots=True)
class Ours:
    """Our council at this moment, where nobody of ours acts and no node runs it."""

    council: Council
    now: datetime
    zone: tzinfo = UTC


def nobody_acts(council: Council, now: datetime) -> Speaking:
    """Our council at this moment, where another council's act or time changes what is ours."""
    house = council.house
    return Acting(now, council, house, ANYBODY) if isinstance(house, Settings) else Ours(council, now)


def settle(connection: Connection, speaking: Speaking, offer_id: str) -> None:
    """Bring our promise to where the acts of this exchange stand. Twice is once."""
    exchange = evidence.exchange(connection, offer_id)
    if exchange is None:
        return
    said = evidence.outcome(connection, offer_id)
    promise = keeping.of_exchange(connection, offer_id)
    if promise is None and said.state in STANDS:
        promise = _begin(connection, speaking, exchange, said)
    if promise is None:
        return
    _move(connection, speaking, exchange, said, promise)
    if isinstance(speaking, Acting):
        _by_letter(connection, speaking, promise, said.state)
    for resource_id in (promise.resource_id, promise.counterpart_id):
        if resource_id is not None:
            acts.move_up(connection, speaking, resource_id)


def bring_back(connection: Connection, speaking: Speaking, offer_id: str, *, published: datetime) -> None:
    """An act of our own comes back to an old copy of ours. The row follows, and nobody is told: others know more than we do.

    A record that was brought back before its promises counts them as gone already; then they are not counted a second time.
    """
    exchange = evidence.exchange(connection, offer_id)
    if exchange is None:
        return
    said = evidence.outcome(connection, offer_id)
    promise = keeping.of_exchange(connection, offer_id)
    counted = promise is not None and State(promise.state) in ON_THE_RESOURCE
    if promise is None and said.state in STANDS:
        values = _proposal(connection, speaking, exchange)
        values |= {"public_id": new_public_id(speaking.council), "created_at": speaking.now, "state": said.state.value}
        made = Promise(**values, agreement_id=said.agreement_id, updated_at=speaking.now)
        connection.execute(_PROMISES.insert().values(**made.model_dump(exclude={"id"})))
    elif promise is not None:
        moved = {"state": said.state.value, "agreement_id": said.agreement_id, "updated_at": speaking.now}
        connection.execute(_PROMISES.update().where(_PROMISES.c.id == promise.id).values(**moved))
    row = _record(connection, exchange.note_id)
    if row is not None and said.state in ON_THE_RESOURCE and not counted and row.updated_at >= published:
        gone = max(Decimal(row.taken_otherwise) - quantities.total([exchange.amount]), quantities.NOTHING)
        changed = {"taken_otherwise": quantities.as_text(gone)}
        connection.execute(_RESOURCES.update().where(_RESOURCES.c.id == row.id).values(**changed))


def _begin(connection: Connection, speaking: Speaking, exchange: Exchange, said: Outcome) -> Promise | None:
    """The row of an exchange that is new here. Where it cannot be, it is answered, and leaves no row."""
    theirs = exchange.offerer != speaking.council.actor_id
    if said.state is State.PROPOSED and exchange.ends_at <= speaking.now:
        return None  # its time is over: whoever made it takes it back
    row = _record(connection, exchange.note_id)
    if theirs and exchange.note_id.startswith(f"{speaking.council.base_url}/") and not _can_be(row, exchange, speaking):
        if said.state is State.PROPOSED:
            saying.reject(connection, speaking, exchange)
        return None
    proposal = Proposal(**_proposal(connection, speaking, exchange))
    promise = keeping.add(connection, speaking, proposal, told=True)
    if theirs and row is not None and said.state is State.PROPOSED and not _fits(connection, row, exchange):
        keeping.decline(connection, speaking, promise.id or 0)
        return None
    return promise


def _by_letter(connection: Connection, acting: Acting, before: Promise, state: State) -> None:
    """What of it is worth a letter to one of ours: what another council promises, agrees to or gives back."""
    if state is State.PROPOSED and not before.asked:
        occasions.promised(connection, acting, before)
    elif state is State.AGREED and State(before.state) is State.PROPOSED:
        occasions.agreed(connection, acting, before)
    elif state is State.GIVEN_BACK:
        occasions.given_back(connection, acting, before, by_promiser=before.resource_id is not None)


def _proposal(connection: Connection, speaking: Speaking, exchange: Exchange) -> dict[str, Any]:
    row = _record(connection, exchange.note_id)
    us = speaking.council.actor_id
    owner_offers = exchange.note_id.startswith(exchange.offerer.removesuffix("council"))
    return {
        "resource_id": None if row is None else row.id,
        "object_id": exchange.note_id if row is None else None,
        # Whoever puts something up and offers an agreement about it asks the other; else the offerer promises.
        "asked": owner_offers,
        "by_actor": exchange.other(us) if owner_offers or row is not None else None,
        "amount": exchange.amount,
        "unit": exchange.unit,
        "offer_id": exchange.offer_id,
        # However long they would wait: what nobody answers must not lie here for ever.
        "ends_at": min(exchange.ends_at, speaking.now + rules.LONGEST),
    }


def _move(connection: Connection, speaking: Speaking, exchange: Exchange, said: Outcome, promise: Promise) -> None:
    before, after = State(promise.state), said.state
    if after is State.PROPOSED or (before is State.DONE and after is State.AGREED):
        after = before  # a waiting list is ours alone, and so is that silence closed it
    if after is State.DECLINED and promise.asked and promise.resource_id is not None and before in OPEN:
        if before is not State.AGREED:
            keeping.decline(connection, speaking, promise.id or 0)  # it comes back, and nothing tells of it
            return
        after = State.GIVEN_BACK  # they have said yes before
    row = None if promise.resource_id is None else reckoning.found(connection, promise.resource_id)
    new = after is State.AGREED and before not in ON_THE_RESOURCE
    if row is not None and promise.asked and new and not _is_room(connection, row, exchange, speaking):
        after = State.GIVEN_BACK
    columns = _receipts(connection, speaking, exchange, said, promise)
    if said.agreement_id is not None and promise.agreement_id is None:
        columns["agreement_id"] = said.agreement_id
    if after is not before or columns:
        keeping.turn_to(connection, speaking, promise.id or 0, after, told=True, **columns)


def _receipts(
    connection: Connection, speaking: Speaking, exchange: Exchange, said: Outcome, promise: Promise
) -> dict[str, Any]:
    """The word of the other council that it is done, in the column of whoever they are: giver or getter."""
    their_word = said.receipts.get(exchange.other(speaking.council.actor_id))
    kept = {name: getattr(promise, name) for name in ("giver_confirmed_at", "getter_confirmed_at")}
    if their_word is None or sum(at is not None for at in kept.values()) >= len(said.receipts):
        return {}
    theirs = "getter_confirmed_at" if sides.we_give(connection, promise) else "giver_confirmed_at"
    if kept[theirs] is not None:
        theirs = next(name for name in kept if name != theirs)
    return {theirs: their_word}


def _can_be(row: Resource | None, exchange: Exchange, speaking: Speaking) -> bool:
    """Whether a need or offer of ours can still be promised, counted as they count it."""
    return (
        row is not None
        and row.state != ResourceState.CLOSED
        and row.ends_at > speaking.now
        and row.shown == SHOWN
        and not row.standing
        and (row.unit == exchange.unit if row.quantity is not None else exchange.amount is None)
        and (exchange.amount is not None or row.quantity is None)
    )


def _is_room(connection: Connection, row: Resource, exchange: Exchange, speaking: Speaking) -> bool:
    return _can_be(row, exchange, speaking) and _fits(connection, row, exchange)


def _fits(connection: Connection, row: Resource, exchange: Exchange) -> bool:
    try:
        reckoning.check_fits(connection, row, exchange.amount)
    except Refusal:
        return False
    return row.quantity is not None or not reckoning.promised(connection, row).any_agreed


def _record(connection: Connection, object_id: str) -> Resource | None:
    values = connection.execute(_RESOURCES.select().where(_RESOURCES.c.object_id == object_id)).mappings().first()
    return None if values is None else Resource(**values)
