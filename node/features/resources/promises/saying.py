"""What others are told when a promise has moved: the one place at the end of each verb, in the same step as its row.

What our own neighbours promise each other is said to nobody outside: they see it here, and some want a letter. A promise of a
nearby council (`by_actor`), or one of ours to a note of theirs (`object_id`), is said by a signed act already where its row
moved (`agreements.saying.follow`). This module must never say who of ours it was.
"""

from enum import StrEnum

from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources.letters import occasions
from node.features.resources.promises.tables import Promise
from node.features.resources.telling import Speaking


class Verb(StrEnum):
    """What has just been done."""

    PROMISE = "promise"
    MOVE_UP = "move up"
    AGREE = "agree"
    NOT_THIS_TIME = "not this time"
    GIVE_BACK = "give back"
    CONFIRM = "confirm"
    OUTCOME = "outcome"
    DONE_BY_ITSELF = "done by itself"
    LAPSE = "lapse"


def is_between_councils(promise: Promise) -> bool:
    """Whether the other side is a nearby council, who must hear of it."""
    return promise.by_actor is not None or promise.object_id is not None


def said(connection: Connection, acting: Speaking, promise: Promise, verb: Verb) -> None:
    """Called once at the end of every verb, with the promise as it is now (after "not this time": as it was, its row is gone)."""
    if isinstance(acting, Acting):
        _by_letter(connection, acting, promise, verb)


def _by_letter(connection: Connection, acting: Acting, promise: Promise, verb: Verb) -> None:
    """What is given back is told where it is still known whose it was (`acts`)."""
    match verb:
        case Verb.PROMISE | Verb.MOVE_UP:
            occasions.promised(connection, acting, promise)
        case Verb.AGREE:
            occasions.agreed(connection, acting, promise)
        case Verb.CONFIRM:
            occasions.handed_over(connection, acting, promise)
