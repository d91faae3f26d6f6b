"""Answers on their way out: our headers on the first message, no body for HEAD, and packed where that is safe.

Packing beside a secret tells its length, and with it, guess by guess, the secret (BREACH). So only what holds none is
packed: answers to nobody in particular, and pages of those only without a query that could be said back on them.
"""

import gzip
from collections.abc import Iterable
from typing import Literal

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

Packing = Literal["everything", "no pages"]

PACKED = frozenset(
    {
        "application/json",
        "application/atom+xml",
        "application/geo+json",
        "application/manifest+json",
        "text/calendar",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
    }
)
LEAST, MOST = 512, 512 * 1024
VARY = "Accept, Accept-Encoding, Accept-Language, Authorization, Cookie"
_LEVEL = 6


def packing_for(scope: Scope) -> Packing | None:
    """What of the answers to this request may be packed, for somebody whom nothing that came along tells apart."""
    if scope["method"] not in ("GET", "HEAD") or not _takes_gzip(Headers(scope=scope).get("accept-encoding", "")):
        return None
    return "no pages" if scope["query_string"] else "everything"


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Outgoing:
    """`send` with our headers on the first message; a header that the answer has set itself stays. HEAD gets no body."""

    def __init__(
        self, send: Send, headers: Iterable[tuple[str, str]], *, personal: bool, bodiless: bool, packing: Packing | None
    ) -> None:
        self._send = send
        self._headers = headers
        self._personal = personal
        self._bodiless = bodiless
        self._packing = packing
        self._held: Message | None = None
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers:
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "private, no-store" if self._personal else "no-cache")
            headers.setdefault("vary", VARY)
            if self._may_be_packed(message):
                self._held = message
                return
        elif self._held is not None:
            start, self._held = self._held, None
            message = _packed(start, message)
            await self._send(start)
        if message["type"] == "http.response.body" and self._bodiless:
            message = {**message, "body": b""}
        await self._send(message)

    def _may_be_packed(self, message: Message) -> bool:
        headers = Headers(raw=message["headers"])
        media_type = headers.get("content-type", "").partition(";")[0]
        if self._packing is None or media_type not in PACKED or "content-encoding" in headers:
            return False
        # What comes in pieces of unknown length, such as a stream, goes out as it comes.
        length = headers.get("content-length", "")
        if not length.isdecimal() or not LEAST <= int(length) <= MOST:
            return False
        return message["status"] == 200 and (self._packing == "everything" or media_type != "text/html")


def _packed(start: Message, body: Message) -> Message:
    """The whole body in one message, packed, its head told so; a body in several messages as it is."""
    if body.get("more_body"):
        return body
    # mtime=0: the same page is the same bytes, whenever it is asked for.
    packed = gzip.compress(body.get("body", b""), _LEVEL, mtime=0)
    headers = MutableHeaders(scope=start)
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(packed))
    return {**body, "body": packed}
