"""What is promised on a note of ours, as it stands below its page: for whoever answers it, whoever promised, and whoever might.

Somebody who is not concerned sees what is left, and nothing else; names are shown only to the two sides of a promise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection, select

from federation.tables import Peer, table_of
from node.accounts.tables import Member
from node.feature import Viewer
from node.features.resources import own_limits, queries, reckoning
from node.features.resources.items import Doing
from node.features.resources.limits import Room
from node.features.resources.part import Part
from node.features.resources.promises import acts, keeping, sides, wishes
from node.features.resources.promises.sides import Side
from node.features.resources.promises.states import OPEN, State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.rights import Right
from node.web import words
from schemas.phrase import Phrase, phrase
from schemas.records.resource import ResourceState

_MEMBERS, _PEERS = table_of(Member), table_of(Peer)
TEMPLATE = "resources/promises/part.html"
SHOWN = (*OPEN, State.DONE)
HELPED = (phrase("It helped"), phrase("It helped partly"), phrase("It did not help"))
STANDS: Mapping[State, Phrase] = {
    State.WAITING: phrase("on the waiting list"),
    State.PROPOSED: phrase("waits for an answer"),
    State.AGREED: phrase("agreed on"),
    State.DONE: phrase("done"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One promise as one of its two sides sees it, and what this side can do about it now."""

    public_id: str
    who: Phrase | str
    much: str
    words: str
    starts_at: datetime | None
    stands: Phrase
    step: int
    """How far it is, of four: promised, agreed, done, said how it went."""

    mine: bool
    doings: tuple[Doing, ...]
    good_to_know: tuple[str, ...] = ()
    """What the other side wants to be known by whoever has agreed on something with them, in their own words."""


def below(connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime) -> Part | None:
    """The part of promises. None for what is not ours, for passers-by, and for a place: one goes there, and promises nothing."""
    if row is None or row.standing or not viewer.signed_in:
        return None
    answers = sides.speaks_for(viewer, row)
    found = [shown(connection, viewer, one, row) for one in keeping.of_resource(connection, row.id or 0, *SHOWN)]
    mine = [one for one in found if one is not None and one.mine]
    theirs = [one for one in found if one is not None and not one.mine]
    form = form_of(connection, row, viewer, now) if may_promise(row, viewer, now) else None
    if not (mine or theirs or form or answers):
        return None
    given = {"path": f"/o/{row.public_id}", "way": row.direction, "mine": mine, "theirs": theirs, "form": form}
    return Part(TEMPLATE, {**given, "answers": answers, "room": _room(connection, viewer, row, now)})


def may_promise(row: Resource, viewer: Viewer, now: datetime) -> bool:
    """Whether this viewer is offered to promise on it."""
    return viewer.may(Right.PUT_UP) and row.by_member != viewer.member_id and queries.on_the_board(row, viewer, now=now)


def form_of(connection: Connection, row: Resource, viewer: Viewer, now: datetime) -> dict[str, Any]:
    """What the form "I can do this" needs. Nothing in it is filled in for anybody."""
    own = wishes.own_notes(connection, viewer, now, row)
    left = reckoning.left(connection, row)
    return {
        "counted": row.quantity is not None,
        "unit": row.unit or "",
        "left": words.left(row.available, row.quantity, row.unit),
        "waits": left == 0 if left is not None else row.state == ResourceState.PROMISED,
        "own": [(one.public_id, _own_words(one)) for one in own],
        "units_differ": any(one.quantity is not None and one.unit != row.unit for one in own),
    }


