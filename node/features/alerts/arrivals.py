"""What published calls for help and drills do here, ours and theirs alike: they are listed, changed, or withdrawn.

Judged before they are kept: one council calls no more than twenty times a day, since a flood would hide the one call that
matters; a drill never becomes a call, nor a call a drill. A Cancel is always taken.

Taking one over runs inside the step that stored the replica, perhaps twice for the same note. A call that is over stays
listed as over: who was on the way must see that it ended, not that it vanished.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import h3
import orjson
from sqlalchemy import Connection, text

from federation.council import Council
from federation.kinds import Copy, Kind
from federation.moments import microseconds
from federation.tables import Lane, table_of
from node.features.alerts import recovering
from node.features.alerts.tables import AlertIndex
from protocol.verdict import Reason, Refused
from schemas.records.alert import AlertNote, read_alert

_INDEX: Final = table_of(AlertIndex)
_COLUMNS: Final = tuple(column.name for column in _INDEX.c if column.name != "replica_id")
_CHANGED: Final = tuple(column for column in _COLUMNS if column != "heard_at")
_PUT: Final = text(
    f"INSERT INTO alert_index (replica_id, {', '.join(_COLUMNS)})"  # noqa: S608  names of our own columns
    f" VALUES (:replica_id, {', '.join(f':{column}' for column in _COLUMNS)})"
    f" ON CONFLICT (replica_id) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in _CHANGED)}"
)
MOST_NEW: Final = 20
WITHIN: Final = timedelta(hours=24)
_HELD: Final = text("SELECT status FROM alert_index WHERE object_id = :object_id")
# What came when its time was over already was never shown, and is no part of a flood.
_NEW: Final = text(
    "SELECT count(*) FROM (SELECT 1 FROM alert_index WHERE source = :source AND heard_at > :since AND ended = ''"
    " AND ends_at > heard_at LIMIT :most)"
)
_HEARD: Final = text("SELECT received_at FROM replica WHERE id = :replica_id")
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
            "heard_at": connection.execute(_HEARD, {"replica_id": copy.replica_id}).scalar_one(),
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


def check(
    connection: Connection, council: Council, activity: Mapping[str, Any], model: AlertNote, now: datetime
) -> Refused | None:
    """Refused(too-fast) for the twenty-first new call of one council within a day; Refused(wrong-shape) for a drill that
    would become a call, or a call that would become a drill.

    A Cancel always passes, and so does an Update of what is held. A call that is heard of by its Update alone is new here.
    """
    if model.alert.ended is not None:
        return None
    held = connection.execute(_HELD, {"object_id": model.id}).scalar()
    if held is not None and held != model.alert.status:
        return Refused(Reason.WRONG_SHAPE, "A drill never becomes a call, nor a call a drill.")
    if held is not None or model.end_time <= now:
        return None
    given = {"source": activity["actor"], "since": microseconds(now - WITHIN), "most": MOST_NEW}
    if connection.execute(_NEW, given).scalar_one() >= MOST_NEW:
        return Refused(Reason.TOO_FAST, "More new calls for help within a day than this server takes from one council.")
    return None


KIND: Final = Kind(
    name="alert",
    lane=Lane.ALERT,
    read=read,
    put=put,
    end=end,
    final=final,
    check=check,
    recover=recovering.recover,
    lapse=recovering.lapse,
)
