"""The second person who was there: confirms what was written down for other councils to hear, or takes it off the table again.

Nothing of it has left our server before, so taking it off is told to nobody.
"""

from sqlalchemy import Connection

from federation.tables import table_of
from node.feature import Acting
from node.features.resolutions import answering, joint, rows
from node.features.resolutions.tables import Resolution
from node.features.resolutions.waiting import waits_for_councils
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.deciding import Stage
from schemas.refusal import Refusal

_RESOLUTIONS = table_of(Resolution)


def confirm(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    """Confirm what another person wrote down, so that it goes out in the same step. Raises Refusal."""
    member_id = acting.viewer.require(Right.DECIDE)
    row = _waiting(connection, public_id, acting)
    if row.written_by == member_id:
        raise Refusal(
            "second-person",
            sentence=phrase("You wrote it down. Somebody else who was at the gathering confirms it."),
        )
    connection.execute(_RESOLUTIONS.update().where(_RESOLUTIONS.c.id == row.id).values(seconded_by=member_id))
    row = rows.found(connection, public_id, acting)
    go_out = answering.go_out if row.answers_object else joint.go_out
    return go_out(connection, row, acting)


def take_off(connection: Connection, public_id: str, acting: Acting) -> str:
    """Take what was written down off the table again. Returns the path to go on from. Raises Refusal."""
    acting.viewer.require(Right.DECIDE)
    row = _waiting(connection, public_id, acting)
    if row.answers_object:
        connection.execute(_RESOLUTIONS.delete().where(_RESOLUTIONS.c.id == row.id))
        return "/resolutions"
    nothing = dict.fromkeys(("rule", "written_by", "seconded_by", "decided_at", "present"))
    recipe = "" if row.recipe == joint.RECIPE else row.recipe
    values = {**nothing, "recipe": recipe, "stage": Stage.OPEN.value, "stand_asides": 0, "objections": "[]"}
    connection.execute(_RESOLUTIONS.update().where(_RESOLUTIONS.c.id == row.id).values(**values))
    return f"/o/{public_id}"


def _waiting(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    row = rows.found(connection, public_id, acting)
    if not waits_for_councils(row):
        raise Refusal("not-waiting", sentence=phrase("This does not wait for anybody to confirm it."))
    return row
