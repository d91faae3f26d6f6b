"""What happens to a resolution that is in force: a gathering looks at it again, and a demand is brought and answered.

Each is one step, kept together with what the others are told. A text that several councils agreed is not one council's to end.
"""

from sqlalchemy import Connection

from node.feature import Acting
from node.features.resolutions import rows, rules, stages
from node.features.resolutions.tables import Resolution
from schemas.phrase import phrase
from schemas.records.resolution_forms import DeliveryForm, GatheringForm, HomeStage
from schemas.refusal import Refusal


def renew(connection: Connection, public_id: str, form: GatheringForm, acting: Acting) -> Resolution:
    """A gathering has looked at it again, and it goes on until the next time."""
    row = _in_force(connection, public_id, form, acting)
    if form.review_on is None:
        raise Refusal("review-on", "review_on", sentence=phrase("When is it looked at again after that?"))
    rules.check_review(form.review_on, today=rows.today_of(acting))
    facts = {"on": form.decided_at, "present": form.present, "until": form.review_on}
    return rows.change(connection, row, acting, step="renewed", facts=facts, review_on=form.review_on)


def end(connection: Connection, public_id: str, form: GatheringForm, acting: Acting) -> Resolution:
    """A gathering has ended it. Its words and its day stay readable."""
    row = _in_force(connection, public_id, form, acting)
    stages.check_follows(rows.stage_of(row), HomeStage.ENDED)
    facts = {"on": form.decided_at, "present": form.present}
    return rows.change(connection, row, acting, step="ended", facts=facts, stage=HomeStage.ENDED.value)


def deliver(connection: Connection, public_id: str, form: DeliveryForm, acting: Acting) -> Resolution:
    """On which day a demand was brought to its addressee, and what they answered."""
    row = rows.found(connection, public_id, acting)
    stages.check_is(rows.stage_of(row), HomeStage.ADOPTED)
    if not row.addressee:
        raise Refusal("delivery", sentence=phrase("This is addressed to nobody, so nobody answers it."))
    rules.check_delivery(
        delivered_on=form.delivered_on,
        answer=form.answer,
        answered_on=form.answered_on,
        agreed_on=row.decided_at,
        today=rows.today_of(acting),
    )
    columns = {"delivered_on": form.delivered_on, "answer": form.answer, "answered_on": form.answered_on}
    if all(getattr(row, name) == value for name, value in columns.items()):
        return row
    step = "answered" if form.answer else "delivered"
    return rows.change(
        connection, row, acting, step=step, facts={"on": form.answered_on or form.delivered_on}, **columns
    )


def _in_force(connection: Connection, public_id: str, form: GatheringForm, acting: Acting) -> Resolution:
    row = rows.found_alone(connection, public_id, acting)
    stages.check_is(rows.stage_of(row), HomeStage.ADOPTED)
    rules.check_gathering(form.decided_at, form.present, today=rows.today_of(acting))
    rules.check_later_gathering(form.decided_at, row.decided_at)
    return row
