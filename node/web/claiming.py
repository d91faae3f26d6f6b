"""Claiming a new server in the browser, and what everybody else meets until that is done: a door with one sentence on it.

The link's secret stands in the fragment and so never comes here by itself: a script writes it into the form, or a person
does. It must never be logged or given back by an answer, not even to whoever typed it.
"""

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from node.accounts.claim import claim
from node.database import StoreFault
from node.profile import claiming
from node.profile.keeping import ProfileForm, renew
from node.web.claim_restoring import RESTORE, Restoring
from node.web.entering import Attempts
from node.web.errors import RETRY, STATUS_OF_WORD
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from protocol.verdict import Reason
from schemas.phrase import phrase
from schemas.problem import Problem as ProblemDocument
from schemas.refusal import Refusal

SET_UP = "/claim"
FIRST_SLIP = "/put-up/first"
FIELDS = ("name", "near", "point")
SENTENCES = {
    "name": phrase("Write what you call yourselves, in at most 200 characters."),
    "language": phrase("Write the language as two or three letters, like en, es, ca or ar."),
    "near": phrase("Write the name of your area in one line."),
    "point": phrase("There is no place on the map in that. Paste two numbers like 41.39, 2.17, or leave it empty."),
}
_OPEN = ("/static/", "/healthz", "/readyz", "/language")
_INBOXES = ("/inbox", "/council/inbox")
_FOR_SERVERS = frozenset({"council", "actor", ".well-known", "nodeinfo", "a"})


class Unclaimed:
    """In front of all pages: while nobody has claimed this server, it shows nothing but the door and the form."""

    def __init__(self, app: ASGIApp, *, site: Site) -> None:
        self._app = app
        self._site = site
        self._restoring = Restoring(site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or await self._passes(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if scope["path"] == RESTORE and scope["method"] == "POST":
            done = await self._restoring.answer(request)
            answer = done if isinstance(done, Response) else await run_in_threadpool(self._refused, request, done)
        else:
            answer = await run_in_threadpool(self._answer, request)
        await answer(scope, receive, send)

    def _refused(self, request: Request, problems: tuple[Problem, ...]) -> Response:
        return form_page(self._site, request, typed={}, problems=problems, status=422)

    async def _passes(self, path: str) -> bool:
        if self._site.claimed.known or path == SET_UP or path.startswith(_OPEN):
            return True
        try:
            return await run_in_threadpool(self._site.claimed)
        except StoreFault:
            return True  # whoever needs the store says so

    def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path in _INBOXES:
            return _problem(503, Reason.BUSY.value, "Nobody has set this server up yet.")
        if path.split("/")[1] in _FOR_SERVERS:
            return _problem(404, "not-found", "Nothing is held under that address for whoever asks.")
        if self._site.wants_json(request):
            return _problem(503, "not-set-up", "This server waits to be set up by those who started it.")
        answer = self._site.bare_page(request, "claim_waiting.html", status=503)
        answer.headers.update(RETRY)
        return answer


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)
    attempts = Attempts(per_minute=site.settings.limits.sign_in_per_minute)

    @routes.get(SET_UP)
    def form(request: Request) -> Response:
        _still_waiting(site)
        settings = site.settings
        chosen = settings.language if "language" in settings.model_fields_set else site.tongue(request).code
        field = "language" if chosen in site.tongues else "other_language"
        usual = {"name": settings.name, field: chosen, "near": settings.area.near}
        return form_page(site, request, typed={word: value for word, value in usual.items() if value})

    @routes.post(SET_UP)
    def set_up(request: Request, typed: Typed) -> Response:
        secret = claiming.secret_in(typed.pop("code", ""))
        _still_waiting(site)
        now = site.now()
        with site.store.reading() as connection:
            good = claiming.is_open(connection, secret=secret, now=now)
        try:
            if not good:
                attempts.count(secret, monotonic=site.clock.monotonic())
                raise claiming.not_open()
            written = read_profile(typed)
            session = site.store.write_now(
                lambda c: claim(
                    c,
                    written,
                    secret=secret,
                    now=now,
                    randomness=site.randomness,
                    weeks=site.settings.turns.keeper_weeks,
                )
            )
        except (Refusal, NotUnderstood) as error:
            status = STATUS_OF_WORD.get(error.word, 422) if isinstance(error, Refusal) else 422
            return form_page(site, request, typed=typed, problems=problems_of(error), status=status)
        renew(site.council, site.store)
        site.claimed()
        response = see_other(FIRST_SLIP)
        site.sign_in_cookie(response, session)
        return response

    return routes


def read_profile(typed: dict[str, str]) -> ProfileForm:
    """The form of a council's name, language and area. Raises NotUnderstood."""
    language = typed.get("other_language") or typed.get("language", "")
    given = {word: typed[word] for word in (*FIELDS, "summary") if word in typed}
    return parse(ProfileForm, {**given, "language": language}, sentences=SENTENCES)


def language_choices(site: Site) -> list[tuple[str, str]]:
    """The languages that pages are said in, each in its own words."""
    return [(tongue.code, tongue.name) for tongue in site.tongues.values()]


def _still_waiting(site: Site) -> None:
    if site.claimed():
        raise Refusal(
            "claimed", sentence=phrase("This server has been set up already. Sign in with a link of your own.")
        )


def form_page(
    site: Site, request: Request, *, typed: dict[str, str], problems: tuple[Problem, ...] = (), status: int = 200
) -> Response:
    response = site.bare_page(
        request,
        "claim.html",
        status=status,
        typed=typed,
        problems=problems,
        languages=language_choices(site),
    )
    response.headers["cache-control"] = "private, no-store"
    response.headers.update(RETRY if status == 429 else {})
    return response


def _problem(status: int, word: str, detail: str) -> Response:
    document = ProblemDocument(type="about:blank", title=word, status=status, detail=detail, reason=word)
    answer = JSONResponse(document.model_dump(mode="json"), status_code=status, media_type="application/problem+json")
    answer.headers.update(RETRY if status == 503 else {})
    return answer
