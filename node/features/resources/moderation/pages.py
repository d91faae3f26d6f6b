"""What waits to be read, what was reported, and the council's rule about it; and the form under every note to report it."""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from node.accounts.tables import LAST_ROW
from node.features.resources import choices, kinds_here, queries
from node.features.resources.asking.pages import Slowly
from node.features.resources.asking.shapes import check_no_machine
from node.features.resources.moderation import acts
from node.features.resources.one_field import OneField, again
from node.profile.rules_kept import WITHOUT_ACCOUNT, rule
from node.rights import Right
from node.web.forms import Problem, Typed, problems_of
from node.web.looking_up import slip_at
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import slip_address
from schemas.phrase import phrase
from schemas.refusal import Refusal

PATH = "/held"
RULE = [
    ("held", phrase("A neighbour reads it first"), phrase("Whoever is on call sees it here, and shows it.")),
    ("shown", phrase("It is shown at once"), phrase("To those whom whoever asked has chosen.")),
    ("off", phrase("Nobody asks without an account"), phrase("The page says so, and sends people to a neighbour.")),
]


def router(site: Site) -> Routes:
    """The page of whoever reads, its forms, and reporting."""
    routes = Routes(include_in_schema=False)
    _held_routes(routes, site)
    _hide_route(routes, site)
    _report_routes(routes, site)
    return routes


def _held_routes(routes: Routes, site: Site) -> None:
    def show(request: Request, problems: tuple[Problem, ...] = ()) -> Response:
        viewer = site.viewer(request)
        viewer.require(Right.READ_ASKED)
        with site.store.reading() as connection:
            usable = kinds_here.usable(connection)
            held, decided = acts.to_be_read(connection), rule(connection, WITHOUT_ACCOUNT)
            hidden = acts.to_be_read(connection, shown=acts.HIDDEN) if viewer.may(Right.HIDE) else []
            reported = acts.reports(connection) if viewer.may(Right.HIDE) else []
        language = site.tongue(request).code
        response = site.page(
            request,
            "resources/held.html",
            status=422 if problems else 200,
            problems=problems,
            held=held,
            hidden=hidden,
            reports=[(one, row, _address(site, one.object_id or "")) for one, row in reported],
            done_how=acts.DONE_HOW,
            rules=RULE,
            decided={"rule": decided},
            kinds=choices.of_kinds(usable, language),
            may_hide=viewer.may(Right.HIDE),
            may_decide=viewer.may(Right.SET_UP),
        )
        response.headers["cache-control"] = "private, no-store"
        return response

    def does(path: str, right: Right, step: Callable[[Connection, Request, dict[str, str]], object]) -> None:
        @routes.post(path)
        def done(request: Request, typed: Typed) -> Response:
            site.viewer(request).require(right)
            try:
                site.store.write_now(lambda connection: step(connection, request, typed))
            except Refusal as refusal:
                if refusal.word not in ("kind", "how", "rule"):
                    raise
                return show(request, problems_of(refusal))
            return see_other(PATH)

    @routes.get(PATH)
    def held(request: Request) -> Response:
        return show(request)

    def id_of(request: Request) -> str:
        return str(request.path_params["public_id"])

    does(
        "/held/{public_id}/show",
        Right.READ_ASKED,
        lambda c, request, typed: acts.show(c, id_of(request), site.acting(request), kind_id=typed.get("kind", "")),
    )
    does(
        "/held/{public_id}/hold",
        Right.HIDE,
        lambda c, request, typed: acts.hold(c, id_of(request), site.acting(request)),
    )
    does(
        "/held/reports/{report_id}/done",
        Right.HIDE,
        lambda c, request, typed: acts.settle(c, _number(request), typed.get("how", ""), site.acting(request)),
    )
    does(
        "/held/rule",
        Right.SET_UP,
        lambda c, request, typed: acts.decide(c, typed.get("rule", ""), site.acting(request)),
    )


def _hide_route(routes: Routes, site: Site) -> None:
    @routes.post("/held/{public_id}/hide")
    def hide(request: Request, public_id: str, typed: Typed) -> Response:
        acting, why = site.acting(request), typed.get("why", "")
        acting.viewer.require(Right.HIDE)
        form = OneField(
            f"/held/{public_id}/hide", "why", phrase("Why is it hidden?"), phrase("Hide it"), f"/o/{public_id}"
        )
        try:
            site.store.write_now(lambda connection: acts.hide(connection, public_id, why, acting))
        except Refusal as refusal:
            return again(site, request, form, typed=typed, refusal=refusal)
        return see_other(PATH)


def _report_routes(routes: Routes, site: Site) -> None:
    slowly = Slowly(site.settings.limits.asks_per_hour)

    @routes.post("/report")
    def report(request: Request, typed: Typed) -> Response:
        viewer, now, object_id = site.viewer(request), site.now(), typed.get("id", "")
        with site.store.reading() as connection:
            # What somebody may not see is not there for them, and cannot be reported either.
            if slip_at(site, connection, object_id=object_id, viewer=viewer, now=now).slip is None:
                raise HTTPException(404)
        form = OneField(
            "/report",
            "wrong",
            phrase("What is wrong?"),
            phrase("Say so"),
            _address(site, object_id),
            (("id", object_id),),
        )

        def step(connection: Connection) -> None:
            row = queries.ours(connection, object_id.rpartition("/o/")[2]) if _is_ours(site, object_id) else None
            acts.report(connection, typed.get("wrong", ""), row=row, object_id=object_id, now=now)

        try:
            check_no_machine(typed)
            if not viewer.signed_in:
                slowly.take(monotonic=site.clock.monotonic())
            site.store.write_now(step)
        except Refusal as refusal:
            return again(site, request, form, typed=typed, refusal=refusal)
        return site.page(request, "resources/reported.html", back=form.back)


def _is_ours(site: Site, object_id: str) -> bool:
    return object_id.startswith(f"{site.council.base_url}/o/")


def _address(site: Site, object_id: str) -> str:
    return slip_address(object_id, base_url=site.council.base_url)


def _number(request: Request) -> int:
    typed = str(request.path_params["report_id"])
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 20 else 0
    return number if number <= LAST_ROW else 0
