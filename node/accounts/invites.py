"""Invites: codes by which people join, so many times and until a day, single or as a sheet of slips.

Codes are shown at making and kept as hashes. Which of the people here came by which invite is told nowhere: an invite
knows how often it was used, a member who introduced them, and no page joins the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from federation.ports import Randomness
from federation.tables import table_of
from node.accounts.actions import add_member, open_session
from node.accounts.codes import code_hash, new_code
from node.accounts.tables import LAST_ROW, Invite, Member
from node.feature import Acting
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

ON_A_SHEET = 8
MOST_USES = 100
MOST_DAYS = 90
LONGEST_NAME = 80

_INVITES = table_of(Invite)
_MEMBERS = table_of(Member)


@dataclass(frozen=True, slots=True)
class InviteView:
    """An invite, or all slips of one sheet together. `inviter` is the member's id, `id` what to end it by."""

    id: int
    inviter: int
    sheet: bool
    uses: int
    used: int
    made: datetime
    until: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class Welcome:
    """What whoever opens an invite is told: the inviter's shown name only where they wished it."""

    inviter: str
    until: datetime


def make(
    connection: Connection, acting: Acting, *, randomness: Randomness, uses: int, days: int, named: bool = False
) -> str:
    """A new invite for so many people and days; returns its code. Raises Refusal("uses", "days") besides what rights raise."""
    [code] = _make(connection, acting, randomness=randomness, count=1, uses=uses, days=days, named=named)
    return code


def make_sheet(connection: Connection, acting: Acting, *, randomness: Randomness, days: int) -> list[str]:
    """Eight invites for one person each, to be cut from a printed sheet; returns their codes."""
    return _make(connection, acting, randomness=randomness, count=ON_A_SHEET, uses=1, days=days, named=False)


def end(connection: Connection, acting: Acting, *, invite_id: int) -> None:
    """Take an invite back, with all slips of its sheet. Taking it back twice is no mistake. Raises Refusal("not-found")."""
    acting.viewer.require(Right.INVITE)
    invite_id = min(invite_id, LAST_ROW)
    row = connection.execute(select(_INVITES.c.sheet).where(_INVITES.c.id == invite_id)).first()
    if row is None:
        raise Refusal("not-found", sentence=phrase("There is no such invite."))
    whole = _INVITES.c.id == invite_id if row.sheet is None else _INVITES.c.sheet == row.sheet
    connection.execute(_INVITES.update().where(whole, _INVITES.c.ended_at.is_(None)).values(ended_at=acting.now))


def look(connection: Connection, *, code: str, now: datetime) -> Welcome | None:
    """What a code that is still good opens, None for any other. Reads only."""
    row = connection.execute(
        select(_MEMBERS.c.name, _INVITES.c.named, _INVITES.c.expires_at)
        .join(_MEMBERS, _MEMBERS.c.id == _INVITES.c.by_member)
        .where(_good(code, now))
    ).first()
    return None if row is None else Welcome(row.name if row.named else "", row.expires_at)


def join(connection: Connection, *, code: str, name: str, now: datetime, randomness: Randomness) -> str:
    """Come in by an invite under a shown name, which may be blank; returns the token of the new member's session.

    One statement uses the invite, so two at once cannot overuse it. Raises Refusal("sign-in"), whatever is wrong with it.
    """
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Refusal("name", "name", sentence=phrase("Write a name that fits on one line, or leave it blank."))
    used = _INVITES.update().where(_good(code, now)).values(used=_INVITES.c.used + 1).returning(_INVITES.c.by_member)
    inviter = connection.execute(used).scalar_one_or_none()
    if inviter is None:
        raise Refusal(
            "sign-in",
            "code",
            sentence=phrase("This invite has been used up, or its time has run out. Ask for a new one."),
        )
    member_id = add_member(connection, name=name, keeper=False, now=now, introduced_by=inviter)
    return open_session(connection, member_id=member_id, now=now, randomness=randomness)


def listing(connection: Connection, *, now: datetime) -> list[InviteView]:
    """Every invite that is open or ended in the last 30 days, newest first, a sheet as one."""
    since = now - timedelta(days=30)
    rows = connection.execute(select(_INVITES).where(_INVITES.c.expires_at > since).order_by(_INVITES.c.id)).all()
    together: dict[int, list[Any]] = {}
    for row in rows:
        together.setdefault(row.sheet or row.id, []).append(row)
    return sorted((_view(group, now) for group in together.values()), key=lambda view: -view.id)


def _make(
    connection: Connection,
    acting: Acting,
    *,
    randomness: Randomness,
    count: int,
    uses: int,
    days: int,
    named: bool,
) -> list[str]:
    member_id = acting.viewer.require(Right.INVITE)
    if not 1 <= uses <= MOST_USES:
        raise Refusal("uses", "uses", sentence=phrase("Choose for how many people: 1 to {most}.", most=MOST_USES))
    if not 1 <= days <= MOST_DAYS:
        raise Refusal("days", "days", sentence=phrase("Choose for how many days: 1 to {most}.", most=MOST_DAYS))
    made, sheet = [new_code(randomness) for _ in range(count)], None
    for code in made:
        row = {
            "code_hash": code_hash(code),
            "by_member": member_id,
            "named": named,
            "uses": uses,
            "used": 0,
            "sheet": sheet,
            "created_at": acting.now,
            "expires_at": acting.now + timedelta(days=days),
        }
        number = connection.execute(_INVITES.insert().values(**row).returning(_INVITES.c.id)).scalar_one()
        if count > 1 and sheet is None:
            sheet = number
            connection.execute(_INVITES.update().where(_INVITES.c.id == number).values(sheet=number))
    return made


def _good(code: str, now: datetime) -> Any:
    return (
        (_INVITES.c.code_hash == code_hash(code))
        & (_INVITES.c.used < _INVITES.c.uses)
        & _INVITES.c.ended_at.is_(None)
        & (_INVITES.c.expires_at > now)
    )


def _view(group: Iterable[Any], now: datetime) -> InviteView:
    rows = list(group)
    first = rows[0]
    return InviteView(
        id=first.id,
        inviter=first.by_member,
        sheet=first.sheet is not None,
        uses=sum(row.uses for row in rows),
        used=sum(row.used for row in rows),
        made=first.created_at,
        until=first.expires_at,
        open=any(row.ended_at is None and row.expires_at > now and row.used < row.uses for row in rows),
    )
