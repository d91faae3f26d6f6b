"""One call of ours: found, and told to those it is for. A draft is told to nobody."""

from datetime import datetime

import orjson
from sqlalchemy import Connection

from federation import outbox, replicas
from federation.moments import read_time
from federation.tables import table_of
from node.feature import Acting
from node.features.alerts.tables import Alert
from node.places import in_cell
from schemas.audience import WireAudience
from schemas.base import write_time
from schemas.phrase import phrase
from schemas.records.alert import Alert as WireAlert
from schemas.records.alert import (
    AlertCategory,
    Certainty,
    Ended,
    MessageType,
    Severity,
    Status,
    Urgency,
    alert_note,
)
from schemas.refusal import Refusal

DRAFT, OUT, ENDED = "draft", "out", "ended"
MOST_EARLIER = 32
_WIDE_ENOUGH = {"public": ("public",), "neighbours": ("public", "neighbours")}

ALERTS = table_of(Alert)


def ours(connection: Connection, public_id: str) -> Alert:
    """The call under this address, a draft too. Raises Refusal("not-found")."""
    found = connection.execute(ALERTS.select().where(ALERTS.c.public_id == public_id)).mappings().first()
    if found is None:
        raise Refusal("not-found", sentence=phrase("There is no call for help of ours under this address."))
    return Alert(**found)


def on_now(connection: Connection, public_id: str, now: datetime) -> Alert:
    """The same, if it has not ended. Raises Refusal("not-found") or Refusal("ended-already")."""
    row = ours(connection, public_id)
    if row.state == ENDED or row.ends_at <= now:
        raise Refusal(
            "ended-already", None, sentence=phrase("It has ended. Nothing brings it back; you can call again.")
        )
    return row


def keep(connection: Connection, row: Alert, **values: object) -> Alert:
    """The row with these values, kept."""
    changed = connection.execute(ALERTS.update().where(ALERTS.c.id == row.id).values(**values).returning(*ALERTS.c))
    return Alert(**changed.mappings().one())


def earlier_with(row: Alert) -> str:
    """The times of all versions so far, this one the newest of them."""
    return orjson.dumps([*orjson.loads(row.earlier), write_time(row.updated_at)][-MOST_EARLIER:]).decode()


def address(row: Alert, base_url: str) -> str:
    """Where the call lies, told or not."""
    return f"{base_url}/o/{row.public_id}"


def tell(connection: Connection, row: Alert, acting: Acting) -> None:
    """Tell the newest version to whom it is for. Nothing is told of a draft, or of what is for our own neighbours."""
    if row.object_id is None or row.out_at is None or row.state == DRAFT:
        return
    audience: WireAudience = "public" if row.audience == "public" else "neighbours"
    note = alert_note(
        row.object_id,
        acting.council.base_url,
        name=row.title,
        words=row.words,
        alert=_wire(row, because=_because(connection, row)),
        language=row.language,
        place=in_cell(row.cell, name=row.near),
        published=row.out_at,
        updated=row.updated_at if row.updated_at > row.out_at else None,
        ends_at=row.ends_at,
        audience=audience,
        zone=acting.zone,
    )
    outbox.publish(connection, acting.council, note=note, audience=audience, now=acting.now)


def _wire(row: Alert, *, because: str | None) -> WireAlert:
    return WireAlert(
        status=Status(row.status),
        msg_type=MessageType(row.message_type),
        category=AlertCategory(row.category),
        event=row.event,
        urgency=Urgency(row.urgency),
        severity=Severity(row.severity),
        certainty=Certainty(row.certainty),
        wanted=row.wanted,
        instruction=row.instruction,
        cells=orjson.loads(row.cells) or None,
        ended=Ended(row.ended) if row.ended else None,
        note=row.note or None,
        earlier=[read_time(at) for at in orjson.loads(row.earlier)] or None,
        because=because,
        campaign=row.campaign or None,
        raised_by=2 if row.seconded_by is not None else 1,
    )


def _because(connection: Connection, row: Alert) -> str | None:
    """The resolution behind it, where whoever reads the call may read that too."""
    held = replicas.find(connection, row.because) if row.because else None
    if held is None or held["gone_at"] is not None or held["audience"] not in _WIDE_ENOUGH[row.audience]:
        return None
    return row.because
