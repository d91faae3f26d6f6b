"""The pages of joint texts: asking nearby councils, our answer, taking it back, confirming, counting.

Addresses of our own texts are under /o/, those of texts that nearby councils sent us under /slip, by `id`.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response

from node.features.resolutions import answering, evidence, joint, rows, seconding
from node.features.resolutions.answer_words import ANSWER_CHOICES
from node.features.resolutions.forms import beside_fields
from node.features.resolutions.joint import check_askable, linked
from node.features.resolutions.tables import Resolution
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, parse
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import slip_address
from schemas.phrase import phrase
from schemas.records.joint_forms import MOST_OBJECTIONS, AnswerForm, AskForm, TakeBackForm
from schemas.refusal import Refusal

_GATHERED = ("decided_at", "present", "stand_asides")
_ASKED = "ask-"
SENTENCES = {
    "decided_at": phrase("On which day was the gathering? Write it as 2026-12-01."),
    "present": phrase("How many were there? A whole number, 1 or more."),
    "stand_asides": phrase("How many stood aside? A whole number, or leave it empty."),
    "objections": phrase("Write for each objection how it was met, or leave both empty."),
    "councils": phrase("Choose at least one nearby council."),
    "at_least": phrase("How many must agree? A whole number, 1 or more."),
    "most_objections": phrase("How many objections may be left? A whole number; none is 0."),
    "until": phrase("Until when are answers taken? Write it as 2026-12-01."),
    "answer": phrase("Choose what we answer."),
    "words": phrase("Say it in fewer words."),
}


def add(routes: Routes, site: Site) -> None:
    """All of them."""
    _add_asking(routes, site)
    _add_answering(routes, site)
    _add_sheet(routes, site)

    @routes.post("/o/{public_id}/confirm", include_in_schema=False)
    def confirm(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        row = site.store.write_now(lambda connection: seconding.confirm(connection, public_id, acting))
        return see_other(_page_of(site, row))

    @routes.post("/o/{public_id}/take-off", include_in_schema=False)
    def take_off(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        return see_other(site.store.write_now(lambda connection: seconding.take_off(connection, public_id, acting)))

    @routes.post("/o/{public_id}/count", include_in_schema=False)
    def count(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: joint.settle(connection, public_id, acting))
        return see_other(f"/o/{public_id}")

    @routes.post("/o/{public_id}/withdraw", include_in_schema=False)
    def withdraw(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: joint.withdraw(connection, public_id, acting))
        return see_other(f"/o/{public_id}")


def _add_asking(routes: Routes, site: Site) -> None:
    def show(
        request: Request, public_id: str, *, typed: Mapping[str, str], problems: tuple[Problem, ...] = ()
    ) -> Response:
        with site.store.reading() as connection:
            row, councils = rows.found(connection, public_id, site.acting(request)), linked(connection)
        check_askable(row)
        return site.page(
            request,
            "resolutions/joint_ask.html",
            status=422 if problems else 200,
            resolution=row,
            councils=councils,
            typed=typed,
            problems=problems,
            objections=range(1, MOST_OBJECTIONS + 1),
        )

    @routes.get("/o/{public_id}/ask", include_in_schema=False)
    def blank(request: Request, public_id: str) -> Response:
        site.viewer(request).require(Right.DECIDE)
        return show(request, public_id, typed={"most_objections": "0", "until": "", "at_least": ""})

    @routes.post("/o/{public_id}/ask", include_in_schema=False)
    def ask(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        councils = [name.removeprefix(_ASKED) for name in typed if name.startswith(_ASKED)]
        given = {**_gathered(typed), "councils": councils, **_named(typed, "at_least", "most_objections", "until")}
        try:
            form = parse(AskForm, given, sentences=SENTENCES)
            row = site.store.write_now(lambda connection: joint.ask(connection, public_id, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, public_id, typed=typed, problems=beside_fields(error))
        return see_other(f"/o/{row.public_id}")


def _add_answering(routes: Routes, site: Site) -> None:
    def show(
        request: Request, id: str, template: str, *, typed: Mapping[str, str], problems: tuple[Problem, ...] = ()
    ) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        with site.store.reading() as connection:
            asked = answering.asked_of_us(connection, id, acting)
            given = evidence.newest_of(connection, id, actor=site.council.actor_id)
            waits = answering.waiting(connection, id)
        return site.page(
            request,
            f"resolutions/{template}.html",
            status=422 if problems else 200,
            joint=asked,
            title=asked.note.name,
            tongue=asked.note.language or "und",
            proposer=asked.name_of(asked.source),
            back=slip_address(id, base_url=site.council.base_url),
            address=id,
            given=given is not None,
            waits=waits,
            over=not asked.takes_answers or acting.now > asked.rule.closes_at,
            choices=ANSWER_CHOICES,
            typed=typed,
            problems=problems,
            objections=range(1, MOST_OBJECTIONS + 1),
        )

    def act(
        request: Request,
        typed: Mapping[str, str],
        template: str,
        *,
        read: Callable[[dict[str, Any]], Any],
        step: Callable[[Any, str, Any, Any], Resolution],
    ) -> Response:
        acting, id = site.acting(request), typed.get("id", "")
        acting.viewer.require(Right.DECIDE)
        try:
            form = read({**_gathered(typed), **_named(typed, "answer", "words")})
            row = site.store.write_now(lambda connection: step(connection, id, form, acting))
        except (Refusal, NotUnderstood) as error:
            if isinstance(error, Refusal) and error.word in ("not-found", "not-asked"):
                raise
            return show(request, id, template, typed=typed, problems=beside_fields(error))
        return see_other(_page_of(site, row))

    @routes.get("/slip/answer", include_in_schema=False)
    def answer_form(request: Request, id: str = "") -> Response:
        return show(request, id, "answer", typed={})

    @routes.post("/slip/answer", include_in_schema=False)
    def answer(request: Request, typed: Typed) -> Response:
        def read(given: dict[str, Any]) -> AnswerForm:
            return parse(AnswerForm, given, sentences=SENTENCES)

        return act(request, typed, "answer", read=read, step=answering.answer)

    @routes.get("/slip/take-back", include_in_schema=False)
    def take_back_form(request: Request, id: str = "") -> Response:
        return show(request, id, "joint_take_back", typed={})

    @routes.post("/slip/take-back", include_in_schema=False)
    def take_back(request: Request, typed: Typed) -> Response:
        def read(given: dict[str, Any]) -> TakeBackForm:
            return parse(
                TakeBackForm, {name: value for name, value in given.items() if name != "answer"}, sentences=SENTENCES
            )

        return act(request, typed, "joint_take_back", read=read, step=answering.take_back)


def _add_sheet(routes: Routes, site: Site) -> None:
    @routes.get("/slip/sheet", include_in_schema=False)
    def sheet(request: Request, id: str = "") -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        with site.store.reading() as connection:
            asked = answering.asked_of_us(connection, id, acting)
        return site.page(
            request,
            "resolutions/joint_sheet.html",
            joint=asked,
            title=asked.note.name,
            tongue=asked.note.language or "und",
            proposer=asked.name_of(asked.source),
            choices=ANSWER_CHOICES,
            form=f"{site.council.base_url}/slip/answer?id={quote(id, safe='')}",
            back=slip_address(id, base_url=site.council.base_url),
        )


def _page_of(site: Site, row: Resolution) -> str:
    """Where somebody looks who has just done something: the text that was answered, or our own."""
    address = row.answers_object if row.answers_object and row.stage != joint.WRITTEN else f"/o/{row.public_id}"
    return slip_address(address, base_url=site.council.base_url) if "://" in address else address


def _gathered(typed: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = _named(typed, *_GATHERED)
    pairs = [(typed.get(f"what-{n}", ""), typed.get(f"met-{n}", "")) for n in range(1, MOST_OBJECTIONS + 1)]
    return {**given, "objections": [{"what": what, "met": met} for what, met in pairs if what or met]}


def _named(typed: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: typed[name] for name in names if name in typed}
