"""What published calls for help and drills do here, ours and theirs alike: they are listed, changed, or withdrawn.

Runs inside the step that stored the replica, perhaps twice for the same note. A call that is over stays listed as over: who
was on the way must see that it ended, not that it vanished.
"""

from typing import Any, Final

import h3
import orjson
from sqlalchemy import Connection, text

from federation.kinds import Copy, Kind
from federation.moments import microseconds
from federation.tables import Lane, table_of
from node.features.alerts.tables import AlertIndex
from protocol.verdict import Reason, Refused
from schemas.records.alert import AlertNote, read_alert

_INDEX: Final = table_of(AlertIndex)
_COLUMNS: Final = tuple(column.name for column in _INDEX.c if column.name != "replica_id")
_PUT: Final = text(
    f"INSERT INTO alert_index (replica_id, {', '.join(_COLUMNS)})"  # noqa: S608  names of our own columns
    f" VALUES (:replica_id, {', '.join(f':{column}' for column in _COLUMNS)})"
    f" ON CONFLICT (replica_id) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in _COLUMNS)}"
)
_END: Final = text("DELETE FROM alert_index WHERE replica_id = :replica_id")


def read(note: dict[str, Any]) -> AlertNote | Refused:
    """The call for help in a Note, its place a real cell; else Refused(wrong-shape)."""
    model = read_alert(note)
    if isinstance(model, Refused):
        return model
    cells = [*(model.alert.cells or ())]
    if model.location is not None and model.location.cell is not None:
        cells.append(model.location.cell)
    if not all(h3.is_valid_cell(cell) for cell in cells):
        return Refused(Reason.WRONG_SHAPE, "A place is an H3 cell of resolution 8 or coarser, an area of 7 or coarser.")
    return model


def put(connection: Connection, copy: Copy, model: AlertNote) -> None:
    """List a call for help or a drill, or list it anew."""
    alert = model.alert
    connection.execute(
        _PUT,
        {
            "replica_id": copy.replica_id,
            "object_id": copy.object_id,
            "source": copy.source,
            "audience": copy.audience,
            "status": alert.status.value,
            "message_type": alert.msg_type.value,
            "category": alert.category.value,
            "title": model.name,
            "words": model.words,
            "event": alert.event,
            "urgency": alert.urgency.value,
            "severity": alert.severity.value,
            "certainty": alert.certainty.value,
            "wanted": alert.wanted,
            "instruction": alert.instruction,
            "near": model.location.name if model.location is not None else "",
            "cells": orjson.dumps(alert.cells or []).decode(),
            "note": alert.note or "",
            "ended": alert.ended.value if alert.ended is not None else "",
            "because": alert.because or "",
            "campaign": alert.campaign or "",
            "raised_by": alert.raised_by or 1,
            "language": model.language or "und",
            "ends_at": microseconds(model.end_time),
            "published": microseconds(model.published),
            "updated": microseconds(copy.updated),
        },
    )


def end(connection: Connection, replica_id: int) -> None:
    """Take a withdrawn call off the list."""
    connection.execute(_END, {"replica_id": replica_id})


def final(model: AlertNote) -> bool:
    """That a call has ended is the last word about it, also where it arrives before the call itself."""
    return model.alert.ended is not None


KIND: Final = Kind(name="alert", lane=Lane.ALERT, read=read, put=put, end=end, final=final)
