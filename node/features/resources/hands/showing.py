"""In whose hands a need is, in words for whoever looks, and what stands about it below the note on its page.

A passer-by is told whether somebody is on it and nothing about who: no name, no day, no nearby council.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from node.accounts.people import called
from node.feature import Viewer
from node.features.resources import queries
from node.features.resources.hands.house import House, hands, house
from node.features.resources.holding import Hands
from node.features.resources.part import Part
from node.features.resources.promises import keeping
from node.features.resources.promises.states import State
from node.features.resources.tables import Resource
from node.rights import Right
from schemas.phrase import phrase


@dataclass(frozen=True, slots=True)
class Asked:
    """A nearby council that was asked, and until when it can answer."""

    name: str
    until: datetime


def part(connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime) -> Part | None:
    """Who is on it, since when, and what this viewer may do about that; for open needs of ours."""
    if row is None or row.direction != "need" or row.closed_at is not None:
        return None
    there = house(connection, now)
    whose = hands(row, there)
    may_act = viewer.may(Right.PUT_UP) and queries.on_the_board(row, viewer, now=now)
    given = {
        "address": f"/o/{row.public_id}",
        "who": who(whose, there, viewer, read=row.shown == "held"),
        "is_sentence": not viewer.signed_in or row.shown == "held",
        "since": row.held_since if viewer.signed_in and row.held_since else None,
        "asked_at": row.created_at,
        "asked": asked(connection, row, there) if viewer.signed_in else [],
        "may_take": may_act and whose.on_call and viewer.member_id in there.here,
        "may_give_back": may_act and may_give_back(whose, there, viewer),
        "mine": whose.holder == viewer.member_id,
    }
    return Part("resources/hands/part.html", given)


def who(whose: Hands, there: House, viewer: Viewer, *, read: bool = False) -> str:
    """Whose hands, in words for this viewer. `read`: it is still being read, and not on the board yet."""
    if not viewer.signed_in:
        return phrase("it is being looked at") if whose.on_call else phrase("somebody is on it")
    if whose.actor is not None:
        return phrase("a nearby council: {name}", name=there.linked.get(whose.actor, whose.actor))
    mine, name = whose.holder == viewer.member_id, _name(whose.holder, there)
    if read:
        return phrase("you are on call, and read it first") if mine else phrase("whoever is on call reads it first")
    if whose.on_call:
        return phrase("you, since you are on call") if mine else phrase("whoever is on call: {name}", name=name)
    return phrase("you yourself") if mine else name


def may_give_back(whose: Hands, there: House, viewer: Viewer) -> bool:
    """Whether this viewer can say that a neighbour has it no longer."""
    if whose.on_call or whose.actor is not None:
        return False
    return viewer.member_id is not None and viewer.member_id in (whose.holder, there.on_call)


def asked(connection: Connection, row: Resource, there: House) -> list[Asked]:
    """The nearby councils that we have asked and that have not answered."""
    proposed = keeping.of_resource(connection, row.id or 0, State.PROPOSED)
    return [
        Asked(there.linked.get(one.by_actor, one.by_actor), one.ends_at)
        for one in proposed
        if one.asked and one.by_actor is not None
    ]


def _name(member_id: int | None, there: House) -> str:
    if member_id is None or member_id not in there.names:
        return phrase("nobody")
    return called(there.names[member_id], member_id)
