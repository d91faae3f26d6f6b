"""The seal in every form: proof that a form which changes something came from a page that this browser was shown.

It is a keyed hash under the session's own token, so nothing is stored, it dies with the session, and no other site can
know it. It stands beside SameSite and the judgement of Origin, not in their place. Programs that say who they are by
`Authorization: Bearer` carry no cookie's power and need none; any other Authorization (a proxy's password) changes nothing.
"""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from markupsafe import Markup

from schemas.phrase import phrase
from schemas.refusal import Refusal

FIELD = "seal"
FIELD_LIMIT = 60
E = TypeVar("E", bound=Callable[..., object])
_FORMS = {"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}


def seal_words(session_token: str) -> str:
    """What the form field must hold while this session lasts."""
    made = hmac.digest(session_token.encode("utf-8", "surrogatepass"), b"comarca form 1\n", hashlib.sha256)
    return base64.urlsafe_b64encode(made[:18]).decode("ascii")


def seal_of(session_token: str | None) -> Markup:
    """The hidden field for a page, nothing where no session is."""
    if session_token is None:
        return Markup("")
    return Markup('<input type="hidden" name="seal" value="{}">').format(seal_words(session_token))


def says_who(request: Request) -> bool:
    """Whether a request says by itself whose it is; then, and only then, its cookie is not looked at."""
    return request.headers.get("authorization", "").partition(" ")[0].lower() == "bearer"


def takes_a_file(endpoint: E) -> E:
    """The form of this endpoint may bring one file along; every other is refused with it. Whoever reads it closes it."""
    endpoint.takes_a_file = True  # type: ignore[attr-defined]  # a mark on a function
    return endpoint


def files_of(request: Request) -> int:
    """How many files the form of this request may bring."""
    return int(getattr(request.scope.get("endpoint"), "takes_a_file", False))


def sealed(cookie_name: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency of every route. Raises Refusal("not-sealed") for a form that a session's cookie came with, without its seal."""

    async def look_at_the_seal(request: Request) -> None:
        token = request.cookies.get(cookie_name)
        if request.method != "POST" or token is None or says_who(request):
            return
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _FORMS:
            return
        form = await request.form(max_files=files_of(request), max_fields=FIELD_LIMIT)
        given = form.get(FIELD)
        if not isinstance(given, str) or not hmac.compare_digest(
            given.encode(errors="replace"), seal_words(token).encode()
        ):
            raise Refusal(
                "not-sealed",
                sentence=phrase(
                    "This page is older than your sign-in. Nothing was done. Open the page again and send it anew."
                ),
            )

    return look_at_the_seal
