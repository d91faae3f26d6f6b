"""What is answered when something is refused, missing or broken: a page for people, problem+json (RFC 9457) for programs.

A refusal names its reason; a fault never does, it shows a short code that stands beside the true cause in this server's
own log. Neither is ever shown as the other.
"""

import base64
import traceback
from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from node.database import StoreFault, StoreFull
from node.web.forms import NotUnderstood, Problem, misfit, problems_of
from node.web.site import Site
from schemas.phrase import phrase
from schemas.problem import Problem as ProblemDocument
from schemas.refusal import Refusal

log = structlog.get_logger(__name__)

TRACE_LINES = 8
RETRY = {"retry-after": "60"}

STATUS_OF_WORD = {
    "not-signed-in": 401,
    "sign-in": 401,
    "claim": 401,
    "not-keeper": 403,
    "turn-ended": 403,
    "not-yours": 403,
    "cross-site": 403,
    "not-sealed": 403,
    "not-found": 404,
    "claimed": 404,
    "gone": 410,
    "too-fast": 429,
    "too-many": 503,
}
_TITLES = {
    400: phrase("That was not understood"),
    401: phrase("Please sign in first"),
    403: phrase("That is not for you to do"),
    404: phrase("There is nothing here"),
    405: phrase("That cannot be done here"),
    410: phrase("This was taken down"),
    413: phrase("That is too much at once"),
    422: phrase("That did not go through"),
    429: phrase("Too many tries"),
    503: phrase("We cannot do that right now"),
    507: phrase("Our server is full"),
}
# A code that is wrong or used up: whoever has one is signing in already, so "sign in first" would lead in a circle.
_WORN_OUT = {"sign-in", "claim"}
_SENTENCES = {
    400: phrase("Go back one page and send it again; words only, no files."),
    404: phrase(
        "Either it never was, or its time is over, or it is not shown to everyone. If you sign in here, do so and look again."
    ),
    405: phrase("Go back one page and use the buttons there."),
    410: phrase("Whoever put it up has taken it down again. Only this mark is left."),
    503: phrase(
        "Our server is busy or cannot reach its notes. Nothing was saved. Wait a minute, go back one page and send it again."
    ),
    507: phrase("Nothing was saved, because there is no room left. Please tell someone who looks after the server."),
}
_STORE_WORDS = {503: "busy", 507: "full"}


def install(app: FastAPI, site: Site) -> None:
    """One answer for each kind of ending, for all routes alike."""

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal | NotUnderstood)
        word = error.word if isinstance(error, Refusal) else "wrong-shape"
        return _answer(site, request, STATUS_OF_WORD.get(word, 422), word, problems_of(error))

    def not_valid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = [
            (".".join(str(part) for part in one["loc"][1:]) or None, one["type"], one["msg"]) for one in error.errors()
        ]
        if site.wants_json(request):
            problems = [Problem(field, f"{field}: {message}" if field else message) for field, _, message in found]
        else:
            problems = [misfit(field, kind, message) for field, kind, message in found]
        return _answer(site, request, 422, "wrong-shape", problems)

    def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        word = {404: "not-found", 405: "not-allowed", 410: "gone"}.get(error.status_code, "refused")
        return _answer(site, request, error.status_code, word, (), headers=error.headers)

    def unkept(request: Request, error: Exception) -> Response:
        status = 507 if isinstance(error, StoreFull) else 503
        log.error("store refused", exception=_trace(error))
        return _answer(site, request, status, _STORE_WORDS[status], (), headers=RETRY, bare=True)

    for kind in (Refusal, NotUnderstood):
        app.add_exception_handler(kind, refused)
    app.add_exception_handler(RequestValidationError, not_valid)
    app.add_exception_handler(HTTPException, missing)
    app.add_exception_handler(StoreFault, unkept)


def refusal_answer(site: Site, request: Request, status: int, word: str, sentence: str) -> Response:
    """An answer to a request that did not even reach a route."""
    return _answer(site, request, status, word, (Problem(None, sentence),), bare=True)


def fault_answer(site: Site, request: Request, fault: Exception) -> Response:
    """500 with a short code; the cause goes into the log beside the same code, never into the answer."""
    code = base64.b32encode(site.randomness.bytes(3)).decode("ascii")[:4]
    log.error("fault", code=code, method=request.method, exception=_trace(fault))
    if site.wants_json(request):
        sentence = f"We made a mistake. Please tell someone who looks after the server this code: {code}"
        return _problem(500, "fault", "Our mistake", sentence)
    typed = getattr(request.state, "typed", {})
    return site.bare_page(request, "fault.html", status=500, code=code, typed=typed)


def _answer(
    site: Site,
    request: Request,
    status: int,
    word: str,
    problems: tuple[Problem, ...] | list[Problem],
    *,
    headers: Mapping[str, str] | None = None,
    bare: bool = False,
) -> Response:
    title = _TITLES.get(422 if word in _WORN_OUT else status, _TITLES[422])
    # Each stays a sentence of its own: joined they would be English for everybody.
    sentences = [problem.sentence for problem in problems if problem.sentence] or [_SENTENCES.get(status, "")]
    answer: Response
    if site.wants_json(request):
        answer = _problem(status, word, title, " ".join(sentences))
    else:
        make = site.bare_page if bare else site.page
        typed = {} if status in (401, 404, 410) and not problems else getattr(request.state, "typed", {})
        answer = make(
            request, "refused.html", status=status, heading=title, sentences=sentences, typed=typed, word=word
        )
    answer.headers.update(RETRY if status in (429, 503) else {})
    answer.headers.update(headers or {})
    return answer


def _trace(fault: Exception) -> str:
    """The end of the trace as plain lines: richer ones print local variables, and those hold what people wrote."""
    return "".join(traceback.format_exception(fault, limit=-TRACE_LINES)).rstrip()


def _problem(status: int, word: str, title: str, sentence: str) -> JSONResponse:
    document = ProblemDocument(type="about:blank", title=title, status=status, detail=sentence, reason=word)
    return JSONResponse(document.model_dump(mode="json"), status_code=status, media_type="application/problem+json")
