"""The loop that sends what is due: one letter for each address, tried again later where it could not go, given up quietly.

A letter is handed over before its rows go, so a crash in between sends it twice and never loses it. Nothing about whom was
written to is kept or logged.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final

import structlog
from sqlalchemy import Connection

from federation.rates import Buckets
from federation.tables import table_of
from node import post
from node.feature import Bench, Errand
from node.features.resources.letters import composing, links, sorting, timing
from node.features.resources.letters.sorting import Bundle
from node.features.resources.letters.tables import Letter
from node.post import Post, PostFault, Taken
from node.web.tongues import choose, load_tongues
from schemas.phrase import said

EVERY: Final = 20.0
PAUSE: Final = 300.0
"""Seconds between two looks, and after the mail server could not be used."""

CONFIRMATIONS_A_DAY: Final = 3
"""So many letters that ask go to one address a day; what comes beyond is dropped, since it may be somebody's malice."""

CONFIRMATIONS_AN_HOUR: Final = 60
"""So many in all; what comes beyond waits."""

KEPT_FOR: Final = timedelta(days=14)
"""A letter that could not go for so long has nothing new to tell."""

_LETTERS: Final = table_of(Letter)
_log = structlog.get_logger(__name__)


def errands(bench: Bench) -> Sequence[Errand]:
    """The loop, where there is a mail server."""
    return () if bench.post is None else (Posting(bench, bench.post).run,)


class Posting:
    """One loop, and its steps by themselves for whoever wants to take one."""

    def __init__(self, bench: Bench, mail: Post) -> None:
        self._bench, self._post = bench, mail
        self._tongues = load_tongues()
        self._paused_until = bench.clock.monotonic()
        self._to_one = Buckets(per_minute=CONFIRMATIONS_A_DAY / 1440, burst=CONFIRMATIONS_A_DAY)
        self._to_all = Buckets(per_minute=CONFIRMATIONS_AN_HOUR / 60, burst=CONFIRMATIONS_AN_HOUR, limit=1)

    async def run(self) -> None:
        while True:
            try:
                await self.send_what_is_due()
            except Exception:
                _log.exception("letters could not be looked through; trying again later")
            await asyncio.sleep(EVERY)

    async def send_what_is_due(self) -> int:
        """Send until nothing is due, or nobody takes letters. Returns how many went out."""
        now, sent = self._bench.clock.now(), 0
        while self._bench.clock.monotonic() >= self._paused_until:
            first = await self._next(now)
            if first is None:
                break
            sent += await self._send(first, now=now)
        return sent

    async def _next(self, now: datetime) -> Bundle | None:
        """The first letter that may go; what is over or must wait is put away before."""
        found = await self._bench.store.read(lambda c: sorting.sort_out(c, self._bench, now=now))
        if found.over or found.postponed:
            await self._bench.store.write(lambda c: _clear(c, found.over, found.postponed))
        return found.first

    async def _send(self, bundle: Bundle, *, now: datetime) -> int:
        wait = self._wait(bundle)
        if wait is not None:
            await self._bench.store.write(lambda c: _clear(c, *_wait_or_drop(bundle, wait, now=now)))
            return 0
        try:
            message = self._written(bundle, now=now)
        except ValueError as error:
            # One that cannot be written keeps nobody else's waiting. Its words may be an address, so they are not logged.
            _log.error("a letter cannot be written, and is dropped", because=type(error).__name__)
            await self._bench.store.write(lambda c: _clear_or_keep(c, bundle, None))
            return 0
        try:
            taken = await asyncio.to_thread(self._post.send, message)
        except PostFault as fault:
            _log.warning("no letters can be sent for now", because=fault.trouble.value, detail=str(fault))
            self._paused_until = self._bench.clock.monotonic() + PAUSE
            taken = Taken.LATER
        again = timing.next_try(now, tries=bundle.tries + 1) if taken is Taken.LATER else None
        await self._bench.store.write(lambda c: _clear_or_keep(c, bundle, again))
        return taken is Taken.SENT

    def _wait(self, bundle: Bundle) -> timedelta | None:
        """For a letter that asks: how long it must wait, zero to drop it, None where it may go."""
        if not bundle.confirming or bundle.tries:
            return None
        monotonic = self._bench.clock.monotonic()
        whose = links.stop_token(self._bench.council.lookup_key, address=bundle.address)
        if bundle.fresh and self._to_one.take(whose, monotonic) is not None:
            return timedelta(0)
        wait = self._to_all.take("", monotonic)
        return None if wait is None else timedelta(seconds=wait)

    def _written(self, bundle: Bundle, *, now: datetime) -> EmailMessage:
        council, key = self._bench.council, self._bench.council.lookup_key
        tongue = choose(bundle.language, "", council=council.language, offered=self._tongues)
        given = {"name": council.name, "base_url": council.base_url}

        def say(line: object) -> str:
            return str(said(line, tongue.catalogue))

        if bundle.confirming:
            token = links.confirm_token(key, whose=bundle.whose, address=bundle.address, now=now)
            words = composing.confirming(bundle.matters[0], token=token, say=say, **given)
        else:
            stop = links.stop_token(key, address=bundle.address)
            words = composing.news(bundle.matters, stop_token=stop, say=say, **given)
        return post.letter(
            self._bench.settings,
            to=bundle.address,
            name=council.name,
            subject=words.subject,
            text=words.text,
            language=tongue.code,
            now=now,
            randomness=self._bench.randomness,
            stop=words.stop,
        )


def _wait_or_drop(bundle: Bundle, wait: timedelta, *, now: datetime) -> tuple[tuple[int, ...], dict[int, datetime]]:
    """What is over and what waits, of a letter that asks too often."""
    if not wait:
        return bundle.numbers, {}
    return (), dict.fromkeys(bundle.numbers, now + wait)


def tidy(connection: Connection, now: datetime) -> int:
    """Drop what could not be told in a fortnight, also where there is no mail server any more. Returns how many went."""
    return connection.execute(_LETTERS.delete().where(_LETTERS.c.written_at < now - KEPT_FOR)).rowcount


def _clear(connection: Connection, over: Iterable[int], postponed: Mapping[int, datetime]) -> None:
    connection.execute(_LETTERS.delete().where(_LETTERS.c.id.in_(tuple(over))))
    for number, due in postponed.items():
        connection.execute(_LETTERS.update().where(_LETTERS.c.id == number).values(due_at=due))


def _clear_or_keep(connection: Connection, bundle: Bundle, again: datetime | None) -> None:
    these = _LETTERS.c.id.in_(bundle.numbers)
    if again is None:
        connection.execute(_LETTERS.delete().where(these))
    else:
        connection.execute(_LETTERS.update().where(these).values(due_at=again, tries=bundle.tries + 1))
