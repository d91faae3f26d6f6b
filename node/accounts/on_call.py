"""Turns on call: opened or given by whoever has the server turn, taken by whoever wants them, given back by whoever cannot.

A turn is for whole days, has an end, and gives the right to read what was asked without an account while it runs. None begins
by itself, and no list says afterwards who gave one back.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.accounts.tables import LAST_ROW, Turn
from node.accounts.turns import ON_CALL, present
from node.feature import Acting
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

LONGEST: Final = 28
"""Days."""

AHEAD: Final = timedelta(days=366)
"""How far ahead a turn may begin."""

_TURNS = table_of(Turn)


@dataclass(frozen=True, slots=True)
class OnCall:
    """One turn that is not over. `member_id` is None where nobody has taken it yet."""

    id: int
    member_id: int | None
    name: str
    since: datetime
    until: datetime
    runs: bool


def listing(connection: Connection, *, now: datetime) -> list[OnCall]:
    """Every turn on call that runs or is to come, soonest first. Reads only."""
    names = present(connection)
    live = (_TURNS.c.role == ON_CALL, _TURNS.c.ended_at.is_(None), _TURNS.c.ends_at > now)
    rows = connection.execute(select(_TURNS).where(*live).order_by(_TURNS.c.starts_at, _TURNS.c.id))
    return [
        OnCall(
            id=row.id,
            member_id=row.member_id,
            name=names.get(row.member_id, ""),
            since=row.starts_at,
            until=row.ends_at,
            runs=row.starts_at <= now,
        )
        for row in rows
    ]


def put_up(connection: Connection, acting: Acting, *, first: str, days: str, to: int | None = None) -> int:
    """A turn for `days` whole days from `first` (YYYY-MM-DD) on: of `to`, or of whoever takes it. Returns its id.

    What has passed of the first day does not count. Raises Refusal("no-such-date", "first"), ("days", "days") or
    ("not-found", "to") besides what rights raise.
    """
    acting.viewer.require(Right.HAND_OVER)
    since, until = _between(first, days, acting)
    if to is not None and to not in present(connection):
        raise Refusal("not-found", "to", sentence=phrase("Nobody with that number is here."))
    return _begin(connection, member_id=to, since=max(since, acting.now), until=until)


def take(connection: Connection, acting: Acting, turn_id: int) -> None:
    """An open turn is the acting neighbour's. Raises Refusal("not-found") or ("taken"); one's own is taken already."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    row = _live(connection, turn_id, acting.now)
    if row.member_id not in (None, member_id):
        raise Refusal("taken", sentence=phrase("Somebody has taken this turn already."))
    connection.execute(_TURNS.update().where(_TURNS.c.id == row.id).values(member_id=member_id))


def give_back(connection: Connection, acting: Acting, turn_id: int) -> None:
    """One's own turn is open again, for what is left of it. Raises Refusal("not-found") or ("not-yours")."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    row = _live(connection, turn_id, acting.now)
    if row.member_id != member_id:
        raise Refusal("not-yours", sentence=phrase("You do not have this turn."))
    _open_again(connection, row, acting.now)


def drop(connection: Connection, acting: Acting, turn_id: int) -> None:
    """An open turn is not wanted any more. Raises Refusal("not-found") or ("taken") besides what rights raise."""
    acting.viewer.require(Right.HAND_OVER)
    row = _live(connection, turn_id, acting.now)
    if row.member_id is not None:
        raise Refusal("taken", sentence=phrase("Somebody has taken this turn already."))
    connection.execute(_TURNS.delete().where(_TURNS.c.id == row.id))


def give_all_back(connection: Connection, *, member_id: int, now: datetime) -> None:
    """Somebody leaves: each of their turns is open again, for what is left of it."""
    theirs = (_TURNS.c.role == ON_CALL, _TURNS.c.member_id == member_id)
    live = (_TURNS.c.ended_at.is_(None), _TURNS.c.ends_at > now)
    for row in connection.execute(select(_TURNS).where(*theirs, *live)).all():
        _open_again(connection, row, now)


def _between(first: str, days: str, acting: Acting) -> tuple[datetime, datetime]:
    try:
        day = date.fromisoformat(first)
    except ValueError:
        raise _no_such_day() from None
    today = acting.now.astimezone(acting.zone).date()
    if not today <= day <= today + AHEAD:
        raise _no_such_day()
    if not (days.isascii() and days.isdigit() and len(days) < 4 and 1 <= int(days) <= LONGEST):
        raise Refusal("days", "days", sentence=phrase("A turn on call lasts from one to {most} days.", most=LONGEST))
    return _midnight(day, acting), _midnight(day + timedelta(days=int(days)), acting)


def _midnight(day: date, acting: Acting) -> datetime:
    return datetime.combine(day, time(), acting.zone).astimezone(acting.now.tzinfo)


def _no_such_day() -> Refusal:
    return Refusal("no-such-date", "first", sentence=phrase("Choose a day from today on, within a year."))


def _begin(connection: Connection, *, member_id: int | None, since: datetime, until: datetime) -> int:
    values = {"role": ON_CALL, "member_id": member_id, "starts_at": since, "ends_at": until, "given": "", "taken": ""}
    return int(connection.execute(_TURNS.insert().values(**values).returning(_TURNS.c.id)).scalar_one())


def _live(connection: Connection, turn_id: int, now: datetime) -> Any:
    wanted = (_TURNS.c.id == min(turn_id, LAST_ROW), _TURNS.c.role == ON_CALL, _TURNS.c.ended_at.is_(None))
    row = connection.execute(select(_TURNS).where(*wanted, _TURNS.c.ends_at > now)).first()
    if row is None:
        raise Refusal("not-found", sentence=phrase("There is no such turn any more."))
    return row


def _open_again(connection: Connection, row: Any, now: datetime) -> None:
    """The same row, without whose it was: nothing says later that somebody gave it back."""
    left = {"member_id": None, "starts_at": max(row.starts_at, now)}
    connection.execute(_TURNS.update().where(_TURNS.c.id == row.id).values(**left))
