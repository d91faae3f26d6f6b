"""One running node: the engine's parts given their real ports, and the loops that drive them.

Everything is handed over here and nothing is kept at import, so a test can run several nodes in one process. The command
line writes to the same file from its own process; we notice by SQLite's data version.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from federation import destinations, replicas, rotation
from federation.arrivals import Applied, try_held_again
from federation.council import Council
from federation.directory import Directory
from federation.feeds.answers import Answers
from federation.feeds.driver import CatchingUp
from federation.feeds.reconciling import say_what_was_not
from federation.fetch import KeyFetcher
from federation.front import Application, Front
from federation.greeting import Greeting
from federation.hearing import Hearing
from federation.live_asking import LiveAsking
from federation.ports import Clock, Randomness, Transport
from federation.rates import Buckets
from federation.reception import Rates, Reception
from federation.served import Served
from federation.signing import headers_for
from federation.worker import Applier, Deliverer
from node.chores import Chores
from node.database import Store
from node.database.sqlite import fault_reason
from node.feature import Feature
from node.identity import renew_keys
from node.installed import FEATURES
from node.profile.keeping import renew
from node.settings import Settings
from protocol import ids
from protocol.peering import State

LOOK_EVERY = 0.2
RELOADED_WITHIN = 5.0

_log = structlog.get_logger(__name__)


class Engine:
    """The federating half of a node. `front(inner)` is its HTTP face; `start` and `stop` its loops."""

    def __init__(
        self,
        settings: Settings,
        *,
        council: Council,
        store: Store,
        clock: Clock,
        randomness: Randomness,
        transport: Transport,
        version: str,
        features: Sequence[Feature] = FEATURES,
    ) -> None:
        self.settings = settings
        self.council = council
        self.store = store
        self.clock = clock
        self.randomness = randomness
        self.transport = transport
        self.directory = Directory({}, {}, frozenset())
        self._tasks: list[asyncio.Task[None]] = []
        self._loading = asyncio.Lock()
        self._asked = self._loaded = 0
        self._full: frozenset[str] = frozenset()
        self._version = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self.written_elsewhere: list[Callable[[], None]] = []
        limits = settings.limits
        self.keys = KeyFetcher(
            transport,
            sign=self._signed_as_node,
            policy=council.rules.policy,
            our_origin=council.origin,
            monotonic=clock.monotonic,
            per_origin=Buckets.steady(limits.key_fetch_per_host_per_minute),
            in_all=Buckets.steady(limits.key_fetch_total_per_minute),
        )
        self.applier = Applier(council=council, store=store, clock=clock, applied=self._applied)
        self.deliverer = Deliverer(
            council=council,
            store=store,
            clock=clock,
            transport=transport,
            concurrency=settings.federation.concurrency,
            muted=lambda: self.catching_up.muted,
        )
        unknown = limits.unknown_rate
        self.reception = Reception(
            council=council,
            store=store,
            clock=clock,
            keys=self.keys,
            rates=Rates(
                peers=Buckets(per_minute=limits.peer_rate.per_minute, burst=limits.peer_rate.burst),
                strangers=Buckets(per_minute=unknown.per_minute, burst=unknown.burst),
                everybody=Buckets(per_minute=10 * unknown.per_minute, burst=10 * unknown.burst),
            ),
            directory=lambda: self.directory,
            relations_changed=self.refresh,
            kept=self.applier.wake,
            heard=self._heard,
            fault=fault_reason,
            verbs=self.applier.verbs,
        )
        self.hearing = Hearing(
            council=council, store=store, clock=clock, directory=lambda: self.directory, heard=self._heard
        )
        self.greeting = Greeting(
            council=council,
            store=store,
            clock=clock,
            randomness=randomness,
            transport=transport,
            linked=self._linked,
            every=settings.federation.contact_every,
            heard=self._heard,
        )
        self.chores = Chores(
            settings,
            council=council,
            store=store,
            clock=clock,
            features=features,
            said=self.deliverer.wake,
            also=self._look_who_is_full,
        )
        self.catching_up = CatchingUp(
            council=council,
            store=store,
            clock=clock,
            randomness=randomness,
            transport=transport,
            linked=self._linked,
            every=settings.federation.catch_up_every,
            changed=self.refresh,
            heard=self._heard,
            spoke=self.deliverer.wake,
        )
        self.answers = Answers(
            council=council,
            store=store,
            clock=clock,
            directory=lambda: self.directory,
            rates=Buckets(per_minute=limits.peer_rate.per_minute, burst=limits.peer_rate.burst),
            strangers=Buckets(per_minute=unknown.per_minute, burst=unknown.burst),
            hello=self._hello,
            relations_changed=self.refresh,
        )
        self.live = LiveAsking(
            council=council,
            store=store,
            clock=clock,
            transport=transport,
            directory=lambda: self.directory,
            heard=self._heard,
            differs=self.catching_up.wake,
        )
        self.served = Served(council=council, store=store, clock=clock, version=version)

    def front(self, inner: Application) -> Front:
        return Front(
            inner,
            council=self.council,
            reception=self.reception,
            served=self.served,
            hearing=self.hearing,
            answers=self.answers,
            body_deadline=self.settings.limits.body_deadline,
        )

    async def refresh(self) -> None:
        """Load anew whom we know. Who waits here together is served by one reading that began after all of them."""
        self._asked += 1
        asked = self._asked
        async with self._loading:
            if self._loaded >= asked:
                return
            now_asked = self._asked
            before = set(self._linked())
            self.directory = replace(await self.store.read(Directory.load), full=self._full)
            self._loaded = now_asked
            # At the start everybody is caught up with anyway.
            for actor_id in set(self._linked()) - before if self._tasks else ():
                self.catching_up.linked_up(actor_id)

    async def _look_who_is_full(self) -> None:
        """Of whom as much is live here as is kept of one council: looked at every few minutes, since counting takes a moment."""
        full = await self.store.read(lambda c: replicas.full_sources(c, most=self.council.rules.live))
        if full != self._full:
            self._full = full
            await self.refresh()

    def relations_changed(self) -> None:
        """A page has changed whom we know: loaded before it is answered. For threads beside the loop, which it waits for."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self.refresh(), self._loop).result(RELOADED_WITHIN)

    async def start(self) -> None:
        """Begin: what was held waits again, what waits for others is tried at once, nearby councils are greeted."""
        now = self.clock.now()
        await self.store.write(try_held_again)
        await self.store.write(lambda c: destinations.try_now(c, origin=None, now=now))
        await self.refresh()
        await self.catching_up.look_whether_muted()
        self._loop = self.live.loop = loop = asyncio.get_running_loop()
        self.store.on_commit(lambda: _wake(loop, self.deliverer.wake))
        self._version = await self.store.data_version()
        works = (
            self.applier.run,
            self.deliverer.run,
            self.catching_up.run,
            self._look,
            self.greeting.run,
            self.chores.run,
        )
        for work in works:
            self._tasks.append(asyncio.create_task(work(), name=work.__qualname__))

    def ended_loops(self) -> tuple[str, ...] | None:
        """The names of loops that should run and have ended; None while none was started."""
        if not self._tasks:
            return None
        return tuple(task.get_name() for task in self._tasks if task.done())

    async def stop(self) -> None:
        """End the loops. What is on its way is broken off; its row stays, and the other side knows a second copy."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.deliverer.abandon()
        await self.keys.aclose()

    async def _applied(self, done: Applied) -> None:
        if done.relations:
            await self.refresh()
        for actor_id in done.heard:
            self._heard(actor_id)
            self.catching_up.soon(actor_id)

    def _linked(self) -> list[str]:
        return sorted(k.actor_id for k in self.directory.known.values() if k.standing == State.ACCEPTED)

    def _hello(self, actor_id: str, was_away: bool) -> None:
        """A council catches up with us: it is up. If it was away, it may have said what we have not heard."""
        self._heard(actor_id)
        if was_away:
            self.catching_up.wake(actor_id)

    def _heard(self, actor_id: str) -> None:
        """Somebody spoke to us: their host is up, so what waits for it need not wait for its breaker."""
        self.deliverer.heard_from(ids.origin_of(actor_id))

    async def _look(self) -> None:
        """Notice what another process has written: the command line."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                version = await self.store.data_version()
                if version != self._version:
                    await self.refresh()
                    await asyncio.to_thread(renew, self.council, self.store)
                    await self._renew_keys()
                    self.applier.wake()
                    self.deliverer.wake()
                    for tell in self.written_elsewhere:
                        tell()
                    # Last: a change that could not be loaded, such as a block, must be noticed again.
                    self._version = version
            except Exception:
                _log.exception("could not look whether another process has written")

    async def _renew_keys(self) -> None:
        """Take over keys that were changed; what was published until we noticed is appended to our feeds under the new ones."""
        before, council = self.council.keyring, self.council
        await asyncio.to_thread(renew_keys, council, self.store, self.settings.directory)
        if council.keyring is not before:
            now = self.clock.now()
            since = now - rotation.NOTICED_WITHIN
            await self.store.write(lambda c: say_what_was_not(c, council, since=since, now=now))

    def _signed_as_node(self, method: str, url: str) -> dict[str, str]:
        now = self.clock.now()
        return headers_for(self.council, scheme="cavage", method=method, url=url, body=None, now=now, as_node=True)


def _wake(loop: asyncio.AbstractEventLoop, wake: Callable[[], Any]) -> None:
    with suppress(RuntimeError):  # the loop has ended; whoever starts next looks at the tables anyway
        loop.call_soon_threadsafe(wake)
