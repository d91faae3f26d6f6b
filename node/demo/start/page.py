"""The start page as an application: the page itself, its buttons, and the door in front of both.

It hands out sign-in links to whoever asks, so it listens to its own address and its own page only: another Host is what a
rebound name would send, another Origin what another site's form would. It reads no cookie, no query and no body.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.demo.checking import NotSeen
from node.demo.councils import SKETCHES
from node.demo.start.counter import Counter
from node.demo.start.look import Look
from node.demo.start.story import DEEDS, STEP_OF, STEPS, Story

_SAFE = ("GET", "HEAD")


def application(story: Story, counter: Counter, *, authority: str) -> ASGIApp:
    """The page of a story, served under `authority` ("127.0.0.1:8100") and under no other name."""
    look = Look.load(story.scene)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(look.router())
    councils = {one.name.lower(): one for one in story.scene.region.councils}

    @app.get("/")
    def start() -> Response:
        coming = story.next_deed()
        words = look.page(
            "start/start.html",
            walls=story.read_walls(),
            steps=STEPS,
            done=story.done,
            next_deed=coming,
            next_step=STEP_OF[coming].number if coming else 0,
            last=story.last,
            off=dict(story.scene.switched_off),
            sketches=SKETCHES,
            clock=story.scene.clock,
        )
        return HTMLResponse(words, headers={"content-language": "en"})

    @app.post("/do/{name}")
    async def do(name: str) -> Response:
        if name not in DEEDS:
            return PlainTextResponse("There is no such button.", 404)
        await asyncio.wrap_future(counter.ask(lambda: story.do(name)))
        return RedirectResponse("/#happened", 303)

    @app.post("/sign-in/{council}")
    async def sign_in(council: str) -> Response:
        at = councils.get(council)
        if at is None:
            return PlainTextResponse("There is no such council.", 404)
        link = await asyncio.wrap_future(counter.ask(lambda: story.sign_in_link(at)))
        return RedirectResponse(link or "/#happened", 303)

    @app.exception_handler(NotSeen)
    def not_seen(_request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"{error}\n", 503)

    urls = [one.url for one in story.scene.region.councils]
    return Door(app, authority=authority, leads_to=urls)


class Door:
    """Refuses other names and other sites' forms, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, *, authority: str, leads_to: list[str]) -> None:
        self._app = app
        self._authority = authority
        # A sign-in button is answered with a redirect to that council, which browsers judge by form-action too.
        policy = (
            "default-src 'none'",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self'",
            " ".join(("form-action 'self'", *leads_to)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
        self._headers: Mapping[str, str] = {
            "content-security-policy": "; ".join(policy),
            "x-content-type-options": "nosniff",
            # "no-referrer" would make browsers send "Origin: null" with our own forms.
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                outgoing = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    outgoing.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope["method"], headers)
        await (refusal or self._app)(scope, receive, dressed)

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        if headers.getlist("host") != [self._authority]:
            return PlainTextResponse(f"This page is at http://{self._authority}/ and under no other name.\n", 421)
        if method in _SAFE or self._is_from_our_page(headers):
            return None
        return PlainTextResponse("This was sent from another site, so nothing was done.\n", 403)

    def _is_from_our_page(self, headers: Headers) -> bool:
        """Browsers say where a form comes from in Origin, and all but the oldest in Sec-Fetch-Site too."""
        site: Any = headers.get("sec-fetch-site", "same-origin")
        return site == "same-origin" and headers.getlist("origin") == [f"http://{self._authority}"]
