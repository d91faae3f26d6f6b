"""What a node does by itself every few minutes: what falls due, forgetting what has had its time, clearing the files of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy import Connection

from federation.council import Council
from federation.feeds import forgetting, own
from federation.ports import Clock
from federation.tidying import tidy
from node.database import Store
from node.database.sqlite import truncate_log
from node.feature import ANYBODY, Acting, Feature
from node.settings import Settings

TIDY_EVERY = 300.0
# What is taken down between two tidyings leaves words behind as well.
PURGE_EVERY = 3600.0

_log = structlog.get_logger(__name__)


class Chores:
    """One loop, and its steps by themselves for whoever wants to take one. `said` is called once there is something to send,
    `also` is awaited at the end of each round."""

    def __init__(
        self,
        settings: Settings,
        *,
        council: Council,
        store: Store,
        clock: Clock,
        features: Sequence[Feature],
        said: Callable[[], None],
        also: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._council = council
        self._store = store
        self._clock = clock
        self._features = tuple(features)
        self._said = said
        self._also = also
        self._purge_at = clock.monotonic()

    async def run(self) -> None:
        while True:
            try:
                went = 1
                while went:
                    went = await self.tidy_once()
                    await asyncio.sleep(0)
                await self.do_what_is_due()
                await self.purge_if_due()
                await self._also()
            except Exception:
                _log.exception("tidying failed; trying again later")
            await asyncio.sleep(TIDY_EVERY)

    async def do_what_is_due(self) -> int:
        """What falls due without anybody, an end that has passed say. Returns how many things were done."""
        acting = Acting(now=self._clock.now(), council=self._council, settings=self._settings, viewer=ANYBODY)
        due = [feature.due for feature in self._features if feature.due is not None]
        done = await self._store.write(lambda c: sum(one(c, acting) for one in due)) if due else 0
        if done:
            self._said()
        return done

    async def tidy_once(self) -> int:
        """Forget a bounded amount of what has had its time. Returns how many rows went."""
        now, council = self._clock.now(), self._council
        tidying = [feature.tidy for feature in self._features if feature.tidy is not None]
        await self._list_what_is_live()
        went = await self._store.write(
            lambda c: tidy(c, council, now=now) + forgetting.forget(c, now=now) + sum(one(c, now) for one in tidying)
        )
        if went:
            self._purge_at = self._clock.monotonic()
        return went

    async def _list_what_is_live(self) -> None:
        """Once a day, and after many entries, our feeds say what is live in them."""
        now, council = self._clock.now(), self._council
        if await self._store.read(lambda c: own.snapshot_is_due(c, now=now)):
            await self._store.write(lambda c: own.snapshot(c, council, now=now))

    async def purge_if_due(self) -> bool:
        """Clear the files of what deleted rows left behind: words in the full text indexes, pages in the write-ahead log.

        Returns whether it was due and is done; somebody who reads for long puts it off until the next time.
        """
        if self._clock.monotonic() < self._purge_at:
            return False
        for feature in self._features:
            if feature.purge is not None:
                await self._purge(feature.purge)
        if not await self._store.read(truncate_log):
            return False
        self._purge_at = self._clock.monotonic() + PURGE_EVERY
        return True

    async def _purge(self, purge: Callable[[Connection, bool], bool]) -> None:
        more = await self._store.write(lambda c: purge(c, True))
        while more:
            # Others' steps go in between: each of ours is short, and none is urgent.
            await asyncio.sleep(0)
            more = await self._store.write(lambda c: purge(c, False))
