"""Nearby councils: asking to link up, accepting, declining, ending, and the six words that both sides compare.

Linking up takes both councils. Until both have accepted, nothing but the handshake goes either way. The keys that stood
behind the six words are pinned here; nothing fetched later replaces them.
"""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, text

from federation import outbox, replicas
from federation.council import Council
from federation.destinations import close_destination, drop_content, drop_waiting, open_destination, try_now
from federation.feeds import cursors, forks, own
from federation.introductions import Introduction, find, is_blocked, meet
from federation.linking import change, end_link, known, step, take_back, take_back_all
from federation.moments import read_time
from federation.rotation import tell_past_keys
from federation.tables import Peer, table_of
from protocol import ids, peering
from protocol.peering import Event, State
from protocol.verdict import Refused
from schemas import activity as activities
from schemas.phrase import phrase
from schemas.refusal import Refusal

_PEER = table_of(Peer)
_LINKED = text("SELECT 1 FROM peer WHERE actor_id = :actor_id AND state = :accepted")
_WITHOUT_THEM = (State.NONE, State.WE_ASKED, State.DECLINED, State.ENDED)


@dataclass(frozen=True, slots=True)
class PeerView:
    """One nearby council as pages and the command line show it. `agreed_at`: when we last held all that it holds.

    `frozen`: it has said two different things in one place, and we follow neither.
    """

    actor_id: str
    name: str
    url: str
    state: str
    words: tuple[str, ...]
    last_heard_at: datetime | None
    waiting: int
    can_accept: bool
    keys_changed_at: datetime | None = None
    agreed_at: datetime | None = None
    linked_at: datetime | None = None
    frozen: bool = False


def ask(connection: Connection, council: Council, *, introduction: Introduction, now: datetime) -> str:
    """Ask a council to link up, after our keeper has compared the six words. Returns its actor id. Raises Refusal."""
    if ids.same_origin(introduction.actor_id, council.base_url):
        raise Refusal("ourselves", sentence=phrase("That is our own address; give that of the others."))
    if is_blocked(connection, ids.host_of(introduction.actor_id)):
        raise Refusal("blocked", sentence=phrase("We have blocked that host; unblock it first."))
    row = meet(connection, introduction=introduction, now=now, compared=True)
    if row["state"] == State.ACCEPTED:
        raise Refusal("already", sentence=phrase("We are linked up with {name} already.", name=row["name"]))
    state = step(row, Event.OUR_OFFER)
    inbox = row["inbox"]
    open_destination(connection, inbox=inbox, serves="handshake", scheme="ed25519", now=now)
    if state is State.ACCEPTED:
        return accept(connection, council, actor_id=row["actor_id"], now=now)
    offer = activities.peering_offer(
        council.base_url, row["actor_id"], activity_id=council.new_activity_id(), published=now
    )
    outbox.send_to(connection, council, activity=offer, inbox=inbox, now=now)
    change(connection, row, state=state.value, our_offer_id=offer["id"])
    return str(row["actor_id"])


def accept(connection: Connection, council: Council, *, actor_id: str, now: datetime) -> str:
    """Accept a council that has asked. From here on each of us is told what the other publishes. Raises Refusal."""
    row = known(connection, actor_id)
    if row["their_offer_id"] is None:
        raise Refusal(
            "not-asked",
            sentence=phrase(
                "{name} has not asked us. Ask them first: {origin}",
                name=row["name"],
                origin=row["origin"],
            ),
        )
    state = step(row, Event.OUR_ACCEPT)
    answer = activities.accept(
        council.actor_id,
        council.new_activity_id(),
        object_id=row["their_offer_id"],
        their_actor=row["actor_id"],
        published=now,
    )
    open_destination(connection, inbox=row["inbox"], serves="peer", scheme="ed25519", now=now)
    outbox.send_to(connection, council, activity=answer, inbox=row["inbox"], now=now)
    replicas.forget_source(
        connection, council, source=row["actor_id"]
    )  # what others vouched for; now their own keys count
    change(connection, row, state=state.value, our_accept_id=answer["id"], accepted_at=now)
    own.name_readers(connection, council, now=now)
    tell_past_keys(connection, council, inbox=row["inbox"], now=now)
    outbox.send_live_objects(connection, council, inbox=row["inbox"], audiences=outbox.FEDERATED, now=now)
    return str(row["actor_id"])


def decline(connection: Connection, council: Council, *, actor_id: str, now: datetime) -> str:
    """Say no to a council that has asked; it may ask again. Raises Refusal."""
    row = known(connection, actor_id)
    if row["their_offer_id"] is None:
        raise Refusal("not-asked", sentence=phrase("{name} has not asked us.", name=row["name"]))
    state = step(row, Event.OUR_REJECT)
    answer = activities.reject(
        council.actor_id,
        council.new_activity_id(),
        object_id=row["their_offer_id"],
        their_actor=row["actor_id"],
        published=now,
    )
    open_destination(connection, inbox=row["inbox"], serves="handshake", scheme="ed25519", now=now)
    outbox.send_to(connection, council, activity=answer, inbox=row["inbox"], now=now)
    change(connection, row, state=state.value)
    return str(row["actor_id"])


def remove(connection: Connection, council: Council, *, actor_id: str, now: datetime) -> str:
    """End a link, or take back our asking: they are told, and what we hold of theirs goes. Raises Refusal."""
    row = known(connection, actor_id)
    state = step(row, Event.OUR_UNDO)
    drop_content(connection, inbox=row["inbox"])
    take_back_all(connection, council, row, now=now)
    end_link(connection, council, row, state)
    own.name_readers(connection, council, now=now)
    return str(row["actor_id"])


