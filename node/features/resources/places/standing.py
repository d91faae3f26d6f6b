"""What neighbours do at a standing place: say how they found it, and that it goes on standing.

How it was found is for our own pages: it is kept beside the note and told to nobody elsewhere, and not by whom.
"""

from datetime import datetime, timedelta
from typing import Final

import orjson
from sqlalchemy import Connection

from federation.tables import table_of
from node.accounts import rota
from node.feature import Acting, Viewer
from node.features.resources import beside, lapsing, lasting, queries, rules
from node.features.resources.tables import Resource
from node.rights import Right
from schemas.base import read_time, write_time
from schemas.phrase import Phrase, phrase
from schemas.refusal import Refusal

STATES: Final[dict[str, Phrase]] = {
    "full": phrase("there is plenty"),
    "some": phrase("there is some"),
    "empty": phrase("it is empty"),
    "closed": phrase("it is closed"),
}
AS_IT_WAS: Final = timedelta(days=7)
"""After so long nobody knows any more how it stands."""

_RESOURCES: Final = table_of(Resource)


def found(connection: Connection, public_id: str, viewer: Viewer, *, now: datetime) -> Resource:
    """A live standing place of ours that this neighbour may see. Raises Refusal("not-found") for anything else."""
    row = queries.ours(connection, public_id)
    if row is None or not row.standing or not queries.on_the_board(row, viewer, now=now):
        raise Refusal("not-found", sentence=phrase("There is no standing place of ours under this address."))
    return row


def how_it_stands(row: Resource, *, now: datetime) -> tuple[str, datetime] | None:
    """The word for how it was found last, and when; None where nobody has said so within a week."""
    noted = beside.notes_of(row)
    if noted.get(beside.STANDS) not in STATES:
        return None
    at = read_time(noted[beside.STANDS_AT])
    return (noted[beside.STANDS], at) if now - at <= AS_IT_WAS else None


def say_how(connection: Connection, public_id: str, state: str, acting: Acting) -> None:
    """Say how it was found today. Any neighbour can; the newest word stands. Raises Refusal("stands") or "not-found"."""
    acting.viewer.require(Right.PUT_UP)
    row = found(connection, public_id, acting.viewer, now=acting.now)
    if state not in STATES:
        raise Refusal("stands", "stands", sentence=phrase("Choose how you found it."))
    noted = beside.notes_of(row) | {beside.STANDS: state, beside.STANDS_AT: write_time(acting.now)}
    kept = orjson.dumps(noted).decode()
    connection.execute(_RESOURCES.update().where(_RESOURCES.c.id == row.id).values(notes=kept))


def asks_to_go_on(connection: Connection, row: Resource, viewer: Viewer, *, now: datetime) -> bool:
    """Whether it is time to ask this neighbour if it still stands: whoever put it up, or looks after it."""
    due = now >= lapsing.ask_again_at(row.created_at, row.ends_at)
    theirs = viewer.signed_in and (row.by_member == viewer.member_id or viewer.may(Right.TIDY_UP))
    return due and (theirs or rota.looks_after(connection, row.public_id, viewer.member_id, now=now))


def go_on(connection: Connection, public_id: str, acting: Acting) -> Resource:
    """It still stands: for 90 days from now. Raises Refusal("not-yours") for whoever neither put it up nor looks after it."""
    acting.viewer.require(Right.PUT_UP)
    row = found(connection, public_id, acting.viewer, now=acting.now)
    if not rota.looks_after(connection, row.public_id, acting.viewer.member_id, now=acting.now):
        rules.check_may_change(acting.viewer, by_member=row.by_member)
    return lasting.renew(connection, acting, public_id, as_asker=True)
