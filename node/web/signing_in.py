"""Signing in by a one-time link, and out again. No password, no mail address, no puzzle; pasting is welcome.

Opening the link shows one button, so that a chat program which fetches addresses for a preview spends nothing. The code
is never logged, and stands in no query string.
"""

from datetime import datetime
from threading import Lock

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from federation.rates import Buckets
from node.accounts import actions
from node.web.errors import RETRY, STATUS_OF_WORD
from node.web.forms import Typed, problems_of
from node.web.site import Site, see_other
from schemas.refusal import Refusal

KEPT_OF_A_CODE = 8


class SignInCode(BaseModel):
    """The code of a one-time link, or the whole link."""

    code: str = Field(min_length=1, max_length=500)


class SignedIn(BaseModel):
    """The words to send as `Authorization: Bearer …`, and how long they hold when not used."""

    session: str
    expires_at: datetime


class Attempts:
    """How many wrong codes are answered: by the first letters of the code, and in all.

    Only wrong ones count, so nobody can keep a neighbour with a good link outside. Nothing about the asker is kept.
    """

    def __init__(self, *, per_minute: float) -> None:
        burst = max(per_minute, 1.0)
        self._by_code = Buckets(per_minute=per_minute / 2, burst=max(burst / 2, 1.0), limit=1_000)
        self._in_all = Buckets(per_minute=per_minute * 6, burst=burst * 6, limit=1)
        self._lock = Lock()

    def count_wrong(self, code: str, *, monotonic: float) -> None:
        """Raises Refusal("too-fast") once there were too many."""
        with self._lock:
            wait = self._by_code.take(code[:KEPT_OF_A_CODE], monotonic) or self._in_all.take("", monotonic)
        if wait is not None:
            raise Refusal(
                "too-fast", "code", sentence="That was tried too often. Wait a minute, then paste the code again."
            )


def code_in(text: str) -> str:
    """The code in what was pasted: the bare code, or the end of the whole link."""
    return text.strip().rstrip("/").rpartition("/")[2]


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["signing in"])
    attempts = Attempts(per_minute=site.settings.limits.sign_in_per_minute)

    def enter(request: Request, typed_code: str) -> str:
        code, now = code_in(typed_code), site.now()
        with site.store.reading() as connection:
            good = actions.is_open(connection, token=code, now=now)
        if not good:
            attempts.count_wrong(code, monotonic=site.clock.monotonic())
        before = request.cookies.get(site.cookie_name)

        def step(connection: Connection) -> str:
            if before is not None:
                actions.sign_out(connection, session_token=before)
            return actions.sign_in(connection, token=code, now=now, randomness=site.randomness)

        return site.store.write_now(step)

    @routes.get("/in", include_in_schema=False)
    def sign_in_page(request: Request) -> Response:
        return site.page(request, "sign_in.html", problems=(), typed={})

    @routes.get("/in/{code}", include_in_schema=False)
    def sign_in_button(request: Request, code: str) -> Response:
        response = site.page(request, "sign_in_button.html", code=code)
        response.headers["cache-control"] = "private, no-store"
        return response

    @routes.post("/in", include_in_schema=False)
    def sign_in(request: Request, typed: Typed) -> Response:
        try:
            session = enter(request, typed.get("code", ""))
        except Refusal as refusal:
            status = STATUS_OF_WORD[refusal.word]
            response: Response = site.page(
                request, "sign_in.html", status=status, problems=problems_of(refusal), typed=typed
            )
            response.headers.update(RETRY if status == 429 else {})
            return response
        response = see_other("/")
        site.sign_in_cookie(response, session)
        return response

    @routes.post("/out", include_in_schema=False)
    def sign_out(request: Request) -> Response:
        token = site.session_token(request)
        if token is not None:
            site.store.write_now(lambda connection: actions.sign_out(connection, session_token=token))
        response = see_other("/")
        site.sign_out_cookie(response)
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
