"""Forms of needs and offers: put up, change, close, take down. They work without scripts and give back what was typed."""

from datetime import datetime

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.feature import Viewer
from node.features.resources import actions, api, beside, choices, queries, recipe_files, recurring_form, rules, wording
from node.features.resources.tables import Resource
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.records.resource import Direction, ResourceForm
from schemas.refusal import Refusal

# The form has one field for each, whichever way it was judged.
_SHOWN = {"ends_at": "until", "starts_at": "from", "repeats": "often"}
# These end the matter: no form that could be mended would help.
_FINAL = frozenset({"not-signed-in", "not-found", "not-yours"})


def router(site: Site) -> Routes:
    """The form pages."""
    routes = Routes(include_in_schema=False)
    for direction in ("offer", "need"):
        _put_up_routes(routes, site, "offer" if direction == "offer" else "need")
    _change_routes(routes, site)
    _end_routes(routes, site)
    return routes


def _put_up_routes(routes: Routes, site: Site, direction: Direction) -> None:
    path = f"/put-up/{direction}"

    def show(
        request: Request, *, typed: dict[str, str], problems: tuple[Problem, ...] = (), prompt: str = ""
    ) -> Response:
        return site.page(
            request,
            "resources/put_up.html",
            status=422 if problems else 200,
            way=direction,
            typed=typed,
            problems=problems,
            recipes=recipe_files.for_direction(direction, site.tongue(request).code),
            prompt=prompt,
            **choices.choices(site, request, typed),
        )

    @routes.get(path)
    def blank(request: Request, start: str = "") -> Response:
        site.viewer(request).require(Right.PUT_UP)
        recipe = recipe_files.find(start, site.tongue(request).code)
        if recipe is not None and recipe.direction != direction:
            recipe = None
        usual = {"audience": rules.DEFAULT_AUDIENCE[direction], "until": _local(site, site.now() + rules.USUAL)}
        usual["can_wait"] = beside.YES
        if because := request.query_params.get("because", "")[:2_048]:
            usual["because"] = because
        if recipe is None:
            return show(request, typed=usual)
        if recipe.preset.get("standing"):
            # A place stands until somebody says otherwise: it is for everybody, and no end is asked for.
            usual = {name: said for name, said in usual.items() if name != "until"} | {"audience": "public"}
        return show(request, typed=usual | dict(recipe.preset), prompt=recipe.prompt)

    @routes.post(path)
    def put_up(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.PUT_UP)
        try:
            form = _form(site, typed, direction)
            row = site.store.write_now(lambda connection: actions.put_up(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=_mendable(error))
        return see_other(f"/o/{row.public_id}")


def _change_routes(routes: Routes, site: Site) -> None:
    def show(request: Request, row: Resource, *, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        allowed = rules.AUDIENCES[: rules.AUDIENCES.index(row.audience) + 1]
        return site.page(
            request,
            "resources/change.html",
            status=422 if problems else 200,
            row=row,
            way=row.direction,
            typed=typed,
            problems=problems,
            outcomes=wording.OUTCOMES,
            **choices.choices(site, request, typed, audiences=allowed)
            | {"often": recurring_form.choices_for(row, typed)},
        )

    @routes.get("/o/{public_id}/change")
    def filled_in(request: Request, public_id: str) -> Response:
        row = _changeable(site, site.viewer(request), public_id)
        return show(request, row, typed=_typed_of(site, row))

    @routes.post("/o/{public_id}/change")
    def change(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        row = _changeable(site, acting.viewer, public_id)
        direction: Direction = "offer" if row.direction == "offer" else "need"
        # An emptied field means "as much as fits", not "none".
        available = typed.get("available") if typed.get("available") != row.available else None

        def step(connection: Connection) -> Resource:
            return actions.change(connection, public_id, form, acting, available=available)

        try:
            form = _form(site, typed, direction)
            changed = site.store.write_now(step)
        except (Refusal, NotUnderstood) as error:
            return show(request, row, typed=typed, problems=_mendable(error))
        return see_other(f"/o/{changed.public_id}")

    @routes.post("/o/{public_id}/notes")
    def note(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        more = parse(api.ResourceChange, {"notes": choices.notes_in(typed)})
        row = site.store.write_now(lambda connection: api.amend(connection, public_id, more, acting))
        return see_other(f"/o/{row.public_id}")

    @routes.post("/o/{public_id}/close")
    def close(request: Request, public_id: str, typed: Typed) -> Response:
        acting, outcome = site.acting(request), typed.get("outcome", "")
        row = _changeable(site, acting.viewer, public_id)
        try:
            site.store.write_now(lambda connection: actions.close(connection, public_id, outcome, acting))
        except Refusal as error:
            return show(request, row, typed=_typed_of(site, row) | typed, problems=_mendable(error))
        return see_other("/board")


def _end_routes(routes: Routes, site: Site) -> None:
    @routes.get("/o/{public_id}/take-down")
    def ask(request: Request, public_id: str) -> Response:
        return site.page(request, "resources/take_down.html", row=_changeable(site, site.viewer(request), public_id))

    @routes.post("/o/{public_id}/take-down")
    def take_down(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: actions.take_down(connection, public_id, acting))
        return see_other("/board")


def _form(site: Site, typed: dict[str, str], direction: Direction) -> ResourceForm:
    times = recurring_form.asked_in(typed, site.now(), zone=site.settings.zone_info)
    return choices.read(typed, direction, times=times)


def _mendable(error: Refusal | NotUnderstood) -> tuple[Problem, ...]:
    if isinstance(error, Refusal) and error.word in _FINAL:
        raise error
    return tuple(Problem(_SHOWN.get(one.field or "", one.field), one.sentence) for one in problems_of(error))


def _changeable(site: Site, viewer: Viewer, public_id: str) -> Resource:
    viewer.require(Right.PUT_UP)
    with site.store.reading() as connection:
        row = queries.ours(connection, public_id)
    if row is None:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
    rules.check_may_change(viewer, by_member=row.by_member)
    return row


def _typed_of(site: Site, row: Resource) -> dict[str, str]:
    said = {
        "title": row.title,
        "words": row.words,
        "kind": row.kind or row.category,
        "can_wait": choices.ticked(row.can_wait),
        "may_pass_on": choices.ticked(row.may_pass_on),
        "standing": beside.YES if row.standing else "",
        "hours": row.hours,
        "access": row.access,
        **choices.typed_notes(beside.notes_of(row)),
        "quantity": row.quantity,
        "available": row.available,
        "unit": row.unit,
        "near": row.near,
        "audience": row.audience,
        "language": row.language,
        "until": _local(site, row.ends_at),
    }
    times = recurring_form.typed_of(row, zone=site.settings.zone_info)
    return {name: value for name, value in said.items() if value} | times


def _local(site: Site, at: datetime) -> str:
    return f"{at.astimezone(site.settings.zone_info):%Y-%m-%dT%H:%M}"
