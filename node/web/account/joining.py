"""Invites: making them, printing a sheet of slips, taking them back, and joining by one.

A code is shown in the answer to the form that made it and nowhere else. Opening an invite says which council invites, and a
person's name only where that person wished it.
"""

from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.accounts import actions, invites, turns
from node.profile.rhythm import rhythm
from node.rights import Right
from node.web.entering import Attempts, come_in
from node.web.errors import STATUS_OF_WORD
from node.web.forms import Problem, Typed, problems_of
from node.web.qr import secret_qr_code
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.refusal import Refusal

USUAL = {"uses": "1", "days": "14"}


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)
    _making(routes, site)
    _joining(routes, site)
    return routes


def _making(routes: Routes, site: Site) -> None:
    def show(request: Request, *, problems: tuple[Problem, ...] = (), typed: dict[str, str] | None = None) -> Response:
        site.viewer(request).require(Right.INVITE)
        with site.store.reading() as connection:
            views = invites.listing(connection, now=site.now())
            names = turns.present(connection)
        return site.page(
            request,
            "account/invites.html",
            status=422 if problems else 200,
            problems=problems,
            typed=typed or USUAL,
            invites=views,
            names=names,
        )

    def once(request: Request, template: str, **context: Any) -> Response:
        page = site.page(request, template, **context)
        page.headers["cache-control"] = "private, no-store"
        return page

    @routes.get("/invites")
    def invites_page(request: Request) -> Response:
        return show(request)

    @routes.post("/invites")
    def make(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        uses, days, named = _number(typed, "uses"), _number(typed, "days"), bool(typed.get("named"))

        def step(connection: Connection) -> str:
            return invites.make(connection, acting, randomness=site.randomness, uses=uses, days=days, named=named)

        try:
            address = _address(site, site.store.write_now(step))
        except Refusal as refusal:
            if refusal.field is None:
                raise
            return show(request, problems=problems_of(refusal), typed=typed)
        return once(request, "account/invite.html", address=address, qr=secret_qr_code(address), uses=uses, days=days)

    @routes.post("/invites/sheet")
    def make_sheet(request: Request) -> Response:
        acting, days = site.acting(request), int(USUAL["days"])
        codes = site.store.write_now(
            lambda connection: invites.make_sheet(connection, acting, randomness=site.randomness, days=days)
        )
        with site.store.reading() as connection:
            meeting = rhythm(connection, now=site.now()).gathering
        slips = [(code, secret_qr_code(_address(site, code))) for code in codes]
        return once(request, "account/slips.html", slips=slips, days=days, gathering=meeting)

    @routes.post("/invites/{invite_id}/end")
    def end(request: Request, invite_id: int) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: invites.end(connection, acting, invite_id=invite_id))
        return see_other("/invites")


def _joining(routes: Routes, site: Site) -> None:
    attempts = Attempts(per_minute=site.settings.limits.sign_in_per_minute)

    def welcome(code: str) -> invites.Welcome:
        with site.store.reading() as connection:
            found = invites.look(connection, code=code, now=site.now())
        if found is None:
            attempts.count(code, monotonic=site.clock.monotonic())
            raise Refusal(
                "sign-in",
                "code",
                sentence=phrase("This invite has been used up, or its time has run out. Ask for a new one."),
            )
        return found

    def form(request: Request, code: str, *, problems: tuple[Problem, ...] = (), status: int = 200) -> Response:
        found = welcome(code)
        typed = getattr(request.state, "typed", {})
        page = site.page(
            request, "account/join.html", status=status, code=code, found=found, problems=problems, typed=typed
        )
        page.headers["cache-control"] = "private, no-store"
        return page

    @routes.get("/join/{code}")
    def join_page(request: Request, code: str) -> Response:
        return form(request, code)

    @routes.post("/join")
    def join(request: Request, typed: Typed) -> Response:
        code, name, now = typed.get("code", ""), typed.get("name", ""), site.now()
        welcome(code)
        before = request.cookies.get(site.cookie_name)

        def step(connection: Connection) -> str:
            if before is not None:
                actions.sign_out(connection, session_token=before)
            return invites.join(connection, code=code, name=name, now=now, randomness=site.randomness)

        try:
            return come_in(site, site.store.write_now(step), to="/account?said=joined")
        except Refusal as refusal:
            status = STATUS_OF_WORD.get(refusal.word, 422)
            if status != 422:
                raise
            return form(request, code, problems=problems_of(refusal), status=status)


def _number(typed: dict[str, str], field: str) -> int:
    given = typed.get(field, "")
    return int(given) if given.isdecimal() and len(given) < 6 else 0


def _address(site: Site, code: str) -> str:
    return f"{site.council.base_url}/join/{code}"
