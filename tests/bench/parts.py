"""The ceiling of an inbox: what its parts cost by themselves, in this process, in the same run.

The parts are the library calls that no inbox can do without; the glue between them is what the node is measured for.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from federation.tables import ArrivalState
from node.features.resources.arrivals import read
from protocol import strict_json
from protocol.canonical import canonical
from protocol.keys import sign, verify
from schemas.activity import shape_of
from tests import builders
from tests.bench.amounts import Amounts
from tests.bench.letters import Letter
from tests.bench.measuring import cpu_each

AT_ONCE = 64
_THERE, _AT, _WAITING = "https://there.example", 1_700_000_000_000_000, ArrivalState.WAITING.value
_BASE = b"x" * 420  # as long as the signature base of one of our deliveries
_INSERT = (
    "INSERT INTO received_activity (activity_id, digest, actor_id, verb, document, received_at, state)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def of_offer(letter: Letter, folder: Path, *, number: int, amounts: Amounts) -> dict[str, float]:
    """CPU microseconds of each part of one proved message: two verifications, strict parse, two JCS, shape, insert."""
    document, activity = _read(letter)
    key = builders.ed25519_key("generator")
    public = key.public_key()
    of_base, of_hashes = key.sign(_BASE), key.sign(_BASE[:64])
    unsigned = {name: value for name, value in activity.items() if name != "proof"}
    options = {name: value for name, value in activity["proof"].items() if name != "proofValue"}
    return _timed(
        {
            "two verifications": lambda: verify(public, of_base, _BASE) and verify(public, of_hashes, _BASE[:64]),
            "strict parse": lambda: strict_json.parse(document),
            "two JCS": lambda: (canonical(unsigned), canonical(options)),
            "shape": lambda: (shape_of(activity), read(activity["object"])),
        },
        repeats=amounts.repeats,
    ) | {"durable insert": insert_each(folder, document, verb="Create", number=number, batches=_batches(amounts))}


def of_departure(letter: Letter, folder: Path, *, number: int, amounts: Amounts) -> dict[str, float]:
    """CPU microseconds of each part of one message without proof: one RSA verification, strict parse, shape, insert."""
    document, activity = _read(letter)
    key = builders.rsa_key(3)
    public, signature = key.public_key(), sign(key, _BASE)
    return _timed(
        {
            "one verification": lambda: verify(public, signature, _BASE),
            "strict parse": lambda: strict_json.parse(document),
            "shape": lambda: shape_of(activity),
        },
        repeats=amounts.repeats,
    ) | {"durable insert": insert_each(folder, document, verb="Delete", number=number, batches=_batches(amounts))}


def insert_each(folder: Path, document: bytes, *, verb: str, number: int, batches: int) -> float:
    """CPU microseconds for one row by the bare driver, 64 to a transaction, each transaction on the disk before the next."""
    path = folder / f"ceiling-{verb}-{number}.db"
    path.write_bytes(builders.database_template())
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            raw.execute(f"PRAGMA {pragma}")
        numbers = iter(range(batches * AT_ONCE))

        def batch() -> None:
            rows = [
                (f"{_THERE}/a/{next(numbers):026}", b"d" * 32, f"{_THERE}/council", verb, document, _AT, _WAITING)
                for _ in range(AT_ONCE)
            ]
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(_INSERT, rows)
            raw.execute("COMMIT")

        return cpu_each(batch, repeats=batches) / AT_ONCE


def _batches(amounts: Amounts) -> int:
    return max(1, amounts.repeats // 20)


def _timed(parts: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, float]:
    for work in parts.values():
        assert work()  # once for the caches, and it does something
    return {name: cpu_each(work, repeats=repeats) for name, work in parts.items()}


def _read(letter: Letter) -> tuple[bytes, dict[str, Any]]:
    document = letter.request.partition(b"\r\n\r\n")[2]
    return document, orjson.loads(document)
