"""Handing the server turn over: choosing who learns it, ticking the list together, giving it, taking it again when alone.

Plain steps over a connection, each asking for the right first. No turn begins here without somebody saying so, and no step
leaves a council in which nobody could hand the turn over.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func

from federation.tables import table_of
from node.accounts import on_call
from node.accounts.tables import Turn
from node.accounts.turns import (
    CHECKLIST,
    Ended,
    State,
    TurnView,
    begin,
    caretakers,
    held_turns,
    keepers,
    listing,
    present,
)
from node.feature import Acting
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

AGAIN_BEFORE = timedelta(weeks=4)

_TURNS = table_of(Turn)


def want_to_learn(connection: Connection, acting: Acting) -> None:
    """Say "I'd like to learn this": the one who acts becomes the learner of the turn that nobody is learning yet.

    Raises Refusal("nothing-to-learn") where no turn is there, or somebody is learning it already.
    """
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    for turn in to_hand_over(connection, acting.now):
        if turn.holder != member_id and turn.learner in (None, member_id):
            _learn(connection, turn.id, member_id)
            return
    raise Refusal(
        "nothing-to-learn", sentence=phrase("Somebody is learning this turn already, or you have it yourself.")
    )


def choose_learner(connection: Connection, acting: Acting, *, to: int) -> None:
    """Begin handing one's own turn over to `to`, who then learns it. Raises Refusal("not-found", "oneself", "not-yours")."""
    member_id = acting.viewer.require(Right.HAND_OVER)
    _somebody_else(connection, to, member_id)
    turn = _own(connection, member_id, acting.now)
    _learn(connection, turn.id, to)


