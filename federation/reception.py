"""The inbox at work: judge, fetch one key where that is allowed, keep, and only then acknowledge.

This is the driver around `federation.inbox`: it waits for the store and the network, and decides nothing itself. Counters
and buckets are bounded and in memory; about a refused sender nothing is written down.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from federation import followers, inbox
from federation.admission import Admitted, admit
from federation.arrivals import apply_waiting
from federation.council import Council
from federation.directory import Directory
from federation.fetch import FetchedKey, FetchFailed, KeyFetcher
from federation.inbox import ALREADY_HELD, ID_REUSED, Arrival, Dropped, Met
from federation.introductions import Introduction
from federation.ports import Clock, Store
from federation.rates import Buckets
from protocol import ids
from protocol.http_signature import Request
from protocol.verdict import NeedsKey, Reason, Refused
from schemas.actor import TheirActor

Fault = Callable[[Exception], Reason | None]

_NO_KEY = Refused(Reason.UNKNOWN_KEY, "The key that the signature names could not be had.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told: a result word, or a refusal, with the seconds to wait where it was too fast."""

    result: str | None = None
    refused: Refused | None = None
    retry_after: int | None = None

    @property
    def status(self) -> int:
        return 202 if self.refused is None else self.refused.reason.status


@dataclass(slots=True)
class Rates:
    """What a sender may cost: `peers` by accepted council, `strangers` by host, `everybody` new in all."""

    peers: Buckets
    strangers: Buckets
    everybody: Buckets


@dataclass(slots=True)
class Reception:
    """One node's inbox. `directory()` gives whom we know now; `relations_changed()` has it loaded anew.

    `counts` by result, reason or "dropped:…"; `verbs` of what was applied at once.
    """

    council: Council
    store: Store
    clock: Clock
    keys: KeyFetcher
    rates: Rates
    directory: Callable[[], Directory]
    relations_changed: Callable[[], Awaitable[None]]
    kept: Callable[[], None]
    heard: Callable[[str], None]
    fault: Fault
    # A known key is fetched anew at most once in so many minutes: bad signatures must not make a fetcher of us (S17).
    asked_again: Buckets = field(default_factory=lambda: Buckets(per_minute=0.2, burst=1.0))
    counts: Counter[str] = field(default_factory=Counter)
    verbs: Counter[str] = field(default_factory=Counter)

    def admit(self, request: Request) -> Admitted | Refused:
        """Whether the body of a POST may be read, and how much of it."""
        try:
            ids.origin_of(request.url)
        except ids.BadAddress:
            return Refused(Reason.MALFORMED, "The request target holds what no address may hold.")
        return admit(request.headers, directory=self.directory(), council=self.council)

    async def receive(self, request: Request, body: bytes) -> Answer:
        """Judge one POST and keep it. The answer is made after COMMIT has returned, never before."""
        answer = await self._receive(request, body)
        self.count(answer)
        return answer

    def count(self, answer: Answer) -> None:
        self.counts[answer.result or (answer.refused.reason.value if answer.refused else "")] += 1

    async def _receive(self, request: Request, body: bytes) -> Answer:
        now = self.clock.now()
        judgement = inbox.judge(request, body, directory=self.directory(), council=self.council, now=now)
        if isinstance(judgement, NeedsKey):
            judged = await self._judge_with_fetched_key(request, body, judgement.key_id)
            if isinstance(judged, Answer):
                return judged
            judgement = judged
        match judgement:
            case Refused():
                return Answer(refused=judgement)
            case Dropped(word):
                self.counts[f"dropped:{word}"] += 1
                return Answer(result="nothing-done")
            case Arrival():
                return await self._keep(judgement)
        return Answer(refused=Refused(Reason.UNKNOWN_KEY, "The key could not be had."))

    async def _judge_with_fetched_key(self, request: Request, body: bytes, key_id: str) -> inbox.Judgement | Answer:
        """The one fetch that a stranger may cause, or a reader whose key may have changed; within the budget of its host and
        of all hosts, and for a key that we have at most once in a while."""
        monotonic = self.clock.monotonic()
        if key_id in self.directory().keys and self.asked_again.take(key_id, monotonic) is not None:
            return Refused(Reason.BAD_SIGNATURE, "The signature is not by the key that was fetched a moment ago.")
        wait = self.rates.strangers.take(ids.host_of(key_id), monotonic)
        if wait is None:
            wait = self.rates.everybody.take("", monotonic)
        if wait is not None:
            return _too_fast(wait)
        fetched = await self.keys.fetch(key_id)
        if not isinstance(fetched, FetchedKey):
            return await self._reader_gone(key_id) if fetched.word == "gone" else self._key_refused(fetched)
        actor = TheirActor.read(fetched.actor)
        if isinstance(actor, Refused):
            return Answer(refused=actor)
        met = Met(fetched.public, Introduction.of(actor))
        return inbox.judge(
            request, body, directory=self.directory(), council=self.council, now=self.clock.now(), met=met
        )

    def _key_refused(self, failed: FetchFailed) -> Answer:
        if failed.word == "too-fast":
            return _too_fast(failed.wait or 60.0)
        return Answer(refused=_NO_KEY)

    async def _reader_gone(self, key_id: str) -> Answer:
        """410 where the key was: whoever had it is gone for good (S19), and so is what we know of them as a reader."""
        known = self.directory().of_key(key_id)
        if known is None or known.standing != "follower":
            return Answer(refused=_NO_KEY)
        await self.store.write(lambda c: followers.unfollowed(c, actor_id=known.actor_id, follow_id=None))
        await self.relations_changed()
        self.counts["dropped:reader-is-gone"] += 1
        return Answer(result="nothing-done")

    async def _keep(self, arrival: Arrival) -> Answer:
        wait = self._over_rate(arrival)
        if wait is not None:
            return _too_fast(wait)
        try:
            result = await self._write(arrival)
        except Exception as error:
            reason = self.fault(error)
            if reason is None:
                raise
            sentence = (
                "There is no room left here." if reason is Reason.FULL else "This server cannot keep anything now."
            )
            return Answer(refused=Refused(reason, sentence), retry_after=60)
        if isinstance(result, Refused):
            return Answer(refused=result, retry_after=60 if result.reason is Reason.TOO_FAST else None)
        if result == ID_REUSED:
            return Answer(refused=Refused(Reason.ID_REUSED, "That id was used before, with other content."))
        if result != ALREADY_HELD:
            self.kept()
        return Answer(result=result)

    def _over_rate(self, arrival: Arrival) -> float | None:
        """Whoever has not been accepted here is kept to what strangers may cost, also after the first word."""
        if arrival.introduction is not None:
            return None  # its fetch has been counted
        known = self.directory().known.get(arrival.actor_id)
        if known is not None and known.accepted:
            return self.rates.peers.take(arrival.actor_id, self.clock.monotonic())
        return self.rates.strangers.take(ids.host_of(arrival.actor_id), self.clock.monotonic())

    async def _write(self, arrival: Arrival) -> str | Refused:
        if not arrival.at_once:
            return await self.store.gather(inbox.keep, arrival)
        council = self.council

        def step(connection: Any) -> tuple[str | Refused, tuple[str, ...]]:
            verbs: tuple[str, ...] = ()
            if arrival.introduction is None:
                kept: str | Refused = inbox.keep_checked(connection, arrival)
            else:
                kept = inbox.keep_first_word(connection, council, arrival)
            if kept == inbox.STORED:
                verbs = apply_waiting(connection, council, now=arrival.received_at, most=1_000).verbs
            return kept, verbs

        result, verbs = await self.store.write(step)
        self.verbs.update(verbs)
        if arrival.relates:
            await self.relations_changed()
        if result == inbox.STORED:
            self.heard(arrival.actor_id)
        return result


