"""One council's server and a neighbour, and what they say to each other: the exchange that is cut off at every write.

The server is the whole one, loops and all: its front, reception, engine and store, called as an ASGI application. A web server
in front of it would add sockets and not one write to the folder, so none is started. The neighbour is held in memory, and has
said everything before the exchange begins; each part of the exchange starts from the folder that the part before has left.
"""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Connection, text

from federation import outbox, peers
from federation.feeds import own
from federation.feeds.catching_up import Ask, Read, Write, catch_up
from federation.introductions import Introduction
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.signing import headers_for
from node.app import DATABASE, Node
from node.database import StoreFault
from node.database.sqlite import truncate_log
from node.identity import ED25519_FILE, FOLDER, RSA_FILE
from node.settings import load
from protocol.ids import origin_of
from protocol.signed_request import target_of
from schemas.actor import TheirActor
from tests import builders
from tests.builders import FakeClock
from tests.feeds.carrying import Town, link
from tests.two_nodes.letters import Letter, hand_over, letter
from tests.two_nodes.outsiders import actor_of
from tests.two_nodes.region import until

URL = "https://riverside.example"
TOWN, WITNESS = "riverside", "witness.jsonl"
TRIES = 3
_DOCUMENT = text("SELECT document FROM body WHERE object_id = :o ORDER BY id DESC LIMIT 1")
_UNSETTLED = text(
    "SELECT (SELECT count(*) FROM received_activity WHERE state = 'waiting') + (SELECT count(*) FROM delivery)"
)


class Neighbour(Town):
    """Harbour: a council with feeds, in memory. `pushes` are its activities as bytes, in the order in which it says them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pushes: list[bytes] = []
        self.begin()

    def says_all(self, us: Any) -> "Neighbour":
        """Its whole part in the exchange, said to `us`, a council that it is linked up with."""
        self.write(lambda c: link(c, us, now=self.now))
        self.write(lambda c: own.name_readers(c, self.council, now=self.now))
        first = [
            self._push(self.publish(f"Thing {n}", audience="neighbours" if n % 3 else "public")) for n in range(14)
        ]
        for n, object_id in enumerate(first[:5]):
            audience = "neighbours" if n % 3 else "public"
            self._push(self.publish(f"Thing {n}, changed", object_id=object_id, audience=audience))
        for object_id in first[5:8]:
            self.withdraw(object_id)
            self._push(object_id)
        for n in range(30):
            self.publish(f"Unheard {n}", words="Some words about it. " * 20)
        return self

    def _push(self, object_id: str) -> str:
        self.pushes.append(self.connection.execute(_DOCUMENT, {"o": object_id}).scalar_one())
        return object_id

    def sends(self, body: bytes, path: str, media: str) -> Letter:
        """A POST to Riverside, signed now."""
        headers = headers_for(
            self.council, scheme="ed25519", method="POST", url=URL + path, body=body, now=self.now, content_type=media
        )
        return letter(headers, body, target=target_of(URL + path))


@dataclass
class Wire:
    """All that the server can reach: Harbour."""

    neighbour: Neighbour

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse | TransportFailure:
        path = request.url.removeprefix(self.neighbour.council.base_url)
        if path == "/inbox":
            return OutgoingResponse(202, {}, b"{}")
        if request.method == "POST" and origin_of(request.url) == self.neighbour.council.base_url:
            return self.neighbour.answer(path, request.body or b"", asker=f"{URL}/council")
        return TransportFailure("connect", "nobody answers there")


@dataclass
class Exchange:
    """A server of `place`/riverside that runs. What it acknowledged is written down in `place`/witness.jsonl, and flushed."""

    place: Path
    neighbour: Neighbour
    seed: str
    node: Node = field(init=False)
    clock: FakeClock = field(init=False)

    def __post_init__(self) -> None:
        lines = witnessed(self.place)
        self.clock = FakeClock(builders.START + timedelta(hours=1, seconds=len(lines)))
        self.neighbour.now = self.clock.now()
        self._witness = os.open(self.place / WITNESS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def opens(self) -> "Exchange":
        """Put the server together, as `comarca serve` does."""
        self.node = Node(
            load(self.place / TOWN, name="Riverside", url=URL, **SETTINGS),
            clock=self.clock,
            randomness=builders.SeededRandomness(f"{self.seed} {self.clock.now()}"),
            transport=Wire(self.neighbour),
        )
        return self

    def note(self, what: str, **said: Any) -> None:
        """Write down what was seen from outside, where it is there when the server is not."""
        os.write(self._witness, orjson.dumps({"what": what, **said}) + b"\n")
        os.fsync(self._witness)

    async def _insist(self, what: str, attempt: Callable[[], Awaitable[bool]], **said: Any) -> None:
        """As everybody does who is told that it failed: try again."""
        for _ in range(TRIES):
            self.neighbour.now = self.clock.advance()
            self.note(f"trying {what}", **said)
            try:
                if await attempt():
                    self.note(what, **said)
                    return
            except StoreFault:
                self.note(f"refused {what}", **said)
            except Exception as error:
                self.note("wrong", because=f"{what}: {error!r}")
                return
        self.note("wrong", because=f"{what}: still refused when tried for the {TRIES}th time")

    async def push(self, number: int) -> None:
        """One activity of the neighbour's arrives at the inbox, and is acknowledged with 202."""
        body = self.neighbour.pushes[number]

        async def attempt() -> bool:
            sent = self.neighbour.sends(body, "/inbox", "application/activity+json")
            answer = await hand_over(self.node, sent)
            if answer.status not in (202, 503, 507):
                raise AssertionError(f"answered {answer.status} {answer.body!r}")
            return answer.status == 202

        await self._insist("arrived", attempt, activity=orjson.loads(body)["id"])

    async def publish(self, title: str, *, audience: Any = "public", object_id: str | None = None) -> str:
        council, first = self.node.council, object_id is None
        object_id = object_id or council.new_object_id()
        began = builders.START if first else self.clock.now()
        made = builders.note(
            council,
            object_id=object_id,
            title=title,
            audience=audience,
            published=builders.START,
            updated=None if first else began + timedelta(minutes=1),
        )
        await self._insist("said", self._writing(made, audience), object=object_id, title=title)
        return object_id

    def _writing(self, made: dict[str, Any], audience: Any) -> Callable[[], Awaitable[bool]]:
        async def attempt() -> bool:
            council, now = self.node.council, self.clock.now()
            await self.node.store.write(lambda c: outbox.publish(c, council, note=made, audience=audience, now=now))
            return True

        return attempt

    async def withdraw(self, object_id: str) -> None:
        async def attempt() -> bool:
            council, now = self.node.council, self.clock.now()
            await self.node.store.write(lambda c: outbox.withdraw(c, council, object_id=object_id, now=now))
            return True

        await self._insist("said", attempt, object=object_id, title=None)

    async def snapshot(self) -> None:
        """Both feeds list what is live in them."""
        seqs: list[Any] = []

        async def attempt() -> bool:
            council, now = self.node.council, self.clock.now()

            def step(connection: Connection) -> None:
                own.snapshot(connection, council, now=now)
                seqs[:] = [[row.name, row.epoch, row.seq, row.head] for row in connection.execute(_OURS)]

            await self.node.store.write(step)
            return True

        await self._insist("listed", attempt, entries=seqs)

    async def catches_up(self) -> None:
        """The server takes what the neighbour has said, and knows that it has all."""

        async def attempt() -> bool:
            told = await self.node.engine.catching_up.catch_up(self.neighbour.council.actor_id)
            return told.agreed

        await self._insist("taken", attempt, entries=entries_of(self.neighbour.connection, self.neighbour.council))

    async def is_read(self) -> None:
        """The neighbour takes what the server has said so far: from now on this can never be otherwise."""
        conversation = catch_up(self.neighbour.council, their_actor=f"{URL}/council")
        sent: Any = None
        try:
            while True:
                match conversation.send(sent):
                    case Ask(path, body):
                        sent = await hand_over(self.node, self.neighbour.sends(body, path, "application/json"))
                    case Write(work):
                        sent = self.neighbour.write(lambda c, work=work: work(c, now=self.clock.now()))  # type: ignore[misc]
                    case Read(query):
                        sent = query(self.neighbour.connection)
        except StopIteration as ended:
            told = ended.value
        if told.flaws or told.behind or self.neighbour.forks():
            self.note("wrong", because=f"the neighbour refused what it read: {told}")
        self.note("handed", entries=entries_of(self.neighbour.connection, self.node.council))

    async def empties_its_log(self) -> None:
        """The write-ahead log goes into the database and its file is cut to nothing, as chores do it; put off if somebody reads."""
        with suppress(StoreFault):
            await self.node.store.read(truncate_log)

    async def settled(self) -> None:
        """What arrived is applied, and what was said is delivered."""
        await until(lambda: self.node.store.read(_is_settled), deadline=20)


