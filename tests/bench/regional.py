"""What it costs to ask what there is around a place, with a million offers in the tables.

Three ways in turns, for the same points: the query function, its bounding-box statement by the bare driver, and the API as a
passer-by asks it. Most offers are in a few towns, and the points are drawn from the same distribution. Large tables are
kept between runs, in the system's folder for temporary files.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from math import cos, log, pi, radians, sqrt
from pathlib import Path
from urllib.parse import urlencode

import h3
import orjson

from federation.moments import microseconds
from node.app import Node
from node.features.resources.around import around
from node.features.resources.sphere import box
from node.migrations.run import head
from node.settings import load
from schemas.context import CATEGORIES
from tests import builders
from tests.bench.amounts import Amounts
from tests.bench.folders import DATABASE, make_folder
from tests.bench.measuring import Figure, middle, quantile, ratio
from tests.builders import START, FakeClock, SeededRandomness
from tests.two_nodes.region import call

TOWNS = 50
IN_TOWNS = 0.6
WITHIN_KM = 10.0
LIMIT = 50
_SOUTH, _NORTH, _WEST, _EAST = 36.0, 44.0, -9.0, 3.0
_SLUGS = tuple(CATEGORIES)
_WORTH_KEEPING = 100_000
_FORMAT = 1  # counts up when what is in the kept tables changes

_REPLICA = (
    "INSERT INTO replica (id, object_id, source, kind, audience, name, document, method, published, updated, ends_at,"
    " received_at) VALUES (?, ?, ?, 'resource', ?, ?, x'', '', ?, ?, ?, ?)"
)
_AVAILABILITY = (
    "INSERT INTO availability (replica_id, direction, category, latitude, longitude, ends_at, audience, source, object_id,"
    " title, words, language, near, quantity, available, unit, state, updated)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'en', 'Old market', '40', '25', 'portions', 'open', ?)"
)
_BARE = (
    "SELECT latitude, longitude, ends_at, replica_id FROM availability INDEXED BY ix_availability_around"
    " WHERE category IN (?) AND latitude BETWEEN ? AND ? AND longitude BETWEEN ? AND ? AND ends_at > ? AND audience IN (?)"
)


class Places:
    """Points as people live: most of them around a few towns."""

    def __init__(self, seed: str) -> None:
        towns = SeededRandomness("towns")
        self._towns = [self._anywhere(towns) for _ in range(TOWNS)]
        self._randomness = SeededRandomness(seed)

    def next(self) -> tuple[float, float]:
        """Latitude and longitude in degrees."""
        if not self._randomness.chance(IN_TOWNS):
            return self._anywhere(self._randomness)
        latitude, longitude = self._randomness.pick(self._towns)
        north, east = self._scatter()
        return latitude + north, longitude + east / cos(radians(latitude))

    def category(self) -> str:
        return self._randomness.pick(_SLUGS)

    def days(self) -> float:
        """When it ends, in days from now: a tenth has ended."""
        return self._randomness.uniform() * 30 - 3

    def direction(self) -> str:
        return "offer" if self._randomness.chance(0.6) else "need"

    def _scatter(self) -> tuple[float, float]:
        """Degrees of latitude, normally distributed with a deviation of about three kilometres (Box and Muller)."""
        far = 0.03 * sqrt(-2 * log(1 - self._randomness.uniform()))
        turn = 2 * pi * self._randomness.uniform()
        return far * cos(turn), far * cos(turn - pi / 2)

    @staticmethod
    def _anywhere(randomness: SeededRandomness) -> tuple[float, float]:
        return (
            _SOUTH + (_NORTH - _SOUTH) * randomness.uniform(),
            _WEST + (_EAST - _WEST) * randomness.uniform(),
        )


def query(folder: Path, amounts: Amounts) -> Figure:
    """Figure 4."""
    begun = time.perf_counter()
    kept = _kept(amounts.offers, folder)
    built = time.perf_counter() - begun
    make_folder(folder / "node", port=1)
    (folder / "node" / DATABASE).symlink_to(kept)
    node = Node(load(folder / "node"), clock=FakeClock())
    try:
        places = Places("questions")
        questions = [(places.category(), *places.next()) for _ in range(amounts.queries)]
        return asyncio.run(_measure(node, kept, questions)) | {
            "offers": amounts.offers,
            "made_in_seconds": round(built, 1),
            "to_reach": {"ratio": 1.5, "api_adds_ms": 2, "p99_ms": 10},
        }
    finally:
        asyncio.run(node.stop())


async def _measure(node: Node, path: Path, questions: list[tuple[str, float, float]]) -> Figure:
    now = START
    bare_ms, function_ms, api_ms, candidates, found = [], [], [], [], []
    bare_cpu, function_cpu = [], []
    with closing(sqlite3.connect(path)) as raw, node.store.reading() as connection:
        for warm in (True, False):  # the first time for the file's pages and every cache, the second counts
            for category, latitude, longitude in questions[: 50 if warm else None]:
                begun, bare_begun = time.perf_counter(), time.thread_time()
                rows = _bare(raw, category, (latitude, longitude))
                between, function_begun = time.perf_counter(), time.thread_time()
                near = around(
                    connection,
                    now=now,
                    audiences=("public",),
                    category=category,
                    latitude=latitude,
                    longitude=longitude,
                    within_km=WITHIN_KM,
                    limit=LIMIT,
                )
                ended, function_ended = time.perf_counter(), time.thread_time()
                asked = await _ask(node, category, latitude, longitude)
                answered = time.perf_counter()
                assert asked == [one.object_id for one in near]
                if not warm:
                    bare_ms.append((between - begun) * 1e3)
                    function_ms.append((ended - between) * 1e3)
                    api_ms.append((answered - ended) * 1e3)
                    bare_cpu.append((function_begun - bare_begun) * 1e3)
                    function_cpu.append((function_ended - function_begun) * 1e3)
                    candidates.append(rows)
                    found.append(len(near))
    return {
        "queries": len(questions),
        "candidates": {"median": middle(candidates, 0), "most": max(candidates)},
        "shown": {"median": middle(found, 0), "most": max(found)},
        "bare_ms": _told(bare_ms),
        "function_ms": _told(function_ms),
        "api_ms": _told(api_ms),
        "ratio": ratio(middle(function_ms, 4), middle(bare_ms, 4)),
        "cpu_ms": {"bare": middle(bare_cpu, 3), "function": middle(function_cpu, 3)},
        "ratio_of_cpu": ratio(middle(function_cpu, 4), middle(bare_cpu, 4)),
        "api_adds_ms": middle([api - own for api, own in zip(api_ms, function_ms, strict=True)], 2),
    }


def _told(values: list[float]) -> Figure:
    return {"p50": round(quantile(values, 0.5), 2), "p99": round(quantile(values, 0.99), 2)}


def _bare(raw: sqlite3.Connection, category: str, here: tuple[float, float]) -> int:
    south, north, spans = box(here, WITHIN_KM)
    (west, east), *_ = spans
    return len(raw.execute(_BARE, (category, south, north, west, east, microseconds(START), "public")).fetchall())


async def _ask(node: Node, category: str, latitude: float, longitude: float) -> list[str]:
    words = {
        "category": category,
        "latitude": latitude,
        "longitude": longitude,
        "within_km": WITHIN_KM,
        "limit": LIMIT,
    }
    url = f"{node.council.base_url}/region/availability?{urlencode(words)}"
    answer = await call(node, "GET", url, headers={"accept": "application/json"})
    assert answer.status == 200, answer.body
    return [item["id"] for item in orjson.loads(answer.body)["items"]]


def _kept(offers: int, folder: Path) -> Path:
    """The database with that many offers: from an earlier run if it has today's tables, else made now."""
    if offers >= _WORTH_KEEPING:
        folder = Path(tempfile.gettempdir()) / "comarca-bench"
        folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"offers-{offers}-{head()}-{_FORMAT}.db"
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        _make(partial, offers)
        partial.rename(path)
    return path


