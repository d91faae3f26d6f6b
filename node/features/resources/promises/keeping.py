"""The rows of promises: made, moved on and gone, each in one step with what is left on both sides.

Everything that changes a promise comes here, whoever asked for it: a neighbour, a nearby council's act, or time. Who may do
what, and what others are told of it, is judged before. Nothing here ever counts, dates or explains a decline.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection

from federation.tables import table_of
from node.features.resources import quantities, reckoning, telling
from node.features.resources.agreements import saying
from node.features.resources.promises.states import ON_THE_COUNTERPART, ON_THE_RESOURCE, OPEN, State, may_become
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.features.resources.telling import Speaking
from schemas.phrase import phrase
from schemas.refusal import Refusal

_PROMISES = table_of(Promise)
_RESOURCES = table_of(Resource)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is promised: to a record of ours (`resource_id`) or of a nearby council (`object_id`), by whom, how much, from what.

    `amount` is decimal text in `unit`, None where nothing is counted. `counterpart_id` is a record of ours that it draws on,
    `counterpart_amount` how much of that, typed by hand where it counts in another unit. It lapses at `ends_at`. With `asked` one
    council has asked the other for it (`tables.Promise`).
    """

    ends_at: datetime
    resource_id: int | None = None
    object_id: str | None = None
    counterpart_id: int | None = None
    by_member: int = 0
    by_actor: str | None = None
    amount: str | None = None
    unit: str | None = None
    counterpart_amount: str | None = None
    words: str = ""
    starts_at: datetime | None = None
    offer_id: str | None = None
    asked: bool = False


def add(
    connection: Connection, acting: Speaking, proposal: Proposal, state: State = State.PROPOSED, *, told: bool = False
) -> Promise:
    """Keep a new promise. With `told` a nearby council has said it: then it is kept whatever is left, and answered elsewhere.

    Raises Refusal("not-enough", "amount") where its state takes more than there is, on either side.
    """
    promise = Promise(
        public_id=telling.new_public_id(acting.council),
        state=state.value,
        created_at=acting.now,
        updated_at=acting.now,
        **{name: getattr(proposal, name) for name in proposal.__slots__},
    )
    if not told:
        _check_room(connection, promise, before=None)
    values = promise.model_dump(exclude={"id"})
    promise.id = connection.execute(_PROMISES.insert().values(**values).returning(_PROMISES.c.id)).scalar_one()
    _recount(connection, acting, promise)
    return promise


def turn_to(
    connection: Connection, acting: Speaking, promise_id: int, state: State, *, told: bool = False, **columns: Any
) -> Promise:
    """Move a promise on, and reckon both sides anew. Saying the same again changes nothing but the given columns.

    A person may only go where life goes (`states.may_become`) and only where there is enough. With `told` it is what signed acts
    say: that stands in whatever order they came, and even beyond what is left. What another council has to hear of it is said.
    Raises Refusal("not-found"), ("moved-on") or ("not-enough", "amount").
    """
    promise = find(connection, promise_id)
    before, after = State(promise.state), promise.model_copy(update={**columns, "state": state.value})
    if not told:
        if before is not state and not may_become(before, state):
            raise Refusal("moved-on", sentence=phrase("This promise has moved on. Look at it again."))
        _check_room(connection, after, before=promise)
    values = {**columns, "state": state.value, "updated_at": acting.now}
    connection.execute(_PROMISES.update().where(_PROMISES.c.id == promise_id).values(**values))
    _recount(connection, acting, promise, after)
    saying.follow(connection, acting, find(connection, promise_id))
    return find(connection, promise_id)


def decline(connection: Connection, acting: Speaking, promise_id: int) -> None:
    """Not this time: the row goes, and with it everything that could tell. Only what nobody has agreed to can be declined."""
    promise = find(connection, promise_id)
    if State(promise.state) not in (State.WAITING, State.PROPOSED):
        raise Refusal("moved-on", sentence=phrase("This promise has moved on. Look at it again."))
    saying.follow(connection, acting, promise.model_copy(update={"state": State.DECLINED.value}))
    connection.execute(_PROMISES.delete().where(_PROMISES.c.id == promise_id))
    _recount(connection, acting, promise)


def find(connection: Connection, promise_id: int) -> Promise:
    """One promise. Raises Refusal("not-found")."""
    return _one(connection, _PROMISES.c.id == promise_id)


def named(connection: Connection, public_id: str) -> Promise:
    """The promise under this name. Raises Refusal("not-found")."""
    return _one(connection, _PROMISES.c.public_id == public_id)


def of_exchange(connection: Connection, offer_id: str) -> Promise | None:
    """The promise that this Offer (an address) began, None where we know of none."""
    values = connection.execute(_PROMISES.select().where(_PROMISES.c.offer_id == offer_id)).mappings().first()
    return None if values is None else Promise(**values)


