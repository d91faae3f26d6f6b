"""Nearby councils: asking to link up, accepting, declining, ending, and the six words that both sides compare.

Linking up takes both councils. Until both have accepted, nothing but the handshake goes either way. The keys that stood
behind the six words are pinned here; nothing fetched later replaces them.
"""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, RowMapping, text

from federation import outbox, replicas
from federation.council import Council
from federation.destinations import close_destination, drop_content, drop_waiting, open_destination, try_now
from federation.introductions import Introduction, find, meet
from federation.moments import microseconds, read_time
from federation.tables import Block, Peer, table_of
from protocol import ids, peering
from protocol.peering import Event, State
from protocol.verdict import Refused
from schemas import activity as activities
from schemas.refusal import Refusal

_PEER = table_of(Peer)
_BLOCK = table_of(Block)
_LINKED = text("SELECT 1 FROM peer WHERE actor_id = :actor_id AND state = :accepted")
_WITHOUT_THEM = (State.NONE, State.WE_ASKED, State.DECLINED, State.ENDED)


@dataclass(frozen=True, slots=True)
class PeerView:
    """One nearby council as pages and the command line show it."""

    actor_id: str
    name: str
    url: str
    state: str
    words: tuple[str, ...]
    last_heard_at: datetime | None
    waiting: int
    can_accept: bool


def ask(connection: Connection, council: Council, *, introduction: Introduction, now: datetime) -> str:
    """Ask a council to link up, after our keeper has compared the six words. Returns its actor id. Raises Refusal."""
    if ids.same_origin(introduction.actor_id, council.base_url):
        raise Refusal("ourselves", sentence="That is our own address; give the address of the other council.")
    if is_blocked(connection, ids.host_of(introduction.actor_id)):
        raise Refusal("blocked", sentence="We have blocked that host; unblock it first.")
    row = meet(connection, introduction=introduction, now=now)
    if row["state"] == State.ACCEPTED:
        raise Refusal("already", sentence=f"We are linked up with {row['name']} already.")
    state = _step(row, Event.OUR_OFFER)
    inbox = row["inbox"]
    open_destination(connection, inbox=inbox, serves="handshake", scheme="ed25519", now=now)
    if state is State.ACCEPTED:
        return accept(connection, council, actor_id=row["actor_id"], now=now)
    offer = activities.peering_offer(
        council.base_url, row["actor_id"], activity_id=council.new_activity_id(), published=now
    )
    outbox.send_to(connection, council, activity=offer, inbox=inbox, now=now)
    _set(connection, row, state=state.value, our_offer_id=offer["id"])
    return str(row["actor_id"])


def accept(connection: Connection, council: Council, *, actor_id: str, now: datetime) -> str:
    """Accept a council that has asked. From here on each of us is told what the other publishes. Raises Refusal."""
    row = _known(connection, actor_id)
    if row["their_offer_id"] is None:
        raise Refusal(
            "not-asked", sentence=f"{row['name']} has not asked us. To ask them: comarca peers add {row['origin']}"
        )
    state = _step(row, Event.OUR_ACCEPT)
    answer = activities.accept(
        council.actor_id,
        council.new_activity_id(),
        object_id=row["their_offer_id"],
        their_actor=row["actor_id"],
        published=now,
    )
    open_destination(connection, inbox=row["inbox"], serves="peer", scheme="ed25519", now=now)
    outbox.send_to(connection, council, activity=answer, inbox=row["inbox"], now=now)
    _set(connection, row, state=state.value, our_accept_id=answer["id"], accepted_at=now)
    outbox.send_live_objects(connection, council, inbox=row["inbox"], audiences=outbox.FEDERATED, now=now)
    return str(row["actor_id"])


def decline(connection: Connection, council: Council, *, actor_id: str, now: datetime) -> str:
    """Say no to a council that has asked; it may ask again. Raises Refusal."""
    row = _known(connection, actor_id)
    if row["their_offer_id"] is None:
        raise Refusal("not-asked", sentence=f"{row['name']} has not asked us.")
    state = _step(row, Event.OUR_REJECT)
    answer = activities.reject(
        council.actor_id,
        council.new_activity_id(),
        object_id=row["their_offer_id"],
        their_actor=row["actor_id"],
        published=now,
    )
    open_destination(connection, inbox=row["inbox"], serves="handshake", scheme="ed25519", now=now)
    outbox.send_to(connection, council, activity=answer, inbox=row["inbox"], now=now)
    _set(connection, row, state=state.value)
    return str(row["actor_id"])


