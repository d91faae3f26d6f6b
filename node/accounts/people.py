"""Who is here, and what whoever has the server turn does for a neighbour: let them in again, sign them out, end their account.

Told is a shown name, a month and the turn: never a last visit, a count, or who invited whom. Pages and commands call the same
functions. This module must never end more than was asked for.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from federation.ports import Randomness
from federation.tables import table_of
from node.accounts import turns
from node.accounts.actions import end_sessions, make_sign_in_link
from node.accounts.handing_over import to_hand_over
from node.accounts.leaving import leave
from node.accounts.tables import Member
from node.feature import Acting, Feature
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

_MEMBERS = table_of(Member)


@dataclass(frozen=True, slots=True)
class Person:
    """One neighbour. `called` is never blank, and no two on a list are called alike: a number parts those who would be.

    `has_turn` holds the server turn at this moment, `had_turn` is its caretaker, `learns` is learning it. Pages say only the
    month of `since`.
    """

    id: int
    name: str
    called: str
    since: datetime
    has_turn: bool
    had_turn: bool
    learns: bool


def everybody(connection: Connection, *, now: datetime) -> list[Person]:
    """Everybody who is a member now, in the order in which they came. The caller has judged who may see it. Reads only."""
    rows = connection.execute(
        select(_MEMBERS.c.id, _MEMBERS.c.name, _MEMBERS.c.created_at)
        .where(_MEMBERS.c.ended_at.is_(None))
        .order_by(_MEMBERS.c.id)
    ).all()
    held = turns.held_turns(connection)
    keepers, caretakers = turns.keepers(held, now), turns.caretakers(held, now)
    learners = {turn.learner for turn in to_hand_over(connection, now)}
    alike = Counter(row.name.casefold() for row in rows)
    return [
        Person(
            id=row.id,
            name=row.name,
            called=called(row.name, row.id, alone=alike[row.name.casefold()] == 1),
            since=row.created_at,
            has_turn=row.id in keepers,
            had_turn=row.id in caretakers,
            learns=row.id in learners,
        )
        for row in rows
    ]


def called(name: str, number: int, *, alone: bool = True) -> str:
    """The shown name, with the number where it is not `alone` under it, or words for whoever shows none."""
    if not name:
        return phrase("a neighbour without a shown name ({number})", number=number)
    return name if alone else f"{name} ({number})"


def person(connection: Connection, *, member_id: int, now: datetime) -> Person:
    """One of them. Raises Refusal("not-found") for the number of nobody who is here."""
    for one in everybody(connection, now=now):
        if one.id == member_id:
            return one
    raise _nobody()


def sign_in_link_for(connection: Connection, acting: Acting, *, member_id: int, randomness: Randomness) -> str:
    """The token of a fresh link for somebody who is here, good once and for a day. Ends nothing. Raises Refusal("not-found")."""
    acting.viewer.require(Right.INVITE)
    return make_sign_in_link(connection, member_id=member_id, now=acting.now, randomness=randomness)


def end_sign_ins(connection: Connection, acting: Acting, *, member_id: int) -> int:
    """Sign somebody out everywhere, for a lost or stolen phone; returns how many sessions ended.

    Links that nobody has opened end too. Passkeys, password and codes on paper stay. Raises Refusal("not-found").
    """
    acting.viewer.require(Right.INVITE)
    if member_id not in turns.present(connection):
        raise _nobody()
    return end_sessions(connection, member_id=member_id)


def let_go(connection: Connection, acting: Acting, *, member_id: int, features: Iterable[Feature]) -> None:
    """End an account at its owner's wish, as leaving does.

    Raises Refusal("not-found"), "hand-over-first" for whoever has the only server turn, "alone" for the last one here.
    """
    mine = acting.viewer.require(Right.LET_GO) == member_id
    if member_id not in turns.present(connection):
        raise _nobody()
    try:
        leave(connection, acting, member_id=member_id, features=features, alone_is_meant=False)
    except Refusal as refusal:
        if mine or refusal.word != "hand-over-first":
            raise
        raise Refusal(
            "hand-over-first", sentence=phrase("They have the only server turn. It has to be handed over first.")
        ) from None


def _nobody() -> Refusal:
    return Refusal("not-found", sentence=phrase("Nobody with that number is here."))
