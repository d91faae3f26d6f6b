"""One council's server as it stands in the world: a real node on a socket, a proxy with TLS before it, one nearby council.

A test changes one thing and looks. Names resolve to loopback and to nowhere else; the nearby council is a few lines that
answer with its actor and a Date.
"""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.tables import Peer, table_of
from federation.transport import NetworkTransport
from node.app import Node, lock_of, software_version
from node.backup.contents import BACKUPS
from node.backup.record import LAST, LastBackup
from node.doctor.finding import Finding, Report
from node.doctor.look import Look, Machine
from node.doctor.run import examine
from node.identity import ED25519_FILE, FOLDER, RSA_FILE
from node.ports import SystemClock, SystemRandomness
from node.settings import Settings, load
from protocol.keys import encode_multikey, encode_pem
from schemas.actor import council_actor
from tests import builders
from tests.doctor.bad_proxy import Faults, Proxy, proxying
from tests.two_nodes.region import Network, until

NAME = "riverside.example"
HARBOUR = "https://harbour.example"
ROOM = Machine(open_files=lambda _pid: (65_536, 65_536), python=(3, 13))


@dataclass
class MovedClock:
    """The system's clock, so much ahead."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead

    def monotonic(self) -> float:
        return SystemClock().monotonic()


@dataclass
class Ways:
    """The network as the doctor has it: our own name by real sockets, nearby councils by functions. Keeps what was asked."""

    real: NetworkTransport
    councils: dict[str, Callable[[], OutgoingResponse | TransportFailure]] = field(default_factory=dict)
    asked: list[OutgoingRequest] = field(default_factory=list)

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse | TransportFailure:
        self.asked.append(request)
        for origin, answer in self.councils.items():
            if request.url.startswith(f"{origin}/"):
                return answer()
        return await self.real.send(request)


@dataclass
class Standing:
    """What a test may change before it looks."""

    folder: Path
    node: Node
    settings: Settings
    proxy: Proxy
    ways: Ways
    clock: MovedClock
    look: Look
    context: ssl.SSLContext | None
    authority: trustme.CA
    listening: asyncio.Server

    def write(self, step: Callable[[Any], Any]) -> Any:
        return self.node.store.write_now(step)

    def sql(self, statement: str) -> None:
        self.write(lambda c: c.exec_driver_sql(statement))

    async def examined(self, **changed: Any) -> Report:
        return await examine(replace(self.look, **changed))

    async def found(self, name: str, **changed: Any) -> Finding:
        report = await self.examined(**changed)
        [finding] = [one for one in report.findings if one.name == name]
        return finding


def harbour_actor(*, name: str = "harbour") -> dict[str, Any]:
    return council_actor(
        HARBOUR,
        "Harbour",
        summary="",
        rsa_pem=encode_pem(builders.rsa_key(2).public_key()),
        ed25519_multibase=encode_multikey(builders.ed25519_key(name).public_key()),
        manually_approves=True,
        language="en",
    )


def harbour_says(*, key: str = "harbour", ahead: float = 0.0) -> OutgoingResponse:
    at = SystemClock().now() + timedelta(seconds=ahead)
    fields = {"content-type": "application/activity+json", "date": format_datetime(at, usegmt=True)}
    return OutgoingResponse(200, fields, json.dumps(harbour_actor(name=key)).encode())


def place_tables(home: Path) -> None:
    """An empty database of the newest revision, as an earlier start would have left it."""
    path = home / "comarca.db"
    path.write_bytes(builders.database_template())
    path.chmod(0o600)


def place_keys(folder: Path, *, rsa: int = 1, ed25519: str = "riverside") -> None:
    keys = folder / FOLDER
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file, key in ((RSA_FILE, builders.rsa_key(rsa)), (ED25519_FILE, builders.ed25519_key(ed25519))):
        (keys / file).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (keys / file).chmod(0o600)


def note_backup(folder: Path, *, made: datetime, verified: datetime | None = None, there: bool = True) -> None:
    kept = folder / BACKUPS
    kept.mkdir(mode=0o700, exist_ok=True)
    file = kept / "riverside.comarca-backup.tar.gz"
    file.write_bytes(b"kept")
    if not there:
        file.unlink()
    last = LastBackup(
        made_at=made,
        file=str(file),
        size=4_100_000,
        verified_at=verified or made,
        seconds=3.0,
        encrypted=False,
        opened=True,
    )
    (kept / LAST).write_text(last.model_dump_json())


def linked_row(origin: str = HARBOUR) -> dict[str, Any]:
    """What our tables hold of a council that we are linked up with, but for the times."""
    return {
        "actor_id": f"{origin}/council",
        "origin": origin,
        "name": "Harbour",
        "inbox": f"{origin}/council/inbox",
        "state": "accepted",
        "ed25519_key_id": f"{origin}/council#ed25519-key",
        "ed25519_multibase": encode_multikey(builders.ed25519_key("harbour").public_key()),
        "their_offer_id": f"{origin}/a/{'o' * 26}",
    }


def link_up_with_harbour(node: Node, *, heard: datetime) -> None:
    row = linked_row() | {"created_at": heard, "last_heard_at": heard}
    node.store.write_now(lambda c: c.execute(table_of(Peer).insert().values(**row)))


def _certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    return context


async def to_loopback(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@asynccontextmanager
async def standing(
    folder: Path, faults: Faults | None = None, *, plain: bool = False, name: str = NAME
) -> AsyncIterator[Standing]:
    """The healthy one, but for `faults` of the proxy."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    serves = None if plain else _certificate(authority)
    home = folder / "riverside"
    home.mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as door, ExitStack() as stack:
        proxy = Proxy(door.getsockname()[1], faults or Faults())
        async with proxying(proxy, context=serves) as listening:
            port = listening.sockets[0].getsockname()[1]
            settings = _settings(home, url=f"{'http' if plain else 'https'}://{name}:{port}", listen=proxy.upstream)
            place_keys(home)
            place_tables(home)
            node = Node(settings, randomness=builders.SeededRandomness("riverside"), transport=Network())
            clock = MovedClock()
            link_up_with_harbour(node, heard=clock.now())
            note_backup(home, made=clock.now() - timedelta(hours=3))
            stack.enter_context(lock_of(settings))
            real = NetworkTransport(node.council.rules.policy, resolve=to_loopback, ca_file=ca_file)
            ways = Ways(real, {HARBOUR: harbour_says})
            look = Look(
                settings=settings,
                council=node.council,
                clock=clock,
                randomness=SystemRandomness(),
                transport=ways,
                version=software_version(),
                resolve=to_loopback,
                machine=ROOM,
                ca_file=ca_file,
            )
            async with _serving(node, door):
                try:
                    yield Standing(home, node, settings, proxy, ways, clock, look, serves, authority, listening)
                finally:
                    await real.aclose()


def _settings(home: Path, *, url: str, listen: int) -> Settings:
    (home / "comarca.toml").touch(mode=0o600)
    host = url.split("://", 1)[1]
    return load(home, name="Riverside", url=url, listen={"port": listen}, allow={"plain_hosts": [host]})


@asynccontextmanager
async def _serving(node: Node, door: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(node, ws="none", lifespan="on", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[door]))
    await until(lambda: server.started)
    try:
        yield
    finally:
        server.should_exit = True
        await task
