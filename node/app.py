"""One node put together: settings in, an ASGI application out. Nothing is opened at import, and nothing is global."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI

from federation.council import Council, Rules
from federation.kinds import Kind
from federation.ports import Clock, Randomness, Transport
from federation.transport import NetworkTransport
from node.backup import contents
from node.backup.regular import RegularBackups
from node.database import Store, hold_lock
from node.engine import Engine
from node.errands import Errands
from node.feature import Bench, Feature
from node.identity import load_identity
from node.installed import FEATURES
from node.marking import Marking, fall_silent_if_older
from node.migrations import run as migrations
from node.ports import SystemClock, SystemRandomness
from node.post import Post, SmtpPost
from node.profile.claiming import waits
from node.profile.keeping import first_profile, held, keep
from node.recovery import begin_feeds
from node.settings import Settings
from node.web.application import build
from node.web.metrics import Counts, Figures, listen
from node.web.probes import Probes, Readiness
from node.web.site import Site
from protocol import ids

DATABASE = contents.DATABASE
OWN_PACKAGES = ("node", "federation", "schemas", "protocol")

_log = structlog.get_logger(__name__)


class ForeignPackage(Exception):
    """One of our four import names belongs to another distribution as well, so nobody knows whose code would run."""


def software_version() -> str:
    return version("comarca")


def refuse_foreign_packages() -> None:
    """Our import names are common words, and other distributions use them. Raises ForeignPackage with what to type."""
    owners = packages_distributions()
    for package in OWN_PACKAGES:
        others = sorted(set(owners.get(package, ())) - {"comarca"})
        if others:
            raise ForeignPackage(
                f"The package {others[0]!r} is installed beside Comarca and also brings {package!r}. "
                f"Type: pip uninstall {others[0]}, or use a virtual environment of Comarca's own."
            )


def rules_of(settings: Settings) -> Rules:
    """What the keeper has set, in the engine's words."""
    return Rules(
        policy=ids.Policy(plain_hosts=frozenset(settings.allow.plain_hosts)),
        followers=settings.followers,
        body=settings.limits.body,
        unknown_body=settings.limits.unknown_body,
        give_up=timedelta(days=settings.federation.give_up_after_days),
        follower_rows=timedelta(days=settings.federation.follower_days),
        backoff_first=settings.federation.backoff_first,
        backoff_cap=settings.federation.backoff_cap,
        vouched=settings.federation.vouched,
        live=settings.limits.live_records,
    )


def kinds_of(features: tuple[Feature, ...]) -> dict[str, Kind[Council]]:
    """The kinds that features bring, by name. Raises ValueError when two claim the same."""
    kinds: dict[str, Kind[Council]] = {}
    for feature in features:
        for kind in feature.kinds:
            if kind.name in kinds:
                raise ValueError(f"two features claim the kind {kind.name!r}")
            kinds[kind.name] = kind
    return kinds


def open_council(settings: Settings, *, randomness: Randomness, features: tuple[Feature, ...] = FEATURES) -> Council:
    """The council of a folder, with its keys. Raises node.identity.BadIdentity."""
    identity = load_identity(settings.directory)
    council = Council(
        base_url=settings.url,
        name=settings.name,
        rsa=identity.rsa,
        ed25519=identity.ed25519,
        kinds=kinds_of(features),
        acts=tuple(act for feature in features for act in feature.acts),
        randomness=randomness,
        rules=rules_of(settings),
    )
    council.keyring = identity.keyring
    council.profile = first_profile(settings)
    council.house = settings
    return council


def open_store(directory: Path) -> Store:
    """The store of a folder, its tables brought up to date first. Raises migrations.UpgradeRefused, StoreFault."""
    path = directory / DATABASE
    done = migrations.upgrade(path, version=software_version())
    if done.copy is not None:
        _log.info("database upgraded", copy=done.copy.name, revision=done.after)
    return Store.open(path)


