"""A small town for the pages: a council with real keys, a real store, a clock that stands, and two tiny features."""

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from federation.council import Council
from federation.kinds import Kind
from federation.tables import Lane, Peer, Replica, table_of
from node.accounts import actions
from node.database import Store, StoreBroken, StoreFull
from node.feature import Feature, MenuEntry, Slip, Viewer
from node.settings import Settings
from node.web.application import build
from node.web.forms import Typed
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import slip_address
from schemas.refusal import Refusal
from tests.builders import database_template, rsa_key
from tests.sealed_browser import SealedBrowser

PLAIN = "http://127.0.0.1:8101"
SECURE = "https://riverside.example"
HARBOUR = "https://harbour.example"
NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)  # a Wednesday; 12:00 in Madrid
_NUMBERS = itertools.count(1)


@dataclass
class StandingClock:
    at: datetime = NOON
    seconds: float = 1_000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, time: timedelta) -> None:
        self.at += time
        self.seconds += time.total_seconds()


@dataclass
class CountedRandomness:
    count: Iterator[int] = field(default_factory=itertools.count)

    def bytes(self, n: int, /) -> bytes:
        return hashlib.shake_256(f"town {next(self.count)}".encode()).digest(n)

    def uniform(self) -> float:
        return 0.5


def slip_of(replica: Any, council: Council | None = None) -> Slip:
    note = json.loads(replica.document)["object"]
    return Slip(
        kind=note["kind"],
        title=replica.name,
        words=note["content"],
        meta=("Near the baths",),
        href=slip_address(replica.object_id, base_url=council.base_url if council else PLAIN),
        language="en",
        updated=replica.updated,
        ends_at=replica.ends_at,
        source="Harbour" if replica.source.startswith(HARBOUR) else "",
        details={},
    )


def _wall(kind: str) -> Any:
    def wall(connection: Connection, viewer: Viewer, now: datetime, council: Council) -> list[Slip]:
        replicas = table_of(Replica)
        rows = connection.execute(
            replicas.select().where(
                replicas.c.kind == kind, replicas.c.audience.in_(viewer.audiences), replicas.c.gone_at.is_(None)
            )
        )
        return [slip_of(Replica(**row), council) for row in rows.mappings()]

    return wall


def _slip(connection: Connection, replica: Any, viewer: Viewer, now: datetime) -> Slip | None:
    return slip_of(replica)


def _kind(name: str, lane: Lane) -> Kind:
    return Kind(
        name, lane, lambda note: note, lambda connection, copy, model: None, lambda connection, replica_id: None
    )


def _notes_router(site: Site) -> Routes:
    routes = Routes()

    @routes.post("/notes", include_in_schema=False)
    def put_up(request: Request, typed: Typed) -> Response:
        if not site.viewer(request).signed_in:
            raise Refusal("not-signed-in", sentence="Sign in first, then put it up.")
        if "words" not in typed:
            raise Refusal("words", "words", sentence="Write what it is about.")
        return see_other("/")

    @routes.get("/faulty", include_in_schema=False)
    def faulty() -> Response:
        raise RuntimeError("the secret cause")

    @routes.post("/faulty", include_in_schema=False)
    def faulty_form(typed: Typed) -> Response:
        raise RuntimeError("the secret cause")

    @routes.post("/full", include_in_schema=False)
    def full() -> Response:
        raise StoreFull("disk")

    @routes.post("/broken", include_in_schema=False)
    def broken() -> Response:
        raise StoreBroken("disk")

    @routes.get("/api/number", include_in_schema=False)
    def number(n: int) -> int:
        return n

    return routes


NOTES = Feature(
    name="notes",
    kinds=(_kind("resource", Lane.ORDINARY),),
    router=_notes_router,
    menu=(MenuEntry("Needs and offers", "/board", 10),),
    wall=_wall("resource"),
    slip=_slip,
)
ALARMS = Feature(name="alarms", kinds=(_kind("alert", Lane.ALERT),), wall=_wall("alert"), slip=_slip)