_OURS = text("SELECT name, epoch, seq, head FROM feed WHERE ours ORDER BY name")
_ENTRIES = text(
    "SELECT f.name, e.epoch, e.seq, e.entry_id FROM feed_entry e JOIN feed f ON f.id = e.feed_id WHERE f.actor_id = :actor"
)
SETTINGS: dict[str, Any] = {
    "federation": {"backoff_first": 0.02, "backoff_cap": 0.1, "contact_every": 3_600, "catch_up_every": 3_600},
    "backup": {"every_hours": 0},
}


def entries_of(connection: Connection, council: Any) -> list[list[Any]]:
    """The entries of a council's feeds that are held somewhere: feed, epoch, number, id."""
    return [list(row) for row in connection.execute(_ENTRIES, {"actor": council.actor_id})]


def _is_settled(connection: Connection) -> bool:
    return not connection.execute(_UNSETTLED).scalar_one()


def witnessed(place: Path) -> list[dict[str, Any]]:
    """What was written down. A last line without its end was never said."""
    path = place / WITNESS
    if not path.exists():
        return []
    return [orjson.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def prepare(place: Path) -> Neighbour:
    """A folder with keys and tables, linked up with the neighbour, whose server has never run; and that neighbour."""
    keys = place / TOWN / FOLDER
    keys.mkdir(mode=0o700, parents=True)
    for file, key in ((RSA_FILE, builders.rsa_key()), (ED25519_FILE, builders.ed25519_key(TOWN))):
        (keys / file).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (keys / file).chmod(0o600)
    neighbour = Neighbour("harbour")
    actor = TheirActor.read(actor_of(neighbour.council))
    assert isinstance(actor, TheirActor)
    with builders.database() as connection:
        builders.write(
            connection,
            lambda c: peers.linked_before(c, introduction=Introduction.of(actor), now=builders.START),
        )
        (place / TOWN / DATABASE).write_bytes(builders.snapshot(connection))
    return neighbour.says_all(builders.council(TOWN))
