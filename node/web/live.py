"""GET /wall/live: word that the public wall has changed, as server-sent events. The pages are whole without it.

One event when the stream begins and one for each change, both with the wall's digest and nothing else; a comment in between,
so that proxies do not take a quiet wall for a dead line.
"""

import asyncio
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from node.web.errors import refusal_answer
from node.web.live_streams import Streams
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase

PATH = "/wall/live"
EVENTS = "text/event-stream"
PING_EVERY = 20.0
COME_BACK_AFTER = 5_000
"""Milliseconds after which a browser asks again when the line was cut."""

_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.get(PATH)
    async def live(request: Request) -> Response:
        """The stream; who asks for anything else, a person with the address in hand, is sent to the wall itself."""
        if EVENTS not in request.headers.get("accept", "") or request.scope.get("bodiless"):
            return see_other("/")
        return EventStream(site)

    return routes


class EventStream(Response):
    """An answer that lasts. It waits on events only, and ends when its reader goes or the server stops."""

    def __init__(self, site: Site, *, ping_every: float = PING_EVERY) -> None:
        super().__init__()
        self._site = site
        self._streams: Streams = site.streams
        self._ping_every = ping_every

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._streams.full:
            sentence = phrase(
                "Many are looking at the wall just now. Load the page again to see whether it has changed."
            )
            refused = refusal_answer(self._site, Request(scope), 503, "too-many", sentence)
            refused.headers["retry-after"] = "60"
            await refused(scope, receive, send)
            return
        async with self._streams.listening() as changed:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            await send(_part(f"retry: {COME_BACK_AFTER}\n\n" + _event("wall", self._streams.digest)))
            await self._tell(changed, receive, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, changed: asyncio.Event, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        try:
            while not gone.done():
                waiting = asyncio.create_task(changed.wait())
                await asyncio.wait({gone, waiting}, timeout=self._ping_every, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if self._streams.ended or gone.done():
                    return
                if changed.is_set():
                    changed.clear()
                    await send(_part(_event("changed", self._streams.digest)))
                else:
                    await send(_part(": still here\n\n"))
        finally:
            gone.cancel()


async def _until_gone(receive: Receive) -> None:
    message: Message | dict[str, Any] = {}
    while message.get("type") != "http.disconnect":
        message = await receive()


def _event(name: str, digest: str) -> str:
    return f"event: {name}\nid: {digest}\ndata: {digest}\n\n"


def _part(text: str) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text.encode("ascii"), "more_body": True}
