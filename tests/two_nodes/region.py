"""Several whole nodes in one process: real routes, real SQLite files, real keys, and a network that calls applications.

Each node is the one that `comarca serve` runs. Only the sockets are missing: a request goes to the other node's ASGI
application as bytes and comes back as bytes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from federation import peers
from federation.feeds import cursors
from federation.introductions import Introduction
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from node.accounts.actions import add_member, make_sign_in_link, sign_in
from node.app import DATABASE, Node
from node.feature import Acting, Viewer
from node.identity import ED25519_FILE, FOLDER, RSA_FILE
from node.settings import load
from protocol.ids import origin_of
from schemas.actor import TheirActor
from tests import builders

T = TypeVar("T")
DEADLINE = 5.0
Application = Callable[
    [dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


async def call(
    application: Any, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None
) -> OutgoingResponse:
    """One request to an ASGI application, as a server would hand it over."""
    target = url.split("://", 1)[1].partition("/")[2]
    path, _, query = ("/" + target).partition("?")
    given = {name.lower(): value for name, value in headers.items()}
    given.setdefault("host", origin_of(url).split("://", 1)[1])
    if body is not None:
        given.setdefault("content-length", str(len(body)))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": body or b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    answered = {n.decode().lower(): v.decode() for n, v in sent[0]["headers"]}
    return OutgoingResponse(sent[0]["status"], answered, b"".join(m.get("body", b"") for m in sent[1:]))


@dataclass
class Network:
    """Who answers at which origin. `down` origins refuse connections; `log` holds every request that was sent."""

    applications: dict[str, Any] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    log: list[OutgoingRequest] = field(default_factory=list)

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse | TransportFailure:
        self.log.append(request)
        origin = origin_of(request.url)
        if origin in self.down or origin not in self.applications:
            return TransportFailure("connect", "nobody answers there")
        return await call(
            self.applications[origin], request.method, request.url, headers=request.headers, body=request.body
        )


@dataclass
class Town:
    """One council's node, and what a test does with it."""

    node: Node
    network: Network

    @property
    def url(self) -> str:
        return self.node.council.base_url

    @property
    def actor(self) -> str:
        return self.node.council.actor_id

    async def get(self, path: str, **headers: str) -> OutgoingResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await call(self.node, "GET", self.url + path, headers=given)

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> OutgoingResponse:
        return await call(self.node, "POST", self.url + path, headers=headers, body=body)

    async def json(self, path: str, **headers: str) -> Any:
        return orjson.loads((await self.get(path, accept="application/json", **headers)).body)

    def write(self, step: Callable[[Any], T]) -> T:
        return self.node.store.write_now(step)

    def read(self, query: Callable[[Any], T]) -> T:
        with self.node.store.reading() as connection:
            return query(connection)

    def acting(self) -> Acting:
        return Acting(
            now=self.node.clock.now(),
            council=self.node.council,
            settings=self.node.settings,
            viewer=Viewer(member_id=1, name="Amina", keeper=True),
        )

    def session(self) -> str:
        """A member's session token."""
        now, randomness = self.node.clock.now(), self.node.randomness

        def step(connection: Any) -> str:
            member = add_member(connection, name="Amina", keeper=True, now=now)
            token = make_sign_in_link(connection, member_id=member, now=now, randomness=randomness)
            return sign_in(connection, token=token, now=now, randomness=randomness)

        return self.write(step)

    def introduction(self) -> Introduction:
        actor = TheirActor.read(orjson.loads(self.node.engine.served.cached["/council"].body))
        assert isinstance(actor, TheirActor)
        return Introduction.of(actor)

    def count(self, table: str) -> int:
        return self.read(lambda c: c.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar())


async def until(question: Callable[[], Any], *, deadline: float = DEADLINE) -> Any:
    """Ask until the answer is true, and return it; fail loudly when the deadline has passed."""
    end = time.monotonic() + deadline
    while True:
        answer = question()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        assert time.monotonic() < end, f"not true within {deadline:g} s"
        await asyncio.sleep(0.01)


def make_town(folder: Path, network: Network, *, name: str, keys_of: str = "", seed: str = "", **settings: Any) -> Town:
    """A node in `folder`, with fixed keys, not started. `keys_of` gives it others than those that belong to its name; `seed`
    lets it draw other ids than before, where it is started again. A database that lies there stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = folder / DATABASE
    if not database.exists():
        database.write_bytes(builders.database_template())
        database.chmod(0o600)
    keys = folder / FOLDER
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file, key in ((RSA_FILE, builders.rsa_key()), (ED25519_FILE, builders.ed25519_key(keys_of or name))):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (keys / file).write_bytes(pem)
        (keys / file).chmod(0o600)
    values = {
        "federation": {"backoff_first": 0.02, "backoff_cap": 0.1, "contact_every": 0.5, "catch_up_every": 3_600}
    } | settings
    node = Node(
        load(folder, name=name.capitalize(), url=f"https://{name}.example", **values),
        randomness=builders.SeededRandomness(seed or keys_of or name),
        transport=network,
    )
    network.applications[node.council.base_url] = node
    return Town(node, network)


@asynccontextmanager
async def region(folder: Path, *names: str, **settings: Any) -> AsyncIterator[list[Town]]:
    """Running nodes, one for each name, that have not met. `settings` are for all of them."""
    network = Network()
    towns = [make_town(folder / name, network, name=name, **settings) for name in names]
    for town in towns:
        await town.node.start()
    try:
        yield towns
    finally:
        for town in towns:
            await town.node.stop()


async def link_up(asking: Town, asked: Town) -> None:
    """Both keepers agree, both nodes know it, and have caught up with each other: from here on it is quiet."""
    now, council = asking.node.clock.now(), asking.node.council
    introduction = asked.introduction()
    asking.write(lambda c: peers.ask(c, council, introduction=introduction, now=now))
    await asking.node.engine.refresh()
    await until(lambda: asked.read(lambda c: peers.find(c, asking.actor)))
    council = asked.node.council
    asked.write(lambda c: peers.accept(c, council, actor_id=asking.actor, now=now))
    await asked.node.engine.refresh()
    for one, other in ((asking, asked), (asked, asking)):
        await until(lambda one=one, other=other: one.node.engine.directory.known[other.actor].accepted)
    await until(lambda: quiet(asking, asked) and quiet(asked, asking))


def quiet(town: Town, other: Town) -> bool:
    """Whether a node has caught up with another one, and is not talking to anybody."""
    catching_up = town.node.engine.catching_up
    agreed = town.read(cursors.agreed).get(other.actor)
    return agreed is not None and catching_up.at_rest()
