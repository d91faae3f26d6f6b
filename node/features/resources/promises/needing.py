"""What promises bring onto "What needs me": what one has promised, answers to one's notes, and notes that are asked about."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, or_, select

from federation import replicas
from federation.tables import table_of
from node.feature import Acting, Viewer
from node.features.resources import reckoning
from node.features.resources.items import Doing, Item
from node.features.resources.promises import keeping, part, sides
from node.features.resources.promises.states import OPEN, State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.rights import Right
from node.web import words
from node.web.words import slip_address
from schemas.phrase import Phrase, phrase
from schemas.records.resource import ResourceState

_RESOURCES, _PROMISES = table_of(Resource), table_of(Promise)
_SOONER: dict[State, int] = {State.AGREED: 0, State.DONE: 1}
TOLD_FOR = timedelta(days=3)
STILL = "/o/{public_id}/still-needed"


def promised(connection: Connection, acting: Acting) -> list[Item]:
    """What the viewer has said yes to: to be done, or only waiting for the other side."""
    viewer, found = acting.viewer, list[Item]()
    for one in keeping.of_member(connection, viewer.member_id or 0, *OPEN, State.DONE):
        row = sides.note_of(connection, one)
        shown = part.shown(connection, viewer, one, row)
        if shown is None or (State(one.state) is State.DONE and not shown.doings):
            continue
        title, language = (
            (row.title, row.language) if row is not None else _their_title(connection, one.object_id or "")
        )
        found.append(
            Item(
                title=title,
                language=language,
                href=_page_of(acting, row, one.object_id),
                sentence=_you_promised(shown),
                at=one.starts_at or (row.ends_at if row is not None else one.ends_at),
                rank=_SOONER.get(State(one.state), 9),
                doings=shown.doings,
                step=shown.step,
            )
        )
    return found


def answers(connection: Connection, acting: Acting) -> list[Item]:
    """What others have promised on notes that the viewer speaks for, as far as it wants a word from them."""
    viewer, found = acting.viewer, list[Item]()
    statement = (
        _PROMISES.select()
        .join(_RESOURCES, _RESOURCES.c.id == _PROMISES.c.resource_id)
        .where(_spoken_for(viewer), _PROMISES.c.state.in_([State.PROPOSED, State.AGREED, State.DONE]))
        .order_by(_PROMISES.c.created_at, _PROMISES.c.id)
    )
    for values in connection.execute(statement).mappings():
        one = Promise(**values)
        row = sides.note_of(connection, one)
        shown = part.shown(connection, viewer, one, row)
        if row is None or shown is None or shown.mine or not shown.doings:
            continue
        found.append(
            Item(
                title=row.title,
                language=row.language,
                href=_page_of(acting, row, None),
                sentence=_they_promised(shown),
                at=one.created_at,
                rank=1,
                doings=shown.doings,
                step=shown.step,
            )
        )
    return found


def asked_about(connection: Connection, acting: Acting) -> list[Item]:
    """Notes that the viewer speaks for: those near their end, and those of which everything is done."""
    statement = (
        _RESOURCES.select()
        .where(_spoken_for(acting.viewer), _RESOURCES.c.state != ResourceState.CLOSED)
        .order_by(_RESOURCES.c.ends_at, _RESOURCES.c.id)
    )
    found = list[Item]()
    for values in connection.execute(statement).mappings():
        row = Resource(**values)
        done = row.state == ResourceState.PROMISED and _all_done(connection, row)
        if row.asked_at is None and not done:
            continue
        needed = phrase("Still needed?") if row.direction == "need" else phrase("Still there?")
        found.append(
            Item(
                title=row.title,
                language=row.language,
                href=_page_of(acting, row, None),
                sentence=phrase("All of it is done. Close it?") if done else needed,
                at=row.ends_at,
                rank=2,
                doings=_closings(row, done=done),
            )
        )
    return found


def came_back(connection: Connection, acting: Acting) -> list[Item]:
    """What was given back on notes that the viewer speaks for in the last days: it is open again. Whose it was is kept nowhere."""
    statement = (
        select(_PROMISES.c.amount, _PROMISES.c.unit, _PROMISES.c.updated_at, _PROMISES.c.resource_id)
        .join(_RESOURCES, _RESOURCES.c.id == _PROMISES.c.resource_id)
        .where(
            _spoken_for(acting.viewer),
            _RESOURCES.c.closed_at.is_(None),
            _PROMISES.c.state == State.GIVEN_BACK,
            _PROMISES.c.updated_at > acting.now - TOLD_FOR,
        )
        .order_by(_PROMISES.c.updated_at, _PROMISES.c.id)
    )
    found = list[Item]()
    for one in connection.execute(statement):
        row = reckoning.found(connection, one.resource_id)
        much = words.quantity(one.amount, one.unit)
        said = (
            phrase("{much} came back. That is open again.", much=much)
            if much
            else phrase("It came back, and is open again.")
        )
        found.append(Item(row.title, row.language, _page_of(acting, row, None), said, at=one.updated_at, rank=2))
    return found


def _spoken_for(viewer: Viewer) -> ColumnElement[bool]:
    """The same as `sides.speaks_for`, as a condition."""
    me = viewer.member_id or -1
    whose = [_RESOURCES.c.by_member == me, _RESOURCES.c.holder == me]
    if viewer.may(Right.READ_ASKED):
        whose.append(_RESOURCES.c.by_member == 0)
    return or_(*whose)


def _all_done(connection: Connection, row: Resource) -> bool:
    """Whether everything that was promised on it has been done, and something was."""
    states = set(
        connection.execute(
            select(_PROMISES.c.state).where(
                _PROMISES.c.resource_id == row.id, _PROMISES.c.state.in_([State.AGREED, State.DONE])
            )
        ).scalars()
    )
    return states == {State.DONE.value}


def _closings(row: Resource, *, done: bool) -> tuple[Doing, ...]:
    path = STILL.format(public_id=row.public_id)
    longer = phrase("It is still there") if row.standing else phrase("Yes, two more weeks")
    on = Doing(longer, path, {"still": "yes"}, first=not done)
    met = Doing(phrase("It worked out: close it"), path, {"still": "met"}, first=done)
    partly = Doing(phrase("Partly: close it"), path, {"still": "partly"})
    over = Doing(phrase("No longer wanted"), path, {"still": "no-longer-wanted"})
    return (met, partly, on) if done else (on, met, over)


def _you_promised(shown: part.Shown) -> Phrase:
    if shown.much:
        return phrase("You promised {much}: {stands}.", much=shown.much, stands=shown.stands)
    return phrase("You promised it: {stands}.", stands=shown.stands)


def _they_promised(shown: part.Shown) -> Phrase:
    if shown.much:
        return phrase("{who}, {much}: {stands}.", who=shown.who, much=shown.much, stands=shown.stands)
    return phrase("{who}: {stands}.", who=shown.who, stands=shown.stands)


def _page_of(acting: Acting, row: Resource | None, object_id: str | None) -> str:
    """Where it stands; nothing where its page is no longer shown to this viewer."""
    if row is None:
        return slip_address(object_id or "", base_url=acting.council.base_url)
    if row.object_id is None and (row.closed_at is not None or row.ends_at <= acting.now):
        return ""
    return f"/o/{row.public_id}" if row.audience in acting.viewer.audiences else ""


def _their_title(connection: Connection, object_id: str) -> tuple[str | Phrase, str]:
    held = replicas.find(connection, object_id)
    if held is None or held["gone_at"] is not None:
        return phrase("A note of a nearby council"), ""
    return held["name"], ""
