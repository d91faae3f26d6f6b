"""The forms that put words on the table: what a gathering has agreed, an idea for the next one, and the words anew."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from node.features.resolutions import actions, forms, recipe_files, rows, rules, stages
from node.features.resolutions.check_pages import note_of
from node.features.resolutions.wording import DOMAINS, IDEA_SENTENCES, METHODS, OUTCOME_LABELS, SENTENCES
from node.places import names_of
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, parse
from node.web.looking_up import visible
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.records.deciding import Domain
from schemas.records.resolution_forms import IdeaForm, ResolutionForm, TextForm
from schemas.refusal import Refusal


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)
    _direct(routes, site)
    _idea(routes, site)
    _words(routes, site)
    return routes


def _direct(routes: Routes, site: Site) -> None:
    def show(request: Request, *, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        return _page(site, request, "resolutions/put_up.html", typed, problems, rows=forms.ROWS, labels=OUTCOME_LABELS)

    @routes.get("/put-up/resolution")
    def blank(request: Request, start: str = "") -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        recipe = forms.chosen(start, site.tongue(request).code)
        return show(request, typed=forms.begun(recipe, acting) | _asked_for(request))

    @routes.post("/put-up/resolution")
    def put_up(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        try:
            form = parse(ResolutionForm, forms.given(typed, forms.DIRECT_FIELDS, objections=True), sentences=SENTENCES)
            row = site.store.write_now(lambda connection: actions.put_up(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=forms.mendable(error))
        return see_other(f"/o/{row.public_id}")


def _idea(routes: Routes, site: Site) -> None:
    def show(request: Request, *, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        tongue = site.tongue(request).code
        recipe = forms.chosen(typed.get("recipe", ""), tongue, begins="amendment" if "amends" in typed else "idea")
        return _page(
            site,
            request,
            "resolutions/idea.html",
            typed,
            problems,
            recipes=recipe_files.begun_on("idea", tongue),
            recipe=recipe,
        )

    @routes.get("/put-up/idea")
    def blank(request: Request, start: str = "") -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        recipe = forms.chosen(start, site.tongue(request).code)
        return show(request, typed=forms.begun(recipe, acting) | _asked_for(request) | _to_be_changed(site, request))

    @routes.post("/put-up/idea")
    def put_up(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        try:
            form = parse(IdeaForm, forms.given(typed, forms.IDEA_FIELDS), sentences=IDEA_SENTENCES)
            row = site.store.write_now(lambda connection: actions.put_idea(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=forms.mendable(error))
        return see_other(f"/o/{row.public_id}")


def _words(routes: Routes, site: Site) -> None:
    def show(
        request: Request, public_id: str, *, typed: dict[str, str] | None = None, problems: tuple[Problem, ...] = ()
    ) -> Response:
        acting = site.acting(request)
        with site.store.reading() as connection:
            row = rows.found_alone(connection, public_id, acting)
        stages.check_worded(rows.stage_of(row), outside=row.recipe == recipe_files.OUTSIDE)
        shown = forms.words_of(row) if typed is None else typed
        return _page(site, request, "resolutions/words.html", shown, problems, row=row)

    @routes.get("/o/{public_id}/words")
    def filled_in(request: Request, public_id: str) -> Response:
        return show(request, public_id)

    @routes.post("/o/{public_id}/words")
    def change(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        try:
            form = parse(TextForm, forms.given(typed, forms.TEXT_FIELDS), sentences=IDEA_SENTENCES)
            site.store.write_now(lambda connection: actions.change_text(connection, public_id, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, public_id, typed=typed, problems=forms.mendable(error))
        return see_other(f"/o/{public_id}")


def _asked_for(request: Request) -> dict[str, str]:
    """What the address fills in: where it comes from and what it belongs to."""
    return {
        name: request.query_params[name] for name in ("because", "amends", "campaign") if request.query_params.get(name)
    }


def _to_be_changed(site: Site, request: Request) -> dict[str, str]:
    """What an amendment begins with: the words that it changes, if this viewer may see them."""
    address = request.query_params.get("amends", "")
    with site.store.reading() as connection:
        held = note_of(visible(connection, object_id=address, viewer=site.viewer(request))) if address else None
    if held is None:
        return {}
    told = held.resolution
    return {
        "recipe": recipe_files.AMENDMENT,
        "title": held.name[:200],
        "text": told.text,
        "domain": (told.domain or Domain.OTHER).value,
        "method": told.method.value,
    }


def _page(
    site: Site, request: Request, template: str, typed: dict[str, str], problems: tuple[Problem, ...], **more: Any
) -> Response:
    return site.page(
        request,
        template,
        status=422 if problems else 200,
        typed=typed,
        problems=problems,
        methods=METHODS,
        domains=DOMAINS,
        audiences=rules.AUDIENCES,
        places=names_of(site),
        **more,
    )
