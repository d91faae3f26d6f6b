"""A node at rest, whose clock stands still, and servers around it whose every byte a test decides.

The node is the one that `comarca serve` runs, without its loops: nothing happens but what a test sends. Outsiders have keys,
an actor document and an inbox that remembers, all behind the same in-memory network.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from federation import outbox, peers
from federation.council import Council
from federation.introductions import Introduction, meet
from federation.ports import OutgoingResponse
from node.app import DATABASE, Node
from node.identity import ED25519_FILE, FOLDER, RSA_FILE
from node.settings import load
from protocol.rfc9421 import sign_rfc9421
from protocol.signed_request import target_of
from schemas import activity as activities
from schemas.actor import TheirActor, council_actor
from schemas.records.alert import Alert, AlertCategory, Certainty, MessageType, Severity, Status, Urgency, alert_note
from schemas.records.deciding import Method, Stage
from schemas.records.resolution import Resolution, resolution_note, text_digest
from tests import builders
from tests.builders import FakeClock
from tests.two_nodes.letters import ACTIVITY_JSON, Letter, hand_over, letter
from tests.two_nodes.region import Network, Town


def actor_of(council: Council) -> dict[str, Any]:
    """The actor document that a council serves."""
    return council_actor(
        council.base_url,
        council.name,
        summary="",
        rsa_pem=council.rsa_pem,
        ed25519_multibase=council.multibase,
        manually_approves=False,
        language="en",
    )


@dataclass(frozen=True)
class Seen:
    """One request that came to an outsider."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def activity(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found


