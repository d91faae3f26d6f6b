"""Taking a need on and giving it back: one step each, in one's own name, without a reason.

A need is never handed to somebody who has not said so: the one gives it back, the other takes it on. Nothing here is told to
other councils, and nothing says later who had it before.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from federation.tables import table_of
from node.feature import Acting
from node.features.resources import queries
from node.features.resources.hands.house import hands, house
from node.features.resources.tables import Resource
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

_RESOURCES = table_of(Resource)


def take_on(connection: Connection, public_id: str, acting: Acting) -> None:
    """The one who acts has this need in hand from now on. Saying so again changes nothing.

    Raises Refusal("not-found"), ("not-a-need"), ("on-a-break"), ("with-council") or ("in-hands").
    """
    member_id = acting.viewer.require(Right.PUT_UP)
    row, there = _need(connection, public_id, acting), house(connection, acting.now)
    whose = hands(row, there)
    if member_id in there.resting:
        raise Refusal(
            "on-a-break", sentence=phrase("You are taking a break. Come back from it first, then take this on.")
        )
    if whose.actor is not None:
        raise Refusal("with-council", sentence=_WITH_A_COUNCIL)
    if whose.on_call:
        _put(connection, row, acting.now, holder=member_id, holder_actor=None)
    elif whose.holder != member_id:
        raise Refusal(
            "in-hands",
            sentence=phrase("Somebody has taken this on already. If they give it back, you can have it."),
        )


def give_back(connection: Connection, public_id: str, acting: Acting) -> None:
    """The need is with whoever is on call again. Whoever has it in hand may say so, and whoever is on call.

    Raises Refusal("not-found"), ("not-a-need"), ("with-council") or ("not-yours").
    """
    member_id = acting.viewer.require(Right.PUT_UP)
    row, there = _need(connection, public_id, acting), house(connection, acting.now)
    if hands(row, there).actor is not None:
        raise Refusal("with-council", sentence=_WITH_A_COUNCIL)
    if member_id not in (row.holder, there.on_call):
        raise Refusal("not-yours", sentence=phrase("Only whoever has it in hand, or is on call, can give this back."))
    if row.holder:
        _put(connection, row, acting.now, holder=0)


def give_back_all(connection: Connection, member_id: int, now: datetime) -> None:
    """Somebody takes a break or leaves: all that they had in hand is with whoever is on call."""
    connection.execute(_RESOURCES.update().where(_RESOURCES.c.holder == member_id).values(holder=0, held_since=now))


_WITH_A_COUNCIL = phrase("A nearby council has this in hand. It comes back when they say so, or do not answer.")


def _put(connection: Connection, row: Resource, now: datetime, **columns: Any) -> None:
    connection.execute(_RESOURCES.update().where(_RESOURCES.c.id == row.id).values(held_since=now, **columns))


def _need(connection: Connection, public_id: str, acting: Acting) -> Resource:
    row = queries.ours(connection, public_id)
    if row is None or not queries.on_the_board(row, acting.viewer, now=acting.now):
        raise Refusal("not-found", sentence=phrase("There is no need of ours under this address."))
    if row.direction != "need":
        raise Refusal("not-a-need", sentence=phrase("This is offered. Only what is needed is in somebody’s hands."))
    return row
