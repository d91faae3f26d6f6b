"""A council with every feature, real keys, a real store and a clock that stands: where feature tests begin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson
from fastapi import FastAPI
from sqlalchemy import Connection, text

from federation import replicas
from federation.council import Council
from federation.tables import Peer, table_of
from node.accounts import actions as accounts
from node.app import kinds_of
from node.database import Store
from node.feature import Acting, Viewer
from node.installed import FEATURES
from node.profile.keeping import first_profile
from node.settings import Settings
from node.web.application import build
from node.web.site import Site
from schemas import activity
from tests import builders
from tests.sealed_browser import SealedBrowser

T = TypeVar("T")

START = builders.START
BASE = "https://riverside.example"
HARBOUR = "https://harbour.example"
MILL_LANE = (41.39, 2.17)
AREA = (41.40, 2.20)


@dataclass
class Village:
    site: Site
    app: FastAPI
    clock: builders.FakeClock

    @property
    def store(self) -> Store:
        return self.site.store

    @property
    def council(self) -> Council:
        return self.site.council

    def do(self, step: Callable[[Connection], T]) -> T:
        return self.store.write_now(step)

    def see(self, query: Callable[[Connection], T]) -> T:
        with self.store.reading() as connection:
            return query(connection)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        return self.see(lambda c: list(c.execute(text(statement), values)))

    def member(self, name: str = "Amina", *, keeper: bool = False) -> int:
        now = self.clock.now()
        return self.do(lambda c: accounts.add_member(c, name=name, keeper=keeper, now=now))

    def acting(self, member_id: int | None = None, *, keeper: bool = False) -> Acting:
        viewer = Viewer(member_id=member_id, keeper=keeper)
        return Acting(now=self.clock.now(), council=self.council, settings=self.site.settings, viewer=viewer)

    def session(self, member_id: int) -> str:
        now, randomness = self.clock.now(), self.site.randomness

        def step(connection: Connection) -> str:
            token = accounts.make_sign_in_link(connection, member_id=member_id, now=now, randomness=randomness)
            return accounts.sign_in(connection, token=token, now=now, randomness=randomness)

        return self.do(step)

    def browser(self, member_id: int | None = None) -> httpx.AsyncClient:
        """A browser on our own pages; signed in where a member is given."""
        headers = {"accept": "text/html", "sec-fetch-site": "same-origin", "origin": BASE}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        browser = SealedBrowser(transport=transport, base_url=BASE, headers=headers)
        if member_id is not None:
            browser.cookies.set(self.site.cookie_name, self.session(member_id))
        return browser

    def program(self, member_id: int | None = None) -> httpx.AsyncClient:
        headers = {} if member_id is None else {"authorization": f"Bearer {self.session(member_id)}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)

    def meet(self, *, heard: datetime | None = START) -> Council:
        """Link up with Harbour, last heard from at `heard`."""
        harbour = builders.council("harbour", base_url=HARBOUR, kinds=self.council.kinds)
        row = {
            "actor_id": harbour.actor_id,
            "origin": HARBOUR,
            "name": "Harbour",
            "inbox": f"{HARBOUR}/council/inbox",
            "state": "accepted",
            "ed25519_key_id": harbour.ed25519_key_id,
            "ed25519_multibase": harbour.multibase,
            "created_at": START,
            "last_heard_at": heard,
        }
        self.do(lambda c: c.execute(table_of(Peer).insert().values(**row)))
        return harbour

    def hears(self, theirs: Council, note: dict[str, Any], *, audience: str = "public") -> str:
        """What a judged Create or Update of theirs does here; returns the object's address."""
        say = activity.update if "updated" in note else activity.create
        said = say(
            theirs.actor_id,
            theirs.new_activity_id(),
            note=note,
            audience="public" if audience == "public" else "neighbours",
            published=self.clock.now(),
        )
        now = self.clock.now()
        self.do(
            lambda c: replicas.put(
                c, self.council, activity=said, document=orjson.dumps(said), audience=audience, received_at=now
            )
        )
        return str(note["id"])

    def told(self, object_id: str) -> list[dict[str, Any]]:
        """Every activity of ours about an object that is still kept, oldest first."""
        found = self.rows("SELECT document FROM body WHERE object_id = :o ORDER BY id", o=object_id)
        return [orjson.loads(row.document) for row in found]


def settings_of(folder: Path, **given: Any) -> Settings:
    usual: dict[str, Any] = {
        "name": "Riverside",
        "url": BASE,
        "zone": "Europe/Madrid",
        "places": {"Mill Lane": MILL_LANE, "The baths": (41.41, 2.15)},
        "area": {"latitude": AREA[0], "longitude": AREA[1], "near": "Riverside"},
    }
    return Settings(directory=folder, **{**usual, **given})


@contextmanager
def village_in(folder: Path, **given: Any) -> Iterator[Village]:
    (folder / "comarca.db").write_bytes(builders.database_template())
    store = Store.open(folder / "comarca.db")
    try:
        clock, randomness = builders.FakeClock(), builders.SeededRandomness("village")
        council = builders.council("riverside", base_url=BASE, kinds=kinds_of(FEATURES), randomness=randomness)
        settings = settings_of(folder, **given)
        council.profile = first_profile(settings)
        site = Site(
            settings=settings,
            council=council,
            store=store,
            clock=clock,
            randomness=randomness,
            features=FEATURES,
        )
        yield Village(site=site, app=build(site), clock=clock)
    finally:
        store.close()


def offer(**given: Any) -> dict[str, Any]:
    """An offer as a person or a program sends it."""
    usual = {
        "direction": "offer",
        "title": "40 portions of dal",
        "words": "Vegan, no nuts. Bring a bowl.",
        "category": "food",
        "quantity": "40",
        "unit": "portions",
        "near": "Mill Lane",
        "audience": "public",
        "until": "tonight",
    }
    return {name: value for name, value in {**usual, **given}.items() if value is not None}


IN_A_WEEK = START + timedelta(days=7)
