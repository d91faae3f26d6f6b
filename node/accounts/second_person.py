"""From when on two people stand behind what binds all: from the third account on, so that a council of two can do everything.

Below that it is recommended and one is enough; the record says so. Source: primitives.md 5.1.
"""

from typing import Final

from sqlalchemy import Connection, func, select

from federation.tables import table_of
from node.accounts.tables import Member

FROM: Final = 3

_MEMBERS: Final = table_of(Member)


def second_person_needed(connection: Connection) -> bool:
    """Whether there are three accounts or more. Whoever has left does not count."""
    here = select(func.count()).select_from(_MEMBERS).where(_MEMBERS.c.ended_at.is_(None))
    return int(connection.execute(here).scalar_one()) >= FROM
