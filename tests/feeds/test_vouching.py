"""What is public of a council that a nearby one is linked up with is read here too: carried by anybody, believed by its root."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from federation import blocks, introductions, peers
from federation.feeds import own, vouching
from federation.introductions import Introduction
from protocol.feeds import roots
from tests import builders
from tests.feeds.carrying import Town, signed_roots, talk
from tests.feeds.sticks import call


def three() -> tuple[Town, Town, Town]:
    """Hilltop is linked up with both; riverside and station have never met."""
    riverside, hilltop, station = (Town(name).begin() for name in ("riverside", "hilltop", "station"))
    riverside.knows(hilltop)
    hilltop.knows(riverside, station)
    station.knows(hilltop)
    return riverside, hilltop, station


def names_it(voucher: Town) -> None:
    """What the loop does after talks: the roots of those whose feeds are held stand in the list of readers."""
    voucher.write(lambda c: own.name_readers(c, voucher.council, now=voucher.now))


def test_a_newcomer_reads_a_council_that_is_gone_for_good_from_a_neighbour_of_both() -> None:
    riverside, hilltop, station = three()
    chairs = riverside.publish("Ten chairs")
    soup = riverside.publish("Soup on Sunday", audience="neighbours")
    talk(hilltop, riverside)
    names_it(hilltop)
    riverside.connection.close()

    talk(station, hilltop)
    told = talk(station, hilltop)

    assert told.agreed, told
    assert station.live() == {chairs: "Ten chairs"}
    assert soup not in station.live(), "what is for nearby councils is for those that it is linked up with"
    (carried,) = station.write(lambda c: vouching.carried(c, station.council))
    assert (carried.actor_id, carried.name, carried.by) == (riverside.council.actor_id, "Riverside", ("Hilltop",))


def test_changes_and_ends_follow_and_in_step_one_small_question_is_all() -> None:
    riverside, hilltop, station = three()
    chairs, lamp = riverside.publish("Ten chairs"), riverside.publish("A lamp")
    talk(hilltop, riverside)
    names_it(hilltop)
    talk(station, hilltop)
    talk(station, hilltop)
    riverside.publish("Nine chairs", object_id=chairs)
    riverside.withdraw(lamp)
    talk(hilltop, riverside)

    news = talk(station, hilltop)
    quiet = talk(station, hilltop)

    assert news.agreed and station.live() == {chairs: "Nine chairs"}
    assert quiet.agreed and quiet.asked == 1 and quiet.received < 300


def test_who_is_left_aside_costs_no_question_more_once_all_else_is_held() -> None:
    riverside, hilltop, station = three()
    station.council.rules = replace(station.council.rules, vouched=0)
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    names_it(hilltop)
    first = talk(station, hilltop)

    quiet = talk(station, hilltop)

    assert first.agreed and station.live() == {}
    assert quiet.agreed and quiet.asked == 1 and quiet.received < 300


def test_a_small_machine_takes_so_many_and_no_more() -> None:
    hilltop, station = Town("hilltop").begin(), Town("station").begin()
    others = [Town(name).begin() for name in ("harbour", "mill", "riverside")]
    hilltop.knows(station, *others)
    station.knows(hilltop)
    station.council.rules = replace(station.council.rules, vouched=2)
    for other in others:
        other.knows(hilltop)
        other.publish(f"Chairs of {other.name}")
        talk(hilltop, other)
    names_it(hilltop)

    talk(station, hilltop)
    told = talk(station, hilltop)

    assert told.agreed
    assert len(station.live()) == 2


def test_two_that_name_different_roots_are_both_not_believed() -> None:
    riverside, hilltop, station = three()
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    names_it(hilltop)
    mill = Town("mill").begin()
    mill.knows(riverside, station)
    station.knows(mill)
    false = {"readers": [station.council.actor_id], "vouched": {riverside.council.actor_id: _another_root()}}
    _say_readers(mill, false)
    talk(station, mill)

    talk(station, hilltop)
    talk(station, hilltop)

    assert station.live() == {}
    assert riverside.council.actor_id not in station.write(lambda c: vouching.vouched(c, station.council))


def _another_root() -> dict[str, str]:
    line, _ = signed_roots(builders.council("mallory"))
    root = roots.judge_line(line)
    assert isinstance(root, roots.Root)
    return {"root": root.id, "name": "riverside"}


def _say_readers(town: Town, payload: dict[str, Any]) -> None:
    """A list of readers with other words in it, signed like any of this council's."""
    town.write(lambda c: own._append(c, town.council, "region", kind=own.Kind.AUDIENCE, payload=payload, now=town.now))


