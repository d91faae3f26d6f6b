"""The forms on a text's way to its decision, and of what is done about it afterwards. They work without scripts."""

import datetime as dates
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Connection

from node.feature import Acting
from node.features.resolutions import afterwards, deciding, forms, recipe_files, rows, rules, stages
from node.features.resolutions.tables import Resolution
from node.features.resolutions.wording import METHODS, OUTCOME_LABELS, OUTCOMES, SENTENCES
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, parse
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.records.resolution_forms import DeliveryForm, GatheringForm, HomeStage, NoticeForm, OutcomeForm
from schemas.refusal import Refusal

Step = Callable[[Connection, str, Any, Acting], Resolution]
Show = Callable[[Request, str, dict[str, str] | None, tuple[Problem, ...]], Response]


@dataclass(frozen=True, slots=True)
class _Form:
    """A form that takes a text one step on. `show` gives it anew, with what was typed and what is to be mended."""

    model: type[BaseModel]
    fields: tuple[str, ...]
    step: Step
    show: Show
    objections: bool = False


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)
    _presses(routes, site)
    _notice(routes, site)
    _outcome(routes, site)
    for path, step in (("renew", afterwards.renew), ("end", afterwards.end)):
        _gathering(routes, site, path, step)
    _delivery(routes, site)
    return routes


def _presses(routes: Routes, site: Site) -> None:
    """Steps that need no more than a press."""

    @routes.post("/o/{public_id}/open")
    def open_it(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: deciding.open_it(connection, public_id, acting))
        return see_other(f"/o/{public_id}")

    @routes.post("/o/{public_id}/was-there")
    def was_there(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: deciding.second(connection, public_id, acting))
        return see_other(f"/o/{public_id}")

    @routes.get("/o/{public_id}/drop")
    def ask(request: Request, public_id: str) -> Response:
        row = _alone(site, request, public_id)
        stages.check_follows(rows.stage_of(row), HomeStage.DROPPED)
        return site.page(request, "resolutions/drop.html", row=row)

    @routes.post("/o/{public_id}/drop")
    def drop(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: deciding.drop(connection, public_id, acting))
        return see_other(f"/o/{public_id}")


def _notice(routes: Routes, site: Site) -> None:
    def show(request: Request, public_id: str, typed: dict[str, str] | None, problems: tuple[Problem, ...]) -> Response:
        row = _alone(site, request, public_id)
        stages.check_follows(rows.stage_of(row), HomeStage.NOTICE)
        recipe = recipe_files.find(row.recipe)
        days = dates.timedelta(days=recipe.notice_days if recipe is not None and recipe.notice_days else 7)
        usual = {"until": (_today(site, request) + days).isoformat()}
        shown = usual if typed is None else typed
        return _page(site, request, "resolutions/notice.html", typed=shown, problems=problems, row=row)

    @routes.get("/o/{public_id}/notice")
    def blank(request: Request, public_id: str) -> Response:
        return show(request, public_id, None, ())

    @routes.post("/o/{public_id}/notice")
    def give(request: Request, public_id: str, typed: Typed) -> Response:
        def step(connection: Connection, public_id: str, form: NoticeForm, acting: Acting) -> Resolution:
            return deciding.give_notice(connection, public_id, form.until, acting)

        return _sent(site, request, public_id, typed, _Form(NoticeForm, ("until",), step, show))


def _outcome(routes: Routes, site: Site) -> None:
    def show(request: Request, public_id: str, typed: dict[str, str] | None, problems: tuple[Problem, ...]) -> Response:
        row = _alone(site, request, public_id)
        stages.check_is(rows.stage_of(row), HomeStage.OPEN, HomeStage.WRITTEN)
        shown = forms.outcome_of(row, today=_today(site, request)) if typed is None else typed
        more = {"methods": METHODS, "outcomes": OUTCOMES, "labels": OUTCOME_LABELS, "rows": forms.ROWS}
        return _page(site, request, "resolutions/outcome.html", typed=shown, problems=problems, row=row, **more)

    @routes.get("/o/{public_id}/outcome")
    def blank(request: Request, public_id: str) -> Response:
        return show(request, public_id, None, ())

    @routes.post("/o/{public_id}/outcome")
    def write(request: Request, public_id: str, typed: Typed) -> Response:
        form = _Form(OutcomeForm, forms.OUTCOME_FIELDS, deciding.write_outcome, show, objections=True)
        return _sent(site, request, public_id, typed, form)