def _make(path: Path, offers: int) -> None:
    path.write_bytes(builders.database_template())
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("PRAGMA journal_mode=MEMORY")
        raw.execute("PRAGMA cache_size=-200000")
        # Indexes are made after the rows: sorted once instead of a million small insertions.
        statement = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (?, ?)"
        )
        indexes = raw.execute(statement, ("replica", "availability")).fetchall()
        for name, _ in indexes:
            raw.execute(f"DROP INDEX {name}")
        raw.execute("BEGIN")
        for replicas, available in _batches(offers):
            raw.executemany(_REPLICA, replicas)
            raw.executemany(_AVAILABILITY, available)
        raw.execute("COMMIT")
        for _, create in indexes:
            raw.execute(create)


def _batches(offers: int) -> Iterator[tuple[list[tuple[object, ...]], list[tuple[object, ...]]]]:
    places = Places("offers")
    source, made = "https://there.example/council", microseconds(START - timedelta(days=4))
    words = "Collected each evening from six until eight; bring a bag or a box, and ring twice."
    for first in range(1, offers + 1, 10_000):
        replicas: list[tuple[object, ...]] = []
        available: list[tuple[object, ...]] = []
        for number in range(first, min(first + 10_000, offers + 1)):
            latitude, longitude = h3.cell_to_latlng(h3.latlng_to_cell(*places.next(), 7))
            name, ends_at = f"Something good, number {number}", microseconds(START + timedelta(days=places.days()))
            address = f"https://there.example/o/{number:026}"
            replicas.append((number, address, source, "public", name, made, made, ends_at, made))
            own = (
                number,
                places.direction(),
                places.category(),
                latitude,
                longitude,
                ends_at,
                "public",
                source,
                address,
            )
            available.append((*own, name, words, made))
        yield replicas, available
