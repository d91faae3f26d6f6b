"""What neighbours do with resolutions: put up what the gathering has agreed. Its further life is not told here.

One step: the rules, our own record and what the others are told are kept together or not at all.
"""

from sqlalchemy import Connection, func, select

from federation import outbox
from federation.tables import table_of
from node.feature import Acting
from node.features.resolutions import rules
from node.features.resolutions.tables import Resolution
from node.rights import Right
from protocol import ids
from schemas.audience import WireAudience
from schemas.records.deciding import Method, Stage
from schemas.records.resolution import Resolution as WireResolution
from schemas.records.resolution import ResolutionForm, resolution_note, text_digest

_RESOLUTIONS = table_of(Resolution)


def put_up(connection: Connection, form: ResolutionForm, acting: Acting) -> Resolution:
    """A resolution under the council's next number, public unless chosen otherwise. Raises schemas.refusal.Refusal."""
    member_id = acting.viewer.require(Right.DECIDE)
    today = acting.now.astimezone(acting.zone).date()
    audience = form.audience.value
    rules.check_audience(audience)
    rules.check_title(form.title, audience=audience)
    rules.check_gathering(form.decided_at, form.present, today=today)
    rules.check_review(form.review_on, today=today)
    highest = connection.execute(select(func.max(_RESOLUTIONS.c.number))).scalar()
    public_id = ids.new_id(acting.council.randomness.bytes(ids.ID_BYTES))
    now = acting.now.replace(microsecond=0)
    row = Resolution(
        object_id=f"{acting.council.base_url}/o/{public_id}" if audience in rules.PUBLISHED else None,
        public_id=public_id,
        number=(highest or 0) + 1,
        stage=Stage.ADOPTED.value,
        title=form.title,
        text=form.text,
        language=form.language or acting.council.language,
        method=form.method.value,
        decided_at=form.decided_at,
        present=form.present,
        stand_asides=form.stand_asides,
        review_on=form.review_on,
        audience=audience,
        by_member=member_id,
        written_by=member_id,
        created_at=now,
        updated_at=now,
    )
    values = row.model_dump(exclude={"id"})
    row.id = connection.execute(_RESOLUTIONS.insert().values(**values).returning(_RESOLUTIONS.c.id)).scalar_one()
    _tell(connection, row, acting)
    return row


def _tell(connection: Connection, row: Resolution, acting: Acting) -> None:
    if row.object_id is None:
        return
    audience: WireAudience = "public" if row.audience == "public" else "neighbours"
    assert row.number is not None
    note = resolution_note(
        row.object_id,
        acting.council.base_url,
        name=row.title,
        resolution=WireResolution(
            number=row.number,
            stage=Stage(row.stage),
            method=Method(row.method),
            decided_at=row.decided_at,
            present=row.present,
            stand_asides=row.stand_asides,
            review_on=row.review_on,
            text=row.text,
            text_digest=text_digest(row.text),
        ),
        language=row.language,
        published=row.created_at,
        updated=None,
        audience=audience,
    )
    outbox.publish(connection, acting.council, note=note, audience=audience, now=acting.now)
