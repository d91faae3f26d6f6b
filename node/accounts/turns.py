"""The server turn: who has it until when, who is learning it, and how it is handed over.

A turn ends by its date and is never renewed in silence. Once it is over and nobody follows, whoever had it last keeps a
caretaker's rights, so no council is locked out; and nobody else gains a right here without being handed a turn.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select

from federation.tables import table_of
from node.accounts.tables import Member, Turn
from node.feature import Acting, Viewer
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

KEEPER = "keeper"
KEEPER_WEEKS = 13
AGAIN_BEFORE = timedelta(weeks=4)
CHECKLIST = {
    "machine": phrase("Where the machine is, and how to get to it"),
    "backup": phrase("How to back up, and how to restore: done once together"),
    "people": phrase("Whom to call when something is wrong"),
    "keys": phrase("Where the keys and passwords are kept, and who else has them"),
    "open": phrase("What is open: who waits to link up, who waits for an invite"),
}

_TURNS = table_of(Turn)
_MEMBERS = table_of(Member)


class Ended(StrEnum):
    """How a turn ended."""

    HANDED_OVER = "handed over"
    ALONE = "taken again, with nobody else there"
    LEFT = "left"
    WITHOUT = "ended without handover"


class State(StrEnum):
    """Where a turn is in its life, as primitives.md 2.6 has it."""

    LEARNING = "learning"
    HELD = "held"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class TurnView:
    """One server turn. `holder` and `learner` are member ids; `until` the moment at which it ends or has ended."""

    id: int
    holder: int | None
    holder_name: str
    learner: int | None
    learner_name: str
    since: datetime
    until: datetime
    state: State
    how: str
    given: frozenset[str]
    taken: frozenset[str]

    @property
    def all_ticked(self) -> bool:
        """Whether both sides have gone through the whole checklist."""
        return self.given >= CHECKLIST.keys() and self.taken >= CHECKLIST.keys()


@dataclass(frozen=True, slots=True)
class Held:
    """A turn of somebody who is still here: from when to when it gives rights."""

    member_id: int
    since: datetime
    until: datetime

    def runs(self, now: datetime) -> bool:
        return self.since <= now < self.until


def held_turns(connection: Connection) -> tuple[Held, ...]:
    """Every server turn, running or over, of those who are still members."""
    rows = connection.execute(
        select(_TURNS.c.member_id, _TURNS.c.starts_at, _TURNS.c.ends_at, _TURNS.c.ended_at)
        .join(_MEMBERS, _MEMBERS.c.id == _TURNS.c.member_id)
        .where(_TURNS.c.role == KEEPER, _MEMBERS.c.ended_at.is_(None))
    )
    return tuple(Held(row.member_id, row.starts_at, _end_of(row)) for row in rows)


def keepers(turns: Iterable[Held], now: datetime) -> frozenset[int]:
    """Who holds a server turn that is running."""
    return frozenset(turn.member_id for turn in turns if turn.runs(now))


def caretakers(turns: Iterable[Held], now: datetime) -> frozenset[int]:
    """Who had the turn last among those still here, once none is running; nobody while one is."""
    turns = tuple(turns)
    if keepers(turns, now):
        return frozenset()
    over = [turn for turn in turns if turn.since <= now]
    last = max((turn.until for turn in over), default=None)
    return frozenset(turn.member_id for turn in over if turn.until == last)


def viewer_for(connection: Connection, *, member_id: int, name: str, now: datetime) -> Viewer:
    """A member with the rights that the turns give at this moment."""
    turns = held_turns(connection)
    return Viewer(
        member_id=member_id,
        name=name,
        keeper=member_id in keepers(turns, now),
        caretaker=member_id in caretakers(turns, now),
    )


def present(connection: Connection) -> dict[int, str]:
    """Everybody who is a member now: id and shown name, in the order in which they came."""
    rows = connection.execute(
        select(_MEMBERS.c.id, _MEMBERS.c.name).where(_MEMBERS.c.ended_at.is_(None)).order_by(_MEMBERS.c.id)
    )
    return {row.id: row.name for row in rows}


def listing(connection: Connection, *, now: datetime) -> list[TurnView]:
    """All server turns, newest first, those that are over included."""
    names = present(connection)
    rows = connection.execute(select(_TURNS).where(_TURNS.c.role == KEEPER).order_by(_TURNS.c.id.desc()))
    return [_view(row, names, now) for row in rows]


def begin(
    connection: Connection, *, member_id: int, now: datetime, weeks: int = KEEPER_WEEKS, last_did: int | None = None
) -> int:
    """A server turn for `member_id` from now on, for `weeks`; returns its id. The caller has judged whether it may be."""
    row = connection.execute(
        _TURNS.insert()
        .values(
            role=KEEPER,
            member_id=member_id,
            starts_at=now,
            ends_at=now + timedelta(weeks=weeks),
            given="",
            taken="",
            last_did=last_did,
        )
        .returning(_TURNS.c.id)
    )
    return int(row.scalar_one())


def want_to_learn(connection: Connection, acting: Acting) -> None:
    """Say "I'd like to learn this": the one who acts becomes the learner of the turn that nobody is learning yet.

    Raises Refusal("nothing-to-learn") where no turn is there, or somebody is learning it already.
    """
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    for turn in _to_hand_over(connection, acting.now):
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
    for turn in _to_hand_over(connection, acting.now):
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
    """Whoever leaves has no turn and learns none."""
    _note_what_ran_out(connection, now)
    running = (_TURNS.c.member_id == member_id) & _TURNS.c.ended_at.is_(None)
    connection.execute(_TURNS.update().where(running).values(ended_at=now, ended_how=Ended.LEFT.value))
    connection.execute(_TURNS.update().where(_TURNS.c.learner == member_id).values(learner=None, given="", taken=""))


def _to_hand_over(connection: Connection, now: datetime) -> list[TurnView]:
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
    found = [turn for turn in _to_hand_over(connection, now) if turn.holder == member_id]
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


def _end_of(row: Any) -> datetime:
    end: datetime = row.ends_at if row.ended_at is None else min(row.ended_at, row.ends_at)
    return end


def _view(row: Any, names: dict[int, str], now: datetime) -> TurnView:
    until = _end_of(row)
    over = until <= now
    holder = row.member_id if row.member_id in names else None
    learner = row.learner if row.learner in names else None
    return TurnView(
        id=row.id,
        holder=holder,
        holder_name=names.get(holder or 0, ""),
        learner=learner,
        learner_name=names.get(learner or 0, ""),
        since=row.starts_at,
        until=until,
        state=State.ENDED if over else State.LEARNING if learner is not None else State.HELD,
        how=(row.ended_how or Ended.WITHOUT.value) if over else "",
        given=frozenset(row.given.split()),
        taken=frozenset(row.taken.split()),
    )
