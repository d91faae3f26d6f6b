"""What neighbours do with resolutions: put up what the gathering has agreed. Its further life is not told here.

One step: the rules, our own record and what the others are told are kept together or not at all.
"""

from sqlalchemy import Connection, func, select

from federation.tables import table_of
from node.feature import Acting
from node.features.resolutions import rules
from node.features.resolutions.publishing import publish
from node.features.resolutions.tables import Resolution
from node.rights import Right
from protocol import ids
from schemas.records.deciding import Stage
from schemas.records.resolution_forms import ResolutionForm

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
    publish(connection, row, acting)
    return row
