"""The page of who is here, for whoever has the server turn: a fresh link, signing out everywhere, ending an account.

Names stand here for nobody else. A link is shown in the answer to the form that made it and nowhere else.
"""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.accounts import people
from node.rights import Right
from node.web.forms import Problem, Typed, problems_of
from node.web.qr import secret_qr_code
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.refusal import Refusal

OWN = "/account"


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)
    _letting_in(routes, site)
    _letting_go(routes, site)
    return routes


def _letting_in(routes: Routes, site: Site) -> None:
    def show(request: Request, *, signed_out: int | None = None) -> Response:
        me = site.viewer(request).require(Right.INVITE)
        with site.store.reading() as connection:
            found = people.everybody(connection, now=site.now())
        page = site.page(
            request,
            "account/people.html",
            people=found,
            me=me,
            signed_out=signed_out,
            may_let_go=site.viewer(request).may(Right.LET_GO),
        )
        page.headers["cache-control"] = "private, no-store"
        return page

    @routes.get("/people")
    def people_page(request: Request) -> Response:
        return show(request)

    @routes.post("/people/{member_id}/sign-in-link")
    def make_link(request: Request, member_id: int) -> Response:
        acting = site.acting(request)

        def step(connection: Connection) -> tuple[people.Person, str]:
            token = people.sign_in_link_for(connection, acting, member_id=member_id, randomness=site.randomness)
            return people.person(connection, member_id=member_id, now=acting.now), token

        person, token = site.store.write_now(step)
        address = f"{site.council.base_url}/in/{token}"
        page = site.page(
            request, "account/sign_in_link.html", person=person, address=address, qr=secret_qr_code(address)
        )
        page.headers["cache-control"] = "private, no-store"
        return page

    @routes.post("/people/{member_id}/end-sign-ins")
    def end_sign_ins(request: Request, member_id: int) -> Response:
        acting = site.acting(request)
        if acting.viewer.require(Right.INVITE) == member_id:
            return see_other(f"{OWN}#sessions")
        site.store.write_now(lambda connection: people.end_sign_ins(connection, acting, member_id=member_id))
        return show(request, signed_out=member_id)


def _letting_go(routes: Routes, site: Site) -> None:
    def ask(request: Request, member_id: int, *, problems: tuple[Problem, ...] = ()) -> Response:
        if site.viewer(request).require(Right.LET_GO) == member_id:
            return see_other(f"{OWN}/leave")
        with site.store.reading() as connection:
            person = people.person(connection, member_id=member_id, now=site.now())
        status = 422 if problems else 200
        page = site.page(request, "account/let_go.html", status=status, person=person, problems=problems)
        page.headers["cache-control"] = "private, no-store"
        return page

    @routes.get("/people/{member_id}/end")
    def let_go_page(request: Request, member_id: int) -> Response:
        return ask(request, member_id)

    @routes.post("/people/{member_id}/end")
    def let_go(request: Request, member_id: int, typed: Typed) -> Response:
        acting = site.acting(request)
        if acting.viewer.require(Right.LET_GO) == member_id:
            return see_other(f"{OWN}/leave")
        if not typed.get("sure"):
            sentence = phrase("Tick the box below if they wish it. Nothing has been done yet.")
            return ask(request, member_id, problems=(Problem("sure", sentence),))

        def step(connection: Connection) -> None:
            people.let_go(connection, acting, member_id=member_id, features=site.features)

        try:
            site.store.write_now(step)
        except Refusal as refusal:
            if refusal.word == "not-found":
                raise
            return ask(request, member_id, problems=problems_of(refusal))
        return see_other("/people")