def of_resource(connection: Connection, resource_id: int, *states: State) -> list[Promise]:
    """The promises about one record of ours in these states (all where none is named), oldest first."""
    return _all(connection, _PROMISES.c.resource_id == resource_id, states)


def of_member(connection: Connection, member_id: int, *states: State) -> list[Promise]:
    """What a neighbour of ours has promised, oldest first."""
    return _all(connection, _PROMISES.c.by_member == member_id, states)


def waiting(connection: Connection, resource_id: int) -> list[quantities.Waits]:
    """Who is on the waiting list of a record of ours, oldest first, for `quantities.next_in_line`."""
    return [
        quantities.Waits(one.id or 0, None if one.amount is None else Decimal(one.amount))
        for one in of_resource(connection, resource_id, State.WAITING)
    ]


def wait_until(connection: Connection, acting: Speaking, resource_id: int, ends_at: datetime) -> None:
    """Whoever waits for a record of ours waits for as long as it stays up."""
    for one in of_resource(connection, resource_id, State.WAITING):
        turn_to(connection, acting, one.id or 0, State.WAITING, ends_at=ends_at)


def forget_member(connection: Connection, member_id: int) -> None:
    """A neighbour leaves, and what they had promised is done or given back: no promise names them any more."""
    connection.execute(_PROMISES.update().where(_PROMISES.c.by_member == member_id).values(by_member=0, words=""))


def forget_about(
    connection: Connection, resource_ids: Iterable[int], acting: Speaking | None = None, *, over: bool = False
) -> None:
    """Before records of ours go: their promises go with them, and what these drew on is right without them.

    What was handed over stays gone there; what was not comes back, unless the record is long `over` and it must be taken as done.
    Without `acting` nothing is reckoned: nothing that is left changes then.
    """
    ids = sorted(resource_ids)
    where = (_PROMISES.c.resource_id.in_(ids), _PROMISES.c.counterpart_id.is_not(None))
    rows = [Promise(**row) for row in connection.execute(_PROMISES.select().where(*where)).mappings()]
    counted = ON_THE_RESOURCE if over else {State.DONE}
    for promise in rows:
        if promise.counterpart_id in ids or State(promise.state) not in counted:
            continue
        row = reckoning.found(connection, promise.counterpart_id or 0)
        amount = reckoning.counterpart_amount(promise, row)
        gone = quantities.total([row.taken_otherwise, amount or ("1" if row.quantity is None else None)])
        connection.execute(
            _RESOURCES.update().where(_RESOURCES.c.id == row.id).values(taken_otherwise=quantities.as_text(gone))
        )
    if acting is not None:
        for promise in _all(connection, _PROMISES.c.resource_id.in_(ids), OPEN):
            saying.follow(connection, acting, promise.model_copy(update={"state": State.GIVEN_BACK.value}))
    connection.execute(_PROMISES.delete().where(_PROMISES.c.resource_id.in_(ids)))
    if acting is not None:
        for counterpart in sorted({one.counterpart_id for one in rows if one.counterpart_id is not None} - set(ids)):
            reckoning.recount(connection, counterpart, acting)


def _one(connection: Connection, where: ColumnElement[bool]) -> Promise:
    values = connection.execute(_PROMISES.select().where(where)).mappings().first()
    if values is None:
        raise Refusal("not-found", sentence=phrase("There is no promise under this address."))
    return Promise(**values)


def _all(connection: Connection, where: ColumnElement[bool], states: Iterable[State]) -> list[Promise]:
    wanted = [state.value for state in states]
    statement = _PROMISES.select().where(where).order_by(_PROMISES.c.created_at, _PROMISES.c.id)
    if wanted:
        statement = statement.where(_PROMISES.c.state.in_(wanted))
    return [Promise(**row) for row in connection.execute(statement).mappings()]


def _check_room(connection: Connection, promise: Promise, *, before: Promise | None) -> None:
    """A promise that begins to take from a side needs room there."""
    after, was = State(promise.state), None if before is None else State(before.state)
    drew_on = None if before is None or was not in ON_THE_COUNTERPART else before.counterpart_id
    if promise.resource_id is not None and after in ON_THE_RESOURCE and was not in ON_THE_RESOURCE:
        reckoning.check_fits(connection, reckoning.found(connection, promise.resource_id), promise.amount)
    if promise.counterpart_id not in (None, drew_on) and after in ON_THE_COUNTERPART:
        row = reckoning.found(connection, promise.counterpart_id or 0)
        amount = reckoning.counterpart_amount(promise, row)
        if amount is not None:
            reckoning.check_fits(connection, row, amount)


def _recount(connection: Connection, acting: Speaking, *promises: Promise) -> None:
    """Both sides of a promise, as it was and as it is."""
    touched = [number for one in promises for number in (one.resource_id, one.counterpart_id) if number is not None]
    for resource_id in dict.fromkeys(touched):
        reckoning.recount(connection, resource_id, acting)
