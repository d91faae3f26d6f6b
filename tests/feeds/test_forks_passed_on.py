"""A fork that one council has found out is known to all of them after the next talk: a proof needs no trust in who brings it."""

from typing import Any

import orjson
import pytest
from sqlalchemy import text

from federation.feeds import forks, kept, questions
from protocol.feeds import chain
from protocol.feeds.coding import b64
from protocol.feeds.entry import Entry, Kind, make
from tests import builders
from tests.feeds.carrying import Town, all_linked, talk


def two_faced() -> tuple[Town, Town, Town, Town]:
    """Riverside has said one thing to hilltop and another to station in the same place; mill has read neither."""
    riverside, hilltop, station, mill = all_linked("riverside", "hilltop", "station", "mill")
    for town in (hilltop, station, mill):
        talk(town, riverside)
    copy = builders.snapshot(riverside.connection)
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    riverside.connection.close()
    riverside.connection = builders.open_database(copy)
    riverside.publish("A lamp")
    talk(station, riverside)
    return riverside, hilltop, station, mill


def frozen(town: Town, *, of: Town) -> list[Any]:
    rows = town.connection.execute(
        text("SELECT frozen_seq FROM feed WHERE actor_id = :a AND channel = 'public'"), {"a": of.council.actor_id}
    )
    return list(rows.scalars())


def test_whoever_was_told_neither_branch_hears_of_the_fork_and_follows_none() -> None:
    riverside, hilltop, station, mill = two_faced()
    talk(station, hilltop)

    told = talk(mill, station)
    talk(mill, station)
    again = talk(mill, station)

    assert dict(told.flaws) and frozen(mill, of=riverside) == frozen(station, of=riverside) != [None]
    assert mill.live() == {}
    assert again.agreed and again.flaws == () and again.asked == 1, "it is known now, and no news any more"


def test_it_reaches_the_one_who_had_believed_the_other_branch() -> None:
    riverside, hilltop, station, _mill = two_faced()
    talk(station, hilltop)

    talk(hilltop, station)

    assert frozen(hilltop, of=riverside) == frozen(station, of=riverside)
    assert hilltop.forks() == 1


def test_nothing_that_stands_after_the_fork_is_given_on() -> None:
    riverside, hilltop, station, _mill = two_faced()
    talk(station, hilltop)
    newcomer = Town("harbour").begin()
    newcomer.knows(riverside, station)
    station.knows(newcomer)

    talk(newcomer, station)

    heads = newcomer.heads(of=riverside)
    assert [seq for channel, _, seq, _ in heads if channel == "public"] == frozen(station, of=riverside)
    assert newcomer.live() == {}
    assert frozen(newcomer, of=riverside) == frozen(station, of=riverside)


def test_both_who_know_of_it_are_in_step_whichever_branch_each_holds() -> None:
    _riverside, hilltop, station, _mill = two_faced()
    talk(station, hilltop)
    talk(hilltop, station)
    talk(hilltop, station)
    talk(station, hilltop)

    quiet = talk(hilltop, station)

    assert quiet.agreed and quiet.asked == 1


def _proof(riverside: Town, *, key: str, seq: int) -> Any:
    """Two entries of riverside's public feed for one place, signed by the key that belongs to a name."""
    name, epoch = riverside.connection.execute(
        text("SELECT name, epoch FROM feed WHERE ours AND channel = 'public'")
    ).one()
    pair: list[Entry] = [
        make(
            feed=name,
            epoch=epoch,
            seq=seq,
            prev=b64(bytes(31) + bytes([n])),
            kind=Kind.NOOP,
            key=builders.ed25519_key(key),
        )
        for n in (1, 2)
    ]
    return chain.fork_of(pair[0], pair[1])


def test_a_proof_by_a_key_whose_turn_it_never_was_freezes_nobody() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)

    done = hilltop.write(lambda c: forks.take_proof(c, _proof(riverside, key="mallory", seq=2), now=hilltop.now))

    assert done is None and frozen(hilltop, of=riverside) == [None]


def test_a_proof_by_a_key_that_was_given_up_before_that_place_freezes_nobody() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.change_keys(2)
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    beyond = hilltop.connection.execute(text("SELECT max(seq) FROM feed WHERE NOT ours")).scalar_one()

    late = hilltop.write(lambda c: forks.take_proof(c, _proof(riverside, key="riverside", seq=beyond), now=hilltop.now))
    early = hilltop.write(lambda c: forks.take_proof(c, _proof(riverside, key="riverside", seq=2), now=hilltop.now))

    assert late is None
    assert early is not None, "at that place it was the key"


@pytest.mark.parametrize("said", [None, {}, [], {"one": {}, "other": {}}, "x", {"one": 1, "other": 2}])
def test_what_is_no_proof_is_passed_over(said: Any) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)

    assert hilltop.write(lambda c: forks.take_proof(c, said, now=hilltop.now)) is None


def test_a_neighbour_that_merely_says_so_freezes_nobody() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    name = (
        hilltop.connection.execute(text("SELECT name FROM feed WHERE NOT ours AND channel = 'public'"))
        .scalars()
        .first()
    )

    def lie(path: str, body: bytes) -> bytes:
        about, *lines = body.split(b"\n")
        said = orjson.loads(about)
        if path == questions.HEADS and "heads" in said:
            said["heads"] = [{"feed": name, "actor": riverside.council.actor_id, "epoch": 1, "seq": 1, "id": "forked"}]
            said["forks"] = [
                {"one": {"header": {}, "signature": ""}, "other": {}},
                _proof(riverside, key="station", seq=2),
            ]
        return b"\n".join([orjson.dumps(said), *lines])

    station.publish("Something new")
    talk(hilltop, station, change=lie)

    assert frozen(hilltop, of=riverside) == [None]
    assert kept.feed(hilltop.connection, name) is not None
