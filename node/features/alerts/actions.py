"""What neighbours do with calls for help and drills: call, and say that it is over.

One step each: the rules, our own record and what the others are told are kept together or not at all. A call is never
simply taken away: who is on the way must learn that it ended.
"""

import orjson
from sqlalchemy import Connection

from federation import outbox
from federation.tables import table_of
from node.feature import Acting
from node.features.alerts import rules
from node.features.alerts.tables import Alert
from node.places import in_cell, place_of
from node.rights import Right
from protocol import ids
from schemas.audience import WireAudience
from schemas.phrase import phrase
from schemas.records.alert import Alert as WireAlert
from schemas.records.alert import (
    AlertCategory,
    AlertForm,
    Certainty,
    Ended,
    MessageType,
    Severity,
    Status,
    Urgency,
    alert_note,
)
from schemas.refusal import Refusal

_ALERTS = table_of(Alert)


def put_up(connection: Connection, form: AlertForm, acting: Acting) -> Alert:
    """A call for help, or a drill where the form says exercise. Raises schemas.refusal.Refusal."""
    member_id = acting.viewer.require(Right.CALL)
    audience = form.audience.value
    rules.check_audience(audience)
    now = acting.now.replace(microsecond=0)
    ends_at = form.ends(now).replace(microsecond=0)
    rules.check_end(ends_at, now)
    if ends_at <= now:
        raise Refusal("ended-already", "ends_at", sentence=phrase("That time has passed. Please choose a later one."))
    rules.check_words(
        {
            "title": form.title,
            "near": form.near or "",
            "event": form.event,
            "words": form.words,
            "wanted": form.wanted,
            "instruction": form.instruction,
        },
        audience=audience,
    )
    place = place_of(form.near or "", acting)
    public_id = ids.new_id(acting.council.randomness.bytes(ids.ID_BYTES))
    row = Alert(
        object_id=f"{acting.council.base_url}/o/{public_id}" if audience in rules.PUBLISHED else None,
        public_id=public_id,
        status=form.status.value,
        message_type=MessageType.ALERT.value,
        category=form.category.value,
        title=form.title,
        words=form.words,
        event=form.event,
        urgency=form.urgency.value,
        severity=form.severity.value,
        certainty=form.certainty.value,
        wanted=form.wanted,
        instruction=form.instruction,
        near=place.name if place is not None else "",
        cell=place.cell if place is not None else None,
        language=form.language or acting.council.language,
        audience=audience,
        ends_at=ends_at,
        by_member=member_id,
        created_at=now,
        updated_at=now,
    )
    values = row.model_dump(exclude={"id"})
    row.id = connection.execute(_ALERTS.insert().values(**values).returning(_ALERTS.c.id)).scalar_one()
    _tell(connection, row, acting)
    return row


def over(connection: Connection, public_id: str, acting: Acting) -> Alert:
    """Say that it is over (an Update with msgType Cancel). Saying so twice changes nothing. Raises Refusal."""
    acting.viewer.require(Right.CALL)
    found = connection.execute(_ALERTS.select().where(_ALERTS.c.public_id == public_id)).mappings().first()
    if found is None:
        raise Refusal("not-found", sentence=phrase("There is no call for help of ours under this address."))
    row = Alert(**found)
    rules.check_may_end(acting.viewer, by_member=row.by_member)
    if row.message_type == MessageType.CANCEL:
        return row
    if row.ends_at <= acting.now:
        raise Refusal("ended-already", None, sentence=phrase("Its time is over already."))
    changed = connection.execute(
        _ALERTS.update()
        .where(_ALERTS.c.id == row.id)
        .values(
            message_type=MessageType.CANCEL.value,
            state="ended",
            ended=Ended.OVER.value,
            updated_at=rules.next_update(acting.now, row.updated_at),
        )
        .returning(*_ALERTS.c)
    )
    after = Alert(**changed.mappings().one())
    _tell(connection, after, acting)
    return after


def _tell(connection: Connection, row: Alert, acting: Acting) -> None:
    if row.object_id is None:
        return
    audience: WireAudience = "public" if row.audience == "public" else "neighbours"
    note = alert_note(
        row.object_id,
        acting.council.base_url,
        name=row.title,
        words=row.words,
        alert=WireAlert(
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
            earlier=orjson.loads(row.earlier) or None,
            because=row.because or None,
            campaign=row.campaign or None,
            raised_by=2 if row.seconded_by is not None else 1,
        ),
        language=row.language,
        place=in_cell(row.cell, name=row.near),
        published=row.created_at,
        updated=row.updated_at if row.updated_at > row.created_at else None,
        ends_at=row.ends_at,
        audience=audience,
        zone=acting.zone,
    )
    outbox.publish(connection, acting.council, note=note, audience=audience, now=acting.now)
