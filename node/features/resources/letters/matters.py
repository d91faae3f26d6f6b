"""What a letter may be about, in one sentence each, and whether it still holds when the letter is sent.

A letter names the number of a note and nothing else: no title, no words, no person. Nobody is ever written to about a "not this
time", so there is no word for it here.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from federation.tables import table_of
from node.features.resources import numbers
from node.features.resources.promises import keeping
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Reply
from node.features.resources.tables import Resource
from schemas.phrase import Phrase, phrase
from schemas.records.resource import ResourceState

_REPLIES: Final = table_of(Reply)


class About(StrEnum):
    """The words that stand in the table.

    To whoever put a note up: promise-made, given-back, still-needed, outcome. To a neighbour who promised: promise-agreed,
    not-needed. To either: reply, and confirm, the one letter that goes to an address which nobody has confirmed.
    """

    PROMISE_MADE = "promise-made"
    PROMISE_AGREED = "promise-agreed"
    GIVEN_BACK = "given-back"
    NOT_NEEDED = "not-needed"
    REPLY = "reply"
    STILL_NEEDED = "still-needed"
    OUTCOME = "outcome"
    CONFIRM = "confirm"


WITHOUT_A_NOTE: Final = frozenset({About.CONFIRM, About.NOT_NEEDED, About.PROMISE_AGREED})
"""What may be told to a neighbour without the number of a note: of their own address, or because the note is gone or a nearby
council's."""


def number_of(row: Resource) -> str:
    """The number of a note as people read it; notes from before there were numbers go by the first signs of their address."""
    return numbers.shown(row.code) if row.code is not None else row.public_id[: numbers.SIGNS]


def sentence(about: About, row: Resource | None) -> Phrase:
    """The one line that a letter has about this."""
    if row is None and about is About.PROMISE_AGREED:
        return phrase("Something that you promised to a nearby council is agreed.")
    if row is None:
        return phrase("Something that you promised is not needed any more.")
    number = number_of(row)
    said: Mapping[About, Phrase] = {
        About.PROMISE_MADE: phrase("There is an answer for note {number}.", number=number),
        About.PROMISE_AGREED: phrase("What you promised for note {number} is agreed.", number=number),
        About.GIVEN_BACK: phrase("A promise for note {number} came back. It is open again.", number=number),
        About.NOT_NEEDED: phrase("What you promised for note {number} is not needed any more.", number=number),
        About.REPLY: phrase("There is a message about note {number}.", number=number),
        About.STILL_NEEDED: phrase("Is note {number} still needed?", number=number),
        About.OUTCOME: phrase("Did it work out with note {number}?", number=number),
    }
    return said[about]


def holds(connection: Connection, about: About, row: Resource | None, *, member_id: int | None, now: datetime) -> bool:
    """Whether it is still so: what has been answered, closed or taken down meanwhile is not written about."""
    if row is None:
        return about is About.NOT_NEEDED or (
            about is About.PROMISE_AGREED and _promised_elsewhere(connection, member_id)
        )
    closed = row.state == ResourceState.CLOSED.value
    over = closed or row.ends_at <= now
    match about:
        case About.PROMISE_MADE:
            return not closed and _promised(connection, row, {State.PROPOSED, State.AGREED}, by=None)
        case About.PROMISE_AGREED:
            return not closed and _promised(connection, row, {State.AGREED}, by=member_id)
        case About.GIVEN_BACK:
            return not over
        case About.NOT_NEEDED:
            return over or not _promised(connection, row, {State.AGREED}, by=member_id)
        case About.REPLY:
            return _has_reply(connection, row, to_asker=member_id is None or member_id == row.by_member)
        case About.STILL_NEEDED:
            return not closed and row.asked_at is not None
        case About.OUTCOME:
            return row.outcome is None
    return False


def _promised_elsewhere(connection: Connection, member_id: int | None) -> bool:
    found = keeping.of_member(connection, member_id or 0, State.AGREED)
    return any(one.resource_id is None for one in found)


def _promised(connection: Connection, row: Resource, states: set[State], *, by: int | None) -> bool:
    promises = keeping.of_resource(connection, row.id or 0, *states)
    return any(by is None or one.by_member == by for one in promises)


def _has_reply(connection: Connection, row: Resource, *, to_asker: bool) -> bool:
    theirs = (_REPLIES.c.resource_id == row.id, _REPLIES.c.from_asker.is_(not to_asker))
    return connection.execute(_REPLIES.select().where(*theirs).limit(1)).first() is not None
