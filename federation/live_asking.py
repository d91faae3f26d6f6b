"""Asking several councils at once what they have now, within a few seconds whatever any of them does.

It waits, and decides little: whom to ask is said by the caller, what counts of an answer by `federation.live`. What was answered a
moment ago is not asked again, so that strangers who press a button cannot make us press on our neighbours.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import orjson
import structlog

from federation import live
from federation.council import Council
from federation.directory import Directory
from federation.feeds import questions
from federation.ports import Clock, OutgoingRequest, OutgoingResponse, Store, Transport, TransportFailure
from federation.rates import Buckets
from federation.signing import headers_for
from protocol import ids
from protocol.verdict import Refused
from schemas.live import LiveQuestion

AT_ONCE: Final = 12
"""So many councils are asked for one question."""

DEADLINE: Final = 3.0
"""Seconds for all of them together; who has not answered by then is silent."""

ONE_SECONDS: Final = 2.5
STANDS_FOR: Final = 60.0
"""Seconds for which an answer, or a silence, is not asked about again."""

REMEMBERED: Final = 1_000
UNDER_WAY: Final = 48
_NOT_KNOWN: Final = frozenset({404, 405})

_log = structlog.get_logger(__name__)


class Word(StrEnum):
    """What came of asking one council. `unable`: its server knows no such question; `enough`: we have asked it a lot."""

    ANSWERED = "answered"
    SILENT = "silent"
    UNABLE = "unable"
    REFUSED = "refused"
    ENOUGH = "enough"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking, when, and how many of its notes were not taken."""

    word: Word
    at: datetime
    refused: int = 0


Key = tuple[LiveQuestion, str]


@dataclass
class LiveAsking:
    """Asks, and remembers for a minute. `heard(actor_id)` is called for whoever answers, `differs(actor_id)` where its answer was
    news to us."""

    council: Council
    store: Store
    clock: Clock
    transport: Transport
    directory: Callable[[], Directory]
    heard: Callable[[str], None]
    differs: Callable[[str], None]
    # So often one council is asked at all, whatever about: a question for each category and place would be many.
    rates: Buckets = field(default_factory=lambda: Buckets(per_minute=12, burst=12))
    loop: asyncio.AbstractEventLoop | None = None
    """Where it runs; None before it does."""
    # Oldest first. A plain dict is copied in one step; an ordered one looks each key up anew, and other threads read this.
    _lately: dict[Key, tuple[float, Outcome]] = field(default_factory=dict)
    _under_way: dict[Key, asyncio.Task[Outcome]] = field(default_factory=dict)

    def lately(self, question: LiveQuestion) -> dict[str, Outcome]:
        """What came of asking that question within the last minute, by council. May be called from any thread."""
        oldest = self.clock.monotonic() - STANDS_FOR
        return {
            actor: outcome
            for (of, actor), (at, outcome) in list(self._lately.items())
            if of == question and at > oldest
        }

    def ask_from_beside(self, question: LiveQuestion, actors: Sequence[str]) -> None:
        """The same for a thread beside the loop, which waits for it."""
        if self.loop is not None:
            asyncio.run_coroutine_threadsafe(self.ask(question, actors), self.loop).result(2 * DEADLINE)

    async def ask(self, question: LiveQuestion, actors: Sequence[str]) -> Mapping[str, Outcome]:
        """Ask these councils, at most twelve, all at once. Returns after three seconds at the latest, with an outcome for each."""
        known = self.lately(question)
        wanted = [actor for actor in dict.fromkeys(actors) if actor not in known][:AT_ONCE]
        tasks = {actor: task for actor in wanted if (task := self._task(question, actor)) is not None}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=DEADLINE)
        return self.lately(question)

    def _task(self, question: LiveQuestion, actor: str) -> asyncio.Task[Outcome] | None:
        key = (question, actor)
        if key in self._under_way:
            return self._under_way[key]
        if len(self._under_way) >= UNDER_WAY or self.rates.take(actor, self.clock.monotonic()) is not None:
            self._remember(key, Outcome(Word.ENOUGH, self.clock.now()))
            return None
        task = self._under_way[key] = asyncio.create_task(self._ask_one(key))
        task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return task

    async def _ask_one(self, key: Key) -> Outcome:
        question, actor = key
        try:
            async with asyncio.timeout(DEADLINE):
                outcome = await self._outcome(question, actor)
        except TimeoutError:
            outcome = Outcome(Word.SILENT, self.clock.now())
        except Exception:
            _log.exception("asking a council what it has now failed", council=actor)
            outcome = Outcome(Word.SILENT, self.clock.now())
        self._remember(key, outcome)
        return outcome

    async def _outcome(self, question: LiveQuestion, actor: str) -> Outcome:
        response = await self.transport.send(self._request(question, actor))
        now = self.clock.now()
        if isinstance(response, TransportFailure):
            return Outcome(Word.SILENT, now)
        if response.status != 200:
            return Outcome(Word.UNABLE if response.status in _NOT_KNOWN else Word.REFUSED, now)
        return await self._take(question, actor, response, now=now)

    async def _take(self, question: LiveQuestion, actor: str, response: OutgoingResponse, *, now: datetime) -> Outcome:
        directory = self.directory()
        known = directory.known.get(actor)
        if known is None or not known.accepted:
            return Outcome(Word.REFUSED, now)
        judged = await asyncio.to_thread(
            live.judge, response.body, question, council=self.council, known=known, directory=directory, now=now
        )
        if isinstance(judged, Refused):
            _log.warning("the answer of a council could not be read", council=actor, reason=judged.reason.value)
            return Outcome(Word.REFUSED, now)
        taken = await self.store.write(lambda c: live.take(c, self.council, judged, question, actor=actor, now=now))
        if taken.refused:
            _log.warning("notes of an answer were refused", council=actor, reasons=dict(taken.refused))
        self.heard(actor)
        if taken.news or taken.left:
            self.differs(actor)
        return Outcome(Word.ANSWERED, now, sum(taken.refused.values()))

    def _request(self, question: LiveQuestion, actor: str) -> OutgoingRequest:
        url, body = ids.origin_of(actor) + questions.LIVE, orjson.dumps(question.wire())
        headers = headers_for(
            self.council,
            scheme="ed25519",
            method="POST",
            url=url,
            body=body,
            now=self.clock.now(),
            content_type="application/json",
        )
        accept = {"Accept": questions.MEDIA}
        return OutgoingRequest("POST", url, headers | accept, body, timeout=ONE_SECONDS, max_response=live.LONGEST)

    def _remember(self, key: Key, outcome: Outcome) -> None:
        self._lately.pop(key, None)
        self._lately[key] = (self.clock.monotonic(), outcome)
        while len(self._lately) > REMEMBERED:
            del self._lately[next(iter(self._lately))]
