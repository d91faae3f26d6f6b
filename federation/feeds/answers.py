"""Where questions of other councils come in: signed, of a bounded size, and answered from what is committed.

Only a council that we are linked up with is answered. About anybody else nothing is written down, and nothing is fetched.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson
import structlog

from federation import live
from federation.council import Council
from federation.directory import Directory, Known
from federation.feeds import asking, questions, reopening
from federation.ports import Clock, Store
from federation.rates import Buckets
from protocol import digest, http_signature, strict_json
from protocol.http_signature import Request
from protocol.ids import BadAddress
from protocol.verdict import Reason, Refused

_UNKNOWN = Refused(Reason.UNKNOWN_PEER, "Only councils that we are linked up with are answered.")
_UNKNOWN_KEY = Refused(Reason.UNKNOWN_KEY, "The signature names a key that is not the one we have for its owner.")
_TOO_FAST = Refused(Reason.TOO_FAST, "More at once than this server takes from one sender.")

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Answers:
    """Answers questions. `hello(actor_id, was_away)` is called for each hello, after it was answered.

    `rates` by linked council; `strangers` for all that ask without a signature together.
    """

    council: Council
    store: Store
    clock: Clock
    directory: Callable[[], Directory]
    rates: Buckets
    strangers: Buckets
    hello: Callable[[str, bool], None]
    relations_changed: Callable[[], Awaitable[None]]
    # What is there now is looked up for each of these questions anew.
    live_rates: Buckets = field(default_factory=lambda: Buckets(per_minute=60, burst=20))

    def admit(self, headers: Mapping[str, str]) -> Refused | None:
        """Whether the body may be read: from a host that is not blocked, under a key of a council we are linked up with."""
        key_id, directory = http_signature.key_id_of(headers), self.directory()
        if key_id is None:
            return Refused(Reason.NO_SIGNATURE, "A question is signed.")
        try:
            if directory.blocks(key_id):
                return Refused(Reason.BLOCKED, "This host is blocked here.")
            known = directory.of_key(key_id)
        except BadAddress:
            return Refused(Reason.MALFORMED, "The key id is no address.")
        return None if known is not None and known.accepted else _UNKNOWN

    async def answer(self, request: Request, path: str, body: bytes) -> bytes | Refused:
        """The whole answer, or why there is none."""
        known = self.who_asks(request, body)
        if isinstance(known, Refused):
            return known
        if self.rates.take(known.actor_id, self.clock.monotonic()) is not None:
            return _TOO_FAST
        asker = known.actor_id
        if path == questions.LIVE:
            if self.live_rates.take(asker, self.clock.monotonic()) is not None:
                return _TOO_FAST
            now = self.clock.now()
            return await self.store.read(lambda connection: live.answer(connection, self.council, body, now=now))
        found = await self.store.read(lambda connection: asking.answer(connection, path, body, asker=asker))
        if path == questions.HELLO and isinstance(found, bytes):
            self.hello(asker, b'"boot"' in body or b'"online"' in body)
        return found

    async def answer_unsigned(self, path: str, body: bytes) -> bytes | Refused:
        """What roots alone can ask for: their own statements, and that another server key speaks from now on."""
        if self.strangers.take("", self.clock.monotonic()) is not None:
            return _TOO_FAST
        said = strict_json.parse(body, max_depth=12)
        if isinstance(said, Refused):
            return said
        if path == questions.ROOTS:
            asked = questions.RootsAsked.read(said)
            if isinstance(asked, Refused):
                return asked
            actor = asked.actor
            found = await self.store.read(lambda connection: reopening.roots_of(connection, actor=actor))
            return found if isinstance(found, Refused) else orjson.dumps(found)
        now = self.clock.now()
        changed = await self.store.write(lambda connection: reopening.reopen(connection, said, now=now))
        if isinstance(changed, Refused):
            return changed
        await self.relations_changed()
        _log.warning("a nearby council has a new server key, by its recovery words", council=changed)
        return orjson.dumps({"result": "stored"})

    def who_asks(self, request: Request, body: bytes) -> Known | Refused:
        """The council whose key verifies this request and its body."""
        refused = self.admit(request.headers)
        if refused is not None:
            return refused
        claim = http_signature.read_claim(
            request, now=int(self.clock.now().timestamp()), our_host=self.council.authority, has_body=True
        )
        if isinstance(claim, Refused):
            return claim
        if claim.scheme == "rfc9421":
            verdict = digest.judge_content_digest(request.headers.get("content-digest", ""), body)
        else:
            verdict = digest.judge_digest(request.headers.get("digest", ""), body)
        if isinstance(verdict, Refused):
            return verdict
        directory = self.directory()
        held = directory.keys.get(claim.key_id)
        if held is None:
            return _UNKNOWN_KEY
        signed = http_signature.judge_claim(claim, held[0])
        if isinstance(signed, Refused):
            return signed
        known = directory.known.get(held[1])
        return known if known is not None and known.accepted else _UNKNOWN
