"""Reading, holding and hiding notes, and what was reported about them. Two rights, and a log of numbers.

Whoever is on call reads what was asked without an account and shows it; to hold or hide what is shown is a right of the server
turn. Hiding says why, to whoever asked, and takes back what was told. What was done is kept as a row without words, and
who reported or who hid is kept nowhere.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from federation.tables import table_of
from node.feature import Acting
from node.features.resources import kinds_here, queries, reckoning
from node.features.resources.asking.acts import HELD
from node.features.resources.moderation.tables import Report
from node.features.resources.rules import AUDIENCES
from node.features.resources.tables import Resource
from node.features.resources.telling import SHOWN
from node.profile.rules_kept import WITHOUT_ACCOUNT, set_rule
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

HIDDEN: Final = "hidden"
DONE_HOW: Final = [
    ("left", phrase("It stays as it is")),
    ("talked", phrase("We talked to whoever put it up")),
    ("ended", phrase("It was held, hidden or taken down")),
]
LONGEST: Final = 2_000
MOST_OPEN: Final = 500
MOST_OF_ONE: Final = 20

_REPORTS, _RESOURCES = table_of(Report), table_of(Resource)


def to_be_read(connection: Connection, *, shown: str = HELD) -> list[Resource]:
    """What waits to be read (or is hidden), longest waiting first."""
    rows = connection.execute(
        _RESOURCES.select()
        .where(_RESOURCES.c.shown == shown, _RESOURCES.c.state != "closed")
        .order_by(_RESOURCES.c.created_at, _RESOURCES.c.id)
    )
    return [Resource(**row) for row in rows.mappings()]


def out_of_sight(connection: Connection, member_id: int) -> list[Resource]:
    """What this neighbour has put up and was held or hidden."""
    mine = _RESOURCES.c.by_member == member_id, _RESOURCES.c.shown != SHOWN, _RESOURCES.c.state != "closed"
    return [Resource(**row) for row in connection.execute(_RESOURCES.select().where(*mine)).mappings()]


def show(connection: Connection, public_id: str, acting: Acting, *, kind_id: str = "") -> Resource:
    """Let a note up for those it is for, and say of which kind it is. What was hidden needs the right to hide.

    Raises Refusal("not-found" or "kind").
    """
    acting.viewer.require(Right.READ_ASKED)
    row = _found(connection, public_id)
    if row.shown == SHOWN:
        return row  # somebody was quicker; and of which kind it is, is theirs to say who put it up
    if row.shown == HIDDEN:
        acting.viewer.require(Right.HIDE)
    values: dict[str, Any] = {"shown": SHOWN, "shown_why": "", "shown_at": acting.now}
    if kind_id:
        kind = kinds_here.chosen(connection, kind_id, before=row.kind)
        if kind is None:
            raise Refusal("kind", "kind", sentence=phrase("Choose a kind from the list."))
        values |= {"kind": kind.id if kind.id != kind.category else "", "category": kind.category}
        if kind.sensitive:
            # It stays among our own neighbours, whoever was chosen by somebody who could not know.
            values |= {"audience": AUDIENCES[0], "may_pass_on": False}
    return reckoning.say_anew(connection, row, acting, **values)


def hold(connection: Connection, public_id: str, acting: Acting) -> Resource:
    """Take a note out of sight until it has been read again."""
    acting.viewer.require(Right.HIDE)
    row = _found(connection, public_id)
    _count(connection, acting.now, HELD)
    return reckoning.say_anew(connection, row, acting, shown=HELD, shown_why="", shown_at=acting.now)


def hide(connection: Connection, public_id: str, why: str, acting: Acting) -> Resource:
    """Take a note out of sight, and back from all who were told it. Raises Refusal("why") without a reason."""
    acting.viewer.require(Right.HIDE)
    row = _found(connection, public_id)
    if not why or len(why) > LONGEST:
        raise Refusal("why", "why", sentence=phrase("Say why, in a few words: whoever put it up reads them."))
    _count(connection, acting.now, HIDDEN)
    return reckoning.say_anew(connection, row, acting, shown=HIDDEN, shown_why=why, shown_at=acting.now)


def report(connection: Connection, words: str, *, row: Resource | None, object_id: str, now: datetime) -> None:
    """Somebody says that something is wrong with a note they can see, ours (`row`) or a nearby council's. Nobody is kept.

    Raises Refusal("wrong") without words, and Refusal("enough-said") where enough wait to be read.
    """
    if not words or len(words) > LONGEST:
        raise Refusal("wrong", "wrong", sentence=phrase("Say in a few words what is wrong with it."))
    of_it = _REPORTS.c.resource_id == row.id if row is not None else _REPORTS.c.object_id == object_id
    undone = select(func.count()).select_from(_REPORTS).where(_REPORTS.c.done_at.is_(None))
    full = connection.execute(undone).scalar_one() >= MOST_OPEN
    if full or connection.execute(undone.where(of_it)).scalar_one() >= MOST_OF_ONE:
        raise Refusal("enough-said", sentence=phrase("Many have said so already. It is being read."))
    about = {"resource_id": row.id} if row is not None else {"object_id": object_id}
    connection.execute(_REPORTS.insert().values(words=words, at=now, done_how="", **about))


def reports(connection: Connection) -> list[tuple[Report, Resource | None]]:
    """What was reported and nobody has seen to, oldest first, with the note where it is ours."""
    rows = connection.execute(_REPORTS.select().where(_REPORTS.c.done_at.is_(None)).order_by(_REPORTS.c.id)).mappings()
    found = [Report(**row) for row in rows]
    return [(one, None if one.resource_id is None else reckoning.found(connection, one.resource_id)) for one in found]


def settle(connection: Connection, report_id: int, how: str, acting: Acting) -> None:
    """It was seen to: the words go, a number stays. Raises Refusal("not-found" or "how")."""
    acting.viewer.require(Right.HIDE)
    if how not in {word for word, _ in DONE_HOW}:
        raise Refusal("how", "how", sentence=phrase("Say what became of it."))
    values = {"done_at": acting.now, "done_how": how, "words": ""}
    undone = _REPORTS.c.id == report_id, _REPORTS.c.done_at.is_(None)
    if connection.execute(_REPORTS.update().where(*undone).values(**values)).rowcount == 0:
        raise Refusal("not-found", sentence=phrase("Somebody has seen to this already."))


def decide(connection: Connection, value: str, acting: Acting) -> None:
    """What becomes of notes by people without an account from now on. Raises Refusal("rule")."""
    set_rule(connection, acting, name=WITHOUT_ACCOUNT, value=value)


def _count(connection: Connection, now: datetime, how: str) -> None:
    connection.execute(_REPORTS.insert().values(words="", at=now, done_at=now, done_how=how))


def _found(connection: Connection, public_id: str) -> Resource:
    row = queries.ours(connection, public_id)
    if row is None:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
    return row
