"""Words about a note for the chat that people have already: its number and where to look, and nothing about anybody.

They are made for whoever put the note up or has it in hand, in the note's own language. Nothing is sent from here.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from node.feature import Viewer
from node.features.resources.letters.matters import number_of
from node.features.resources.part import Part
from node.features.resources.promises import keeping
from node.features.resources.promises.states import OPEN
from node.features.resources.tables import Resource
from node.features.resources.telling import SHOWN
from node.web.tongues import ENGLISH, choose, load_tongues
from schemas.phrase import Phrase, phrase, said
from schemas.records.resource import ResourceState

_FULL: Final = frozenset({ResourceState.PROMISED.value, ResourceState.CLOSED.value})


def words_for(row: Resource, address: str, *, answered: bool) -> list[Phrase]:
    """One line where something is still open, one where there is an answer."""
    number, lines = number_of(row), []
    if answered:
        lines.append(phrase("There is an answer for note {number}: {address}", number=number, address=address))
    if row.state not in _FULL and row.direction == "offer":
        lines.append(phrase("Neighbours offer something. Note {number}: {address}", number=number, address=address))
    elif row.state not in _FULL:
        lines.append(phrase("Neighbours need something. Note {number}: {address}", number=number, address=address))
    return lines


def below(connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime) -> Part | None:
    """The part of a note's page, for its owner, for whoever has it in hand, and for whoever is on call where nobody has."""
    if row is None or row.shown != SHOWN or row.ends_at <= now or not _is_theirs(row, viewer):
        return None
    answered = bool(keeping.of_resource(connection, row.id or 0, *OPEN))
    lines = words_for(row, address, answered=answered)
    if not lines:
        return None
    offered = load_tongues()
    tongue = choose(row.language, "", council=ENGLISH, offered=offered)
    words = "\n".join(str(said(line, tongue.catalogue)) for line in lines)
    return Part("resources/chat.html", {"words": words, "language": tongue.code, "rows": 1 + 3 * len(lines)})


def _is_theirs(row: Resource, viewer: Viewer) -> bool:
    if viewer.member_id is None:
        return False
    nobodys = row.holder == 0 and row.holder_actor is None
    return viewer.member_id in (row.by_member, row.holder) or (viewer.on_call and nobodys)