class Outsider:
    """A server with the keys of a council. `documents` by path; `answer(seen)` gives the status of a POST."""

    def __init__(self, name: str, network: Network, clock: Any) -> None:
        self.council = builders.council(name)
        self.clock = clock
        self.documents: dict[str, Any] = {"/council": actor_of(self.council)}
        self.seen: list[Seen] = []
        self.answer: Callable[[Seen], int] = lambda seen: 202
        network.applications[self.council.base_url] = self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive()).get("body", b"")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        seen = Seen(scope["method"], scope["path"], headers, body)
        self.seen.append(seen)
        document = self.documents.get(seen.target) if seen.method == "GET" else None
        status = self.answer(seen) if seen.method == "POST" else 200 if document is not None else 404
        content = b"{}" if document is None else orjson.dumps(document)
        answered = [(b"content-type", ACTIVITY_JSON.encode()), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": answered})
        await send({"type": "http.response.body", "body": content})

    @property
    def actor(self) -> str:
        return self.council.actor_id

    @property
    def posts(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "POST"]

    def introduction(self) -> Introduction:
        actor = TheirActor.read(self.documents["/council"])
        assert isinstance(actor, TheirActor)
        return Introduction.of(actor)

    def note(self, **wanted: Any) -> dict[str, Any]:
        return builders.note(self.council, published=self.clock.now(), **wanted)

    def resolution(self) -> dict[str, Any]:
        return resolution_note(
            self.council.new_object_id(),
            self.council.base_url,
            name="Quiet hours",
            resolution=Resolution(
                text="Quiet hours are from 22:00 to 07:00.",
                number=14,
                method=Method("consent"),
                decided_at=date(2026, 3, 1),
                present=31,
                stand_asides=2,
                review_on=None,
                text_digest=text_digest("Quiet hours are from 22:00 to 07:00."),
                stage=Stage.ADOPTED,
            ),
            language="en",
            published=self.clock.now(),
            updated=None,
            audience="public",
        )

    def alert(self) -> dict[str, Any]:
        now = self.clock.now()
        return alert_note(
            self.council.new_object_id(),
            self.council.base_url,
            name="Heat wave, fans wanted",
            alert=Alert(
                status=Status("Actual"),
                msg_type=MessageType("Alert"),
                category=AlertCategory("Met"),
                event="Heat wave",
                urgency=Urgency("Immediate"),
                severity=Severity("Severe"),
                certainty=Certainty("Observed"),
                wanted="Ten fans",
                instruction="Drink water.",
            ),
            words="The tower on the hill has no cooling.",
            language="en",
            place=None,
            published=now,
            updated=None,
            ends_at=now + timedelta(hours=24),
            audience="public",
        )

    def create(self, note: dict[str, Any] | None = None, *, audience: Any = "public", **wanted: Any) -> dict[str, Any]:
        """A Create without proof, of `note` or of an offer as `wanted`."""
        carried = self.note(audience=audience, **wanted) if note is None else note
        return activities.create(
            self.actor, self.council.new_activity_id(), note=carried, audience=audience, published=self.clock.now()
        )

    def offer(self, their_actor: str) -> dict[str, Any]:
        """An Offer to link up, without proof."""
        return activities.peering_offer(
            self.council.base_url, their_actor, activity_id=self.council.new_activity_id(), published=self.clock.now()
        )

    def says(self, verb: str, thing: Any, **members: Any) -> dict[str, Any]:
        """Any activity, in a context that fits, without proof."""
        return {
            "@context": activities.peering_offer(
                self.council.base_url, self.actor, activity_id=self.actor, published=self.clock.now()
            )["@context"],
            "id": self.council.new_activity_id(),
            "type": verb,
            "actor": self.actor,
            "object": thing,
        } | members

    def proven(self, activity: dict[str, Any], *, created: datetime | None = None) -> bytes:
        return outbox.sign(self.council, activity, now=created or self.clock.now())[1]

    def post(self, body: bytes, url: str) -> Letter:
        """As one council posts to another: RFC 9421 with Ed25519."""
        headers = sign_rfc9421(
            method="POST",
            url=url,
            body=body,
            key=self.council.ed25519,
            key_id=self.council.ed25519_key_id,
            now=self.clock.now(),
        )
        return letter(headers, body, target=target_of(url))


def node_at_rest(
    folder: Path, network: Network, *, name: str, clock: Any, url: str | None = None, **settings: Any
) -> Town:
    """A node in `folder` with fixed keys and empty tables, not started; opened again if the folder is there already."""
    if not folder.exists():
        keys = folder / FOLDER
        keys.mkdir(mode=0o700, parents=True)
        for file, key in ((RSA_FILE, builders.rsa_key()), (ED25519_FILE, builders.ed25519_key(name))):
            (keys / file).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            (keys / file).chmod(0o600)
        (folder / DATABASE).write_bytes(builders.database_template())
    node = Node(
        load(folder, name=name.capitalize(), url=url or f"https://{name}.example", **settings),
        clock=clock,
        randomness=builders.SeededRandomness(name),
        transport=network,
    )
    network.applications[node.council.base_url] = node
    return Town(node, network)


@dataclass
class Scene:
    """Riverside at rest, linked up with `harbour`; it has never met `hillside` and `millbrook`."""

    folder: Path
    town: Town
    clock: FakeClock
    harbour: Outsider
    hillside: Outsider
    millbrook: Outsider
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.town.url + "/inbox"

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def send(self, sent: Letter) -> OutgoingResponse:
        return await hand_over(self.town.node, sent)

    def good(self, **wanted: Any) -> Letter:
        """A Create of harbour's that is taken."""
        return self.says(self.harbour.create(**wanted))

    def says(self, activity: dict[str, Any], *, by: Outsider | None = None) -> Letter:
        """Proven and posted by harbour, or by another."""
        who = by or self.harbour
        return who.post(who.proven(activity), self.url)

    def asks(self, who: Outsider) -> Letter:
        """The Offer of somebody to link up with Riverside."""
        return self.says(who.offer(self.town.actor), by=who)

    async def link(self, who: Outsider) -> None:
        """Both have accepted."""
        await self.asked_by(who)
        council, now = self.town.node.council, self.now
        self.town.write(lambda c: peers.accept(c, council, actor_id=who.actor, now=now))
        await self.town.node.engine.refresh()

    async def asked_by(self, who: Outsider) -> None:
        """They have asked; we have not answered."""
        council, now, offer = self.town.node.council, self.now, who.council.new_activity_id()
        self.town.write(lambda c: meet(c, introduction=who.introduction(), now=now))
        self.town.write(lambda c: peers.they_asked(c, council, actor_id=who.actor, offer_id=offer, now=now))
        await self.town.node.engine.refresh()

    def reopen(self) -> None:
        """The same folder, served by a new process."""
        self.town = node_at_rest(self.folder, self.town.network, name="riverside", clock=self.clock, **self.settings)

    def rows(self) -> dict[str, list[Any]]:
        """Everything that is stored, table by table, read past the node."""
        with closing(sqlite3.connect(f"file:{self.folder / DATABASE}?mode=ro", uri=True)) as raw:
            names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: raw.execute(f"SELECT * FROM {name}").fetchall() for name in names}


@asynccontextmanager
async def scene(folder: Path, **settings: Any) -> AsyncIterator[Scene]:
    network, clock = Network(), FakeClock()
    at = folder / "riverside"
    town = node_at_rest(at, network, name="riverside", clock=clock, **settings)
    harbour, hillside, millbrook = (Outsider(name, network, clock) for name in ("harbour", "hillside", "millbrook"))
    found = Scene(at, town, clock, harbour, hillside, millbrook, settings)
    await found.link(found.harbour)
    try:
        yield found
    finally:
        await found.town.node.stop()