def tick(connection: Connection, acting: Acting, *, words: Iterable[str]) -> None:
    """Tick what has been gone through: of one's own turn, or of the one that one is learning. Replaces earlier ticks."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    ticked = " ".join(word for word in CHECKLIST if word in set(words))
    for turn in to_hand_over(connection, acting.now):
        if turn.learner is None or member_id not in (turn.holder, turn.learner):
            continue
        column = "given" if turn.holder == member_id else "taken"
        connection.execute(_TURNS.update().where(_TURNS.c.id == turn.id).values({column: ticked}))
        return
    raise Refusal("not-yours", sentence=phrase("This list is ticked by those two who hand over and learn the turn."))


def hand_over(connection: Connection, acting: Acting, *, to: int, overlap: bool = False, unticked: bool = False) -> int:
    """Give the server turn to another member, for its whole length from now on; returns the new turn's id.

    The giver's own ends at once, or with `overlap` at its own date. `unticked` hands over although not all was gone
    through together. Raises Refusal("not-found", "oneself", "has-it", "not-ticked") besides what rights raise.
    """
    member_id = acting.viewer.require(Right.HAND_OVER)
    now = acting.now
    if to == member_id:
        return take_again(connection, acting)
    _somebody_else(connection, to, member_id)
    if to in keepers(held_turns(connection), now):
        raise Refusal("has-it", "to", sentence=phrase("They have the server turn already."))
    turn = _own(connection, member_id, now)
    if not unticked and not (turn.learner == to and turn.all_ticked):
        raise Refusal(
            "not-ticked",
            "unticked",
            sentence=phrase("Go through the list together first and both tick it, or say that you hand over without."),
        )
    _note_what_ran_out(connection, now)
    if turn.until > now:
        ended: dict[str, Any] = {"ended_how": Ended.HANDED_OVER.value, "learner": None, "given": "", "taken": ""}
        if not overlap:
            ended["ended_at"] = now
        connection.execute(_TURNS.update().where(_TURNS.c.id == turn.id).values(**ended))
    return begin(connection, member_id=to, now=now, weeks=acting.settings.turns.keeper_weeks, last_did=member_id)


def take_again(connection: Connection, acting: Acting) -> int:
    """Take another turn oneself, in so many words, where nobody else is there to take it. Returns the new turn's id.

    Raises Refusal("somebody-else") while there are other members, "not-yet" more than four weeks before the end.
    """
    member_id = acting.viewer.require(Right.HAND_OVER)
    if set(present(connection)) - {member_id}:
        raise Refusal(
            "somebody-else",
            sentence=phrase("There are others here: hand the turn over to one of them. You can have it again later."),
        )
    turn = _own(connection, member_id, acting.now)
    if turn.until - acting.now > AGAIN_BEFORE:
        raise Refusal("not-yet", sentence=phrase("Your turn still runs for more than four weeks."))
    _note_what_ran_out(connection, acting.now)
    if turn.until > acting.now:
        _end(connection, turn.id, at=acting.now, how=Ended.ALONE)
    weeks = acting.settings.turns.keeper_weeks
    return begin(connection, member_id=member_id, now=acting.now, weeks=weeks, last_did=member_id)


def check_may_go(connection: Connection, *, member_id: int, now: datetime) -> bool:
    """Whether this member is the last one here, so that the council would stand without anybody who has the turn.

    Raises Refusal("hand-over-first") where others are here, and none of them could hand the turn over afterwards.
    """
    others = set(present(connection)) - {member_id}
    turns = held_turns(connection)
    if not others:
        return any(turn.member_id == member_id for turn in turns)
    theirs = tuple(turn for turn in turns if turn.member_id != member_id)
    was_needed = member_id in keepers(turns, now) or member_id in caretakers(turns, now)
    follows = keepers(theirs, now) or (not keepers(turns, now) and caretakers(theirs, now))
    if was_needed and not follows:
        raise Refusal(
            "hand-over-first",
            sentence=phrase(
                "You have the server turn, and nobody else has it. Hand it over first, then you can leave."
            ),
        )
    return False


def end_turns_of(connection: Connection, *, member_id: int, now: datetime) -> None:
    """Whoever leaves has no turn and learns none. Their turns on call are open again."""
    on_call.give_all_back(connection, member_id=member_id, now=now)
    _note_what_ran_out(connection, now)
    running = (_TURNS.c.member_id == member_id) & _TURNS.c.ended_at.is_(None)
    connection.execute(_TURNS.update().where(running).values(ended_at=now, ended_how=Ended.LEFT.value))
    connection.execute(_TURNS.update().where(_TURNS.c.learner == member_id).values(learner=None, given="", taken=""))


def to_hand_over(connection: Connection, now: datetime) -> list[TurnView]:
    """The turns that are running, or, where none is, the last one of each caretaker."""
    views = [view for view in listing(connection, now=now) if view.holder is not None]
    running = [view for view in views if view.state is not State.ENDED]
    if running:
        return running
    last = caretakers(held_turns(connection), now)
    latest: dict[int, TurnView] = {}
    for view in sorted(views, key=lambda view: view.until):
        if view.holder in last:
            latest[view.holder or 0] = view
    return list(latest.values())


def _own(connection: Connection, member_id: int, now: datetime) -> TurnView:
    found = [turn for turn in to_hand_over(connection, now) if turn.holder == member_id]
    if not found:
        raise Refusal("not-yours", sentence=phrase("You do not have this turn."))
    return max(found, key=lambda turn: turn.until)


def _somebody_else(connection: Connection, to: int, member_id: int) -> None:
    if to == member_id:
        raise Refusal("oneself", "to", sentence=phrase("A turn is handed over to somebody else."))
    if to not in present(connection):
        raise Refusal("not-found", "to", sentence=phrase("Nobody with that number is here."))


def _learn(connection: Connection, turn_id: int, learner: int) -> None:
    fresh = (_TURNS.c.id == turn_id) & (_TURNS.c.learner.is_distinct_from(learner))
    connection.execute(_TURNS.update().where(fresh).values(learner=learner, given="", taken=""))


def _end(connection: Connection, turn_id: int, *, at: datetime, how: Ended) -> None:
    connection.execute(_TURNS.update().where(_TURNS.c.id == turn_id).values(ended_at=at, ended_how=how.value))


def _note_what_ran_out(connection: Connection, now: datetime) -> None:
    """Turns whose date has passed ended without handover; this is written down once somebody follows."""
    ran_out = _TURNS.c.ended_at.is_(None) & (_TURNS.c.ends_at <= now)
    how = func.coalesce(_TURNS.c.ended_how, Ended.WITHOUT.value)
    connection.execute(_TURNS.update().where(ran_out).values(ended_at=_TURNS.c.ends_at, ended_how=how))