def shown(
    connection: Connection, viewer: Viewer, one: Promise, row: Resource | None, *, as_asker: bool = False
) -> Shown | None:
    """A promise for this viewer; None where they are on neither side of it. `as_asker` has been judged."""
    side = sides.side_of(connection, viewer, one, row, as_asker=as_asker)
    if not side.concerned:
        return None
    state = State(one.state)
    said_here = one.giver_confirmed_at if side.gives else one.getter_confirmed_at
    confirmed = one.giver_confirmed_at or one.getter_confirmed_at
    return Shown(
        public_id=one.public_id,
        who=phrase("You") if side.promised else who_promised(connection, one),
        much=words.quantity(one.amount, one.unit),
        words=one.words,
        starts_at=one.starts_at,
        stands=_stands(state, said_here=said_here is not None, confirmed=confirmed is not None),
        step=4 if one.outcome else {State.WAITING: 0, State.PROPOSED: 1, State.AGREED: 2}.get(state, 3),
        mine=side.promised,
        doings=doings_of(one, side),
        good_to_know=_good_to_know(connection, one.by_member if side.answers else row.by_member if row else 0)
        if state is State.AGREED
        else (),
    )


def doings_of(one: Promise, side: Side) -> tuple[Doing, ...]:
    """The buttons that this side of a promise has now."""
    state, found = State(one.state), list[Doing]()
    said_here = one.giver_confirmed_at if side.gives else one.getter_confirmed_at
    if side.answers and state is State.PROPOSED and not one.asked:
        found.append(_doing(one, "agree", phrase("Agree"), first=True))
    if side.answers and state in (State.WAITING, State.PROPOSED) and not one.asked:
        found.append(_doing(one, "not-this-time", phrase("Not this time")))
    if side.gets and state in (State.AGREED, State.DONE) and one.outcome is None:
        found += [
            _doing(one, "outcome", said, outcome=word, first=word == acts.OUTCOMES[0])
            for word, said in zip(acts.OUTCOMES, HELPED, strict=True)
        ]
    elif state is State.AGREED and said_here is None:
        found.append(_doing(one, "done", phrase("It is done"), first=True))
    if side.promised and state in OPEN:
        found.append(_doing(one, "give-back", phrase("I have to give it back")))
    elif side.answers and one.asked and state in OPEN:
        found.append(_doing(one, "give-back", phrase("Take it back from them")))
    return tuple(found)


def _doing(one: Promise, verb: str, words: Phrase, *, first: bool = False, **fields: str) -> Doing:
    return Doing(words, f"/promises/{one.public_id}/{verb}", fields, first)


def who_promised(connection: Connection, one: Promise) -> Phrase | str:
    """A nearby council by its name, a neighbour by the name they show, if any."""
    if one.by_actor is not None:
        name = connection.execute(select(_PEERS.c.name).where(_PEERS.c.actor_id == one.by_actor)).scalar()
        return name or one.by_actor
    name = connection.execute(select(_MEMBERS.c.name).where(_MEMBERS.c.id == one.by_member)).scalar()
    return name or phrase("A neighbour")


def _good_to_know(connection: Connection, member_id: int) -> tuple[str, ...]:
    if member_id == 0:
        return ()
    said = own_limits.words_of(connection, member_id)
    return tuple(words for words in said if words)


def _stands(state: State, *, said_here: bool, confirmed: bool) -> Phrase:
    if state is not State.AGREED or not confirmed:
        return STANDS[state]
    if said_here:
        return phrase("done, as you say; the other side has not said so yet")
    return phrase("done, as the other side says; it counts as done after three days")


def _room(connection: Connection, viewer: Viewer, row: Resource, now: datetime) -> Callable[[tzinfo], Room] | None:
    """Whether one more fits into what the viewer has said they can do, where it is they who would give. Asked with the zone."""
    gives = row.by_member == viewer.member_id if row.direction == "offer" else row.by_member != viewer.member_id
    if viewer.member_id is None or not gives:
        return None
    said = own_limits.said_by(connection, viewer.member_id, now).limits
    loads = own_limits.weighing_on(connection, viewer.member_id)
    return lambda zone: own_limits.room_for(said, loads, row, at=row.starts_at or now, zone=zone)


def _own_words(one: Resource) -> str:
    left = words.left(one.available, one.quantity, one.unit)
    return phrase("{title} ({left})", title=one.title, left=left) if left else one.title
