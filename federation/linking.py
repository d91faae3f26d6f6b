"""The row of a council while we link up with it: each change of it, and what the other side is told of one.

Only peers and blocks use this; what a keeper may do, or another council may say, is decided there.
"""

from datetime import datetime

from sqlalchemy import Connection, RowMapping

from federation import outbox, replicas
from federation.council import Council
from federation.destinations import open_destination
from federation.introductions import find
from federation.tables import Peer, table_of
from protocol import peering
from protocol.peering import Event, State
from protocol.verdict import Refused
from schemas import activity as activities
from schemas.phrase import phrase
from schemas.refusal import Refusal

_PEER = table_of(Peer)


def known(connection: Connection, actor_id: str) -> RowMapping:
    row = find(connection, actor_id)
    if row is None:
        raise Refusal(
            "unknown", sentence=phrase("We have not met them yet. The list of nearby councils shows whom we have met.")
        )
    return row


def step(row: RowMapping, event: Event) -> State:
    state = peering.step(State(row["state"]), event)
    if isinstance(state, Refused):
        raise Refusal(
            "wrong-moment",
            sentence=phrase(
                "That cannot be done now: with {name} we are at “{state}”.", name=row["name"], state=row["state"]
            ),
        )
    return state


def change(connection: Connection, row: RowMapping, **values: object) -> None:
    connection.execute(_PEER.update().where(_PEER.c.id == row["id"]).values(**values))


def end_link(connection: Connection, council: Council, row: RowMapping, state: State) -> None:
    replicas.forget_source(connection, council, source=row["actor_id"])
    # What we ourselves have said is remembered, so that it can be taken back once more if they never heard the first time.
    change(connection, row, state=state.value, accepted_at=None, their_offer_id=None, their_accept_id=None)


def take_back_all(connection: Connection, council: Council, row: RowMapping, *, now: datetime) -> None:
    """Offer and Accept each by itself: they may have heard the one or the other."""
    for said in (row["our_accept_id"], row["our_offer_id"]):
        if said is not None:
            take_back(connection, council, row, said=said, now=now)


def take_back(connection: Connection, council: Council, row: RowMapping, *, said: str, now: datetime) -> None:
    """Tell them that an Offer or Accept of ours holds no more."""
    undo = activities.undo(
        council.actor_id, council.new_activity_id(), object_id=said, their_actor=row["actor_id"], published=now
    )
    open_destination(connection, inbox=row["inbox"], serves="handshake", scheme="ed25519", now=now)
    outbox.send_to(connection, council, activity=undo, inbox=row["inbox"], now=now)
