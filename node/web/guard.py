"""The door in front of all pages, as plain ASGI: headers on every answer, no forms from elsewhere, bounded bodies.

It also catches what nobody else caught, so that a fault too leaves with these headers and says nothing of its cause. It
packs what is the same for everybody: a page that holds a secret must never be compressed beside words that somebody else
chose. It keeps nothing about who asked: no network address is read, logged or stored here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.web.claim_restoring import RESTORE
from node.web.errors import fault_answer, refusal_answer
from node.web.outgoing import Outgoing, packing_for
from node.web.site import LANGUAGE_COOKIE, Site
from schemas.phrase import phrase

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ELSEWHERE = phrase("This form was sent from another site, so nothing was done. Open our page and send it from there.")
TOO_LARGE = phrase("That is more than this server takes at once.")
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
_YEAR = 31_536_000


class TooLarge(Exception):
    """More bytes than this server takes in one request."""


class TooSlow(Exception):
    """A body that does not come to its end."""


class Guard:
    """Wraps the application. Signed messages between councils are judged elsewhere and before; they carry no cookie."""

    def __init__(self, app: ASGIApp, *, site: Site) -> None:
        self._app = app
        self._site = site
        self._headers = tuple(_headers(secure=site.secure))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bodiless = scope["method"] == "HEAD"
        personal = self._is_personal(scope)
        packing = None if personal else packing_for(scope)
        outgoing = Outgoing(send, self._headers, personal=personal, bodiless=bodiless, packing=packing)
        if bodiless:
            scope = {**scope, "method": "GET", "bodiless": True}
        request = Request(scope)
        if not self._comes_from_us(request):
            answer = await run_in_threadpool(refusal_answer, self._site, request, 403, "cross-site", ELSEWHERE)
            await answer(scope, receive, outgoing)
            return
        try:
            await self._app(scope, self._bounded(receive, scope, request.headers), outgoing)
        except ClientDisconnect:
            return  # nobody is there to be answered, and nothing here was at fault
        except Exception as fault:
            if outgoing.begun:
                raise
            answer = await run_in_threadpool(self._answer_to, request, fault)
            await answer(scope, receive, outgoing)

    def _bounded(self, receive: Receive, scope: Scope, headers: Mapping[str, str]) -> Receive:
        """`receive` for a body that is not too large and comes in time.

        A backup may come to a server that nobody has claimed: it may take long, but not stand still.
        """
        limits = self._site.settings.limits
        restoring = scope["path"] == RESTORE and not self._site.claimed.known
        in_time = _in_time(receive, seconds=limits.body_deadline, anew=restoring)
        return _capped(in_time, headers, limits.restore if restoring else limits.body)

    def _is_personal(self, scope: Scope) -> bool:
        """Whether the answer may be meant for one person: anything but the choice of a language came along."""
        headers = Headers(scope=scope)
        if "authorization" in headers:
            return True
        cookies = (name for one in headers.getlist("cookie") for name in cookie_parser(one))
        return any(name != LANGUAGE_COOKIE for name in cookies)

    def _answer_to(self, request: Request, fault: Exception) -> Response:
        if isinstance(fault, TooLarge):
            return refusal_answer(self._site, request, 413, "too-large", TOO_LARGE)
        if isinstance(fault, TooSlow):
            return Response(status_code=408, headers={"connection": "close"})
        return fault_answer(self._site, request, fault)

    def _comes_from_us(self, request: Request) -> bool:
        """Whether a request that changes something was sent by one of our own pages, or by no browser at all.

        A browser names where a request comes from in Sec-Fetch-Site (on https and loopback) and Origin. Who carries
        neither a cookie of ours nor a form cannot act in anybody's name without saying so in Authorization.
        """
        if request.method in _SAFE:
            return True
        has_cookie = self._site.cookie_name in request.cookies
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not has_cookie and media_type not in _FORMS and media_type:
            return True
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            return site == "same-origin" or (site == "none" and origin in (None, "null", self._site.council.origin))
        if origin is not None:
            return origin == self._site.council.origin
        return not has_cookie


def _headers(*, secure: bool) -> Iterable[tuple[str, str]]:
    yield "content-security-policy", CONTENT_POLICY
    yield "x-content-type-options", "nosniff"
    # On plain http browsers send no Sec-Fetch-Site, and under "no-referrer" they send "Origin: null" with our own
    # forms, which then could not be told from others. "same-origin" says nothing to other sites either.
    yield "referrer-policy", "no-referrer" if secure else "same-origin"
    yield "permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
    yield "cross-origin-opener-policy", "same-origin"
    if secure:
        yield "strict-transport-security", f"max-age={_YEAR}"


def _in_time(receive: Receive, *, seconds: float, anew: bool) -> Receive:
    """`receive` that raises TooSlow where the body is not whole after `seconds`; `anew`: counted from each piece."""
    whole = False
    until: float | None = None

    async def timed() -> Message:
        nonlocal whole, until
        if whole:
            return await receive()
        if until is None or anew:
            until = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        whole = not message.get("more_body", False)
        return message

    return timed


def _capped(receive: Receive, headers: Mapping[str, str], limit: int) -> Callable[[], Awaitable[Any]]:
    declared = headers.get("content-length", "")
    taken = int(declared) if declared.isdecimal() else 0
    if taken > limit:
        raise TooLarge
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLarge
        return message

    return counted
