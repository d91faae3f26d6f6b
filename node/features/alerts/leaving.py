"""Whoever called for help and leaves ends the call: who is on the way is told that it is over. Then nobody is named by it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from node.feature import Acting
from node.features.alerts import ending
from node.features.alerts.telling import ALERTS, DRAFT, OUT

NOBODY = 0

_NOT_TAKEN = frozenset({"id", "by_member", "seconded_by", "raise_by", "ended_by"})


def own(connection: Connection, member_id: int) -> list[dict[str, Any]]:
    """Each call for help and drill of this member that is still kept."""
    rows = connection.execute(ALERTS.select().where(ALERTS.c.by_member == member_id).order_by(ALERTS.c.id))
    return [{"kind": "call for help", **_plain(row)} for row in rows.mappings()]


def leave(connection: Connection, acting: Acting, member_id: int) -> None:
    """Say that their live calls are over, throw their drafts away, and forget who called, agreed or ended."""
    theirs = ALERTS.c.by_member == member_id
    connection.execute(ALERTS.delete().where(theirs, ALERTS.c.state == DRAFT))
    live = select(ALERTS.c.public_id).where(theirs, ALERTS.c.state == OUT, ALERTS.c.ends_at > acting.now)
    for public_id in connection.execute(live).scalars().all():
        ending.over(connection, public_id, acting)
    connection.execute(ALERTS.update().where(theirs).values(by_member=NOBODY))
    # What they wanted to be graver waits for nobody any more.
    connection.execute(ALERTS.update().where(ALERTS.c.raise_by == member_id).values(raise_to="", raise_by=None))
    # That there were two stays told; who they were does not.
    for column in ("seconded_by", "ended_by"):
        connection.execute(ALERTS.update().where(ALERTS.c[column] == member_id).values({column: NOBODY}))


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in _NOT_TAKEN and value not in (None, "")
    }
