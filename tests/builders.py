"""What many tests start from: keys, a clock, randomness, a council, a note, a database; each with sensible defaults.

Everything here is fixed by its arguments: no system clock, no system randomness, no file outside a temporary folder. The
keys in `tests/keys` protect nothing and must never be used by a node.
"""

import builtins
import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from federation.council import Council, Rules
from federation.kinds import Kind, Kinds
from federation.moments import microseconds
from federation.tables import Lane
from node.database import sqlite
from node.migrations import run as migrations
from protocol.ids import Policy
from protocol.keys import encode_multikey
from schemas.records.alert import Alert, alert_note, read_alert
from schemas.records.resolution import read_resolution
from schemas.records.resource import Direction, read_resource, resource_note

T = TypeVar("T")

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEYS = Path(__file__).parent / "keys"
_STEPS = 1 << 53


class FakeClock:
    """`federation.ports.Clock` that stands still until it is told to go on."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._started = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._started).total_seconds()

    def advance(self, seconds: float = 1.0) -> datetime:
        """Let time pass; returns the new present."""
        self._now += timedelta(seconds=seconds)
        return self._now


class SeededRandomness:
    """`federation.ports.Randomness` drawn from a seed: BLAKE2b over the seed and a counter, the same on every machine.

    `below`, `chance`, `pick` and `shuffled` are for tests that need decisions.
    """

    def __init__(self, seed: int | str = 0) -> None:
        self._key = hashlib.blake2b(str(seed).encode(), digest_size=32).digest()
        self._drawn = 0

    def bytes(self, n: int, /) -> builtins.bytes:
        found = b""
        while len(found) < n:
            self._drawn += 1
            found += hashlib.blake2b(self._drawn.to_bytes(8, "big"), key=self._key, digest_size=64).digest()
        return found[:n]

    def uniform(self) -> float:
        return (int.from_bytes(self.bytes(7), "big") >> 3) / _STEPS

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1."""
        return int.from_bytes(self.bytes(7), "big") % limit

    def chance(self, probability: float) -> bool:
        return self.uniform() < probability

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        rest = list(items)
        return [rest.pop(self.below(len(rest))) for _ in range(len(rest))]


@cache
def rsa_key(number: int = 1) -> RSAPrivateKey:
    """One of three fixed RSA-2048 test keys: 1, 2 or 3."""
    key = load_pem_private_key((KEYS / f"rsa-{number}.pem").read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def ed25519_key(seed: str = "riverside") -> Ed25519PrivateKey:
    """The Ed25519 key that belongs to a name: the same each time."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"test key of {seed}".encode()).digest())


def count(moment: datetime) -> int:
    """A moment as `Instant` columns keep it."""
    return microseconds(moment)


def multibase_of(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as `z6Mk…` text."""
    return encode_multikey(key.public_key())


def plain_kinds() -> dict[str, Kind]:
    """The three kinds of note, read as they are on the wire, with no index behind them."""
    readers: dict[str, tuple[Lane, Callable[[dict[str, Any]], Any]]] = {
        "resource": (Lane.ORDINARY, read_resource),
        "resolution": (Lane.ORDINARY, read_resolution),
        "alert": (Lane.ALERT, read_alert),
    }
    return {
        name: Kind(
            name,
            lane,
            read,
            put=lambda connection, copy, model: None,
            end=lambda connection, replica_id: None,
            vouched=name == "resource",
        )
        for name, (lane, read) in readers.items()
    }


def council(
    name: str = "riverside",
    *,
    base_url: str | None = None,
    kinds: Kinds | None = None,
    followers: str = "off",
    randomness: SeededRandomness | None = None,
    plain_hosts: Iterable[str] = (),
) -> Council:
    """A council at https://<name>.example with keys of its own; two names may share an RSA key, never an Ed25519 key."""
    return Council(
        base_url=base_url or f"https://{name}.example",
        name=name.capitalize(),
        rsa=rsa_key(1 + sum(name.encode()) % 3),
        ed25519=ed25519_key(name),
        kinds=plain_kinds() if kinds is None else kinds,
        randomness=randomness or SeededRandomness(name),
        rules=Rules(policy=Policy(plain_hosts=frozenset(plain_hosts)), followers=followers),
    )


def note(
    ours: Council,
    *,
    object_id: str | None = None,
    title: str = "Ten folding chairs",
    words: str = "For your assembly.",
    direction: Direction = "offer",
    audience: str = "public",
    published: datetime = START,
    updated: datetime | None = None,
    ends_at: datetime | None = None,
    quantity: str | None = "10",
    available: str | None = None,
) -> dict[str, Any]:
    """A need or an offer of `ours`, as it goes into an activity. It ends 30 days after `published` unless told otherwise."""
    return resource_note(
        object_id or ours.new_object_id(),
        ours.base_url,
        direction=direction,
        name=title,
        words=words,
        language="en",
        category="other",
        quantity=quantity,
        unit=None if quantity is None else "one",
        available=available,
        place=None,
        published=published,
        updated=updated,
        ends_at=ends_at or published + timedelta(days=30),
        audience=audience,
    )


def flood(
    ours: Council,
    *,
    title: str = "The river rises",
    words: str = "Bring pumps",
    audience: str = "public",
    status: str = "Actual",
    published: datetime = START,
) -> dict[str, Any]:
    """A call for help of `ours`, for five hours."""
    payload = {
        "status": status,
        "msg_type": "Alert",
        "category": "Met",
        "event": "Flood",
        "urgency": "Immediate",
        "severity": "Moderate",
        "certainty": "Observed",
        "wanted": "Pumps & hoses",
    }
    return alert_note(
        ours.new_object_id(),
        ours.base_url,
        name=title,
        words=words,
        alert=Alert.model_validate(payload),
        language="en",
        place=None,
        published=published,
        updated=None,
        ends_at=published + timedelta(hours=5),
        audience=audience,
    )


@cache
def database_template() -> bytes:
    """An empty database of the newest revision, as bytes. Made once: tables take longer to make than to copy."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        migrations.upgrade(path)
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA journal_mode=DELETE")  # a database in memory has no write-ahead log
            return raw.serialize()


@cache
def _engine() -> Engine:
    """One engine for all of them, so that each statement is compiled once; every connection is a database of its own."""
    engine = create_engine(
        "sqlite+pysqlite://",
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: Any) -> None:
        sqlite._common(raw, "FULL")

    return engine


@contextmanager
def database(content: bytes | None = None) -> Iterator[Connection]:
    """A database in memory, empty and of the newest revision unless `content` (from `snapshot`) is given.

    Configured as the store's writer is: foreign keys on, and no transaction but those that are begun (`write`).
    """
    connection = open_database(content)
    try:
        yield connection
    finally:
        connection.close()


def open_database(content: bytes | None = None) -> Connection:
    """As `database`, for whoever closes it."""
    connection = _engine().connect()
    sqlite.driver_connection(connection).deserialize(database_template() if content is None else content)
    return connection


def snapshot(connection: Connection) -> bytes:
    """The whole database as bytes, outside any transaction."""
    return sqlite.driver_connection(connection).serialize()


def write(connection: Connection, step: Callable[[Connection], T]) -> T:
    """Run `step` as the store does, BEGIN IMMEDIATE to COMMIT; what it raises undoes it."""
    # Straight to the driver: a simulated year is mostly this.
    raw = sqlite.driver_connection(connection)
    raw.execute(sqlite.BEGIN)
    try:
        result = step(connection)
    except BaseException:
        raw.execute(sqlite.ROLLBACK)
        raise
    raw.execute(sqlite.COMMIT)
    return result