def _too_fast(wait: float) -> Answer:
    refused = Refused(Reason.TOO_FAST, "More at once than this server takes from one sender.")
    return Answer(refused=refused, retry_after=max(1, round(wait + 0.5)))


class Room:
    """The bytes of unfinished messages that may be held at once, for all senders together."""

    def __init__(self, most: int) -> None:
        self._left = most

    @contextmanager
    def share(self) -> Iterator[Callable[[int], bool]]:
        """Within the block, `take(n)` says whether there is room for `n` bytes more; at its end all are given back."""
        taken = 0

        def take(size: int) -> bool:
            nonlocal taken
            if size > self._left:
                return False
            self._left -= size
            taken += size
            return True

        try:
            yield take
        finally:
            self._left += taken


async def body_of(
    receive: Callable[[], Awaitable[Mapping[str, Any]]], *, most: int, seconds: float, take: Callable[[int], bool]
) -> bytes | Refused:
    """The whole body of an ASGI request, within a size in bytes, a total deadline in seconds and the room of all."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return Refused(Reason.MALFORMED, "The message broke off.")
                part = message.get("body", b"")
                size += len(part)
                if size > most:
                    return Refused(Reason.TOO_LARGE, "The message is larger than this server takes from its sender.")
                if not take(len(part)):
                    return Refused(Reason.BUSY, "This server is reading too much at once.")
                parts.append(part)
                if not message.get("more_body"):
                    return b"".join(parts) if len(parts) > 1 else part
    except TimeoutError:
        return Refused(Reason.BUSY, "The message took too long to arrive.")
