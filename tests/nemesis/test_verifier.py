"""The second opinion holds what the servers themselves make for good, and nothing of which one bit was changed."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests import builders
from tests.feeds.carrying import Town, all_linked, talk
from tests.nemesis import verifier

PLACES = {
    "feed_entry": ("header", "signature", "salt", "payload"),
    "replica": ("document",),
}
RAW = {"signature", "salt"}


@pytest.fixture
def town() -> Iterator[Town]:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    riverside.publish("Soup on Sunday", audience="neighbours")
    talk(hilltop, riverside)
    yield hilltop
    for one in (riverside, hilltop):
        one.connection.close()


def _keys(*names: str) -> dict[str, str]:
    return {builders.council(name).actor_id: builders.multibase_of(builders.ed25519_key(name)) for name in names}


def _opened(town: Town) -> sqlite3.Connection:
    raw = sqlite3.connect(":memory:")
    raw.deserialize(builders.snapshot(town.connection))
    raw.row_factory = sqlite3.Row
    return raw


def test_what_was_taken_in_holds(town: Town) -> None:
    with closing(_opened(town)) as raw:
        assert [*verifier.verify(raw, _keys("riverside", "hilltop"))] == []
        assert raw.execute("SELECT count(*) FROM feed_entry").fetchone()[0] > 6


@pytest.mark.parametrize(("table", "column"), [(t, c) for t, columns in PLACES.items() for c in columns])
def test_one_changed_bit_is_forged(town: Town, table: str, column: str) -> None:
    query = f"SELECT rowid AS place, {column} FROM {table} WHERE length({column}) > 0 ORDER BY place DESC LIMIT 1"
    with closing(_opened(town)) as raw:
        row = raw.execute(query).fetchone()
        value = bytearray(row[column])
        if column in ("signature", "salt"):
            value[5] ^= 1
        else:
            value = bytearray(
                bytes(value).replace(b"2026", b"2027", 1) if b"2026" in value else value.replace(b"1", b"2", 1)
            )
        raw.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(value), row["place"]))

        assert [*verifier.verify(raw, _keys("riverside", "hilltop"))] != []


def test_an_entry_that_is_missing_is_noticed(town: Town) -> None:
    with closing(_opened(town)) as raw:
        raw.execute("DELETE FROM feed_entry WHERE seq = 2")

        assert any("does not follow" in what for what in verifier.verify(raw, _keys("riverside", "hilltop")))


def test_the_key_of_somebody_else_does_not_count(town: Town) -> None:
    others = {actor: builders.multibase_of(builders.ed25519_key("mill")) for actor in _keys("riverside", "hilltop")}
    with closing(_opened(town)) as raw:
        assert any("not its council's" in what for what in verifier.verify(raw, others))


def test_a_document_without_a_proof_is_told() -> None:
    assert verifier.proof_flaw(json.loads('{"actor": "https://riverside.example/council"}'), {}) == "no proof"
