"""Our own calls for help and drills written anew from what we once published: for a server put up again, or an old copy of ours.

What never left this node cannot come back: who called, agreed or ended it, drafts, and that somebody wanted it graver. A call
that is still on stands on the wall again, and anybody who may call can end it. What is due after one that has ended begins anew.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from federation.kinds import Copy
from node.features.alerts import after, rules
from node.features.alerts.leaving import NOBODY
from node.features.alerts.tables import Alert
from node.features.alerts.telling import ALERTS, DRAFT, ENDED, OUT
from schemas.base import write_time
from schemas.records.alert import AlertNote, Ended, MessageType
from schemas.wording import words_for


def recover(connection: Connection, copy: Copy, model: AlertNote, note: Mapping[str, Any]) -> None:
    """Keep the call that we told in `note`, unless what is kept is as new.

    Two things stand whatever the times say: what went out is no draft any more, and that a call has ended is the last word.
    """
    public_id = copy.object_id.rpartition("/")[2]
    told = _told(copy, model)
    found = connection.execute(ALERTS.select().where(ALERTS.c.public_id == public_id)).mappings().first()
    if found is None:
        values = {**_unheard(model), **told, "public_id": public_id}
        row = connection.execute(ALERTS.insert().values(**values).returning(*ALERTS.c)).mappings().one()
    elif _overtakes(model, copy, Alert(**found)):
        values = {**told, **_kept(Alert(**found), model, copy)}
        changed = ALERTS.update().where(ALERTS.c.id == found["id"]).values(**values)
        row = connection.execute(changed.returning(*ALERTS.c)).mappings().one()
    else:
        return
    if row["state"] == ENDED and not after.of(connection, row["id"]):
        after.begin(connection, Alert(**row), day=copy.updated.date())


def _told(copy: Copy, model: AlertNote) -> dict[str, Any]:
    """The columns that the wire carries whole."""
    alert, place = model.alert, model.location
    return {
        "object_id": copy.object_id,
        "status": alert.status.value,
        "message_type": alert.msg_type.value,
        "category": alert.category.value,
        "title": _title(model),
        "words": model.words,
        "event": alert.event,
        "urgency": alert.urgency.value,
        "severity": alert.severity.value,
        "certainty": alert.certainty.value,
        "wanted": alert.wanted,
        "instruction": alert.instruction,
        "near": place.name if place is not None else "",
        "cell": place.cell if place is not None else None,
        "language": model.language or "und",
        "audience": copy.audience,
        "state": OUT if alert.ended is None else ENDED,
        "cells": orjson.dumps(alert.cells or []).decode(),
        "note": alert.note or "",
        "ended": alert.ended.value if alert.ended is not None else "",
        "earlier": orjson.dumps([write_time(at) for at in alert.earlier or ()]).decode(),
        "campaign": alert.campaign or "",
        "ends_at": model.end_time,
        "raise_to": "",
        "raise_by": None,
        "out_at": model.published,
        "ended_at": copy.updated if alert.ended is not None else None,
        "updated_at": copy.updated,
    }


def _title(model: AlertNote) -> str:
    """The title as it was given: a drill is told with the word for it in front."""
    word = words_for(model.language or "und")["exercise"]
    return model.name.removeprefix(f"{word}: ") if model.is_exercise else model.name


def _unheard(model: AlertNote) -> dict[str, Any]:
    """What the wire says less of than the row that is gone: that there were two, not who; how grave it is, not how grave it was."""
    alert = model.alert
    return {
        "because": alert.because or "",
        "by_member": NOBODY,
        "seconded_by": NOBODY if (alert.raised_by or 1) > 1 else None,
        "gravest": alert.severity.value,
        "gravest_at": model.published,
        "created_at": model.published,
    }


def _kept(row: Alert, model: AlertNote, copy: Copy) -> dict[str, Any]:
    """The same for a row that is there, and knows more than the wire does."""
    said = _unheard(model)
    at = model.published if row.state == DRAFT else copy.updated
    graver = rules.is_graver(row.gravest, model.alert.severity.value)
    return {
        "because": said["because"] or row.because,
        "seconded_by": said["seconded_by"] if row.seconded_by is None else row.seconded_by,
        "gravest": said["gravest"] if graver else row.gravest,
        "gravest_at": at if graver else row.gravest_at,
    }


def _overtakes(model: AlertNote, copy: Copy, row: Alert) -> bool:
    if row.state == ENDED:
        return False
    return row.state == DRAFT or model.alert.ended is not None or row.updated_at < copy.updated


def lapse(connection: Connection, object_id: str, audience: str | None, now: datetime) -> None:
    """A call that was taken away everywhere stays here as withdrawn, for our own neighbours; nothing is due after it.

    One that is for nearby councils alone is shown to nobody else.
    """
    ours = ALERTS.c.object_id == object_id
    if audience is not None:
        connection.execute(ALERTS.update().where(ours, ALERTS.c.audience == "public").values(audience=audience))
        return
    on = ALERTS.update().where(ours, ALERTS.c.state == OUT)
    withdrawn = {"ended": Ended.WITHDRAWN.value, "message_type": MessageType.CANCEL.value}
    at = now.replace(microsecond=0)
    connection.execute(on.values(**withdrawn, state=ENDED, ended_at=at, raise_to="", raise_by=None))
    connection.execute(ALERTS.update().where(ours).values(object_id=None, audience="council"))
