"""One council's site as its pages need it: who is looking, who acts, and how a page is made from a template.

Endpoints are plain functions on the framework's threads: they read in `store.reading()`, write one step with
`store.write_now`, and render after that. This module must never write anything but the renewal of a session.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment
from sqlalchemy import Connection

from federation.council import Council
from federation.live_asking import Outcome
from federation.ports import Clock, Randomness
from federation.tables import Lane
from node.accounts.actions import SESSION_LIFE, Seen, keep_session, seen
from node.database import Store
from node.feature import ANYBODY, Acting, Feature, MenuEntry, Slip, Viewer
from node.profile.claiming import Claimed
from node.settings import Settings
from node.web.accept import prefers_json
from node.web.live_streams import Streams, digest_of
from node.web.offline_copy import LastWall
from node.web.seal import seal_of
from node.web.shelf import Shelf
from node.web.templating import environment
from node.web.tongues import Tongue, choose, load_tongues
from node.web.wall import wall_slips
from schemas.live import LiveQuestion
from schemas.phrase import phrase

MENU_LIMIT = 7
OWN_MENU = (
    MenuEntry(phrase("Wall"), "/", 0),
    MenuEntry(phrase("Nearby councils"), "/councils", 80),
    MenuEntry(phrase("Help"), "/help", 100),
)
LANGUAGE_COOKIE = "comarca-language"


@dataclass(frozen=True)
class Site:
    """Everything a router needs. `features` in the order of `installed.py`."""

    settings: Settings
    council: Council
    store: Store
    clock: Clock
    randomness: Randomness
    features: tuple[Feature, ...] = ()
    relations_changed: Callable[[], None] = lambda: None
    """To be called once a page has changed with whom we are linked, or who reads along: the inbox remembers whom it knows."""

    ask_live: Callable[[LiveQuestion, Sequence[str]], None] = lambda question, actors: None
    """Asks these councils what they have now; waits a few seconds at most."""
    told_live: Callable[[LiveQuestion], Mapping[str, Outcome]] = lambda question: {}
    """What came of asking that within the last minute, by council."""

    @cached_property
    def shelf(self) -> Shelf:
        """The style sheet, the fonts and the mark."""
        return Shelf.load()

    @cached_property
    def claimed(self) -> Claimed:
        """Asked with `claimed()`: whether this server has been claimed, so that it shows anything at all."""
        return Claimed(self.store)

    @cached_property
    def streams(self) -> Streams:
        """Who waits to hear that the public wall has changed."""
        return Streams(self._public_digest, limit=self.settings.limits.streams)

    @cached_property
    def last_wall(self) -> LastWall:
        """The public wall as it was shown last, for when the store cannot be asked."""
        return LastWall()

    async def _public_digest(self) -> str:
        return await self.store.read(
            lambda c: digest_of(wall_slips(self.features, c, council=self.council, viewer=ANYBODY, now=self.now()))
        )

    @cached_property
    def tongues(self) -> dict[str, Tongue]:
        """The languages that pages are said in, by code."""
        return load_tongues()

    @cached_property
    def environments(self) -> dict[str, Environment]:
        """One for each language. Templates of the frame come first, so that no feature can put its own in their place."""
        return {
            code: environment(
                self.features,
                tongue=tongue,
                zone=self.settings.zone_info,
                clock=self.clock,
                static=self.shelf.address,
            )
            for code, tongue in self.tongues.items()
        }

    @cached_property
    def menu(self) -> tuple[MenuEntry, ...]:
        """At most seven links, Help always the last of them."""
        entries = [*OWN_MENU, *(entry for feature in self.features for entry in feature.menu)]
        *most, last = sorted(entries, key=lambda entry: entry.order)
        return (*most[: MENU_LIMIT - 1], last)

    @property
    def secure(self) -> bool:
        return self.settings.url.startswith("https://")

    @cached_property
    def cookie_name(self) -> str:
        """Browsers do not part ports, so on plain http the port is in the name; `__Host-` needs https."""
        return "__Host-comarca" if self.secure else f"comarca-{urlsplit(self.settings.url).port or 80}"

    @property
    def current_for(self) -> timedelta:
        """How long a nearby council's word counts as current: three of its signs of life."""
        return timedelta(seconds=3 * self.settings.federation.contact_every)

    def now(self) -> datetime:
        return self.clock.now()

    def viewer(self, request: Request) -> Viewer:
        """Who is looking, by `Authorization: Bearer` or by cookie; asked once for each request."""
        return self._seen(request).viewer

    def acting(self, request: Request) -> Acting:
        """What an action is given: who acts, when, for which council."""
        return Acting(now=self.now(), council=self.council, settings=self.settings, viewer=self.viewer(request))

    def tongue(self, request: Request) -> Tongue:
        """The language that this request is answered in."""
        return choose(
            request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
            council=self.council.language,
            offered=self.tongues,
        )

    def wants_json(self, request: Request) -> bool:
        """Whether a program asks: by the path it asks for, or because it would rather have JSON than a page."""
        path = request.url.path
        if path == "/api" or path.startswith(("/api/", "/region/")) or path.endswith(".json"):
            return True
        return prefers_json(request.headers.get("accept", ""))

    def page(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """The template as a whole page, with menu, call-for-help strip and the words about who is signed in."""
        with self.store.reading() as connection:
            seen_now = self._seen(request, connection)
            strip = self._strip(connection, seen_now.viewer)
        response = self._render(request, template, status=status, viewer=seen_now.viewer, strip=strip, context=context)
        self._renew(request, seen_now, response)
        return response

    def bare_page(self, request: Request, template: str, *, status: int, **context: Any) -> HTMLResponse:
        """The same without asking the store, for the moments when it may be what is broken."""
        return self._render(request, template, status=status, viewer=ANYBODY, strip=[], context=context)

    def sign_in_cookie(self, response: Response, session_token: str) -> None:
        response.set_cookie(
            self.cookie_name,
            session_token,
            max_age=int(SESSION_LIFE.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def sign_out_cookie(self, response: Response) -> None:
        response.delete_cookie(self.cookie_name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def session_token(self, request: Request) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.strip() or None
        return request.cookies.get(self.cookie_name)

    def _seen(self, request: Request, connection: Connection | None = None) -> Seen:
        known = getattr(request.state, "seen", None)
        if isinstance(known, Seen):
            return known
        token = self.session_token(request)
        if token is None:
            answer = Seen()
        elif connection is not None:
            answer = seen(connection, session_token=token, now=self.now())
        else:
            with self.store.reading() as own:
                answer = seen(own, session_token=token, now=self.now())
        request.state.seen = answer
        return answer

    def _renew(self, request: Request, seen_now: Seen, response: Response) -> None:
        token = self.session_token(request)
        if not seen_now.renew or token is None:
            return
        now = self.now()
        self.store.write_now(lambda connection: keep_session(connection, session_token=token, now=now))
        if token == request.cookies.get(self.cookie_name):
            self.sign_in_cookie(response, token)

    def _strip(self, connection: Connection, viewer: Viewer) -> list[Slip]:
        """Live calls for help: the walls of those features whose messages go first."""
        now = self.now()
        return [
            slip
            for feature in self.features
            if feature.wall is not None and any(kind.lane is Lane.ALERT for kind in feature.kinds)
            for slip in feature.wall(connection, viewer, now, self.council)
            if slip.kind == "alert"
        ]

    def _render(
        self,
        request: Request,
        template: str,
        *,
        status: int,
        viewer: Viewer,
        strip: list[Slip],
        context: dict[str, Any],
    ) -> HTMLResponse:
        tongue = self.tongue(request)
        frame = {
            "council": self.council,
            "settings": self.settings,
            "menu": self.menu,
            "path": request.url.path,
            "viewer": viewer,
            "strip": strip,
            "language": tongue.code,
            "direction": tongue.direction,
            "tongues": tuple(self.tongues.values()),
            "here": _address(request) if status < 400 else "/",
            "seal": seal_of(request.cookies.get(self.cookie_name)),
            "now": self.now(),
        }
        assert not frame.keys() & context.keys(), "a page may not put its own words in the place of the frame's"
        words = self.environments[tongue.code].get_template(template).render({**frame, **context})
        return HTMLResponse(words, status_code=status, headers={"content-language": tongue.code})


def _address(request: Request) -> str:
    """Where a page that was only looked at can be looked at again; a form's answer cannot."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}" if request.method in ("GET", "HEAD") else "/"


def see_other(address: str) -> RedirectResponse:
    """After a form was acted on: go and look, so that reloading does not act again. `address` is a path of ours."""
    return RedirectResponse(address, status_code=303)