def remove(connection: Connection, council: Council, *, actor_id: str, now: datetime) -> str:
    """End a link, or take back our asking: they are told, and what we hold of theirs goes. Raises Refusal."""
    row = _known(connection, actor_id)
    state = _step(row, Event.OUR_UNDO)
    drop_content(connection, inbox=row["inbox"])
    _take_back_all(connection, council, row, now=now)
    _end(connection, council, row, state)
    return str(row["actor_id"])


def they_asked(connection: Connection, council: Council, *, actor_id: str, offer_id: str, now: datetime) -> None:
    """Their Offer has come. If ours is on its way, both have said yes already.

    An Offer of one that we are linked up with says that they have begun anew (we were blocked for a while), so what we hold
    of theirs goes and is sent again. One that is older than the Offer we know of was overtaken, and counts no more.
    """
    row = _known(connection, actor_id)
    state = peering.step(State(row["state"]), Event.THEIR_OFFER)
    if isinstance(state, Refused) or _overtaken(connection, offer_id, by=row["their_offer_id"]):
        return
    if row["state"] == State.ACCEPTED:
        replicas.forget_source(connection, council, source=actor_id)
    _set(connection, row, their_offer_id=offer_id)
    if state is State.ACCEPTED:
        _set(connection, row, state=State.THEY_ASKED.value)
        accept(connection, council, actor_id=actor_id, now=now)
    else:
        _set(connection, row, state=state.value)


def _overtaken(connection: Connection, offer_id: str, *, by: str | None) -> bool:
    """Whether an Offer of theirs is older than the one we know of, by the times that they wrote in both."""
    statement = text("SELECT document FROM received_activity WHERE activity_id = :id")
    documents = [connection.execute(statement, {"id": known}).scalar() for known in (offer_id, by)]
    this, that = (orjson.loads(document or b"{}").get("published") for document in documents)
    return this is not None and that is not None and read_time(this) < read_time(that)


def they_accepted(
    connection: Connection, council: Council, *, actor_id: str, object_id: str, accept_id: str, now: datetime
) -> None:
    """Their Accept of our very Offer has come (S7: an Accept of anything else changes nothing).

    If it is an Offer that we have taken back, they are told so once more: it reached them after our Undo, and they believe
    that we are linked up.
    """
    row = _known(connection, actor_id)
    state = peering.step(State(row["state"]), Event.THEIR_ACCEPT)
    if object_id != row["our_offer_id"] or isinstance(state, Refused):
        if row["state"] in _WITHOUT_THEM and ids.same_origin(object_id, council.base_url):
            _take_back(connection, council, row, said=object_id, now=now)
        return
    newly = row["state"] != State.ACCEPTED
    _set(connection, row, state=state.value, their_accept_id=accept_id, accepted_at=row["accepted_at"] or now)
    if newly:
        open_destination(connection, inbox=row["inbox"], serves="peer", scheme="ed25519", now=now)
        outbox.send_live_objects(connection, council, inbox=row["inbox"], audiences=outbox.FEDERATED, now=now)


def they_declined(connection: Connection, council: Council, *, actor_id: str, object_id: str) -> None:
    """Their Reject of our very Offer has come; of one that stands it ends the link."""
    row = _known(connection, actor_id)
    state = peering.step(State(row["state"]), Event.THEIR_REJECT)
    if object_id != row["our_offer_id"] or isinstance(state, Refused) or state == row["state"]:
        return
    drop_waiting(connection, inbox=row["inbox"])
    close_destination(connection, inbox=row["inbox"])
    _end(connection, council, row, state)


def they_undid(connection: Connection, council: Council, *, actor_id: str, object_id: str) -> None:
    """They end the link or take back their asking: only by naming what they themselves said."""
    row = _known(connection, actor_id)
    if object_id not in (row["their_offer_id"], row["their_accept_id"]):
        return
    state = peering.step(State(row["state"]), Event.THEIR_UNDO)
    if isinstance(state, Refused):
        return
    drop_waiting(connection, inbox=row["inbox"])
    close_destination(connection, inbox=row["inbox"])
    _end(connection, council, row, state)


def heard(connection: Connection, *, actor_id: str, now: datetime) -> None:
    """A sign of life from a council: what waits for it is tried at once."""
    row = find(connection, actor_id)
    if row is None:
        return
    if row["last_heard_at"] is None or row["last_heard_at"] < now:
        _set(connection, row, last_heard_at=now)
    try_now(connection, origin=row["origin"], now=now)


