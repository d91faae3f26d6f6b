"""The loop that catches up: at start, every so often, and at once when somebody is back. It waits; it decides nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection

from federation.council import Council
from federation.feeds import muting, own, questions, vouching
from federation.feeds.catching_up import catch_up
from federation.feeds.conversation import Ask, Outcome, Read, Write
from federation.ports import Clock, OutgoingRequest, OutgoingResponse, Randomness, Store, Transport, TransportFailure
from federation.signing import headers_for
from protocol import ids
from protocol.feeds.coding import b64

AT_ONCE = 4
SOON = 15.0
QUESTION_SECONDS = 60.0

_log = structlog.get_logger(__name__)


@dataclass
class CatchingUp:
    """Catches up with every linked council. `linked()` names them; `outcomes` holds the last of each.

    `changed()` is awaited when whom we know may have changed; `heard(actor_id)` is called for whoever answers; `spoke()`
    once we speak again after having been mute.
    """

    council: Council
    store: Store
    clock: Clock
    randomness: Randomness
    transport: Transport
    linked: Callable[[], Sequence[str]]
    every: float
    changed: Callable[[], Awaitable[None]]
    heard: Callable[[str], None]
    spoke: Callable[[], None]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    muted: bool = False
    _wanted: set[str] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _talking: dict[str, asyncio.Lock] = field(default_factory=dict)
    _soon: set[str] = field(default_factory=set)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def wake(self, actor_id: str) -> None:
        """Catch up with one council soon."""
        self._wanted.add(actor_id)
        self._wake.set()

    def linked_up(self, actor_id: str) -> None:
        """A link has just been agreed: nothing of an earlier one counts, and both sides are to catch up now.

        Whoever agrees first asks before the other knows of it, and is turned away. The other's first question says that it was
        away, so the first asks again.
        """
        self.outcomes.pop(actor_id, None)
        self.wake(actor_id)

    def at_rest(self) -> bool:
        """Whether no talk is under way and none is wanted."""
        return not self._wanted and not any(lock.locked() for lock in self._talking.values())

    async def look_whether_muted(self) -> bool:
        """Whether this store says nothing for now, as the tables have it."""
        self.muted = await self.store.read(lambda c: muting.muted_since(c) is not None)
        return self.muted

    def soon(self, actor_id: str) -> None:
        """Somebody has told us something: read in its feed before long what we have now by its message alone. Called on the loop.

        Until we have, nobody could give it back but us (federation.feeds.only_told).
        """
        if actor_id in self._soon:
            return
        self._soon.add(actor_id)
        wait = SOON * (1 + self.randomness.uniform())
        asyncio.get_running_loop().call_later(wait, self._now, actor_id)

    def _now(self, actor_id: str) -> None:
        self._soon.discard(actor_id)
        self.wake(actor_id)

    async def run(self) -> None:
        talks: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._wake.clear()
                # One that does not answer must not keep us from the others: the next round begins beside it.
                talk = asyncio.create_task(self._round(sorted(self._wanted) or sorted(self.linked())))
                talks.add(talk)
                talk.add_done_callback(talks.discard)
                wait = self.every * (0.5 + self.randomness.uniform())
                try:
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                except TimeoutError:
                    self._wanted.clear()
        finally:
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)

    async def _round(self, actors: Sequence[str]) -> None:
        try:
            await self.run_once([actor_id for actor_id in actors if not self._is_talking(actor_id)])
        except Exception:
            _log.exception("catching up failed; trying again later")

    def _is_talking(self, actor_id: str) -> bool:
        lock = self._talking.get(actor_id)
        return lock is not None and lock.locked()

    async def run_once(self, actors: Sequence[str]) -> None:
        """Catch up with these councils, some at a time. Once all is back that we ourselves had said, we speak again."""
        self._wanted.difference_update(actors)
        linked = set(self.linked())

        async def one(actor_id: str) -> None:
            async with self._room:
                await self.catch_up(actor_id)

        await asyncio.gather(*(one(actor_id) for actor_id in actors if actor_id in linked))
        if any(self.outcomes[actor_id].taken for actor_id in actors if actor_id in self.outcomes):
            await self._say_whom_we_know()
        await self.speak_again()

    async def _say_whom_we_know(self) -> None:
        """Feeds may have begun, so that their roots can be vouched for; and whoever nobody vouches for any more goes."""
        council, now = self.council, self.clock.now()

        def step(connection: Connection) -> None:
            own.name_readers(connection, council, now=now)
            vouching.forget_the_rest(connection, council)

        await self.store.write(step)

    async def speak_again(self) -> None:
        """End being mute, if that may be."""
        if not await self.look_whether_muted():
            return
        council, now = self.council, self.clock.now()
        if await self.store.write(lambda c: muting.speak_again(c, council, now=now)):
            self.muted = False
            _log.info("what this server had said is back; it speaks again")
            self.spoke()

    async def catch_up(self, actor_id: str) -> Outcome:
        """Talk to one council to the end; one talk at a time with each."""
        async with self._talking.setdefault(actor_id, asyncio.Lock()):
            outcome = await self._perform(actor_id)
        self.outcomes[actor_id] = outcome
        if actor_id in self._wanted:
            self._wake.set()  # it was asked for while we talked
        if outcome.word is None:
            self.heard(actor_id)
        if outcome.relations:
            await self.changed()
        if outcome.flaws:
            _log.warning("entries were refused", council=actor_id, flaws=dict(outcome.flaws))
        if outcome.behind:
            await self._fall_silent(actor_id)
        return outcome

    async def _fall_silent(self, actor_id: str) -> None:
        """Somebody holds more of our own feed than we do: this store is an old copy."""
        store_id, now = b64(self.randomness.bytes(12)), self.clock.now()
        if await self.store.write(lambda c: muting.mute(c, store_id=store_id, now=now)):
            _log.warning("a neighbour holds more of what we said than we do; silent until it is back", council=actor_id)
            self.muted = True
            self.wake(actor_id)

    async def _perform(self, actor_id: str) -> Outcome:
        reason = "regular" if actor_id in self.outcomes else "boot"
        conversation = catch_up(self.council, their_actor=actor_id, reason=reason)
        sent: Any = None
        try:
            while True:
                match conversation.send(sent):
                    case Ask(path, body):
                        sent = await self._ask(actor_id, path, body)
                    case Write(step):
                        now = self.clock.now()
                        sent = await self.store.write(lambda c, step=step, now=now: step(c, now=now))  # type: ignore[misc]
                    case Read(query):
                        sent = await self.store.read(query)
        except StopIteration as ended:
            outcome: Outcome = ended.value
            return outcome

    async def _ask(self, actor_id: str, path: str, body: bytes) -> OutgoingResponse | TransportFailure:
        url = ids.origin_of(actor_id) + path
        headers = headers_for(
            self.council,
            scheme="ed25519",
            method="POST",
            url=url,
            body=body,
            now=self.clock.now(),
            content_type="application/json",
        )
        request = OutgoingRequest(
            "POST",
            url,
            headers | {"Accept": questions.MEDIA},
            body,
            timeout=QUESTION_SECONDS,
            max_response=questions.LONGEST_ANSWER,
        )
        return await self.transport.send(request)
