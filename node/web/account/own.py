"""One's own account: name, language, where one is signed in, passkeys, password, and the printed sheet of recovery codes.

Codes are shown in the answer to the form that made them and nowhere else. A password is never shown again, and nothing that
was typed beside it either.
"""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from node.accounts import own, passkeys, passwords, recovery
from node.rights import Right
from node.web.account import companions
from node.web.entering import speak
from node.web.forms import Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.refusal import Refusal


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(request: Request, **given: Any) -> Response:
        return page(site, request, **given)

    @routes.get("/account")
    def account_page(request: Request, said: str = "") -> Response:
        return show(request, said=said)

    @routes.post("/account")
    def change(request: Request, typed: Typed) -> Response:
        acting, language = site.acting(request), typed.get("language")
        name = typed.get("name", "")
        try:
            site.store.write_now(
                lambda connection: own.change(connection, acting, name=name, language=language, languages=site.tongues)
            )
        except Refusal as refusal:
            return show(request, problems=_mendable(refusal), typed={"language": "", **typed})
        response = see_other("/account?said=kept")
        speak(site, response, language)
        return response

    @routes.post("/account/sessions/end-others")
    def end_others(request: Request) -> Response:
        acting, token = site.acting(request), site.session_token(request) or ""
        site.store.write_now(lambda connection: own.end_others(connection, acting, session_token=token))
        return see_other("/account#sessions")

    @routes.post("/account/sessions/{session_id}/end")
    def end_session(request: Request, session_id: int) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: own.end_session(connection, acting, session_id=session_id))
        return see_other("/account#sessions")

    @routes.post("/account/recovery")
    def new_sheet(request: Request) -> Response:
        acting = site.acting(request)
        codes = site.store.write_now(
            lambda connection: recovery.new_sheet(connection, acting, randomness=site.randomness)
        )
        return _once(site.page(request, "account/recovery.html", codes=codes))

    @routes.post("/account/password")
    def set_password(request: Request, typed: Typed) -> Response:
        request.state.typed = {}
        acting, name = site.acting(request), typed.get("sign_in_name", "")
        acting.viewer.require(Right.OWN_ACCOUNT)
        try:
            argon2 = passwords.hashed(typed.get("password", ""), name=name, randomness=site.randomness)
            site.store.write_now(
                lambda connection: passwords.keep(
                    connection, acting, name=name, argon2=argon2, session_token=site.session_token(request) or ""
                )
            )
        except Refusal as refusal:
            return show(request, problems=_mendable(refusal))
        return see_other("/account#password")

    @routes.post("/account/password/remove")
    def remove_password(request: Request) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: passwords.remove(connection, acting))
        return see_other("/account#password")

    return routes


def page(
    site: Site,
    request: Request,
    *,
    problems: tuple[Problem, ...] = (),
    typed: dict[str, str] | None = None,
    said: str = "",
) -> Response:
    """The whole page, for whoever answers one of its forms. What was `typed` into one form leaves the others as they are kept."""
    viewer, now = site.viewer(request), site.now()
    member_id = viewer.require(Right.OWN_ACCOUNT)
    with site.store.reading() as connection:
        kept = own.kept(connection, member_id=member_id)
        rows = {
            "sessions": own.sessions(
                connection, member_id=member_id, session_token=site.session_token(request), now=now
            ),
            "passkeys": passkeys.listing(connection, member_id=member_id),
            "sign_in_name": passwords.sign_in_name(connection, member_id=member_id),
            "codes_left": recovery.left(connection, member_id=member_id),
            **companions.of(site, connection, viewer),
        }
    usual = {"name": viewer.name, "language": kept.language or "", "mail": kept.mail, "mail_how": kept.mail_how}
    return site.page(
        request,
        "account/own.html",
        status=422 if problems else 200,
        problems=problems,
        said=said,
        typed=usual | (typed or {}),
        kept=kept,
        with_mail=site.settings.mail.on,
        languages=[(tongue.code, tongue.name) for tongue in site.tongues.values()],
        with_passkeys=passkeys.host_of(site.council) is not None,
        rights=Right,
        **rows,
    )


def _once(page: Response) -> Response:
    """A page that holds secrets is kept by nobody."""
    page.headers["cache-control"] = "private, no-store"
    return page


def _mendable(refusal: Refusal) -> tuple[Problem, ...]:
    if refusal.field is None:
        raise refusal
    return problems_of(refusal)
