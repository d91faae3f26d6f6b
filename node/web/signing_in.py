"""Signing in by a one-time link, a code from paper or a password, and out again. No mail address, no puzzle; pasting is welcome.

Opening a link shows one button, so that a chat program which fetches addresses for a preview spends nothing. What was typed
is never logged, stands in no query string and is never shown again.
"""

from collections.abc import Callable
from datetime import datetime

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from node.accounts import actions, invites, passkeys, passwords
from node.web.entering import Attempts, come_in
from node.web.errors import RETRY, STATUS_OF_WORD
from node.web.forms import Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.refusal import Refusal

# Whoever signs out leaves nothing private behind in the browser; cookies of others are let be.
CLEARED = '"cache", "storage"'


class SignInCode(BaseModel):
    """The code of a one-time link, or the whole link."""

    code: str = Field(min_length=1, max_length=500)


class SignedIn(BaseModel):
    """The words to send as `Authorization: Bearer …`, and how long they hold when not used."""

    session: str
    expires_at: datetime


def code_in(text: str) -> str:
    """The code in what was pasted: the bare code, or the end of the whole link."""
    return text.strip().rstrip("/").rpartition("/")[2]


def router(site: Site) -> Routes:
    routes = Routes(tags=["signing in"])
    attempts = Attempts(per_minute=site.settings.limits.sign_in_per_minute)

    def enter(request: Request, typed_code: str) -> str:
        code, now = code_in(typed_code), site.now()
        with site.store.reading() as connection:
            good = actions.is_open(connection, token=code, now=now)
        if not good:
            attempts.count(code, monotonic=site.clock.monotonic())
        before = request.cookies.get(site.cookie_name)

        def step(connection: Connection) -> str:
            if before is not None:
                actions.sign_out(connection, session_token=before)
            return actions.sign_in(connection, token=code, now=now, randomness=site.randomness)

        return site.store.write_now(step)

    def form(request: Request, *, status: int = 200, problems: tuple[Problem, ...] = ()) -> Response:
        response = site.page(
            request,
            "sign_in.html",
            status=status,
            problems=problems,
            with_passkeys=passkeys.host_of(site.council) is not None,
        )
        response.headers.update(RETRY if status == 429 else {})
        return response

    @routes.get("/in", include_in_schema=False)
    def sign_in_page(request: Request) -> Response:
        return form(request)

    @routes.get("/in/{code}", include_in_schema=False)
    def sign_in_button(request: Request, code: str) -> Response:
        response = site.page(request, "sign_in_button.html", code=code)
        response.headers["cache-control"] = "private, no-store"
        return response

    @routes.post("/in", include_in_schema=False)
    def sign_in(request: Request, typed: Typed) -> Response:
        given = typed.get("code", "")
        with site.store.reading() as connection:
            if invites.look(connection, code=code_in(given), now=site.now()) is not None:
                return see_other(f"/join/{code_in(given)}")
        try:
            return come_in(site, enter(request, given))
        except Refusal as refusal:
            return form(request, status=STATUS_OF_WORD[refusal.word], problems=problems_of(refusal))

    _password_route(routes, site, form)

    @routes.post("/out", include_in_schema=False)
    def sign_out(request: Request) -> Response:
        token = site.session_token(request)
        if token is not None:
            site.store.write_now(lambda connection: actions.sign_out(connection, session_token=token))
        response = see_other("/")
        site.sign_out_cookie(response)
        response.headers["clear-site-data"] = CLEARED
        return response

    @routes.post("/api/session", status_code=201)
    def open_session(request: Request, given: SignInCode) -> SignedIn:
        """Spend a one-time code; the answer is good as `Authorization: Bearer`."""
        return SignedIn(session=enter(request, given.code), expires_at=site.now() + actions.SESSION_LIFE)

    @routes.delete("/api/session", status_code=204)
    def close_session(request: Request) -> None:
        """End the session that this request carries."""
        token = site.session_token(request)
        if token is not None:
            site.store.write_now(lambda connection: actions.sign_out(connection, session_token=token))

    return routes


def _password_route(routes: Routes, site: Site, form: Callable[..., Response]) -> None:
    attempts = Attempts(per_minute=site.settings.limits.sign_in_per_minute)

    def enter(request: Request, name: str, password: str) -> str:
        key, now = site.council.lookup_key, site.now()
        attempts.count(passwords.name_hash(name, key), monotonic=site.clock.monotonic(), field="sign_in_name")
        with site.store.reading() as connection:
            found = passwords.find(connection, name=name, key=key)
        member_id = passwords.judge(found, password)
        before = request.cookies.get(site.cookie_name)

        def step(connection: Connection) -> str:
            if not passwords.still(connection, member_id=member_id, argon2=found[1]):
                raise passwords.wrong()
            if before is not None:
                actions.sign_out(connection, session_token=before)
            return actions.open_session(connection, member_id=member_id, now=now, randomness=site.randomness)

        return site.store.write_now(step)

    @routes.post("/in/password", include_in_schema=False)
    def sign_in_by_password(request: Request, typed: Typed) -> Response:
        request.state.typed = {}
        try:
            return come_in(site, enter(request, typed.get("sign_in_name", ""), typed.get("password", "")))
        except Refusal as refusal:
            return form(request, status=STATUS_OF_WORD[refusal.word], problems=problems_of(refusal))
