"""On which side of a promise somebody stands: the one who promised, or the one whose note it answers. Who gives, who gets.

A note is answered for by whoever put it up, by whoever has it in hand, and, where nobody of ours put it up, by whoever is on
call: whoever has it may be away. Looking after the server gives nobody a say in what others promise each other.
"""

from dataclasses import dataclass

import orjson
from sqlalchemy import Connection

from federation import replicas
from node.feature import Viewer
from node.features.resources import reckoning
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.rights import Right
from protocol.verdict import Refused
from schemas.records.resource import read_resource


@dataclass(frozen=True, slots=True)
class Side:
    """Where somebody stands. `promised`: it is their own promise. `answers`: they speak for the note that it answers.

    `gives` and `gets` follow from which of the two it is and whether the note is a need or an offer.
    """

    promised: bool
    answers: bool
    gives: bool
    gets: bool

    @property
    def concerned(self) -> bool:
        return self.promised or self.answers


def speaks_for(viewer: Viewer, row: Resource) -> bool:
    """Whether this viewer answers what is promised on this note."""
    if viewer.member_id is None:
        return False
    if viewer.member_id in (row.by_member, row.holder):
        return True
    return row.by_member == 0 and viewer.may(Right.READ_ASKED)


def side_of(
    connection: Connection, viewer: Viewer, promise: Promise, row: Resource | None, *, as_asker: bool = False
) -> Side:
    """Where this viewer stands. `row` is the note of ours that it answers, None for a nearby council's.

    Whoever promised stands there alone, also when they are on call: nobody confirms to themselves. `as_asker` has been judged.
    """
    promised = not as_asker and viewer.member_id is not None and promise.by_member == viewer.member_id
    answers = not promised and row is not None and (as_asker or speaks_for(viewer, row))
    needed = (row.direction if row is not None else _their_direction(connection, promise)) == "need"
    return Side(
        promised=promised,
        answers=answers,
        gives=promised if needed else answers,
        gets=answers if needed else promised,
    )


def note_of(connection: Connection, promise: Promise) -> Resource | None:
    """The note of ours that it answers, None where it is a nearby council's."""
    return None if promise.resource_id is None else reckoning.found(connection, promise.resource_id)


def we_give(connection: Connection, promise: Promise) -> bool:
    """Whether, between councils, it is ours that gives: what another needs, or out of an offer of ours."""
    row = note_of(connection, promise)
    return row.direction == "offer" if row is not None else _their_direction(connection, promise) == "need"


def _their_direction(connection: Connection, promise: Promise) -> str:
    """Whether a nearby council's note asks or offers; what is known no more was most likely asked for."""
    held = replicas.find(connection, promise.object_id or "")
    if held is None or held["gone_at"] is not None:
        return "need"
    note = read_resource(orjson.loads(held["document"])["object"])
    return "need" if isinstance(note, Refused) else note.direction
