"""What stands under every note, ours and nearby councils': a way to say that something is wrong; and holding and hiding."""

from datetime import datetime

from sqlalchemy import Connection

from node.feature import Viewer
from node.features.resources.asking.shapes import TRAP
from node.features.resources.part import Part
from node.features.resources.tables import Resource
from node.rights import Right


def report_part(
    connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime
) -> Part | None:
    """The form for everybody, and for whoever may, holding and hiding a note of ours."""
    hides = row is not None and viewer.may(Right.HIDE)
    return Part(
        "resources/report.html",
        {"address": address, "trap": TRAP, "hides": f"/held/{row.public_id}" if row is not None and hides else None},
    )
