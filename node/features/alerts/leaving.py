"""Whoever called for help and leaves ends the call: who is on the way is told that it is over. Then nobody is named by it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.feature import Acting
from node.features.alerts import actions
from node.features.alerts.tables import Alert
from schemas.records.alert import MessageType

NOBODY = 0

_ALERTS = table_of(Alert)
_NOT_TAKEN = frozenset({"id", "by_member"})


def own(connection: Connection, member_id: int) -> list[dict[str, Any]]:
    """Each call for help and drill of this member that is still kept."""
    rows = connection.execute(_ALERTS.select().where(_ALERTS.c.by_member == member_id).order_by(_ALERTS.c.id))
    return [{"kind": "call for help", **_plain(row)} for row in rows.mappings()]


def leave(connection: Connection, acting: Acting, member_id: int) -> None:
    """Say that their live calls are over, and forget who called."""
    theirs = _ALERTS.c.by_member == member_id
    live = select(_ALERTS.c.public_id).where(
        theirs, _ALERTS.c.message_type != MessageType.CANCEL.value, _ALERTS.c.ends_at > acting.now
    )
    for public_id in connection.execute(live).scalars().all():
        actions.over(connection, public_id, acting)
    connection.execute(_ALERTS.update().where(theirs).values(by_member=NOBODY))


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in _NOT_TAKEN and value not in (None, "")
    }
