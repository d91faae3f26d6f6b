"""The way of a text to its decision: put out for reading, opened, its outcome written down and confirmed, or dropped.

A text that several councils decide is not decided here: their answers are counted (node.features.resolutions.joint). Each is
one step, kept together with what the others are told.
"""

import datetime as dates
from typing import Any

from sqlalchemy import Connection

from federation import replicas
from node.accounts.second_person import second_person_needed
from node.feature import Acting
from node.features.resolutions import recipe_files, rows, rules, stages
from node.features.resolutions.actions import objections_kept
from node.features.resolutions.tables import Resolution
from node.rights import Right
from schemas.records.resolution_forms import HomeStage, OutcomeForm

_NOTHING_DECIDED: dict[str, Any] = {
    "decided_at": None,
    "present": None,
    "stand_asides": 0,
    "objections": "[]",
    "written_by": None,
    "seconded_by": None,
}


def give_notice(connection: Connection, public_id: str, until: dates.date, acting: Acting) -> Resolution:
    """Put an idea out for reading until a day; before that day nothing about it is decided."""
    row = rows.found_alone(connection, public_id, acting)
    stages.check_follows(rows.stage_of(row), HomeStage.NOTICE)
    rules.check_notice(until, today=rows.today_of(acting), outside=_outside(row))
    stage = HomeStage.NOTICE.value
    return rows.change(connection, row, acting, step="notice", facts={"until": until}, stage=stage, notice_until=until)


def open_it(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    """From now on a gathering decides it; or it is put to nearby councils, to decide it together."""
    row = rows.found_alone(connection, public_id, acting)
    stages.check_follows(rows.stage_of(row), HomeStage.OPEN)
    rules.check_opening(notice_until=row.notice_until, today=rows.today_of(acting), outside=_outside(row))
    return rows.change(connection, row, acting, step="open", stage=HomeStage.OPEN.value)


def write_outcome(connection: Connection, public_id: str, form: OutcomeForm, acting: Acting) -> Resolution:
    """Write down what a gathering made of it. What was agreed waits for a second person from the third account on.

    Written down wrongly, it is written down again; then somebody else than whoever did it last confirms it.
    """
    row = rows.found_alone(connection, public_id, acting)
    agreed = form.outcome == "agreed"
    stages.check_follows(rows.stage_of(row), HomeStage.WRITTEN if agreed else HomeStage.REFUSED)
    _judge(form, row, acting)
    waits = agreed and second_person_needed(connection)
    stage = HomeStage.WRITTEN if waits else HomeStage.ADOPTED if agreed else HomeStage.REFUSED
    return rows.change(
        connection,
        row,
        acting,
        step=stage.value,
        facts={"on": form.decided_at, "present": form.present},
        stage=stage.value,
        method=form.method.value,
        decided_at=form.decided_at,
        present=form.present,
        stand_asides=form.stand_asides,
        objections=objections_kept(form),
        review_on=form.review_on,
        carried_out_by=form.carried_out_by,
        written_by=acting.viewer.require(Right.DECIDE),
        seconded_by=None,
    )


def second(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    """ "I was there, and this is what was agreed": with it, what waits is adopted. Also for what one person alone wrote down."""
    row = rows.found_alone(connection, public_id, acting)
    member_id = acting.viewer.require(Right.DECIDE)
    stages.check_is(rows.stage_of(row), HomeStage.WRITTEN, HomeStage.ADOPTED)
    if row.seconded_by is not None:
        raise stages.refused(rows.stage_of(row))
    rules.check_second(member_id, written_by=row.written_by)
    step = "adopted" if row.stage == HomeStage.WRITTEN else "seconded"
    return rows.change(connection, row, acting, step=step, stage=HomeStage.ADOPTED.value, seconded_by=member_id)


def drop(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    """Not pursued any further. What nobody was told of stays at home; of anything else the others are told."""
    row = rows.found_alone(connection, public_id, acting)
    stages.check_follows(rows.stage_of(row), HomeStage.DROPPED)
    known = row.object_id if row.object_id and replicas.find(connection, row.object_id) is not None else None
    columns = {**_NOTHING_DECIDED, "object_id": known}
    return rows.change(connection, row, acting, step="dropped", stage=HomeStage.DROPPED.value, **columns)


def _judge(form: OutcomeForm, row: Resolution, acting: Acting) -> None:
    today = rows.today_of(acting)
    rules.check_gathering(form.decided_at, form.present, today=today, notice_until=row.notice_until)
    rules.check_review(form.review_on, today=today)
    rules.check_objections(form.objections, agreed=form.outcome == "agreed")
    rules.check_lines({"carried_out_by": form.carried_out_by}, audience=row.audience)
    if form.outcome == "agreed" and _outside(row) and row.notice_until is None:
        raise rules.outside_needs_notice()


def _outside(row: Resolution) -> bool:
    return row.recipe == recipe_files.OUTSIDE
