"""What was decided belongs to all: it stays when whoever wrote it down leaves, and nothing says any more who that was."""

from datetime import date
from typing import Any

from sqlalchemy import Connection

from federation.tables import table_of
from node.feature import Acting
from node.features.resolutions.tables import Resolution

NOBODY, NOBODY_ELSE = 0, -1

_RESOLUTIONS = table_of(Resolution)
_WHO = {"by_member": NOBODY, "written_by": NOBODY, "seconded_by": NOBODY_ELSE}
_NOT_TAKEN = frozenset({"id", *_WHO})


def own(connection: Connection, member_id: int) -> list[dict[str, Any]]:
    """Each resolution that this member has written down."""
    rows = connection.execute(
        _RESOLUTIONS.select().where(_RESOLUTIONS.c.by_member == member_id).order_by(_RESOLUTIONS.c.id)
    )
    return [{"kind": "resolution", **_plain(row)} for row in rows.mappings()]


def leave(connection: Connection, acting: Acting, member_id: int) -> None:
    """Forget who put them up, wrote them down and confirmed them; that two people did stays. Their texts never named anybody."""
    for column, nobody in _WHO.items():
        theirs = _RESOLUTIONS.c[column] == member_id
        connection.execute(_RESOLUTIONS.update().where(theirs).values({column: nobody}))


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
        if name not in _NOT_TAKEN and value not in (None, "")
    }
