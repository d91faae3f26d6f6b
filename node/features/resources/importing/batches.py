"""A list looked through row by row, put up in one step under one name, and taken down again as far as nobody has promised it.

A row goes through the same rules as a form. Nothing is kept between looking and putting up: the text comes again, and is judged
again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from federation.tables import table_of
from node.feature import Acting, Viewer
from node.features.resources import actions, kinds_here, telling, wording
from node.features.resources.importing import columns, reading
from node.features.resources.promises.states import OPEN, State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.rights import Right
from node.web.forms import NotUnderstood, parse, problems_of
from schemas.phrase import phrase
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal

_RESOURCES, _PROMISES = table_of(Resource), table_of(Promise)
_PROMISED = sorted(state.value for state in OPEN | {State.DONE})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list: what it becomes, or why it does not. `title` as it stands there, for finding it again."""

    number: int
    title: str
    form: ResourceForm | None
    ends_at: datetime | None = None
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """A list looked through: its rows in order, and the columns that nobody took."""

    rows: tuple[Row, ...]
    left_out: tuple[str, ...]

    @property
    def good(self) -> list[ResourceForm]:
        return [row.form for row in self.rows if row.form is not None]

    @property
    def refused(self) -> list[Row]:
        return [row for row in self.rows if row.form is None]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is left of one list: when it was put up, how many of it are there, and how many of them nobody has promised."""

    name: str
    put_up_at: datetime
    there: int
    free: int


def look_through(connection: Connection, text: str, usual: Mapping[str, str], acting: Acting) -> Looked:
    """Judge each row as its form would be. Raises Refusal where the whole cannot be read."""
    acting.viewer.require(Right.PUT_UP)
    table = reading.table_of(text)
    known = columns.known_columns(table, kinds_here.usable(connection))
    return Looked(tuple(_judged(connection, line, known, usual, acting) for line in table.lines), known.left_out)


def put_up(connection: Connection, forms: Sequence[ResourceForm], acting: Acting) -> str:
    """Put up all of them, or, should one be refused, none. Returns the name of the batch."""
    member_id = acting.viewer.require(Right.PUT_UP)
    batch = telling.new_public_id(acting.council)
    for form in forms:
        actions.keep_asked(connection, form, acting, by_member=member_id, batch=batch)
    return batch


def undo(connection: Connection, batch: str, acting: Acting) -> int:
    """Take down what came with this list, except what somebody has promised. Returns how many went; Refusal("not-found")."""
    member_id = acting.viewer.require(Right.PUT_UP)
    wanted = [_RESOURCES.c.batch == batch, _RESOURCES.c.batch != ""]
    if not acting.viewer.may(Right.TIDY_UP):
        wanted.append(_RESOURCES.c.by_member == member_id)
    rows = connection.execute(_RESOURCES.select().where(*wanted)).mappings().all()
    if not rows:
        raise Refusal("not-found", sentence=phrase("There is no such list of yours."))
    held = _promised(connection, [row["id"] for row in rows])
    free = [Resource(**row) for row in rows if row["id"] not in held]
    for row in free:
        actions.remove(connection, row, acting)
    return len(free)


def of_member(connection: Connection, viewer: Viewer) -> list[Batch]:
    """The lists of whoever is looking of which anything is left, newest first."""
    found = connection.execute(
        select(_RESOURCES.c.batch, func.min(_RESOURCES.c.created_at), func.count())
        .where(_RESOURCES.c.by_member == viewer.member_id, _RESOURCES.c.batch != "")
        .group_by(_RESOURCES.c.batch)
        .order_by(func.min(_RESOURCES.c.created_at).desc(), func.min(_RESOURCES.c.id).desc())
    ).all()
    return [Batch(name, at, there, there - len(_promised_of(connection, name))) for name, at, there in found]


def _judged(
    connection: Connection, line: reading.Line, known: columns.Known, usual: Mapping[str, str], acting: Acting
) -> Row:
    number = known.where["title"]
    title = line.cells[number][:80] if len(line.cells) > number else ""
    try:
        form = parse(ResourceForm, columns.typed_of(line, known, usual), sentences=wording.SENTENCES)
        judged = actions.judged(connection, form, acting)
    except (Refusal, NotUnderstood) as error:
        return Row(line.number, title, None, wrong=tuple(one.sentence for one in problems_of(error)))
    return Row(line.number, title, form, ends_at=judged["ends_at"])


def _promised_of(connection: Connection, batch: str) -> set[int]:
    return _promised(
        connection, connection.execute(select(_RESOURCES.c.id).where(_RESOURCES.c.batch == batch)).scalars().all()
    )


def _promised(connection: Connection, ids: Sequence[Any]) -> set[int]:
    """Those of these records on which a promise stands, on either side of it."""
    found = connection.execute(
        select(_PROMISES.c.resource_id, _PROMISES.c.counterpart_id).where(
            or_(_PROMISES.c.resource_id.in_(ids), _PROMISES.c.counterpart_id.in_(ids)), _PROMISES.c.state.in_(_PROMISED)
        )
    )
    return {one for pair in found for one in pair if one is not None} & set(ids)
