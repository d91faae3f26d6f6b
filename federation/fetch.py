"""The only GET: documents, actors and keys of other nodes.

Everything here may be set off by a stranger, so that work is bounded before it begins: redirects, sizes, time, tries. It
must never follow a redirect to another scheme, believe a document under an id that it was not fetched from (S1), try
again by itself, or raise for what a peer did: failures are values.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin

from federation.documents import Unfit, document_id, listed_key, owner_of
from federation.media_types import Media
from federation.ports import OutgoingRequest, OutgoingResponse, Transport, TransportFailure
from federation.rates import Buckets
from protocol.ids import Policy, actor_of_key, origin_of, same_origin
from protocol.keys import PublicKey
from protocol.strict_json import parse
from protocol.verdict import Refused

Sign = Callable[[str, str], Mapping[str, str]]

MOST_REDIRECTS = 3
DOCUMENT_LIMIT = 1_048_576
DOCUMENT_SECONDS = 10.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WORDS = {401: "unauthorised", 403: "forbidden", 404: "not-found", 406: "wrong-type", 410: "gone"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as its bytes came, the address that finally answered, and the Content-Type field as received."""

    document_bytes: bytes
    final_url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """`word` is from a bounded set: the transport's words and those of this module.

    `status` is the last HTTP answer, for a caller that signs in more than one way. `wait` is set with "too-fast": the
    seconds until our own budget allows another try.
    """

    word: str
    detail: str
    status: int | None = None
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class FetchedKey:
    """A key and the actor that lists it; both name each other (S3). `actor` is the document from the actor's own id."""

    key_id: str
    actor: Mapping[str, Any]
    public: PublicKey