@dataclass
class Town:
    site: Site
    app: FastAPI
    clock: StandingClock

    @property
    def store(self) -> Store:
        return self.site.store

    @property
    def url(self) -> str:
        return self.site.council.base_url

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """A browser as it behaves towards our own pages: it keeps cookies and says where its forms come from."""
        given = {"accept": "text/html", "sec-fetch-site": "same-origin", "origin": self.url, **headers}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return SealedBrowser(transport=transport, base_url=self.url, headers=given)

    def program(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=self.url, headers=headers)

    def member(self, name: str = "Amina", *, keeper: bool = False) -> int:
        now = self.clock.now()
        return self.store.write_now(lambda c: actions.add_member(c, name=name, keeper=keeper, now=now))

    def link(self, member_id: int, *, minutes: int = 60) -> str:
        now, randomness = self.clock.now(), self.site.randomness
        return self.store.write_now(
            lambda c: actions.make_sign_in_link(c, member_id=member_id, now=now, randomness=randomness, minutes=minutes)
        )

    def session(self, member_id: int) -> str:
        now, randomness, token = self.clock.now(), self.site.randomness, self.link(member_id)
        return self.store.write_now(lambda c: actions.sign_in(c, token=token, now=now, randomness=randomness))

    def signed_in(self, *, keeper: bool = False, name: str = "Amina") -> httpx.AsyncClient:
        browser = self.browser()
        browser.cookies.set(self.site.cookie_name, self.session(self.member(name, keeper=keeper)))
        return browser

    def meet(
        self, origin: str = HARBOUR, *, name: str = "Harbour", state: str = "accepted", heard: datetime | None = NOON
    ) -> str:
        actor_id = f"{origin}/council"
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(origin.encode()).digest())
        from protocol.keys import encode_multikey

        row = {
            "actor_id": actor_id,
            "origin": origin,
            "name": name,
            "inbox": f"{origin}/council/inbox",
            "state": state,
            "ed25519_key_id": f"{actor_id}#ed25519-key",
            "ed25519_multibase": encode_multikey(key.public_key()),
            "their_offer_id": f"{origin}/a/{'o' * 26}",
            "created_at": NOON,
            "last_heard_at": heard,
        }
        self.store.write_now(lambda c: c.execute(table_of(Peer).insert().values(**row)))
        return actor_id

    def hold(self, title: str, *, audience: str = "public", origin: str | None = None, **values: Any) -> str:
        """A copy in the replica table, as the inbox or our own outbox would have left it; returns its address."""
        base = origin or self.url
        object_id = f"{base}/o/{next(_NUMBERS):0>26}"
        note = {
            "id": object_id,
            "type": "Note",
            "name": title,
            "kind": values.pop("shown_as", "offer"),
            "content": f"About {title}.",
        }
        row = {
            "object_id": object_id,
            "source": f"{base}/council",
            "kind": "resource",
            "audience": audience,
            "name": title,
            "document": json.dumps({"id": f"{base}/a/1", "type": "Create", "object": note}).encode(),
            "method": f"{base}/council#ed25519-key",
            "published": NOON,
            "updated": NOON,
            "ends_at": NOON + timedelta(days=2),
            "received_at": NOON,
            "gone_at": None,
            **values,
        }
        self.store.write_now(lambda c: c.execute(table_of(Replica).insert().values(**row)))
        return object_id


def build_town(
    folder: Path, *, url: str = PLAIN, features: tuple[Feature, ...] = (NOTES, ALARMS), **settings: Any
) -> Town:
    (folder / "comarca.db").write_bytes(database_template())
    store = Store.open(folder / "comarca.db")
    clock, randomness = StandingClock(), CountedRandomness()
    council = Council(
        base_url=url,
        name="Riverside neighbours",
        rsa=rsa_key(1),
        ed25519=Ed25519PrivateKey.from_private_bytes(b"r" * 32),
        kinds={kind.name: kind for feature in features for kind in feature.kinds},
        randomness=randomness,
    )
    chosen = Settings(directory=folder, name=council.name, url=url, zone="Europe/Madrid", **settings)
    site = Site(settings=chosen, council=council, store=store, clock=clock, randomness=randomness, features=features)
    return Town(site=site, app=build(site), clock=clock)
