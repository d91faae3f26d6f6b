"""What our council says in an exchange with another: always what our own row says and our signed acts do not say yet.

Whoever moves a promise need not know of any wire: `follow` runs in the step that moved it, so row and word of it are kept together
or not at all. The row of a promise is the council's; no act names a person, and a no never says why.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping

from federation import outbox
from federation.tables import Lane, Peer, table_of
from node.features.resources import quantities, reckoning
from node.features.resources.agreements import evidence
from node.features.resources.agreements.evidence import Exchange
from node.features.resources.agreements.outcome import ACCEPT, OFFER, Outcome
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.features.resources.telling import Speaking
from protocol.peering import State as Link
from schemas.phrase import phrase
from schemas.records import agreement_acts as wire
from schemas.records.resource import ResourceState
from schemas.refusal import Refusal

_PEERS: Final = table_of(Peer)
_PROMISES: Final = table_of(Promise)
_RESOURCES: Final = table_of(Resource)
_YES: Final = frozenset({State.AGREED, State.DONE})
_OVER: Final = frozenset({State.GIVEN_BACK, State.LAPSED, State.DECLINED})


def offer(
    connection: Connection,
    speaking: Speaking,
    *,
    note_id: str,
    their_actor: str,
    amount: str | None,
    unit: str | None,
    ends_at: datetime,
) -> str:
    """Offer another council an agreement about a need or an offer of one of us. Returns the Offer's address.

    Raises Refusal("not-linked").
    """
    council = speaking.council
    said = wire.offer(
        council.base_url,
        council.new_activity_id(),
        note_id=note_id,
        amount=amount,
        unit=unit,
        their_actor=their_actor,
        ends_at=ends_at,
        published=speaking.now.replace(microsecond=0),
    )
    _say(connection, speaking, said, their_actor, linked=True)
    return str(said["id"])


def follow(connection: Connection, speaking: Speaking, promise: Promise) -> None:
    """Say what this promise has come to, where our acts do not say so yet; nothing for one that is no other council's matter.
    Whom we have asked holds our need as long as they have promised it.

    Raises Refusal("not-linked") or ("too-late") where our yes cannot be said any more, ("not-answered") where it is theirs to say.
    """
    if promise.asked and promise.resource_id is not None:
        _hand_over(connection, speaking, promise)
    exchange = None if promise.offer_id is None else evidence.exchange(connection, promise.offer_id)
    if exchange is None:
        return
    us, state = speaking.council.actor_id, State(promise.state)
    said = evidence.outcome(connection, exchange.offer_id)
    ours = exchange.offerer == us
    if state in _YES and said.state is State.PROPOSED and ours:
        raise Refusal("not-answered", sentence=phrase("They have not answered yet. It is theirs to say yes."))
    if state in _YES and said.state is State.PROPOSED:
        _accept(connection, speaking, exchange, promise)
    elif state in _OVER and said.state is State.PROPOSED and ours:
        _take_back(connection, speaking, exchange, OFFER)
    elif (
        state in _OVER and said.state is State.PROPOSED and not (state is State.LAPSED and _is_over(promise, speaking))
    ):
        reject(connection, speaking, exchange)
    elif state in _OVER and said.state is State.AGREED:
        _take_back(connection, speaking, exchange, OFFER if ours else ACCEPT)
    if state in _YES and our_word(promise, said, us):
        _sign_receipt(connection, speaking, exchange)


def reject(connection: Connection, speaking: Speaking, exchange: Exchange) -> None:
    """Not this time; and where the need or offer is ours and counted, how much of it is left."""
    council = speaking.council
    row = _ours(connection, exchange.note_id)
    available = None
    if row is not None and row.quantity is not None:
        left = reckoning.left(connection, row)
        over = row.state == ResourceState.CLOSED or row.ends_at <= speaking.now
        available = "0" if over or left is None else quantities.as_text(left)
    said = wire.reject(
        council.base_url,
        council.new_activity_id(),
        offer_id=exchange.offer_id,
        note_id=exchange.note_id,
        their_actor=exchange.offerer,
        available=available,
        unit=None if row is None else row.unit,
        published=_next(connection, speaking, exchange),
    )
    _say(connection, speaking, said, exchange.offerer)


def our_word(promise: Promise, said: Outcome, us: str) -> bool:
    """Whether our side has said that it is done: one word more is kept than the other council has signed receipts."""
    words = sum(at is not None for at in (promise.giver_confirmed_at, promise.getter_confirmed_at))
    return words > sum(actor != us for actor in said.receipts)


def peer(connection: Connection, actor: str) -> RowMapping | None:
    """The row of a council that we are linked up with."""
    where = (_PEERS.c.actor_id == actor, _PEERS.c.state == Link.ACCEPTED.value)
    return connection.execute(_PEERS.select().where(*where)).mappings().first()


def _hand_over(connection: Connection, speaking: Speaking, promise: Promise) -> None:
    """In whose hands our need is: theirs while they have promised it, and back with whoever is on call once they have not."""
    row = reckoning.found(connection, promise.resource_id or 0)
    holds = State(promise.state) in _YES
    if (row.holder_actor == promise.by_actor) == holds:
        return
    changed = {"holder_actor": promise.by_actor if holds else None, "holder": 0, "held_since": speaking.now}
    connection.execute(_RESOURCES.update().where(_RESOURCES.c.id == row.id).values(**changed))


def _accept(connection: Connection, speaking: Speaking, exchange: Exchange, promise: Promise) -> None:
    council, given = (
        speaking.council,
        evidence.said_by(connection, exchange.offer_id, actor=exchange.offerer, verb=OFFER),
    )
    at = _next(connection, speaking, exchange)
    if given is None or at > exchange.ends_at:
        raise Refusal("too-late", sentence=phrase("The time to answer is over. They can offer it again."))
    agreement_id = council.new_activity_id()
    said = wire.accept(
        council.base_url, council.new_activity_id(), given=given, agreement_id=agreement_id, published=at
    )
    _say(connection, speaking, said, exchange.offerer, linked=True)
    connection.execute(_PROMISES.update().where(_PROMISES.c.id == promise.id).values(agreement_id=agreement_id))


def _take_back(connection: Connection, speaking: Speaking, exchange: Exchange, verb: str) -> None:
    council, us = speaking.council, speaking.council.actor_id
    given = evidence.said_by(connection, exchange.offer_id, actor=us, verb=verb)
    if given is None:
        return
    said = wire.take_back(
        council.base_url,
        council.new_activity_id(),
        given=given,
        their_actor=exchange.other(us),
        published=_next(connection, speaking, exchange),
    )
    _say(connection, speaking, said, exchange.other(us))


def _sign_receipt(connection: Connection, speaking: Speaking, exchange: Exchange) -> None:
    council, us = speaking.council, speaking.council.actor_id
    said = evidence.outcome(connection, exchange.offer_id)
    if said.agreement_id is None or us in said.receipts or said.state is not State.AGREED:
        return
    signed = wire.receipt(
        council.base_url,
        council.new_activity_id(),
        offer_id=exchange.offer_id,
        agreement_id=said.agreement_id,
        their_actor=exchange.other(us),
        published=_next(connection, speaking, exchange),
    )
    _say(connection, speaking, signed, exchange.other(us))


def _say(
    connection: Connection, speaking: Speaking, said: dict[str, Any], their_actor: str, *, linked: bool = False
) -> None:
    """Sign one act, queue it for the other council, and keep it. What gives back is kept also where the link has ended."""
    to = peer(connection, their_actor)
    if to is None and linked:
        raise Refusal("not-linked", sentence=phrase("We are no longer linked up with them."))
    if to is None:
        document = outbox.sign(speaking.council, said, now=speaking.now)[1]
    else:
        document = outbox.send_to(
            connection,
            speaking.council,
            activity=said,
            inbox=to["inbox"],
            now=speaking.now,
            lane=Lane.ORDINARY,
        )
    evidence.keep(connection, document, now=speaking.now)


def _next(connection: Connection, speaking: Speaking, exchange: Exchange) -> datetime:
    return evidence.next_time(connection, exchange.offer_id, actor=speaking.council.actor_id, now=speaking.now)


def _is_over(promise: Promise, speaking: Speaking) -> bool:
    return promise.ends_at <= speaking.now


def _ours(connection: Connection, note_id: str) -> Resource | None:
    values = connection.execute(_RESOURCES.select().where(_RESOURCES.c.object_id == note_id)).mappings().first()
    return None if values is None else Resource(**values)
