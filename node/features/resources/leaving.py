"""What a member takes along of their needs, offers and promises, and what becomes of these when they leave.

Notes are taken down, promises come back, and what was in their hands is with whoever is on call.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from federation.tables import table_of
from node.feature import Acting
from node.features.resources import actions
from node.features.resources.hands import acts as hands
from node.features.resources.letters import writing
from node.features.resources.promises import acts, keeping
from node.features.resources.promises.tables import Promise, Reply
from node.features.resources.tables import Resource

_RESOURCES, _PROMISES, _REPLIES = (table_of(table) for table in (Resource, Promise, Reply))
_NOT_TAKEN = frozenset(
    {"id", "by_member", "direction", "phrase_hash", "link_hash", "holder", "holder_actor", "shown_why", "resource_id"}
    | {"counterpart_id", "by_actor"}
)


def own(connection: Connection, member_id: int) -> list[dict[str, Any]]:
    """Each need and offer that this member has put up and that is still kept, and each promise of theirs."""
    rows = connection.execute(_RESOURCES.select().where(_RESOURCES.c.by_member == member_id).order_by(_RESOURCES.c.id))
    promises = connection.execute(_PROMISES.select().where(_PROMISES.c.by_member == member_id).order_by(_PROMISES.c.id))
    return [
        *({**_plain(row), "of_kind": row["kind"], "kind": row["direction"]} for row in rows.mappings()),
        *({"kind": "promise", **_plain(row)} for row in promises.mappings()),
    ]


def leave(connection: Connection, acting: Acting, member_id: int) -> None:
    """Give back what they had promised, then take all of theirs down, here and (by a signed Delete) everywhere."""
    writing.forget(connection, member_id=member_id)
    acts.give_all_back(connection, acting, member_id)
    keeping.forget_member(connection, member_id)
    connection.execute(_REPLIES.update().where(_REPLIES.c.by_member == member_id).values(by_member=0))
    hands.give_back_all(connection, member_id, acting.now)
    rows = connection.execute(_RESOURCES.select().where(_RESOURCES.c.by_member == member_id)).mappings().all()
    for row in rows:
        actions.remove(connection, Resource(**row), acting)


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in _NOT_TAKEN and value not in (None, "")
    }
