"""The door in front of all pages, as plain ASGI: headers on every answer, no forms from elsewhere, bounded bodies.

It also catches what nobody else caught, so that a fault too leaves with these headers and says nothing of its cause. It
keeps nothing about who asked: no network address is read, logged or stored here.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.web.errors import fault_answer, refusal_answer
from node.web.site import Site

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ELSEWHERE = "This form was sent from another site, so nothing was done. Open our page and send it from there."
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
_YEAR = 31_536_000


class TooLarge(Exception):
    """More bytes than this server takes in one request."""


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
        outgoing = _Outgoing(send, self._headers, personal=_carries_secret(scope), bodiless=bodiless)
        if bodiless:
            scope = {**scope, "method": "GET"}
        request = Request(scope)
        if not self._comes_from_us(request):
            answer = await run_in_threadpool(refusal_answer, self._site, request, 403, "cross-site", ELSEWHERE)
            await answer(scope, receive, outgoing)
            return
        try:
            await self._app(scope, _capped(receive, request.headers, self._site.settings.limits.body), outgoing)
        except Exception as fault:
            if outgoing.begun:
                raise
            answer = await run_in_threadpool(self._answer_to, request, fault)
            await answer(scope, receive, outgoing)

    def _answer_to(self, request: Request, fault: Exception) -> Response:
        if isinstance(fault, TooLarge):
            return refusal_answer(self._site, request, 413, "too-large", "That is more than this server takes at once.")
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


class _Outgoing:
    """`send` with our headers on the first message; a header that the answer has set itself stays. HEAD gets no body."""

    def __init__(self, send: Send, headers: Iterable[tuple[str, str]], *, personal: bool, bodiless: bool) -> None:
        self._send = send
        self._headers = headers
        self._personal = personal
        self._bodiless = bodiless
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers:
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "private, no-store" if self._personal else "no-cache")
            headers.setdefault("vary", "Accept, Authorization, Cookie")
        elif self._bodiless:
            message = {**message, "body": b""}
        await self._send(message)


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


def _carries_secret(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "cookie" in headers or "authorization" in headers


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
