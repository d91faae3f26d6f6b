"""How fast forms and changes are taken: by session, and in all from those who are not signed in.

It keeps no network address and nothing of what was sent: a session counts by a hash of its token, all strangers as one. A
forgotten count is an empty one, so this must never be the only guard of anything.
"""

import hashlib
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from federation.rates import Buckets
from node.web.site import Site
from schemas.phrase import phrase
from schemas.refusal import Refusal

SESSIONS_COUNTED = 2_000
STRANGERS_MAY = 10
"""So many times what one session may, all together."""
WAYS_IN = frozenset(
    {
        "/in",
        "/in/password",
        "/join",
        "/claim",
        "/api/session",
        "/api/passkeys/sign-in",
        "/api/passkeys/sign-in/options",
    }
)
"""Strangers are not counted here: a flood of theirs would keep neighbours outside. Wrong tries are, in `entering`."""
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Pace:
    """Bounded: `SESSIONS_COUNTED` sessions, and one count for everybody else."""

    def __init__(self, per_minute: float) -> None:
        burst = max(per_minute, 1.0)
        self._sessions = Buckets(per_minute=per_minute, burst=burst, limit=SESSIONS_COUNTED)
        self._strangers = Buckets(per_minute=per_minute * STRANGERS_MAY, burst=burst * STRANGERS_MAY, limit=1)

    def take(self, session: str | None, *, monotonic: float) -> None:
        """Count one. Raises Refusal("too-fast"). `session`: the token of somebody who is signed in, None for a stranger."""
        if session is None:
            wait = self._strangers.take("", monotonic)
        else:
            wait = self._sessions.take(hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()[:16], monotonic)
        if wait is not None:
            raise Refusal(
                "too-fast",
                sentence=phrase("That was a lot in a short time. Nothing was done. Wait a minute and send it again."),
            )


def paced(site: Site, pace: Pace) -> Callable[[Request], Awaitable[None]]:
    """A dependency of every route. A token that signs nobody in counts as none, so that nobody gets room by making them up."""

    async def look_at_the_pace(request: Request) -> None:
        if request.method not in _CHANGING:
            return
        token = site.session_token(request)
        if token is not None and not (await run_in_threadpool(site.viewer, request)).signed_in:
            token = None
        if token is None and request.url.path in WAYS_IN:
            return
        pace.take(token, monotonic=site.clock.monotonic())

    return look_at_the_pace
