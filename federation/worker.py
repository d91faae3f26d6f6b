"""The loops that keep a node alive: applying what was kept, delivering what is due, greeting nearby councils, tidying.

They wait, and do nothing else: every decision is a plain function elsewhere. `run_once` style steps are public so that a
test can take one and look. A loop that fails is logged and goes on; it never takes the node down with it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
import structlog

from federation import delivery
from federation.arrivals import Applied, apply_waiting
from federation.breaker import Breakers
from federation.council import Council
from federation.delivery import Due, Result, Waiting
from federation.ports import Clock, OutgoingRequest, OutgoingResponse, Store, Transport, TransportFailure
from federation.retry import Kind
from federation.signing import headers_for, knocks

APPLY_AT_ONCE = 64
RSA_A_TURN = 50
LONGEST_WAIT = 30.0
LULL = 0.005

_log = structlog.get_logger(__name__)


class Applier:
    """Applies what the inbox has kept, as soon as it is kept. `verbs` counts what was applied."""

    def __init__(
        self,
        *,
        council: Council,
        store: Store,
        clock: Clock,
        applied: Callable[[Applied], Awaitable[None]],
        verbs: Counter[str] | None = None,
    ):
        self._council = council
        self._store = store
        self._clock = clock
        self._applied = applied
        self.verbs: Counter[str] = Counter() if verbs is None else verbs
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run_once(self) -> int:
        """Apply one batch. Returns how many were applied."""
        now, council = self._clock.now(), self._council
        done = await self._store.write(lambda c: apply_waiting(c, council, now=now, most=APPLY_AT_ONCE))
        for activity_id, because in done.held:
            _log.error("could not apply; held for the keeper", activity=activity_id, because=because)
        self.verbs.update(done.verbs)
        if done.count:
            await self._applied(done)
        return done.count

    async def run(self) -> None:
        while True:
            self._wake.clear()
            try:
                # Fewer than were asked for means that nothing is left; what came later has called again.
                while await self.run_once() == APPLY_AT_ONCE:
                    pass
            except Exception:
                _log.exception("applying failed; trying again")
                await asyncio.sleep(1)
                continue
            await self._wake.wait()


class Deliverer:
    """Sends what is due: many inboxes side by side, one message at a time to each. `outcomes` counts what came of it."""

    def __init__(
        self,
        *,
        council: Council,
        store: Store,
        clock: Clock,
        transport: Transport,
        concurrency: int,
        muted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._council = council
        self._muted = muted
        self._store = store
        self._clock = clock
        self._transport = transport
        self._concurrency = concurrency
        self._breakers = Breakers()
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._lull: asyncio.TimerHandle | None = None
        self.outcomes: Counter[str] = Counter()

    def wake(self) -> None:
        self._wake.set()

    def heard_from(self, origin: str) -> None:
        """A host is up again: its breaker lets one attempt through at once."""
        self._breakers.heard_from(origin)
        self.wake()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            try:
                if await self.run_once():
                    continue
                room = len(self._busy) < self._concurrency and not self._muted()
                wait = await self._until_next() if room else LONGEST_WAIT
            except Exception:
                _log.exception("delivering failed; trying again")
                await asyncio.sleep(1)
                continue
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def run_once(self) -> int:
        """Start sending to every inbox that is due and free, as far as there is room. Returns how many were started."""
        room = self._concurrency - len(self._busy)
        # An old copy says nothing until it knows again what it once said (federation.feeds.muting).
        if room <= 0 or self._muted():
            return 0
        now, busy = self._clock.now(), frozenset(self._busy)
        # Inboxes held back by a breaker may be due as well; they must not take the places of those that answer.
        most = room + len(self._breakers)
        found = await self._store.read(lambda c: delivery.due(c, now=now, busy=busy, most=most))
        monotonic = self._clock.monotonic()
        started = 0
        for destination in found:
            if started == room:
                break
            if destination.destination_id in self._busy or not self._may_be_sent_to(destination, monotonic):
                continue
            task = asyncio.create_task(self._serve(destination))
            self._busy[destination.destination_id] = task
            started += 1
            if started % RSA_A_TURN == 0:
                await asyncio.sleep(0)
        return started

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._busy:
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def abandon(self) -> None:
        """Break off what is on its way. Every row stays queued until its record was committed."""
        if self._lull is not None:
            self._lull.cancel()
            self._lull = None
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _may_be_sent_to(self, destination: Due, monotonic: float) -> bool:
        first = destination.messages[0] if destination.messages else None
        if self._breakers.allows(destination.origin, monotonic):
            return True
        return first is not None and first.call and self._breakers.lets_by(first.delivery_id, monotonic)

    async def _until_next(self) -> float:
        now = self._clock.now()
        at = await self._store.read(lambda c: delivery.next_due_at(c, now=now))
        if at is None:
            return LONGEST_WAIT
        return min(max((at - now).total_seconds(), 0.01), LONGEST_WAIT)

    async def _serve(self, destination: Due) -> None:
        try:
            for place, message in enumerate(destination.messages):
                if place and not await self._still_waits(message):
                    break
                result = await self._attempt(destination, message)
                await self._store.gather(delivery.record, result)
                if result.outcome.kind is not Kind.DELIVERED:
                    break
                destination = replace(destination, attempts=0, scheme=result.scheme, key_number=result.key_number)
        except Exception:
            _log.exception("a delivery failed in an unforeseen way; it stays queued", inbox=destination.inbox)
            await asyncio.sleep(1)
        finally:
            self._busy.pop(destination.destination_id, None)
            self._room_made()

    async def _still_waits(self, message: Waiting) -> bool:
        """Whether a message that was read ahead is still to be sent: it may have been taken back, or its reader blocked."""
        row = message.delivery_id
        return await self._store.read(lambda c: delivery.is_waiting(c, row))

    def _room_made(self) -> None:
        """Look for more, once for all that end within a moment: one look costs as much as a delivery."""
        if not self._busy:
            self.wake()
        elif self._lull is None:
            self._lull = asyncio.get_running_loop().call_later(LULL, self._lull_over)

    def _lull_over(self) -> None:
        self._lull = None
        self.wake()

    async def _attempt(self, destination: Due, message: Waiting) -> Result:
        ways = knocks(destination.scheme, acknowledged=destination.key_number, current=self._council.keyring.number)
        scheme, number = ways[0]
        answer = await self._knock(destination, message, scheme, number)
        for other, newer in ways[1:]:
            if not isinstance(answer, OutgoingResponse) or answer.status not in (400, 401, 403):
                break
            again = await self._knock(destination, message, other, newer)
            if isinstance(again, OutgoingResponse) and 200 <= again.status < 300:
                answer, scheme, number = again, other, newer
        failed = isinstance(answer, TransportFailure) or answer.status >= 500
        self._breakers.note(destination.origin, not failed, self._clock.monotonic())
        return self._result(destination, message, answer, scheme, number)

    async def _knock(
        self, destination: Due, message: Waiting, scheme: str, number: int
    ) -> OutgoingResponse | TransportFailure:
        headers = headers_for(
            self._council,
            scheme=scheme,
            number=number,
            method="POST",
            url=destination.inbox,
            body=message.document,
            now=self._clock.now(),
        )
        request = OutgoingRequest("POST", destination.inbox, headers, message.document, max_response=65_536)
        return await self._transport.send(request)

    def _result(
        self,
        destination: Due,
        message: Waiting,
        answer: OutgoingResponse | TransportFailure,
        scheme: str,
        number: int,
    ) -> Result:
        now = self._clock.now()
        response = answer if isinstance(answer, OutgoingResponse) else None
        outcome = delivery.judge_attempt(
            self._council,
            destination,
            message,
            status=None if response is None else response.status,
            failure=answer.word if isinstance(answer, TransportFailure) else None,
            retry_after=None if response is None else response.headers.get("retry-after"),
            reason=None if response is None or response.status < 400 else reason_of(response.body),
            now=now,
        )
        self.outcomes[outcome.kind.value] += 1
        if outcome.kind is not Kind.DELIVERED:
            _log.info("not delivered", inbox=destination.inbox, outcome=outcome.kind.value, because=outcome.word)
        newest = max(destination.key_number, number, message.tells_key or 1)
        acknowledged = newest if outcome.kind is Kind.DELIVERED else destination.key_number
        return Result(destination.destination_id, message.delivery_id, outcome, scheme, now, acknowledged)


def reason_of(body: bytes) -> str | None:
    """The reason word of a problem+json answer, if it is one."""
    if len(body) > 4_096:
        return None
    try:
        problem: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    word = problem.get("reason") if isinstance(problem, dict) else None
    return word if isinstance(word, str) and len(word) <= 40 else None
