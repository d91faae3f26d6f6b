"""Where questions of other councils come in: signed, of a bounded size, and answered from what is committed.

Only a council that we are linked up with is answered. About anybody else nothing is written down, and nothing is fetched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from federation.council import Council
from federation.directory import Directory, Known
from federation.feeds import asking, questions
from federation.ports import Clock, Store
from federation.rates import Buckets
from protocol import digest, http_signature
from protocol.http_signature import Request
from protocol.ids import BadAddress
from protocol.verdict import Reason, Refused

_UNKNOWN = Refused(Reason.UNKNOWN_PEER, "Only councils that we are linked up with are answered.")
_UNKNOWN_KEY = Refused(Reason.UNKNOWN_KEY, "The signature names a key that is not the one we have for its owner.")
_TOO_FAST = Refused(Reason.TOO_FAST, "More at once than this server takes from one sender.")


@dataclass(slots=True)
class Answers:
    """Answers questions. `hello(actor_id, was_away)` is called for each hello, after it was answered."""

    council: Council
    store: Store
    clock: Clock
    directory: Callable[[], Directory]
    rates: Buckets
    hello: Callable[[str, bool], None]

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
        found = await self.store.read(lambda connection: asking.answer(connection, path, body, asker=asker))
        if path == questions.HELLO and isinstance(found, bytes):
            self.hello(asker, b'"boot"' in body or b'"online"' in body)
        return found

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
