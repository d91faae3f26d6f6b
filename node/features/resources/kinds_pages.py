"""The page on which whoever may set up adds kinds of our own, renames them, lets them stay home, and retires them."""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection, select

from federation.tables import table_of
from node.feature import Acting
from node.features.resources import kinds_here, reckoning, wording
from node.features.resources.beside import YES
from node.features.resources.kinds_here import OwnKind, Said
from node.features.resources.tables import Resource
from node.rights import Right
from node.web.forms import Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.refusal import Refusal

PATH = "/server/kinds"

_RESOURCES = table_of(Resource)


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(
        request: Request, typed: dict[str, str], *, one: OwnKind | None = None, problems: tuple[Problem, ...] = ()
    ) -> Response:
        with site.store.reading() as connection:
            own = kinds_here.own(connection)
        return site.page(
            request,
            "resources/kinds.html",
            status=422 if problems else 200,
            own=own,
            one=one,
            typed=typed,
            problems=problems,
            categories=wording.CATEGORIES,
            category_words=wording.CATEGORY_WORDS,
        )

    @routes.get(PATH)
    def kinds_page(request: Request, kind: str = "") -> Response:
        site.viewer(request).require(Right.SET_UP)
        one = _own(site, kind) if kind else None
        return show(request, {} if one is None else _typed_of(one), one=one)

    @routes.post(PATH)
    def keep(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.SET_UP)
        kind_id = typed.get("id", "")
        said = _said(typed)

        def step(connection: Connection) -> None:
            if kind_id:
                was, is_now = kinds_here.change(connection, kind_id, said, acting)
                move(connection, was, is_now, acting)
            else:
                kinds_here.add(connection, said, acting)

        try:
            site.store.write_now(step)
        except Refusal as error:
            if error.word == "not-found":
                raise
            return show(request, typed, one=_own(site, kind_id) if kind_id else None, problems=problems_of(error))
        return see_other(PATH)

    @routes.post(f"{PATH}/retire")
    def retire(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.SET_UP)
        kind_id, retired = typed.get("id", ""), typed.get("again") != YES
        site.store.write_now(lambda connection: kinds_here.retire(connection, kind_id, acting, retired=retired))
        return see_other(PATH)

    return routes


def move(connection: Connection, was: OwnKind, is_now: OwnKind, acting: Acting) -> None:
    """Notes of a kind that has come to stay home go with it: what others were told of them is taken back."""
    if was.id == is_now.id:
        return
    ids = connection.execute(select(_RESOURCES.c.id).where(_RESOURCES.c.kind == was.id)).scalars().all()
    for resource_id in ids:
        row = reckoning.found(connection, resource_id)
        reckoning.say_anew(connection, row, acting, kind=is_now.id, audience="council", may_pass_on=False)


def _own(site: Site, kind_id: str) -> OwnKind | None:
    with site.store.reading() as connection:
        return next((kind for kind in kinds_here.own(connection) if kind.id == kind_id), None)


def _said(typed: dict[str, str]) -> Said:
    return Said(
        name_en=typed.get("name_en", ""),
        name_es=typed.get("name_es", ""),
        category=typed.get("category", "other"),
        sensitive=bool(typed.get("sensitive")),
        questions=typed.get("questions", ""),
        because=typed.get("because", ""),
    )


def _typed_of(kind: OwnKind) -> dict[str, str]:
    said = {
        "id": kind.id,
        "name_en": kind.names.en,
        "name_es": kind.names.es,
        "category": kind.category,
        "sensitive": YES if kind.sensitive else "",
        "questions": "\n".join(asked.label.en for asked in kind.notes),
        "because": kind.because,
    }
    return {name: value for name, value in said.items() if value}
