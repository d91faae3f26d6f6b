"""Somebody who shows a newcomer around for a while: asked by the newcomer, agreed to by the other, ended by either.

It decides nothing: no right, no order of a list and no rule ever looks here, nor at who invited whom. Saying "not this time"
leaves no trace, and no reason is asked for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from federation.tables import table_of
from node.accounts import turns
from node.accounts.people import called
from node.accounts.tables import LAST_ROW, Member
from node.feature import Acting
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

LASTS: Final = timedelta(weeks=6)
NEW_FOR: Final = timedelta(weeks=8)

_MEMBERS: Final = table_of(Member)


@dataclass(frozen=True, slots=True)
class Together:
    """Two who go along together, seen by one of them: who the other is, and until when; None where it has not been agreed to."""

    other: int
    name: str
    until: datetime | None


def companion_of(connection: Connection, member_id: int, *, now: datetime) -> Together | None:
    """Who shows this neighbour around, or has been asked to; nobody once that is over."""
    row = connection.execute(select(_MEMBERS).where(_MEMBERS.c.id == member_id)).first()
    if row is None or row.companion is None or (row.companion_until is not None and row.companion_until <= now):
        return None
    names = turns.present(connection)
    if row.companion not in names:
        return None
    return Together(row.companion, called(names[row.companion], row.companion), row.companion_until)


def along_with(connection: Connection, member_id: int, *, now: datetime) -> list[Together]:
    """Whom this neighbour shows around, and who asks them to."""
    going_on = or_(_MEMBERS.c.companion_until.is_(None), _MEMBERS.c.companion_until > now)
    wanted = (_MEMBERS.c.companion == member_id, _MEMBERS.c.ended_at.is_(None), going_on)
    rows = connection.execute(select(_MEMBERS).where(*wanted).order_by(_MEMBERS.c.id))
    return [Together(row.id, called(row.name, row.id), row.companion_until) for row in rows]


def suggested(connection: Connection, member_id: int, *, now: datetime) -> list[tuple[int, str]]:
    """Whom a newcomer could ask: whoever let them in, then whoever has the server turn or is on call. Nobody who takes a break."""
    row = connection.execute(select(_MEMBERS).where(_MEMBERS.c.id == member_id)).one()
    names = turns.present(connection)
    wanted = [
        row.introduced_by,
        *sorted(turns.keepers(turns.held_turns(connection), now)),
        turns.on_call(connection, now),
    ]
    resting = turns.resting(connection, now)
    found = dict.fromkeys(one for one in wanted if one in names and one != member_id and one not in resting)
    return [(one, called(names[one], one)) for one in found if one is not None]


def is_new(connection: Connection, member_id: int, *, now: datetime) -> bool:
    """Whether somebody came within the last eight weeks. It says what is shown on their own page, and nothing else."""
    since = connection.execute(select(_MEMBERS.c.created_at).where(_MEMBERS.c.id == member_id)).scalar_one()
    return bool(now - since < NEW_FOR)


def ask(connection: Connection, acting: Acting, *, to: int) -> None:
    """Ask somebody to show one around; whoever was asked before is not any more. Raises Refusal("companion", "to")."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    if to not in {one for one, _ in suggested(connection, member_id, now=acting.now)}:
        raise Refusal("companion", "to", sentence=phrase("Choose one of those who can be asked."))
    _set(connection, member_id, companion=to, companion_until=None)


def agree(connection: Connection, acting: Acting, *, to: int) -> None:
    """Say yes to somebody who asked: for six weeks from now. Raises Refusal("not-asked")."""
    _set(connection, _who_asked(connection, acting, to), companion_until=acting.now + LASTS)


def decline(connection: Connection, acting: Acting, *, to: int) -> None:
    """Not this time, or not any longer. Raises Refusal("not-asked")."""
    _set(connection, _who_asked(connection, acting, to), companion=None, companion_until=None)


def end(connection: Connection, acting: Acting) -> None:
    """Go on alone, or ask somebody else. Ending what is not there is no mistake."""
    _set(connection, acting.viewer.require(Right.OWN_ACCOUNT), companion=None, companion_until=None)


def _who_asked(connection: Connection, acting: Acting, to: int) -> int:
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    asked = (_MEMBERS.c.id == min(to, LAST_ROW), _MEMBERS.c.companion == member_id, _MEMBERS.c.ended_at.is_(None))
    if connection.execute(select(_MEMBERS.c.id).where(*asked)).first() is None:
        raise Refusal("not-asked", sentence=phrase("They do not ask you any more."))
    return to


def _set(connection: Connection, member_id: int, **columns: Any) -> None:
    connection.execute(_MEMBERS.update().where(_MEMBERS.c.id == member_id).values(**columns))
