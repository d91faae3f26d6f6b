"""Recovery codes: eight on a sheet of paper, each signs its owner in once, for the day when phone and link are gone.

They are shown at making and never again. A new sheet takes the place of the old one. Spent in the same field as a link.
"""

from datetime import datetime

from sqlalchemy import Connection, func, select

from federation.ports import Randomness
from federation.tables import table_of
from node.accounts.codes import code_hash, new_code
from node.accounts.tables import RecoveryCode
from node.feature import Acting
from node.rights import Right

ON_A_SHEET = 8

_CODES = table_of(RecoveryCode)


def new_sheet(connection: Connection, acting: Acting, *, randomness: Randomness) -> list[str]:
    """Eight fresh codes for the one who acts; those of an older sheet end."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    connection.execute(_CODES.delete().where(_CODES.c.member_id == member_id))
    made = [new_code(randomness) for _ in range(ON_A_SHEET)]
    rows = [{"code_hash": code_hash(code), "member_id": member_id, "created_at": acting.now} for code in made]
    connection.execute(_CODES.insert(), rows)
    return made


def left(connection: Connection, *, member_id: int) -> int:
    """How many codes of the member's sheet are still good."""
    unspent = select(func.count()).where(_CODES.c.member_id == member_id, _CODES.c.used_at.is_(None))
    return int(connection.execute(unspent).scalar_one())


def is_open(connection: Connection, *, code: str) -> bool:
    """Whether a code would sign somebody in. Reads only."""
    one = select(_CODES.c.id).where(_CODES.c.code_hash == code_hash(code), _CODES.c.used_at.is_(None))
    return connection.execute(one).first() is not None


def spend(connection: Connection, *, code: str, now: datetime) -> int | None:
    """Use a code up; the member whose it was, or None. One statement, so of two at once one gets in."""
    spent = (
        _CODES.update()
        .where(_CODES.c.code_hash == code_hash(code), _CODES.c.used_at.is_(None))
        .values(used_at=now)
        .returning(_CODES.c.member_id)
    )
    return connection.execute(spent).scalar_one_or_none()