def block(connection: Connection, council: Council, *, host: str, now: datetime) -> None:
    """Listen to a host no more: refused first of all, nothing sent, nothing of theirs shown."""
    connection.execute(
        text("INSERT INTO block (host, created_at) VALUES (:host, :now) ON CONFLICT (host) DO NOTHING"),
        {"host": host, "now": microseconds(now)},
    )
    for row in connection.execute(_PEER.select()).mappings().all():
        if host in (ids.host_of(row["origin"]), row["origin"].split("://", 1)[1]):
            drop_waiting(connection, inbox=row["inbox"])
            close_destination(connection, inbox=row["inbox"])
            _end(connection, council, row, State.BLOCKED)
    for follower in connection.execute(text("SELECT actor_id, inbox FROM follower")).all():
        if ids.host_of(follower.actor_id) == host:
            close_destination(connection, inbox=follower.inbox)
            connection.execute(text("DELETE FROM follower WHERE actor_id = :a"), {"a": follower.actor_id})


def unblock(connection: Connection, council: Council, *, host: str, now: datetime) -> bool:
    """Listen again; linking up starts anew, and they are told that the old link has ended. Returns whether it was blocked."""
    gone = connection.execute(text("DELETE FROM block WHERE host = :host"), {"host": host}).rowcount
    for row in connection.execute(_PEER.select().where(_PEER.c.state == State.BLOCKED.value)).mappings().all():
        if host in (ids.host_of(row["origin"]), row["origin"].split("://", 1)[1]):
            _take_back_all(connection, council, row, now=now)
            _set(connection, row, state=_step(row, Event.OUR_UNBLOCK).value)
    return bool(gone)


def is_linked(connection: Connection, actor_id: str) -> bool:
    """Whether both have accepted, as far as we know."""
    given = {"actor_id": actor_id, "accepted": State.ACCEPTED.value}
    return connection.execute(_LINKED, given).first() is not None


def is_blocked(connection: Connection, host: str) -> bool:
    return connection.execute(_BLOCK.select().where(_BLOCK.c.host == host)).first() is not None


def listing(connection: Connection, council: Council) -> list[PeerView]:
    """Every council that we have met, by name."""
    counted = connection.execute(
        text("SELECT d.inbox, count(*) FROM delivery x JOIN destination d ON d.id = x.destination_id GROUP BY d.inbox")
    )
    waiting: dict[str, int] = {row[0]: row[1] for row in counted}
    rows = connection.execute(_PEER.select().order_by(_PEER.c.name, _PEER.c.id)).mappings().all()
    return [
        PeerView(
            actor_id=row["actor_id"],
            name=row["name"],
            url=row["origin"],
            state=row["state"],
            words=six_words(council, row["actor_id"], row["ed25519_multibase"]),
            last_heard_at=row["last_heard_at"],
            waiting=waiting.get(row["inbox"], 0),
            can_accept=row["state"] == State.THEY_ASKED,
        )
        for row in rows
    ]


def six_words(council: Council, their_actor: str, their_multibase: str) -> tuple[str, ...]:
    """The words that both keepers read to each other: the same on both sides if nobody stands between them."""
    return tuple(peering.words(council.actor_id, council.multibase, their_actor, their_multibase))


def _known(connection: Connection, actor_id: str) -> RowMapping:
    row = find(connection, actor_id)
    if row is None:
        raise Refusal("unknown", sentence="We have not met that council. To see those we have: comarca peers list")
    return row


def _step(row: RowMapping, event: Event) -> State:
    state = peering.step(State(row["state"]), event)
    if isinstance(state, Refused):
        raise Refusal(
            "wrong-moment", sentence=f"That cannot be done now: with {row['name']} we are at “{row['state']}”."
        )
    return state


def _set(connection: Connection, row: RowMapping, **values: object) -> None:
    connection.execute(_PEER.update().where(_PEER.c.id == row["id"]).values(**values))


def _end(connection: Connection, council: Council, row: RowMapping, state: State) -> None:
    replicas.forget_source(connection, council, source=row["actor_id"])
    # What we ourselves have said is remembered, so that it can be taken back once more if they never heard the first time.
    _set(connection, row, state=state.value, accepted_at=None, their_offer_id=None, their_accept_id=None)


def _take_back_all(connection: Connection, council: Council, row: RowMapping, *, now: datetime) -> None:
    """Offer and Accept each by itself: they may have heard the one or the other."""
    for said in (row["our_accept_id"], row["our_offer_id"]):
        if said is not None:
            _take_back(connection, council, row, said=said, now=now)


def _take_back(connection: Connection, council: Council, row: RowMapping, *, said: str, now: datetime) -> None:
    """Tell them that an Offer or Accept of ours holds no more."""
    undo = activities.undo(
        council.actor_id, council.new_activity_id(), object_id=said, their_actor=row["actor_id"], published=now
    )
    open_destination(connection, inbox=row["inbox"], serves="handshake", scheme="ed25519", now=now)
    outbox.send_to(connection, council, activity=undo, inbox=row["inbox"], now=now)
