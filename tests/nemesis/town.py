"""Ten councils on this machine: folders, keys and links made at once, servers that can be killed, and what they hold.

Each has an address of its own at the proxy, which it signs for, and a port behind it where it really listens. What is looked
up here is read from the files, as whoever walks in with a stick would read them.
"""

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from federation import peers
from federation.council import Council
from federation.introductions import Introduction
from node.accounts import after_restore
from node.accounts.actions import add_member, open_session
from node.app import DATABASE, open_council, open_store
from node.backup import making, restoring
from node.database import Store
from node.demo.asking import send
from node.demo.checking import NotSeen, wait_for
from node.identity import make_identity
from node.ports import SystemClock, SystemRandomness
from node.settings import load, write
from protocol.keys import encode_multikey, encode_pem
from tests.nemesis.oracle import GONE, version_in
from tests.nemesis.zygote import Zygote

LOOPBACK = "127.0.0.1"
NAMES = ("alder", "birch", "cedar", "dogwood", "elm", "fir", "gorse", "hazel", "ivy", "juniper")
CHORD = 3
STARTS_WITHIN = 60.0


@dataclass
class Town:
    """One council. `linked` are names; `token` signs its neighbour in; `shifted`: its clock goes wrong."""

    name: str
    url: str
    port: int
    directory: Path
    linked: frozenset[str]
    council: Council
    member: int = 0
    token: str = ""
    pid: int = 0
    shifted: bool = False

    @property
    def actor(self) -> str:
        return f"{self.url}/council"

    @property
    def authority(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def log(self) -> Path:
        return self.directory.parent / f"{self.name}.log"

    @property
    def database(self) -> Path:
        return self.directory / DATABASE

    @contextmanager
    def looking(self) -> Iterator[sqlite3.Connection]:
        """Its file, opened for reading from outside."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as raw:
            raw.row_factory = sqlite3.Row
            yield raw

    def ask(self, method: str, path: str, body: bytes | None = None, *, signed_in: bool = True) -> Any:
        """One request past the proxy, as a browser in the council's own house sends it. Raises OSError."""
        headers = {"Host": self.authority, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if signed_in:
            headers["Authorization"] = f"Bearer {self.token}"
        return send(f"http://{LOOPBACK}:{self.port}", method, path, headers=headers, body=body, seconds=8.0)


def neighbours_of(place: int, count: int) -> set[int]:
    """A ring with chords: each is linked up with four of ten, and with the others only by way of them."""
    steps = {1, CHORD} if count > 2 * CHORD else {1}
    return {(place + way * step) % count for step in steps for way in (1, -1)} - {place}


def make_towns(folder: Path, addresses: Sequence[tuple[str, int]]) -> list[Town]:
    """Folders, keys, tables and links for as many councils as there are addresses: (url at the proxy, real port)."""
    towns = [_made(folder, place, url, port, len(addresses)) for place, (url, port) in enumerate(addresses)]
    by_name = {town.name: town for town in towns}
    template = folder / "template.db"
    open_store_of(towns[0]).close()
    with closing(sqlite3.connect(towns[0].database)) as raw:
        raw.execute("VACUUM INTO ?", (str(template),))
    for town in towns:
        if not town.database.exists():
            shutil.copyfile(template, town.database)
        _first_rows(town, [by_name[name] for name in sorted(town.linked)])
    return towns


def _made(folder: Path, place: int, url: str, port: int, count: int) -> Town:
    name = NAMES[place]
    directory = folder / name
    write(directory, _settings(name, url, port, place))
    make_identity(directory, SystemRandomness())
    linked = frozenset(NAMES[other] for other in neighbours_of(place, count))
    council = open_council(load(directory), randomness=SystemRandomness())
    return Town(name, url, port, directory, linked, council)


def _settings(name: str, url: str, port: int, place: int) -> dict[str, Any]:
    return {
        "name": name.capitalize(),
        "url": url,
        "listen": {"host": LOOPBACK, "port": port},
        "allow": {"plain_hosts": [LOOPBACK]},
        "area": {"latitude": 43.4 + place / 100, "longitude": -5.7, "near": "The hall"},
        "places": {"The hall": [43.4 + place / 100, -5.7]},
        "limits": {
            "peer_rate": {"per_minute": 60_000, "burst": 5_000},
            "unknown_rate": {"per_minute": 120, "burst": 60},
            "forms_per_minute": 60_000,
        },
        "federation": {"contact_every": 3.0, "catch_up_every": 2.0, "backoff_first": 0.2, "backoff_cap": 2.0},
        "backup": {"every_hours": 0},
    }


def open_store_of(town: Town) -> Store:
    return open_store(town.directory)


def _first_rows(town: Town, others: Sequence[Town]) -> None:
    """A neighbour who is signed in, and the links: as if the six words had been compared on both sides."""
    now, store = SystemClock().now(), open_store_of(town)
    try:
        town.member = store.write_now(lambda c: add_member(c, name="", keeper=True, now=now))
        for other in others:
            store.write_now(lambda c, o=other: peers.linked_before(c, introduction=_introduction(o), now=now))  # type: ignore[misc]
        _sign_in(town, store)
    finally:
        store.close()


def _sign_in(town: Town, store: Store) -> None:
    now = SystemClock().now()
    town.token = store.write_now(
        lambda c: open_session(c, member_id=town.member, now=now, randomness=SystemRandomness())
    )


def _introduction(town: Town) -> Introduction:
    pair = town.council.keyring.current
    return Introduction(
        actor_id=town.actor,
        name=town.name.capitalize(),
        inbox=f"{town.url}/inbox",
        rsa_key_id=f"{town.actor}#main-key",
        rsa_pem=encode_pem(pair.rsa.public_key()),
        ed25519_key_id=f"{town.actor}#ed25519-key",
        ed25519_multibase=encode_multikey(pair.ed25519.public_key()),
    )


@dataclass
class Servers:
    """The processes of all towns."""

    zygote: Zygote
    towns: Sequence[Town]

    def start(self, town: Town, *, shift: float = 0.0) -> None:
        town.pid = self.zygote.start(town.directory, town.log, shift=shift)

    def wait_until_answering(self, town: Town) -> None:
        def look() -> bool:
            if not _lives(town.pid):
                raise NotSeen(f"{town.name} has ended by itself: {tail(town.log)}")
            try:
                return bool(town.ask("GET", "/.well-known/comarca", signed_in=False).status == 200)
            except OSError:
                return False

        wait_for(look, f"{town.name} answers", within=STARTS_WITHIN)

    def kill(self, town: Town) -> None:
        self.zygote.end(town.pid)
        wait_for(lambda: not _lives(town.pid), f"{town.name} is dead", within=STARTS_WITHIN)
        town.pid = 0

    def stop(self, town: Town) -> None:
        """SIGTERM, and wait for its end."""
        if town.pid and _lives(town.pid):
            self.zygote.end(town.pid, signal.SIGTERM)
        wait_for(lambda: not _lives(town.pid), f"{town.name} has ended", within=STARTS_WITHIN)
        town.pid = 0

    def stop_all(self) -> None:
        """SIGTERM to each at once, then wait for each."""
        for town in self.towns:
            self.zygote.end(town.pid, signal.SIGTERM)
        for town in self.towns:
            self.stop(town)

    def pause(self, town: Town) -> None:
        self.zygote.end(town.pid, signal.SIGSTOP)

    def go_on(self, town: Town) -> None:
        if town.pid:
            self.zygote.end(town.pid, signal.SIGCONT)


def back_up(town: Town, to: Path) -> Path:
    """A backup as `comarca backup` makes it, beside a server that runs."""
    settings = load(town.directory)
    return making.make(settings, clock=SystemClock(), version="0", to=to).file


def put_back(town: Town, file: Path) -> None:
    """Restore as `comarca restore --replace` does, where no server runs; and sign the neighbour in again."""
    clock, randomness = SystemClock(), SystemRandomness()

    def settle(folder: Path) -> str | None:
        return after_restore.settle(folder, clock=clock, randomness=randomness)

    restoring.restore(file, town.directory, settle=settle, clock=clock, replace=True)
    store = open_store_of(town)
    try:
        _sign_in(town, store)
    finally:
        store.close()


def rows(town: Town, query: str, *given: object) -> list[tuple[object, ...]]:
    """What its tables answer."""
    with town.looking() as raw:
        return [tuple(row) for row in raw.execute(query, given)]


def slips_held(holder: Town, *, of: Town) -> dict[str, int]:
    """Which versions of a council's slips another holds, by the last part of their address."""
    found: dict[str, int] = {}
    for object_id, name, gone_at in rows(
        holder, "SELECT object_id, name, gone_at FROM replica WHERE source = ?", of.actor
    ):
        known = version_in(str(name))
        version = GONE if gone_at is not None else known[1] if known else None
        if version is not None:
            found[str(object_id).rpartition("/")[2]] = version
    return found


def tail(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-12:]) if log.exists() else ""


def _lives(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