def _gathering(routes: Routes, site: Site, path: str, step: Step) -> None:
    """A gathering looks at what is in force: it goes on, or it ends."""

    def show(request: Request, public_id: str, typed: dict[str, str] | None, problems: tuple[Problem, ...]) -> Response:
        row = _alone(site, request, public_id)
        stages.check_is(rows.stage_of(row), HomeStage.ADOPTED)
        usual = {"review_on": rules.usual_review(_today(site, request)).isoformat()}
        shown = usual if typed is None else typed
        return _page(site, request, f"resolutions/{path}.html", typed=shown, problems=problems, row=row)

    def blank(request: Request, public_id: str) -> Response:
        return show(request, public_id, None, ())

    def send(request: Request, public_id: str, typed: Typed) -> Response:
        fields = ("decided_at", "present", *(("review_on",) if path == "renew" else ()))
        return _sent(site, request, public_id, typed, _Form(GatheringForm, fields, step, show))

    routes.get(f"/o/{{public_id}}/{path}")(blank)
    routes.post(f"/o/{{public_id}}/{path}")(send)


def _delivery(routes: Routes, site: Site) -> None:
    def show(request: Request, public_id: str, typed: dict[str, str] | None, problems: tuple[Problem, ...]) -> Response:
        acting = site.acting(request)
        with site.store.reading() as connection:
            row = rows.found(connection, public_id, acting)
        stages.check_is(rows.stage_of(row), HomeStage.ADOPTED)
        said = {"delivered_on": row.delivered_on, "answer": row.answer, "answered_on": row.answered_on}
        shown = {name: str(value) for name, value in said.items() if value} if typed is None else typed
        return _page(site, request, "resolutions/delivery.html", typed=shown, problems=problems, row=row)

    @routes.get("/o/{public_id}/delivery")
    def filled_in(request: Request, public_id: str) -> Response:
        return show(request, public_id, None, ())

    @routes.post("/o/{public_id}/delivery")
    def send(request: Request, public_id: str, typed: Typed) -> Response:
        fields = ("delivered_on", "answer", "answered_on")
        return _sent(site, request, public_id, typed, _Form(DeliveryForm, fields, afterwards.deliver, show))


def _sent(site: Site, request: Request, public_id: str, typed: dict[str, str], form: _Form) -> Response:
    """A form that was sent: done and looked at, or shown again with what is to be mended."""
    acting = site.acting(request)
    acting.viewer.require(Right.DECIDE)
    try:
        read = parse(form.model, forms.given(typed, form.fields, objections=form.objections), sentences=SENTENCES)
        site.store.write_now(lambda connection: form.step(connection, public_id, read, acting))
    except (Refusal, NotUnderstood) as error:
        return form.show(request, public_id, typed, forms.mendable(error))
    return see_other(f"/o/{public_id}")


def _page(
    site: Site,
    request: Request,
    template: str,
    *,
    typed: dict[str, str],
    problems: tuple[Problem, ...],
    **more: Any,
) -> Response:
    status = 422 if problems else 200
    return site.page(request, template, status=status, typed=typed, problems=problems, **more)


def _alone(site: Site, request: Request, public_id: str) -> Resolution:
    acting = site.acting(request)
    with site.store.reading() as connection:
        return rows.found_alone(connection, public_id, acting)


def _today(site: Site, request: Request) -> dates.date:
    return rows.today_of(site.acting(request))
