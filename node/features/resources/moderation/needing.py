"""What being on call, and the server turn, bring onto "What needs me": notes to be read, and what was reported."""

from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources.items import Item
from node.features.resources.moderation import acts
from node.features.resources.tables import Resource
from node.rights import Right
from schemas.phrase import Phrase, phrase, phrases

PAGE = "/held"


def to_be_read(connection: Connection, acting: Acting) -> list[Item]:
    """Each note that waits, longest first."""
    if not acting.viewer.may(Right.READ_ASKED):
        return []
    return [
        Item(
            title=row.title,
            language=row.language,
            href=PAGE,
            sentence=phrase("Somebody asks without an account. One of us reads it first."),
            at=row.created_at,
            rank=1 if not row.can_wait else 3,
        )
        for row in acts.to_be_read(connection)
    ]


def reported(connection: Connection, acting: Acting) -> list[Item]:
    """That something was reported, once for all of it."""
    found = acts.reports(connection) if acting.viewer.may(Right.HIDE) else []
    if not found:
        return []
    words = phrases("{count} report has not been looked at.", "{count} reports have not been looked at.", len(found))
    return [Item(title=phrase("What was reported"), language="", href=PAGE, sentence=words, at=found[0][0].at)]


def out_of_sight(connection: Connection, acting: Acting) -> list[Item]:
    """One's own notes that were held or hidden, and why."""
    return [
        Item(
            title=row.title,
            language=row.language,
            href="",
            sentence=_why(row),
            at=row.shown_at or row.updated_at,
            rank=2,
        )
        for row in acts.out_of_sight(connection, acting.viewer.member_id or -1)
    ]


def _why(row: Resource) -> Phrase:
    if row.shown == acts.HIDDEN:
        return phrase("It was taken out of sight: {why}", why=row.shown_why)
    return phrase("It is out of sight until one of us has read it again.")