@pytest.mark.parametrize(
    "vouched",
    [None, [], {"": {}}, {"https://x.example/council": {"root": "short", "name": "x"}}, {"nowhere": _another_root()}],
)
def test_a_list_that_names_nobody_rightly_still_names_its_readers(vouched: Any) -> None:
    riverside, hilltop, _station = three()
    _say_readers(riverside, {"readers": [hilltop.council.actor_id], "vouched": vouched})

    told = talk(hilltop, riverside)

    assert told.agreed
    assert hilltop.write(lambda c: vouching.vouched(c, hilltop.council)) == {}


def test_a_feed_that_claims_to_be_somebodys_is_not_taken_by_another_root_than_the_one_vouched_for() -> None:
    riverside, hilltop, station = three()
    talk(hilltop, riverside)
    names_it(hilltop)
    talk(station, hilltop)
    pretender = Town("riverside")
    line, opened = _roots_of_a_stranger(pretender)
    pretender.write(lambda c: own.begin(c, pretender.council, line=line, epoch=opened, store_id="x", now=pretender.now))
    pretender.publish("A trap")
    mill = Town("mill").begin()
    station.knows(mill)
    pretender.knows(mill)

    told = talk(station, pretender)

    assert station.live() == {}
    assert told.taken == 0


def _roots_of_a_stranger(pretender: Town) -> tuple[list[Any], dict[str, Any]]:
    held = [builders.ed25519_key("root of a stranger")]
    first = roots.statement(public=[builders.multibase_of(held[0])], threshold=1)
    line = [roots.signed(first, held, domain=roots.ROOT_DOMAIN)]
    root = roots.judge_line(line)
    assert isinstance(root, roots.Root)
    said = roots.epoch_statement(root, epoch=1, actor=pretender.council.actor_id, key=pretender.council.multibase)
    return line, roots.signed(said, held, domain=roots.EPOCH_DOMAIN)


def test_whoever_our_assembly_has_blocked_does_not_come_in_by_another_door() -> None:
    riverside, hilltop, station = three()
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    names_it(hilltop)
    talk(station, hilltop)
    talk(station, hilltop)
    assert station.live()

    station.write(lambda c: blocks.block(c, station.council, host="riverside.example", now=station.now))
    talk(station, hilltop)

    assert station.live() == {}


def test_when_nobody_vouches_any_more_what_was_carried_goes() -> None:
    riverside, hilltop, station = three()
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    names_it(hilltop)
    talk(station, hilltop)
    talk(station, hilltop)
    hilltop.write(lambda c: peers.remove(c, hilltop.council, actor_id=riverside.council.actor_id, now=hilltop.now))

    talk(station, hilltop)
    station.write(lambda c: vouching.forget_the_rest(c, station.council))

    assert station.live() == {}


def test_once_linked_up_their_own_keys_count_and_not_what_others_said_of_them() -> None:
    riverside, hilltop, station = three()
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    names_it(hilltop)
    talk(station, hilltop)
    talk(station, hilltop)
    theirs = riverside.council
    met = Introduction(
        theirs.actor_id, theirs.name, f"{theirs.base_url}/inbox", None, None, theirs.ed25519_key_id, theirs.multibase
    )
    at = {"actor_id": theirs.actor_id, "now": station.now}
    station.write(lambda c: introductions.meet(c, introduction=met, now=station.now))
    station.write(lambda c: peers.they_asked(c, station.council, offer_id=f"{theirs.base_url}/a/1", **at))
    station.write(lambda c: peers.accept(c, station.council, **at))

    assert station.live() == {}, "nothing stays that came by another's word"

    riverside.knows(station)
    assert talk(station, riverside).agreed
    assert chairs in station.live()


def test_no_call_comes_in_by_vouching_and_it_is_given_on_all_the_same() -> None:
    riverside, hilltop, station = three()
    chairs = riverside.publish("Ten chairs")
    flood = call(riverside, "Flood", audience="public")
    talk(hilltop, riverside)
    names_it(hilltop)

    talk(station, hilltop)
    talk(station, hilltop)

    assert set(station.live()) == {chairs}
    kept = station.connection.execute(
        text("SELECT payload, held_because FROM feed_entry WHERE object_id = :o"), {"o": flood}
    )
    assert [(row.payload is not None, row.held_because) for row in kept] == [(True, None)]
