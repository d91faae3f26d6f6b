"""The server turn: who has it until when, who is learning it, and what rights follow.

A turn ends by its date and is never renewed in silence. Once it is over and nobody follows, whoever had it last keeps a
caretaker's rights, so no council is locked out; and nobody else gains a right here without being handed a turn.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, or_, select

from federation.tables import table_of
from node.accounts.tables import Member, Turn
from node.feature import Viewer
from schemas.phrase import phrase

KEEPER = "keeper"
ON_CALL = "on-call"
KEEPER_WEEKS = 13
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


def held_turns(connection: Connection, role: str = KEEPER) -> tuple[Held, ...]:
    """Every server turn (or turn of another role), running or over, of those who are still members."""
    rows = connection.execute(
        select(_TURNS.c.member_id, _TURNS.c.starts_at, _TURNS.c.ends_at, _TURNS.c.ended_at)
        .join(_MEMBERS, _MEMBERS.c.id == _TURNS.c.member_id)
        .where(_TURNS.c.role == role, _MEMBERS.c.ended_at.is_(None))
        .order_by(_TURNS.c.starts_at, _TURNS.c.id)
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
        on_call=member_id == on_call(connection, now, server_turns=turns),
    )


def on_call(connection: Connection, now: datetime, *, server_turns: Iterable[Held] | None = None) -> int | None:
    """Who is on call at this moment: whoever has a turn for it, else the server turn, else had it, else was here first.

    Who takes a break is passed over as long as somebody is left; None only where there is nobody at all.
    """
    server = tuple(held_turns(connection) if server_turns is None else server_turns)
    turns = held_turns(connection, ON_CALL)
    order = [turn.member_id for turn in turns if turn.runs(now)]
    order += [turn.member_id for turn in server if turn.runs(now)]
    order += sorted(caretakers(server, now))
    out = resting(connection, now)
    for somebody in order:
        if somebody not in out:
            return somebody
    everybody = list(present(connection))
    return next((one for one in everybody if one not in out), next(iter([*order, *everybody]), None))


def resting(connection: Connection, now: datetime) -> frozenset[int]:
    """Who is taking a break."""
    until = or_(_MEMBERS.c.paused_until.is_(None), _MEMBERS.c.paused_until > now)
    return frozenset(connection.execute(select(_MEMBERS.c.id).where(_MEMBERS.c.paused_at <= now, until)).scalars())


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
