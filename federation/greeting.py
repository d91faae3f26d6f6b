"""Saying hello to a council that we are linked up with: a signed GET, so that each of us knows that the other is up."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from federation import peers
from federation.council import Council
from federation.fetch import Fetched, fetch_document
from federation.media_types import Media
from federation.ports import Clock, Randomness, Store, Transport
from federation.signing import headers_for
from protocol import ids

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Greeting:
    """Greets whoever `linked()` names, about every so many seconds. `heard(actor_id)` is called for whoever answers."""

    council: Council
    store: Store
    clock: Clock
    randomness: Randomness
    transport: Transport
    linked: Callable[[], Sequence[str]]
    every: float
    heard: Callable[[str], None]

    async def run(self) -> None:
        """Say hello to every council that we are linked up with, at once and then every so often, never in step."""
        while True:
            await asyncio.gather(*(self.greet(actor_id) for actor_id in self.linked()))
            await asyncio.sleep(self.every * (0.5 + self.randomness.uniform()))

    async def greet(self, actor_id: str) -> None:
        """Greet one council, and note it if it answers. Whatever happens is no fault of whoever calls."""
        origin = ids.origin_of(actor_id)
        try:
            answer = await fetch_document(
                self.transport, f"{origin}/.well-known/comarca", sign=self.signed, accept=Media.JSON, seconds=5.0
            )
            if isinstance(answer, Fetched):
                now = self.clock.now()
                await self.store.write(lambda c: peers.heard(c, actor_id=actor_id, now=now))
                self.heard(actor_id)
        except Exception:
            _log.exception("greeting failed", council=actor_id)

    def signed(self, method: str, url: str) -> dict[str, str]:
        """The header fields of a request without a body, signed by the council."""
        return headers_for(self.council, scheme="ed25519", method=method, url=url, body=None, now=self.clock.now())
