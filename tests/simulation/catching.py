"""Catching up by feeds at a simulated node: both halves, over the same network as the pushes, with real signatures.

The asking half drives `federation.feeds.catching_up` as `federation.feeds.driver` does, the answering half is
`federation.feeds.answers` with its store left out. Neither takes a decision of its own. All of it is memory.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, cast

import orjson
from sqlalchemy import Connection, text

from federation.council import Council
from federation.directory import Directory
from federation.feeds import muting, questions
from federation.feeds.answers import Answers
from federation.feeds.catching_up import catch_up
from federation.feeds.conversation import Ask, Outcome, Read, Talk, Write
from federation.feeds.driver import QUESTION_SECONDS
from federation.ports import OutgoingRequest, OutgoingResponse
from federation.rates import Buckets
from federation.signing import headers_for
from protocol import ids
from protocol.http_signature import Request
from protocol.verdict import Refused
from tests.simulation.disk import Disk
from tests.simulation.faults import DiskFull, Faults
from tests.simulation.network import Answer, Answered, Network
from tests.simulation.world import World

_LINKED = text("SELECT actor_id FROM peer WHERE state = 'accepted' ORDER BY actor_id")
_REGION = re.compile(rb'"feed":"([A-Za-z0-9_-]{43})/region"')


class Catcher(Protocol):
    """What catching up needs of its node."""

    name: str
    council: Council
    connection: Connection
    directory: Directory
    world: World
    network: Network
    faults: Faults
    disk: Disk
    feeds: bool
    muted: bool

    def now(self) -> datetime: ...

    def guarded(self, step: Callable[[], None]) -> Callable[[], None]: ...

    def commit(self, step: Callable[[Connection], Any]) -> Any: ...

    def look_again(self) -> None: ...

    def heard(self, origin: str) -> None: ...

    def answer_question(self, path: str, body: bytes, *, asker: str) -> bytes | Refused: ...

    def serves(self, roots: set[str], *, asker: str) -> None: ...


class _Clock:
    def __init__(self, node: Catcher) -> None:
        self._node = node

    def now(self) -> datetime:
        return self._node.now()

    def monotonic(self) -> float:
        return self._node.world.elapsed / 1_000_000


class Catching:
    """`outcomes` holds how the last talk with each council ended, since the process began."""

    def __init__(self, node: Catcher) -> None:
        self._node = node
        self.outcomes: dict[str, Outcome] = {}
        self._talking: set[str] = set()
        clock, rates = _Clock(node), Buckets(per_minute=1e9, burst=1e9)
        self._answers = Answers(
            council=node.council,
            store=cast(Any, None),  # `who_asks` alone is used: it judges, and reads nothing
            clock=clock,
            directory=lambda: node.directory,
            rates=rates,
            strangers=rates,
            hello=lambda actor_id, was_away: None,
            relations_changed=cast(Any, None),
        )

    @property
    def busy(self) -> bool:
        return bool(self._talking)

    def linked(self) -> list[str]:
        return list(self._node.connection.execute(_LINKED).scalars())

    def with_all(self) -> None:
        """Catch up with every linked council; where there is none, a silent one need wait for nobody."""
        if not self._node.feeds:
            return
        for actor_id in self.linked():
            self.with_one(actor_id)
        if self._node.muted and not self._talking:
            self._speak_again()

    def with_one(self, actor_id: str) -> None:
        """Catch up with one council, unless a talk with it goes on."""
        if actor_id in self._talking or actor_id not in self.linked():
            return
        self._talking.add(actor_id)
        reason = "regular" if actor_id in self.outcomes else "boot"
        self._go_on(actor_id, catch_up(self._node.council, their_actor=actor_id, reason=reason), None)

    def _go_on(self, actor_id: str, talk: Talk, sent: Any) -> None:
        node = self._node
        try:
            while True:
                match talk.send(sent):
                    case Ask(path, body):
                        self._ask(actor_id, talk, path, body)
                        return
                    case Write(step):
                        sent = node.disk.write(self._crashing(step))
                    case Read(query):
                        sent = query(node.connection)
        except DiskFull:
            self._talking.discard(actor_id)
            node.world.say(f"{node.name} has no room for what {_host(actor_id)} tells")
        except StopIteration as ended:
            self._ended(actor_id, ended.value)

    def _crashing(self, step: Callable[..., Any]) -> Callable[[Connection], Any]:
        node, now = self._node, self._node.now()

        def whole(connection: Connection) -> Any:
            result = step(connection, now=now)
            node.faults.pass_point("before commit of entries")
            return result

        return whole

    def _ask(self, actor_id: str, talk: Talk, path: str, body: bytes) -> None:
        node = self._node
        url = ids.origin_of(actor_id) + path
        headers = headers_for(
            node.council,
            scheme="ed25519",
            method="POST",
            url=url,
            body=body,
            now=node.now(),
            content_type="application/json",
        )
        request = OutgoingRequest("POST", url, headers, body, timeout=QUESTION_SECONDS)
        arrived: list[Answer] = []
        resume = node.guarded(lambda: self._go_on(actor_id, talk, arrived.pop()))

        def hand_over(answer: Answer) -> None:
            arrived.append(answer)
            resume()

        node.network.send(node.name, request, hand_over)

    def _ended(self, actor_id: str, outcome: Outcome) -> None:
        node = self._node
        self._talking.discard(actor_id)
        self.outcomes[actor_id] = outcome
        flaws = ",".join(sorted({word for _, word in outcome.flaws}))
        node.world.say(
            f"{node.name} caught up with {_host(actor_id)}: {outcome.word or 'to the end'}, agreed {outcome.agreed},"
            f" took {outcome.taken} {flaws}"
        )
        if outcome.word is None:
            node.heard(ids.origin_of(actor_id))
        if outcome.relations:
            node.look_again()
        if outcome.behind:
            self._fall_silent(actor_id)
        if node.muted:
            self._speak_again()

    def _fall_silent(self, actor_id: str) -> None:
        node, now = self._node, self._node.now()
        store_id = f"store {node.name} {node.world.elapsed}"
        if node.commit(lambda c: muting.mute(c, store_id=store_id, now=now)):
            node.muted = True
            node.world.say(f"{node.name} finds that it is an old copy")
            node.world.after(0.1, node.guarded(lambda: self.with_one(actor_id)))

    def _speak_again(self) -> None:
        node, now = self._node, self._node.now()
        if node.commit(lambda c: muting.speak_again(c, node.council, now=now)):
            node.muted = False
            node.world.say(f"{node.name} speaks again")
            node.commit(lambda c: None)

    def receive(self, request: Request, body: bytes, answered: Answered) -> None:
        """Answer a question; whoever was away may hold news."""
        node = self._node
        known = self._answers.who_asks(request, body)
        if isinstance(known, Refused):
            node.world.say(f"{node.name} answers nothing: {known.reason.value}")
            answered(_refusal(known))
            return
        found = node.answer_question(request.target, body, asker=known.actor_id)
        if isinstance(found, Refused):
            answered(_refusal(found))
            return
        if b"/region" in found:
            roots = {name.decode() for name in _REGION.findall(found)}
            node.serves(roots, asker=known.actor_id)
        answered(OutgoingResponse(200, {}, found))
        if request.target == questions.HELLO:
            node.heard(ids.origin_of(known.actor_id))
            if b'"boot"' in body:
                node.world.after(0.1, node.guarded(lambda: self.with_one(known.actor_id)))


def _refusal(refused: Refused) -> OutgoingResponse:
    return OutgoingResponse(refused.reason.status, {}, orjson.dumps({"reason": refused.reason.value}))


def _host(actor_id: str) -> str:
    return ids.host_of(actor_id).partition(".")[0]
