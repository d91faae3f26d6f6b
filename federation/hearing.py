"""Signs of life: who signed a GET, and that a nearby council is up.

Deliveries to a council that was away wait for up to an hour; the moment it is heard from, they are tried at once. The
greeting is a signed GET of `/.well-known/comarca`, answered like anybody's.
"""

from collections.abc import Callable

import structlog

from federation import peers
from federation.council import Council
from federation.directory import Directory, Known
from federation.ports import Clock, Store
from protocol import http_signature
from protocol.http_signature import Request
from protocol.ids import BadAddress
from protocol.verdict import Refused

# A greeting costs a write; councils greet every minute, so more than one a second is not listened to.
NOTED_EVERY = 1.0

_log = structlog.get_logger(__name__)


class Hearing:
    """Who is speaking, for requests without a body."""

    def __init__(
        self,
        *,
        council: Council,
        store: Store,
        clock: Clock,
        directory: Callable[[], Directory],
        heard: Callable[[str], None],
    ) -> None:
        self._council = council
        self._store = store
        self._clock = clock
        self._directory = directory
        self._heard = heard
        self._last: dict[str, float] = {}

    def who_signed(self, request: Request) -> Known | None:
        """The council or account whose key verifies this request, if we know it. Nothing is fetched to find out."""
        key_id = http_signature.key_id_of(request.headers)
        directory = self._directory()
        held = directory.keys.get(key_id or "")
        if key_id is None or held is None:
            return None
        try:
            if directory.blocks(key_id):
                return None
            claim = http_signature.read_claim(
                request, now=int(self._clock.now().timestamp()), our_host=self._council.authority, has_body=False
            )
        except BadAddress:  # a key id or a request target that is no address
            return None
        if isinstance(claim, Refused) or isinstance(http_signature.judge_claim(claim, held[0]), Refused):
            return None
        return directory.known.get(held[1])

    async def hear(self, request: Request) -> None:
        """Note the greeting of a council that we are linked up with."""
        known = self.who_signed(request)
        if known is None or not known.accepted:
            return
        actor_id, monotonic = known.actor_id, self._clock.monotonic()
        if monotonic - self._last.get(actor_id, -NOTED_EVERY) < NOTED_EVERY:
            return
        self._last[actor_id] = monotonic
        now = self._clock.now()
        try:
            await self._store.write(lambda connection: peers.heard(connection, actor_id=actor_id, now=now))
        except Exception:  # whoever greets is answered all the same: that we cannot write is not theirs to bear
            _log.exception("a greeting could not be noted", council=actor_id)
            return
        self._heard(actor_id)
