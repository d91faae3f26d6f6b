"""What stands under a note for whoever has to do with it: the talk with whoever asked, and where exactly it is."""

from datetime import datetime

from sqlalchemy import Connection

from node.feature import Viewer
from node.features.resources import numbers
from node.features.resources.asking import talking
from node.features.resources.part import Part
from node.features.resources.tables import Resource


def talk_part(connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime) -> Part | None:
    """The talk, for both sides of it; nothing for anybody else, and nothing before there is somebody to talk to."""
    side = None if row is None else talking.side_of(connection, row, viewer)
    if row is None or side is None:
        return None
    names = talking.names(connection, row) if side.asker else {}
    if row.by_member != 0 and not names and side.talk is None:
        return None
    given = {
        "said": talking.lines(connection, row, side),
        "number": numbers.shown(row.code) if row.code and row.by_member == 0 else "",
        "exact_place": row.exact_place if side.helps else None,
        "reads": row.link_hash is not None or row.by_member != 0,
        "over": row.state == "closed" or row.ends_at <= now,
        "action": f"/o/{row.public_id}/say",
        "talks": [(f"{talk}", name) for talk, name in names.items()],
    }
    return Part("resources/talk_part.html", given)
