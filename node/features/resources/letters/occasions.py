"""What is worth a letter, and to whom: the ends of verbs come here, in the step in which the record moves.

Nothing is written about a "not this time", a proposal that lapsed or one that was taken back before it was agreed: who was not
chosen learns it from nobody's letter.
"""

from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import reckoning
from node.features.resources.letters.matters import About
from node.features.resources.letters.writing import write, write_to_owner
from node.features.resources.promises import keeping
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource


def promised(connection: Connection, acting: Acting, promise: Promise) -> None:
    """Somebody says yes to a note of ours, and it is for its owner to answer. Whoever waits is no news yet."""
    if promise.resource_id is not None and promise.state == State.PROPOSED:
        write_to_owner(connection, acting, reckoning.found(connection, promise.resource_id), about=About.PROMISE_MADE)


def agreed(connection: Connection, acting: Acting, promise: Promise) -> None:
    """What a neighbour of ours promised is agreed, here or at a nearby council."""
    _to_promiser(connection, acting, promise, About.PROMISE_AGREED)


def given_back(connection: Connection, acting: Acting, promise: Promise, *, by_promiser: bool | None = None) -> None:
    """What was agreed comes back; `promise` as it was. The other side is told; `by_promiser` where it is not whoever acts."""
    if promise.state != State.AGREED:
        return
    theirs = _is_theirs(acting, promise) if by_promiser is None else by_promiser
    if promise.resource_id is not None and theirs:
        write_to_owner(connection, acting, reckoning.found(connection, promise.resource_id), about=About.GIVEN_BACK)
    else:
        _to_promiser(connection, acting, promise, About.NOT_NEEDED)


def handed_over(connection: Connection, acting: Acting, promise: Promise) -> None:
    """Whoever gave says that it is done: whoever got it is asked how it went."""
    if promise.resource_id is None:
        return
    row = reckoning.found(connection, promise.resource_id)
    if row.direction == "need" and _is_theirs(acting, promise):
        write_to_owner(connection, acting, row, about=About.OUTCOME)
    elif row.direction == "offer" and not _is_theirs(acting, promise):
        _to_promiser(connection, acting, promise, About.OUTCOME)


def over(connection: Connection, acting: Acting, row: Resource, *, gone: bool = False) -> None:
    """A note is closed, or `gone` with its number: whoever has promised something for it need not bring it any more."""
    for promise in keeping.of_resource(connection, row.id or 0, State.AGREED):
        if promise.by_member:
            number = None if gone else row.id
            write(connection, acting, about=About.NOT_NEEDED, resource_id=number, member_id=promise.by_member)


def asked_about(connection: Connection, acting: Acting, resource_id: int) -> None:
    """Is it still needed?"""
    write_to_owner(connection, acting, reckoning.found(connection, resource_id), about=About.STILL_NEEDED)


def replied(
    connection: Connection, acting: Acting, row: Resource, *, from_asker: bool, promise_id: int | None = None
) -> None:
    """Somebody wrote a few words about a note: the other side is told that there are some.

    Words of whoever asked go to whoever made that promise, or, about none, to whoever has the note in hand. Nobody else reads
    what is written to whoever asked.
    """
    if not from_asker:
        write_to_owner(connection, acting, row.model_copy(update={"holder": 0}), about=About.REPLY)
        return
    member_id = keeping.find(connection, promise_id).by_member if promise_id is not None else row.holder
    if member_id:
        write(connection, acting, about=About.REPLY, resource_id=row.id, member_id=member_id)


def _to_promiser(connection: Connection, acting: Acting, promise: Promise, about: About) -> None:
    if promise.by_member:
        write(connection, acting, about=about, resource_id=promise.resource_id, member_id=promise.by_member)


def _is_theirs(acting: Acting, promise: Promise) -> bool:
    """Whether whoever acts is the one who promised."""
    return acting.viewer.member_id is not None and acting.viewer.member_id == promise.by_member
