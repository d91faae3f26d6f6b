"""What a member takes along of their needs and offers, and what becomes of these when they leave: they are taken down."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from federation import outbox
from federation.tables import table_of
from node.feature import Acting
from node.features.resources.tables import Resource

_RESOURCES = table_of(Resource)
_NOT_TAKEN = frozenset({"id", "by_member", "direction"})


def own(connection: Connection, member_id: int) -> list[dict[str, Any]]:
    """Each need and offer that this member has put up and that is still kept."""
    rows = connection.execute(_RESOURCES.select().where(_RESOURCES.c.by_member == member_id).order_by(_RESOURCES.c.id))
    return [{"kind": row["direction"], **_plain(row)} for row in rows.mappings()]


def leave(connection: Connection, acting: Acting, member_id: int) -> None:
    """Take all of them down, here and (by a signed Delete) everywhere, whether open, closed or over."""
    rows = connection.execute(_RESOURCES.select().where(_RESOURCES.c.by_member == member_id)).all()
    for row in rows:
        if row.object_id is not None:
            outbox.withdraw(connection, acting.council, object_id=row.object_id, now=acting.now)
    connection.execute(_RESOURCES.delete().where(_RESOURCES.c.by_member == member_id))


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in _NOT_TAKEN and value not in (None, "")
    }
