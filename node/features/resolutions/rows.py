"""Our own resolutions, one row at a time: found, kept new, changed. Every change is dated, and told where it is told.

No change names who made it: `changes` holds days and numbers only. Called inside the step of an action.
"""

import datetime as dates
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from federation.tables import table_of
from node.feature import Acting
from node.features.resolutions import rules, stages
from node.features.resolutions.publishing import next_update, publish
from node.features.resolutions.tables import Resolution
from node.rights import Right
from protocol import ids
from schemas.phrase import phrase
from schemas.records.resolution_forms import HomeStage
from schemas.refusal import Refusal

_RESOLUTIONS: Final = table_of(Resolution)


def today_of(acting: Acting) -> dates.date:
    """The day in the council's own calendar."""
    return acting.now.astimezone(acting.zone).date()


def found(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    """Our own resolution under this address, for somebody who may decide. Raises Refusal("not-signed-in" or "not-found")."""
    # Whoever is not signed in must not learn whether the address exists.
    acting.viewer.require(Right.DECIDE)
    row = connection.execute(_RESOLUTIONS.select().where(_RESOLUTIONS.c.public_id == public_id)).mappings().first()
    if row is None or row["audience"] not in acting.viewer.audiences:
        raise Refusal("not-found", sentence=phrase("There is no resolution of ours under this address."))
    return Resolution(**row)


def found_alone(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    """As `found`, for what our own gathering does. Raises Refusal("joint") besides."""
    row = found(connection, public_id, acting)
    stages.check_ours_alone(rule=row.rule, answers_object=row.answers_object)
    return row


def stage_of(row: Resolution) -> HomeStage:
    return HomeStage(row.stage)


def keep_new(connection: Connection, row: Resolution, acting: Acting, *, step: str, **facts: Any) -> Resolution:
    """A new row under an address of its own; with a number and told, unless it is an idea."""
    row.public_id = ids.new_id(acting.council.randomness.bytes(ids.ID_BYTES))
    row.created_at = row.updated_at = acting.now.replace(microsecond=0)
    row.changes = _with(row.changes, acting, step=step, facts=facts)
    if row.stage != HomeStage.IDEA:
        _leave_the_idea(connection, row, acting)
    values = row.model_dump(exclude={"id"})
    row.id = connection.execute(_RESOLUTIONS.insert().values(**values).returning(_RESOLUTIONS.c.id)).scalar_one()
    publish(connection, row, acting)
    return row


def change(
    connection: Connection,
    row: Resolution,
    acting: Acting,
    *,
    step: str,
    facts: dict[str, Any] | None = None,
    **columns: Any,
) -> Resolution:
    """Change a row, note the step under today's day, and tell the others how it stands."""
    after = row.model_copy(update=columns)
    after.updated_at = next_update(acting.now, row.updated_at)
    after.changes = _with(row.changes, acting, step=step, facts=facts or {})
    if row.number is None and after.stage not in (HomeStage.IDEA, HomeStage.DROPPED):
        _leave_the_idea(connection, after, acting)
    values = after.model_dump(exclude={"id"})
    connection.execute(_RESOLUTIONS.update().where(_RESOLUTIONS.c.id == row.id).values(**values))
    publish(connection, after, acting)
    return after


def _leave_the_idea(connection: Connection, row: Resolution, acting: Acting) -> None:
    """From now on it has the council's next number, and an address that others may know."""
    highest = connection.execute(select(func.max(_RESOLUTIONS.c.number))).scalar()
    row.number = (highest or 0) + 1
    if row.audience in rules.PUBLISHED:
        row.object_id = f"{acting.council.base_url}/o/{row.public_id}"


def _with(changes: str, acting: Acting, *, step: str, facts: dict[str, Any]) -> str:
    noted = [*orjson.loads(changes), {"at": today_of(acting), "step": step, **facts}]
    return orjson.dumps(noted).decode()
