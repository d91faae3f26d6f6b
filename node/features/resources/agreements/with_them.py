"""The part below a need or an offer that tells of promises with nearby councils: theirs of which we can take some, ours that we ask
them to take on. Only for neighbours who are signed in; nobody's name is in it.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from federation import replicas
from federation.tables import Peer, table_of
from node.feature import Acting, Viewer
from node.features.resources.agreements import proposing, saying
from node.features.resources.items import Doing, Item
from node.features.resources.part import Part
from node.features.resources.promises import part as promised
from node.features.resources.promises import wishes
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.rights import Right
from node.web import words
from node.web.words import slip_address
from protocol.peering import State as Link
from protocol.verdict import Refused
from schemas.phrase import phrase
from schemas.records.resource import ResourceNote, ResourceState, read_resource

_PEERS: Final = table_of(Peer)
_PROMISES: Final = table_of(Promise)
_LINKED: Final = select(_PEERS.c.actor_id, _PEERS.c.name).where(_PEERS.c.state == Link.ACCEPTED.value)

COME_TO: Final = {
    State.DECLINED: phrase("They said: not this time."),
    State.GIVEN_BACK: phrase("Given back."),
    State.LAPSED: phrase("Nobody answered in time. It is free again."),
}
STANDS: Final = {
    State.WAITING: phrase("One of us has said that we can. They have not answered yet."),
    State.PROPOSED: phrase("One of us has said that we can. They have not answered yet."),
    State.AGREED: phrase("Agreed with them."),
    State.DONE: phrase("Done."),
    **COME_TO,
}
ASKED: Final = STANDS | {
    State.PROPOSED: phrase("They ask us whether we can take this on."),
    State.LAPSED: phrase("They no longer ask us."),
}


def part(connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime) -> Part | None:
    """What goes on with nearby councils about this note; None where nothing does, and for whoever is not signed in."""
    if not viewer.may(Right.PUT_UP):
        return None
    if row is None:
        given = _of_theirs(connection, address, viewer, now)
        return None if given is None else Part("resources/with_them.html", given)
    form = asking(connection, row, viewer, now)
    return None if form is None else Part("resources/ask_them.html", form)


def theirs(connection: Connection, address: str, viewer: Viewer, now: datetime) -> dict[str, Any] | None:
    """What the form below a nearby council's need or offer needs; None where nothing can be promised."""
    held = replicas.find(connection, address)
    if held is None or held["gone_at"] is not None or held["kind"] != "resource":
        return None
    note = read_resource(replicas.note_of(held))
    if isinstance(note, Refused) or saying.peer(connection, held["source"]) is None:
        return None
    can = note.state is not ResourceState.CLOSED and note.end_time > now and _some_left(note)
    about = proposing.about(note)
    own = wishes.own_notes(connection, viewer, now, about)
    return {
        "can": can,
        "address": address,
        "need": note.direction == "need",
        "left": note.available,
        "unit": about.unit or "",
        "own": [(one.public_id, one.title) for one in own],
        "units_differ": any(one.quantity is not None and one.unit != about.unit for one in own),
    }


def _of_theirs(connection: Connection, address: str, viewer: Viewer, now: datetime) -> dict[str, Any] | None:
    given = theirs(connection, address, viewer, now)
    where = _PROMISES.c.object_id == address
    rows = connection.execute(
        _PROMISES.select().where(where).order_by(_PROMISES.c.created_at, _PROMISES.c.id)
    ).mappings()
    mine, others = [], []
    for one in (Promise(**row) for row in rows):
        shown = None if State(one.state) in COME_TO else promised.shown(connection, viewer, one, None)
        if shown is None:
            others.append(_line(one, viewer))
        else:
            mine.append(shown)
    if given is None and not (mine or others):
        return None
    return {**(given or {"can": False}), "mine": mine, "others": others}


def _line(one: Promise, viewer: Viewer) -> dict[str, Any]:
    """What our council has promised, for those of us who did not: how it stands, and no name."""
    state = State(one.state)
    return {
        "id": one.public_id,
        "says": (ASKED if one.asked else STANDS)[state],
        "amount": words.quantity(one.amount, one.unit),
        "answers": one.asked and state is State.PROPOSED,
        "declines": viewer.may(Right.READ_ASKED),
    }


def asked_of_us(connection: Connection, acting: Acting) -> list[Item]:
    """What nearby councils ask of us, on the list of whoever is on call: any of us can take it on, and they can say no."""
    if not acting.viewer.may(Right.READ_ASKED):
        return []
    where = (_PROMISES.c.object_id.is_not(None), _PROMISES.c.asked, _PROMISES.c.state == State.PROPOSED)
    names = {peer.actor_id: peer.name for peer in connection.execute(_LINKED)}
    found = []
    for row in connection.execute(_PROMISES.select().where(*where).order_by(_PROMISES.c.ends_at)).mappings():
        one, held = Promise(**row), replicas.find(connection, row["object_id"])
        if held is None or held["gone_at"] is not None:
            continue
        path = f"/agreements/{one.public_id}/answer"
        found.append(
            Item(
                title=held["name"],
                language="",
                href=slip_address(one.object_id or "", base_url=acting.council.base_url),
                sentence=phrase("{who} asks us whether we can take this on.", who=names.get(one.by_actor or "", "")),
                at=one.ends_at,
                rank=3,
                doings=(
                    Doing(phrase("We can do this"), path, {"answer": "yes"}, first=True),
                    Doing(phrase("Not this time"), path, {"answer": "no"}),
                ),
            )
        )
    return found


def asking(connection: Connection, row: Resource, viewer: Viewer, now: datetime) -> dict[str, Any] | None:
    """What the form below a need of ours needs; None where nobody may be asked, or nobody is left to ask."""
    if row.object_id is None or row.ends_at <= now or not proposing.may_ask(row, viewer):
        return None
    us = f"{row.object_id.rpartition('/o/')[0]}/council"
    before = proposing.asked_before(connection, row.object_id, us)
    councils = [
        (actor, name) for actor, name in connection.execute(_LINKED.order_by(_PEERS.c.name)) if actor not in before
    ]
    if not councils or row.state == ResourceState.PROMISED:
        return None
    return {"public_id": row.public_id, "councils": councils, "left": row.available, "unit": row.unit or ""}


def _some_left(note: ResourceNote) -> bool:
    if note.standing or note.state is ResourceState.PROMISED:
        return False
    return note.available is None or words.number(note.available) != "0"