def linked_before(connection: Connection, *, introduction: Introduction, now: datetime) -> None:
    """Write down a council that we were linked up with before our server was lost, as it still has us. Raises Refusal.

    Its key is the one that it shows now: the words are to be compared again.
    """
    row = meet(connection, introduction=introduction, now=now)
    if row["state"] != State.ACCEPTED:
        open_destination(connection, inbox=row["inbox"], serves="peer", scheme="ed25519", now=now)
        change(connection, row, state=State.ACCEPTED.value, accepted_at=now)


def they_asked(connection: Connection, council: Council, *, actor_id: str, offer_id: str, now: datetime) -> None:
    """Their Offer has come. If ours is on its way, both have said yes already.

    An Offer of one that we are linked up with says that they have begun anew (we were blocked for a while), so what we hold
    of theirs goes and is sent again. One that is older than the Offer we know of was overtaken, and counts no more.
    """
    row = known(connection, actor_id)
    state = peering.step(State(row["state"]), Event.THEIR_OFFER)
    if isinstance(state, Refused) or _overtaken(connection, offer_id, by=row["their_offer_id"]):
        return
    if row["state"] == State.ACCEPTED:
        replicas.forget_source(connection, council, source=actor_id)
    change(connection, row, their_offer_id=offer_id)
    if state is State.ACCEPTED:
        change(connection, row, state=State.THEY_ASKED.value)
        accept(connection, council, actor_id=actor_id, now=now)
    else:
        change(connection, row, state=state.value)


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
    row = known(connection, actor_id)
    state = peering.step(State(row["state"]), Event.THEIR_ACCEPT)
    if object_id != row["our_offer_id"] or isinstance(state, Refused):
        if row["state"] in _WITHOUT_THEM and ids.same_origin(object_id, council.base_url):
            take_back(connection, council, row, said=object_id, now=now)
        return
    newly = row["state"] != State.ACCEPTED
    change(connection, row, state=state.value, their_accept_id=accept_id, accepted_at=row["accepted_at"] or now)
    if newly:
        replicas.forget_source(connection, council, source=actor_id)
        open_destination(connection, inbox=row["inbox"], serves="peer", scheme="ed25519", now=now)
        tell_past_keys(connection, council, inbox=row["inbox"], now=now)
        outbox.send_live_objects(connection, council, inbox=row["inbox"], audiences=outbox.FEDERATED, now=now)


def they_declined(connection: Connection, council: Council, *, actor_id: str, object_id: str) -> None:
    """Their Reject of our very Offer has come; of one that stands it ends the link."""
    row = known(connection, actor_id)
    state = peering.step(State(row["state"]), Event.THEIR_REJECT)
    if object_id != row["our_offer_id"] or isinstance(state, Refused) or state == row["state"]:
        return
    drop_waiting(connection, inbox=row["inbox"])
    close_destination(connection, inbox=row["inbox"])
    end_link(connection, council, row, state)


def they_undid(connection: Connection, council: Council, *, actor_id: str, object_id: str) -> None:
    """They end the link or take back their asking: only by naming what they themselves said."""
    row = known(connection, actor_id)
    if object_id not in (row["their_offer_id"], row["their_accept_id"]):
        return
    state = peering.step(State(row["state"]), Event.THEIR_UNDO)
    if isinstance(state, Refused):
        return
    drop_waiting(connection, inbox=row["inbox"])
    close_destination(connection, inbox=row["inbox"])
    end_link(connection, council, row, state)


def heard(connection: Connection, *, actor_id: str, now: datetime) -> None:
    """A sign of life from a council: what waits for it is tried at once."""
    row = find(connection, actor_id)
    if row is None:
        return
    if row["last_heard_at"] is None or row["last_heard_at"] < now:
        change(connection, row, last_heard_at=now)
    try_now(connection, origin=row["origin"], now=now)


def is_linked(connection: Connection, actor_id: str) -> bool:
    """Whether both have accepted, as far as we know."""
    given = {"actor_id": actor_id, "accepted": State.ACCEPTED.value}
    return connection.execute(_LINKED, given).first() is not None


def listing(connection: Connection, council: Council) -> list[PeerView]:
    """Every council that we have met, by name."""
    counted = connection.execute(
        text("SELECT d.inbox, count(*) FROM delivery x JOIN destination d ON d.id = x.destination_id GROUP BY d.inbox")
    )
    waiting: dict[str, int] = {row[0]: row[1] for row in counted}
    agreed, frozen = cursors.agreed(connection), forks.frozen(connection)
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
            keys_changed_at=row["rotated_at"],
            agreed_at=agreed.get(row["actor_id"]),
            linked_at=row["accepted_at"],
            frozen=row["actor_id"] in frozen,
        )
        for row in rows
    ]


def words_for(council: Council, introduction: Introduction) -> tuple[str, ...]:
    """The six words for somebody who was just met. Raises ValueError without an Ed25519 key."""
    if introduction.ed25519_multibase is None:
        raise ValueError("words stand for two Ed25519 keys")
    return six_words(council, introduction.actor_id, introduction.ed25519_multibase)


def six_words(council: Council, their_actor: str, their_multibase: str) -> tuple[str, ...]:
    """The words that both keepers read to each other: the same on both sides if nobody stands between them."""
    return tuple(peering.words(council.actor_id, council.multibase, their_actor, their_multibase))
