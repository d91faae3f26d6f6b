"""What the kind of a note asks for, on the page of a note that says nothing of it yet: for whoever may change it, if they like."""

from datetime import datetime

from sqlalchemy import Connection

from node.feature import Viewer
from node.features.resources import beside, kinds_here
from node.features.resources.part import Part
from node.features.resources.tables import Resource
from node.rights import Right


def below(connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime) -> Part | None:
    """The fields of its kind, below a live note of ours that leaves them all empty."""
    if row is None or row.standing or row.state == "closed" or row.ends_at <= now or not viewer.signed_in:
        return None
    if row.by_member != viewer.member_id and not viewer.may(Right.TIDY_UP):
        return None
    kind = kinds_here.of(connection, row)
    if kind is None or not kind.notes or beside.answers(kind, beside.notes_of(row)):
        return None
    return Part("resources/asking_more.html", {"path": f"/o/{row.public_id}/notes", "asks": kind.notes})
