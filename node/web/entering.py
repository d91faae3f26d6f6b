"""What every way of signing in ends with: the session's cookie, and the language of one's pages.

It is also the place where wrong tries are counted. Nothing about who tries is kept: no address, and of a code or a name no
more than a few letters or a hash, in memory.
"""

from threading import Lock

from fastapi.responses import Response

from federation.rates import Buckets
from node.accounts import own
from node.web.site import LANGUAGE_COOKIE, Site, see_other
from schemas.phrase import phrase
from schemas.refusal import Refusal

KEPT_OF_A_CODE = 8
_YEAR = 365 * 24 * 3600


class Attempts:
    """How many tries are answered: by the first letters of what was tried, and in all."""

    def __init__(self, *, per_minute: float) -> None:
        burst = max(per_minute, 1.0)
        self._by_code = Buckets(per_minute=per_minute / 2, burst=max(burst / 2, 1.0), limit=1_000)
        self._in_all = Buckets(per_minute=per_minute * 6, burst=burst * 6, limit=1)
        self._lock = Lock()

    def count(self, tried: str, *, monotonic: float, field: str = "code") -> None:
        """Raises Refusal("too-fast") once there were too many.

        Of codes only wrong ones are counted, so that nobody can keep a neighbour with a good link outside. Passwords can be
        guessed: there every try counts, before it is judged.
        """
        with self._lock:
            wait = self._by_code.take(tried[:KEPT_OF_A_CODE], monotonic) or self._in_all.take("", monotonic)
        if wait is not None:
            raise Refusal(
                "too-fast", field, sentence=phrase("That was tried too often. Wait a minute, then try again.")
            )


def come_in(site: Site, session: str, *, to: str = "/") -> Response:
    """Go to `to`, a path of ours, signed in by this session."""
    response = see_other(to)
    give_cookies(site, response, session)
    return response


def give_cookies(site: Site, response: Response, session: str) -> None:
    """The session's cookie, and the one of the language that its owner has chosen."""
    site.sign_in_cookie(response, session)
    with site.store.reading() as connection:
        language = own.language_of(connection, session_token=session)
    if language is not None:
        speak(site, response, language)


def speak(site: Site, response: Response, language: str | None) -> None:
    """Remember in this browser in which language pages are said; None: the browser's own wish again."""
    if language is None:
        response.delete_cookie(LANGUAGE_COOKIE, path="/", secure=site.secure, httponly=True, samesite="lax")
        return
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=_YEAR, path="/", secure=site.secure, httponly=True, samesite="lax"
    )
