"""A few words between whoever asked and whoever helps. Read by these two, and forgotten 72 hours after the note closed.

Each helper has a talk of their own with whoever asked, about their promise; without one it is with whose hands the note is
in. Nobody's name stands on it, and it leaves this server in no way but by mail to the one it is for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from federation.tables import table_of
from node.feature import Acting, Viewer
from node.features.resources import rules
from node.features.resources.letters import occasions
from node.features.resources.promises import sides
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise, Reply
from node.features.resources.tables import Resource
from node.rights import Right
from schemas.phrase import Phrase, phrase
from schemas.refusal import Refusal

MOST: Final = 200
LONGEST: Final = 2_000
_TALKS: Final = (State.WAITING, State.PROPOSED, State.AGREED, State.DONE)
_REPLIES, _PROMISES = table_of(Reply), table_of(Promise)


@dataclass(frozen=True, slots=True)
class Side:
    """Where somebody stands towards a note. `talk` is the id of the promise they talk about, None: as whose hands it is in.

    `asker`: it is their own need; then all its talks are theirs. `helps`: the other side has agreed. Having it in hand is no help.
    """

    asker: bool
    talk: int | None = None
    helps: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said."""

    who: Phrase
    at: datetime
    words: str


def side_of(connection: Connection, row: Resource, viewer: Viewer) -> Side | None:
    """Where this neighbour stands towards a note of ours; None for whoever has nothing to do with it."""
    if viewer.member_id is None:
        return None
    if row.by_member == viewer.member_id:
        return Side(asker=True)
    promise = connection.execute(
        select(_PROMISES.c.id, _PROMISES.c.state)
        .where(
            _PROMISES.c.resource_id == row.id,
            _PROMISES.c.by_member == viewer.member_id,
            _PROMISES.c.state.in_([state.value for state in _TALKS]),
        )
        .order_by(_PROMISES.c.id.desc())
    ).first()
    if promise is not None:
        return Side(False, talk=promise.id, helps=promise.state in (State.AGREED, State.DONE))
    return Side(False) if sides.speaks_for(viewer, row) else None


def said(connection: Connection, row: Resource, side: Side) -> list[Reply]:
    """What was said that this side may read, oldest first."""
    statement = _REPLIES.select().where(_REPLIES.c.resource_id == row.id).order_by(_REPLIES.c.at, _REPLIES.c.id)
    if not side.asker:
        statement = statement.where(_REPLIES.c.promise_id == side.talk)
    return [Reply(**values) for values in connection.execute(statement).mappings()]


def names(connection: Connection, row: Resource) -> dict[int, Phrase]:
    """The neighbours whom whoever asked can talk to about a promise: its id, and a name that is a number, oldest first."""
    found = connection.execute(
        select(_PROMISES.c.id)
        .where(
            _PROMISES.c.resource_id == row.id,
            _PROMISES.c.by_actor.is_(None),
            _PROMISES.c.state.in_([state.value for state in _TALKS]),
        )
        .order_by(_PROMISES.c.created_at, _PROMISES.c.id)
    )
    return {promise_id: phrase("Helper {number}", number=n) for n, promise_id in enumerate(found.scalars(), start=1)}


def lines(connection: Connection, row: Resource, side: Side) -> list[Line]:
    """What was said that this side may read, oldest first, each with who said it as this side knows them."""
    known = names(connection, row) if side.asker else {}

    def who(reply: Reply) -> Phrase:
        if reply.from_asker == side.asker:
            return phrase("You")
        return known.get(reply.promise_id or 0, phrase("One of us")) if side.asker else phrase("Whoever asked")

    return [Line(who(reply), reply.at, reply.words) for reply in said(connection, row, side)]


def say(connection: Connection, row: Resource, side: Side, words: str, acting: Acting) -> Reply:
    """Say something to the other side. Raises Refusal("words", "enough-said", "closed" or "ended-already")."""
    rules.check_open(row.state, ended=row.ends_at <= acting.now)
    if not words or len(words) > LONGEST:
        raise Refusal("words", "say", sentence=phrase("Write a few words, not more than a page."))
    if side.talk is not None and side.talk not in names(connection, row):
        raise Refusal("moved-on", "say", sentence=phrase("Nobody is there any more to read this. Look at it again."))
    counted = select(func.count()).select_from(_REPLIES).where(_REPLIES.c.resource_id == row.id)
    if connection.execute(counted).scalar_one() >= MOST:
        raise Refusal("enough-said", "say", sentence=phrase("A great deal was written here. Meet, or call each other."))
    reply = Reply(
        resource_id=row.id or 0,
        promise_id=side.talk,
        from_asker=side.asker,
        # Whose words they are follows from the promise, for as long as it is theirs: what is given back is in nobody's name.
        by_member=0,
        words=words,
        at=acting.now,
    )
    connection.execute(_REPLIES.insert().values(**reply.model_dump(exclude={"id"})))
    occasions.replied(connection, acting, row, from_asker=side.asker, promise_id=side.talk)
    return reply


def answer(connection: Connection, row: Resource, words: str, acting: Acting, *, talk: int | None = None) -> Reply:
    """A neighbour who is signed in says something: whoever helps to whoever asked, or the other way, in the talk `talk`.

    Raises Refusal("not-signed-in", "not-yours") and those of `say`.
    """
    acting.viewer.require(Right.PUT_UP)
    side = side_of(connection, row, acting.viewer)
    if side is None:
        raise Refusal(
            "not-yours",
            None,
            sentence=phrase("Only whoever asked, and whoever has promised something, can write here."),
        )
    return say(connection, row, Side(True, talk=talk) if side.asker else side, words, acting)
