"""A council whose server is gone, put up again on a new one: from its recovery words, and from what its neighbours hold.

The new server has the old address and fresh keys. The neighbours are told by the words that these keys speak from now on; then
they are asked for everything that the council once said, like any other catching up; then it is said anew. Whom the council was
linked up with is what somebody types; the six words are compared again afterwards, by voice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from federation import peers
from federation.council import Council
from federation.feeds import kept, own, questions, reopening
from federation.feeds.driver import CatchingUp
from federation.introductions import Introduction
from federation.ports import Clock, OutgoingRequest, OutgoingResponse, Randomness, Store, Transport
from node.meeting import origin_at, who_is_at
from node.recovery import open_epoch
from protocol.feeds import roots
from protocol.feeds.coding import b64
from protocol.feeds.entry import CHANNELS
from schemas.phrase import phrase
from schemas.refusal import Refusal

PATIENCE: Final = 30.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: how many of our objects are live again, the epoch that has begun, and who had what."""

    live: int
    epoch: int
    asked: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass
class Returning:
    """One council on a new server, with everything that is outside of it."""

    council: Council
    store: Store
    clock: Clock
    randomness: Randomness
    transport: Transport

    async def come_back(self, addresses: Sequence[str], by: Sequence[Ed25519PrivateKey]) -> Returned:
        """Ask these neighbours, as the holders of these root keys. Safe to try again after it broke off.

        Raises Refusal: "has-feeds" on a server that has begun already, "nobody-knows-us", "not-enough-keys", and those of
        `node.meeting`.
        """
        if await self.store.read(own.begun) and not await self.store.read(own.muted):
            raise Refusal("has-feeds", sentence=phrase("This server has said something already. Recover on a new one."))
        met = [await self._meet(address) for address in addresses]
        line, number = await self._roots_from(met)
        root = roots.judge_line(line)
        if not isinstance(root, roots.Root):
            raise Refusal("nobody-knows-us", sentence=phrase("None of them holds anything of ours."))
        epoch = self._opened(root, number=number, by=by)
        told = [one for one in met if await self._tell(one, line=line, epoch=epoch)]
        if not told:
            raise Refusal("nobody-knows-us", sentence=phrase("None of them holds anything of ours."))
        await self._write_down(told, line=line)
        asked = await self._ask_all(told)
        live = await self._say_anew(by=by, number=number)
        words = tuple((one.name, peers.words_for(self.council, one)) for one in told)
        return Returned(live, number, asked, words)

    async def _meet(self, address: str) -> Introduction:
        return await who_is_at(address, council=self.council, clock=self.clock, transport=self.transport)

    async def _post(self, one: Introduction, path: str, body: bytes) -> OutgoingResponse | None:
        url = origin_at(one.actor_id.removesuffix("/council")) + path
        headers = {"Content-Type": "application/json"}
        answer = await self.transport.send(OutgoingRequest("POST", url, headers, body, timeout=PATIENCE))
        return answer if isinstance(answer, OutgoingResponse) and answer.status == 200 else None

    async def _roots_from(self, met: Sequence[Introduction]) -> tuple[list[Any], int]:
        """Our longest line of roots, and the number of the next epoch."""
        line: list[Any] = []
        number = 1
        for one in met:
            answer = await self._post(one, questions.ROOTS, orjson.dumps({"actor": self.council.actor_id}))
            found = {} if answer is None else orjson.loads(answer.body)
            if isinstance(found.get("roots"), list) and isinstance(found.get("epoch"), int):
                line = max(line, found["roots"], key=len)
                number = max(number, found["epoch"] + 1)
        return line, number

    def _opened(self, root: roots.Root, *, number: int, by: Sequence[Ed25519PrivateKey]) -> dict[str, Any]:
        council = self.council
        said = roots.epoch_statement(root, epoch=number, actor=council.actor_id, key=council.multibase)
        epoch = roots.signed(said, by, domain=roots.EPOCH_DOMAIN)
        if not isinstance(roots.judge_epoch(epoch, root), roots.Epoch):
            sentence = phrase(
                "These words are not those of the recovery keys. Needed: {needed} of {all}.",
                needed=root.threshold,
                all=len(root.keys),
            )
            raise Refusal("not-enough-keys", sentence=sentence)
        return epoch

    async def _tell(self, one: Introduction, *, line: list[Any], epoch: dict[str, Any]) -> bool:
        body = reopening.announcement(self.council, line=line, epoch=epoch)
        answer = await self._post(one, questions.KEYS, body)
        if answer is None:
            _log.warning("a neighbour does not take our new key", council=one.actor_id)
        return answer is not None

    async def _write_down(self, told: Sequence[Introduction], *, line: list[Any]) -> None:
        council, now, store_id = self.council, self.clock.now(), b64(self.randomness.bytes(12))

        def step(connection: Connection) -> None:
            for one in told:
                peers.linked_before(connection, introduction=one, now=now)
            reopening.await_own(connection, council, line=line, store_id=store_id, now=now)

        await self.store.write(step)

    async def _ask_all(self, told: Sequence[Introduction]) -> tuple[tuple[str, str], ...]:
        async def nothing() -> None:
            return None

        catching_up = CatchingUp(
            council=self.council,
            store=self.store,
            clock=self.clock,
            randomness=self.randomness,
            transport=self.transport,
            linked=lambda: [one.actor_id for one in told],
            every=PATIENCE,
            changed=nothing,
            heard=lambda _actor_id: None,
            spoke=lambda: None,
        )
        found = []
        for one in told:
            outcome = await catching_up.catch_up(one.actor_id)
            found.append((one.name, "all" if outcome.agreed else outcome.word or "not all"))
        return tuple(found)

    async def _say_anew(self, *, by: Sequence[Ed25519PrivateKey], number: int) -> int:
        council, now, store_id = self.council, self.clock.now(), b64(self.randomness.bytes(12))

        def step(connection: Connection) -> int:
            open_epoch(connection, council, by=by, store_id=store_id, now=now, number=number)
            live: set[str] = set()
            for channel in CHANNELS:
                row = own.ours(connection, channel)
                if row is not None:
                    live |= set(kept.live(connection, feed_id=row["id"], epoch=row["epoch"], now=now))
            return len(live - {council.actor_id})

        return await self.store.write(step)