def apply_profile(council: Council, settings: Settings, store: Store, *, now: datetime) -> None:
    """Have the council say what the database keeps; the settings' words go there at the first start of a claimed one."""
    with store.reading() as connection:
        kept, waiting = held(connection), waits(connection)
    council.profile = kept or first_profile(settings)
    if kept is None and not waiting:
        store.write_now(lambda connection: keep(connection, council.profile, now=now))


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass
class Node:
    """An ASGI application with its engine. The loops run from the lifespan's start to its end."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    randomness: Randomness = field(default_factory=SystemRandomness)
    features: tuple[Feature, ...] = FEATURES
    transport: Transport | None = None
    post: Post | None = None

    def __post_init__(self) -> None:
        self.council = open_council(self.settings, randomness=self.randomness, features=self.features)
        self.store = open_store(self.settings.directory)
        self._network = None if self.transport else NetworkTransport(self.council.rules.policy)
        transport = self.transport or self._network
        assert transport is not None
        self.engine = Engine(
            self.settings,
            council=self.council,
            store=self.store,
            clock=self.clock,
            randomness=self.randomness,
            transport=transport,
            version=software_version(),
        )
        self._backups = RegularBackups(
            self.settings, clock=self.clock, version=software_version(), council=lambda: self.council.name
        )
        self._marking = Marking(self.settings.directory, self.store)
        self._errands = Errands(self.features, self._bench())
        self._probes = self._watched()
        self.site = Site(
            settings=self.settings,
            council=self.council,
            store=self.store,
            clock=self.clock,
            randomness=self.randomness,
            features=self.features,
            relations_changed=self.engine.relations_changed,
            ask_live=self.engine.live.ask_from_beside,
            told_live=self.engine.live.lately,
        )
        apply_profile(self.council, self.settings, self.store, now=self.clock.now())
        self._front = self.engine.front(self._page)
        self.site.claimed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._probes(scope, receive, send)

    @cached_property
    def _pages(self) -> FastAPI:
        """The pages, put together when they are first wanted: a server's own start does it, so nobody who asks waits for it."""
        return build(self.site)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._pages(scope, receive, send)

    async def _behind_probes(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.site.claimed.known or await asyncio.to_thread(self.site.claimed):
            await self._front(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    def _ended_loops(self) -> tuple[str, ...] | None:
        """Those of the engine and of the errands; None while none was started."""
        ended = self.engine.ended_loops()
        return None if ended is None else ended + self._errands.ended()

    def _watched(self) -> Probes:
        """The probes in front of everything else, and the figures if they are wanted."""
        wanted, engine = self.settings.metrics, self.engine
        readiness = Readiness(
            store=self.store,
            clock=self.clock,
            directory=self.settings.directory,
            revision=migrations.head(),
            ended_loops=self._ended_loops,
        )
        self._figures: Figures | None = None
        self._figures_server: asyncio.Server | None = None
        if wanted.port or wanted.token:
            counts = Counts(engine.reception.counts, engine.applier.verbs, engine.deliverer.outcomes)
            self._figures = Figures(
                store=self.store,
                clock=self.clock,
                counts=counts,
                councils=lambda: sum(known.accepted for known in engine.directory.known.values()),
                version=software_version(),
            )
        return Probes(self._behind_probes, readiness=readiness, figures=self._figures, token=wanted.token)

    def _bench(self) -> Bench:
        post = self.post or (SmtpPost(self.settings) if self.settings.mail.on else None)
        return Bench(self.settings, self.council, self.store, self.clock, self.randomness, post)

    async def _show_figures(self) -> None:
        port = self.settings.metrics.port
        if self._figures is None or not port:
            return
        try:
            self._figures_server = await listen(self._figures, port=port)
        except OSError as error:  # a council is not taken down because nobody can watch it
            _log.error("no figures are shown: the port cannot be had", port=port, because=error.strerror)

    async def start(self) -> None:
        begin_feeds(self.settings.directory, self.council, self.store, clock=self.clock, randomness=self.randomness)
        fall_silent_if_older(self.settings.directory, self.store, clock=self.clock, randomness=self.randomness)
        await self.engine.start()
        self.store.on_commit(self.site.streams.wake)
        self.engine.written_elsewhere += (self.site.streams.wake, self._marking.wake)
        self._marking.start()
        self._errands.start()
        await self._show_figures()
        self._backups.start()

    async def stop(self) -> None:
        await self._backups.stop()
        self.site.streams.end()
        if self._figures_server is not None:
            self._figures_server.close()
        await self._errands.stop()
        await self.engine.stop()
        await self._marking.stop()
        if self._network is not None:
            await self._network.aclose()
        await asyncio.to_thread(self.store.close)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            assert self._pages
            await self.start()
        except Exception as error:
            _log.exception("could not start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def create_app(settings: Settings) -> Node:
    """The application of one council's folder."""
    return Node(settings)


def lock_of(settings: Settings) -> AbstractContextManager[None]:
    """Held by the one server of a folder. Raises node.database.AlreadyServed."""
    return hold_lock(settings.directory)
