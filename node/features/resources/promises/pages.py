"""The buttons and the form of promises: each one step, then back to where it was pressed."""

from collections.abc import Callable
from datetime import datetime

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import queries
from node.features.resources.promises import acts, keeping, part, sides
from node.features.resources.tables import Resource
from node.rights import Right
from node.web.forms import Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import slip_address
from schemas.phrase import phrase
from schemas.refusal import Refusal

MINE = "/mine"
# The form has these fields; what is refused for another reason is no mistake of what was typed.
FIELDS = ("amount", "counterpart", "counterpart_amount", "promise_words", "promise_at")
_VERBS: dict[str, Callable[[Connection, Acting, str], object]] = {
    "agree": acts.agree,
    "not-this-time": acts.not_this_time,
    "give-back": acts.give_back,
    "done": acts.confirm,
}


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)
    _promising(routes, site)
    for verb in _VERBS:
        _verb(routes, site, verb)

    @routes.post("/promises/{public_id}/outcome")
    def outcome(request: Request, public_id: str, typed: Typed) -> Response:
        said = typed.get("outcome", "")
        return _step(site, request, public_id, typed, lambda c, acting: acts.say_outcome(c, acting, public_id, said))

    return routes


def _promising(routes: Routes, site: Site) -> None:
    @routes.post("/o/{public_id}/promise")
    def promise(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.PUT_UP)

        def step(connection: Connection) -> None:
            acts.promise(
                connection,
                acting,
                public_id,
                amount=typed.get("amount"),
                counterpart_id=_own(connection, typed.get("counterpart")),
                counterpart_amount=typed.get("counterpart_amount"),
                words=typed.get("promise_words", ""),
                starts_at=_moment(site, typed.get("promise_at")),
                waits=bool(typed.get("waits")),
            )

        try:
            site.store.write_now(step)
        except Refusal as refusal:
            if refusal.field not in FIELDS:
                raise
            return show(request, acting, public_id, typed, problems_of(refusal))
        return see_other(f"/o/{public_id}#promises")

    def show(
        request: Request, acting: Acting, public_id: str, typed: dict[str, str], problems: tuple[Problem, ...]
    ) -> Response:
        with site.store.reading() as connection:
            row = queries.ours(connection, public_id)
            assert row is not None  # it has just been judged
            form = part.form_of(connection, row, acting.viewer, acting.now)
        return site.page(
            request,
            "resources/promises/again.html",
            status=422,
            row=row,
            form=form,
            typed=typed,
            problems=problems,
        )


def _verb(routes: Routes, site: Site, verb: str) -> None:
    @routes.post(f"/promises/{{public_id}}/{verb}")
    def act(request: Request, public_id: str, typed: Typed) -> Response:
        return _step(site, request, public_id, typed, lambda c, acting: _VERBS[verb](c, acting, public_id))


def _step(
    site: Site, request: Request, public_id: str, typed: dict[str, str], verb: Callable[[Connection, Acting], object]
) -> Response:
    """One verb, and back: to the list of what needs somebody where it was pressed there, else to the note."""
    acting = site.acting(request)
    acting.viewer.require(Right.PUT_UP)

    def step(connection: Connection) -> str:
        made = keeping.named(connection, public_id)
        note = sides.note_of(connection, made)
        verb(connection, acting)
        return _page_of(note, made.object_id, acting)

    back = site.store.write_now(step)
    return see_other(MINE if typed.get("back") == "mine" else back)


def _page_of(note: Resource | None, object_id: str | None, acting: Acting) -> str:
    if note is None:
        return slip_address(object_id or "", base_url=acting.council.base_url)
    shown = queries.on_the_board(note, acting.viewer, now=acting.now)
    return f"/o/{note.public_id}#promises" if shown else MINE


def _own(connection: Connection, public_id: str | None) -> int | None:
    """The number of one's own note; whose it is, is judged by the verb. 0 where there is none: then it is refused."""
    if not public_id:
        return None
    row = queries.ours(connection, public_id)
    return 0 if row is None else row.id


def _moment(site: Site, typed: str | None) -> datetime | None:
    """A day and a time as a browser sends them, in the council's zone. Raises Refusal("starts-at", "promise_at")."""
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=site.settings.zone_info)
    except ValueError:
        raise Refusal(
            "starts-at", "promise_at", sentence=phrase("Write a date and a time, or leave it empty.")
        ) from None