async def fetch_document(
    transport: Transport,
    url: str,
    *,
    sign: Sign | None,
    accept: Media = Media.ACTIVITY,
    cross_origin: bool = False,
    limit: int = DOCUMENT_LIMIT,
    seconds: float = DOCUMENT_SECONDS,
) -> Fetched | FetchFailed:
    """GET one document, following at most three redirects by hand (S24).

    Each hop is signed anew by `sign(method, url)`. A redirect keeps its scheme, and its origin too unless `cross_origin`
    (WebFinger needs that); no address is asked twice. `limit` in bytes, `seconds` for the whole chain.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _follow(transport, url, sign=sign, accept=accept, cross_origin=cross_origin, limit=limit)
    except TimeoutError:
        return FetchFailed("timeout", f"no document within {seconds:g} s")


async def _follow(
    transport: Transport, url: str, *, sign: Sign | None, accept: Media, cross_origin: bool, limit: int
) -> Fetched | FetchFailed:
    at = urldefrag(url).url
    visited: set[str] = set()
    for _ in range(MOST_REDIRECTS + 1):
        visited.add(at)
        headers = {"Accept": accept.value, **(sign("GET", at) if sign is not None else {})}
        got = await transport.send(OutgoingRequest("GET", at, headers, None, max_response=limit))
        if isinstance(got, TransportFailure):
            return FetchFailed(got.word, got.detail)
        if got.status not in _REDIRECTS:
            return _document(got, at, accept=accept, limit=limit)
        target = _next_hop(at, got.headers.get("location", ""), cross_origin=cross_origin)
        if isinstance(target, FetchFailed):
            return target
        if target in visited:
            break
        at = target
    return FetchFailed("redirects", "the redirects do not end")


def _next_hop(at: str, location: str, *, cross_origin: bool) -> str | FetchFailed:
    try:
        target = urldefrag(urljoin(at, location)).url if location else ""
    except ValueError:
        target = ""
    if not target:
        return FetchFailed("redirects", "a redirect that leads nowhere")
    if target.partition(":")[0].lower() != at.partition(":")[0].lower():
        return FetchFailed("redirects", "a redirect to another scheme")
    if not cross_origin and not same_origin(at, target):
        return FetchFailed("redirects", "a redirect to another origin")
    return target


def _document(got: OutgoingResponse, at: str, *, accept: Media, limit: int) -> Fetched | FetchFailed:
    if got.status != 200:
        return FetchFailed(_WORDS.get(got.status, "status"), f"answered {got.status}", got.status)
    if got.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return FetchFailed("wrong-type", "a compressed answer, which was not asked for", got.status)
    content_type = got.headers.get("content-type", "")
    if not accept.fits(content_type):
        return FetchFailed("wrong-type", "the answer is not of the type that was asked for", got.status)
    if len(got.body) > limit:
        return FetchFailed("too-large", "the answer is larger than was allowed", got.status)
    return Fetched(got.body, at, content_type)


async def fetch_json(
    transport: Transport, url: str, *, sign: Sign | None, accept: Media, cross_origin: bool = False
) -> tuple[dict[str, Any], str] | FetchFailed:
    """A JSON object and the address that finally answered; read as strictly as what arrives in the inbox (S30, S31)."""
    fetched = await fetch_document(transport, url, sign=sign, accept=accept, cross_origin=cross_origin)
    if isinstance(fetched, FetchFailed):
        return fetched
    document = parse(fetched.document_bytes)
    if isinstance(document, Refused):
        return FetchFailed("malformed", document.sentence)
    if not isinstance(document, dict):
        return FetchFailed("malformed", "the document is not a JSON object")
    return document, fetched.final_url


async def fetch_by_id(transport: Transport, address: str, *, sign: Sign | None) -> dict[str, Any] | FetchFailed:
    """An ActivityPub document that has been fetched from its own id (S1).

    The document at `address` may say that it has another id at the same origin: then it is fetched once more, from there,
    and what comes has to name that id. The caller compares the id with the one that it expected.
    """
    first = await fetch_json(transport, address, sign=sign, accept=Media.ACTIVITY)
    if isinstance(first, FetchFailed):
        return first
    document, final_url = first
    claimed = document_id(document)
    if claimed == final_url:
        return document
    if claimed is None or not same_origin(claimed, final_url):
        return FetchFailed("foreign-id", "the document names an id that this origin cannot speak for")
    second = await fetch_json(transport, claimed, sign=sign, accept=Media.ACTIVITY)
    if isinstance(second, FetchFailed):
        return second
    document, final_url = second
    if not document_id(document) == claimed == final_url:
        return FetchFailed("foreign-id", "the document is not at its own id")
    return document


async def fetch_actor(transport: Transport, actor_id: str, *, sign: Sign | None) -> dict[str, Any] | FetchFailed:
    """The actor document at `actor_id`, fetched from its own id and with an inbox there (S1).

    An alias leads to the document of its actor, whose id then differs from `actor_id`: compare where that matters.
    """
    document = await fetch_by_id(transport, actor_id, sign=sign)
    if isinstance(document, FetchFailed):
        return document
    inbox = document.get("inbox")
    if not isinstance(inbox, str) or not same_origin(inbox, actor_id):
        return FetchFailed("wrong-shape", "the document is no actor with an inbox at its own origin")
    return document


class KeyFetcher:
    """Fetches keys that signatures name, which is work that strangers cause (S17).

    Before anything is sent: the address is judged, our own keys are refused (S9), remembered failures are returned, callers
    for one key share one fetch, and each fetch takes a token of its origin and one of all. It never tries again by itself.
    `monotonic` gives seconds. A failure is remembered for `negative_seconds`, for at most `limit` keys, in memory.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        sign: Sign | None,
        policy: Policy,
        our_origin: str,
        monotonic: Callable[[], float],
        per_origin: Buckets,
        in_all: Buckets,
        negative_seconds: float = 300.0,
        limit: int = 5_000,
    ) -> None:
        self._transport = transport
        self._sign = sign
        self._policy = policy
        self._our_origin = our_origin
        self._monotonic = monotonic
        self._per_origin = per_origin
        self._in_all = in_all
        self._negative_seconds = negative_seconds
        self._limit = limit
        self._flights: dict[str, asyncio.Task[FetchedKey | FetchFailed]] = {}
        self._failed: OrderedDict[str, tuple[float, FetchFailed]] = OrderedDict()  # the oldest first

    async def fetch(self, key_id: str) -> FetchedKey | FetchFailed:
        """The key under `key_id`: a fragment of its actor's document, a document of its own, or (GoToSocial) an address
        that answers with a part of the actor."""
        if not self._policy.permits(key_id):
            return FetchFailed("not-permitted", "the key id is no address that this node may fetch")
        if same_origin(key_id, self._our_origin):
            return FetchFailed("not-permitted", "the key id is an address of this node")
        flight = self._flights.get(key_id)
        if flight is None:
            refusal = self._remembered(key_id) or self._over_budget(key_id)
            if refusal is not None:
                return refusal
            flight = self._flights[key_id] = asyncio.create_task(self._fly(key_id))
            flight.add_done_callback(lambda _: self._flights.pop(key_id, None))
        return await asyncio.shield(flight)

    async def aclose(self) -> None:
        """Give up what is under way: its callers are cancelled."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _remembered(self, key_id: str) -> FetchFailed | None:
        until, failure = self._failed.get(key_id, (0.0, None))
        if failure is not None and self._monotonic() >= until:
            del self._failed[key_id]
            return None
        return failure

    def _over_budget(self, key_id: str) -> FetchFailed | None:
        now = self._monotonic()
        wait = self._per_origin.take(origin_of(key_id), now)
        if wait is None:
            wait = self._in_all.take("", now)
        return None if wait is None else FetchFailed("too-fast", "the budget for fetching keys is spent", wait=wait)

    async def _fly(self, key_id: str) -> FetchedKey | FetchFailed:
        got = await self._fetched(key_id)
        if isinstance(got, FetchFailed):
            now = self._monotonic()
            self._failed[key_id] = (now + self._negative_seconds, got)
            self._failed.move_to_end(key_id)
            while self._failed and (len(self._failed) > self._limit or next(iter(self._failed.values()))[0] <= now):
                self._failed.popitem(last=False)
        return got

    async def _fetched(self, key_id: str) -> FetchedKey | FetchFailed:
        standalone = None
        actor = await fetch_by_id(self._transport, actor_of_key(key_id), sign=self._sign)
        if isinstance(actor, FetchFailed):
            return actor
        owner = owner_of(actor)
        if owner is not None:
            if document_id(actor) != key_id or not same_origin(owner, key_id):
                return FetchFailed("foreign-key", "a key document of another id or another origin's actor")
            standalone = actor
            actor = await fetch_actor(self._transport, owner, sign=self._sign)
            if isinstance(actor, FetchFailed):
                return actor
        key = listed_key(actor, key_id, standalone=standalone)
        if isinstance(key, Unfit):
            return FetchFailed(key.word, key.detail)
        return FetchedKey(key_id, actor, key)
