"""What is carried by hand comes to the same as what is caught up with over the network, whatever came before."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from federation.feeds import muting, own
from protocol.feeds import bundle
from protocol.feeds.bundle import Receipt
from tests import builders
from tests.feeds.carrying import Town, all_linked, talk
from tests.feeds.sticks import (
    brought,
    call,
    everything_in,
    feeds_of,
    held_by,
    judged,
    lines_of,
    parts_of,
    resigned,
    taken_in,
    twin,
    written,
)


def _busy(town: Town) -> None:
    chairs, lamp = town.publish("Ten chairs"), town.publish("A lamp")
    town.publish("Soup on Sunday", audience="neighbours")
    town.publish("Nine chairs", object_id=chairs)
    town.withdraw(lamp)
    call(town, "Water in the mill race")


def _forgetful(town: Town) -> None:
    """So long at work that old headers are gone, with something live from before the snapshot and something after it."""
    town.publish("Ten chairs")
    lamp = town.publish("A lamp")
    kept = town.publish("A table for long", ends_at=town.now + timedelta(days=80))
    town.publish("A stove for long", audience="neighbours", ends_at=town.now + timedelta(days=80))
    town.withdraw(lamp)
    town.snapshot()
    town.now += timedelta(days=40)
    town.snapshot()
    town.forget()
    town.publish("A ladder")
    assert kept


def test_what_was_carried_is_what_is_there_after_catching_up() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    _busy(riverside)
    by_network, by_hand = twin(hilltop), hilltop

    talked, carried = talk(by_network, riverside), brought(by_hand, written(riverside, reader=hilltop))

    assert talked.agreed and carried.taken == talked.taken
    assert held_by(by_hand) == held_by(by_network)
    assert carried.refused == () and carried.maker_known


def test_where_old_headers_are_gone_it_comes_to_the_same_too() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    _forgetful(riverside)
    hilltop.now = riverside.now
    by_network, by_hand = twin(hilltop), hilltop

    talked, carried = talk(by_network, riverside), brought(by_hand, written(riverside, reader=hilltop))

    assert talked.agreed and carried.refused == ()
    assert set(by_hand.live().values()) == {"A table for long", "A stove for long", "A ladder"}
    assert held_by(by_hand) == held_by(by_network)


@pytest.mark.parametrize("steps", range(6))
def test_it_goes_on_where_it_was_broken_off(steps: int) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    _forgetful(riverside)
    hilltop.now = riverside.now
    whole, raw = twin(hilltop), written(riverside, reader=hilltop)

    assert taken_in(hilltop, raw, cut_after=steps) is None
    brought(hilltop, raw)
    brought(whole, raw)

    assert held_by(hilltop) == held_by(whole)


def test_taken_in_twice_it_changes_nothing_and_says_so() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    _forgetful(riverside)
    hilltop.now = riverside.now
    raw = written(riverside, reader=hilltop)
    first = brought(hilltop, raw)
    before = everything_in(hilltop)

    again = brought(hilltop, raw)

    assert (first.taken > 0, again.taken, again.refused) == (True, 0, ())
    assert everything_in(hilltop) == before


def test_bundles_may_come_in_any_order() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    older = written(riverside, reader=hilltop)
    lamp = riverside.publish("A lamp")
    newer = written(riverside, reader=hilltop)

    brought(hilltop, newer)
    late = brought(hilltop, older)

    assert late.taken == 0
    assert hilltop.live() == {chairs: "Ten chairs", lamp: "A lamp"}


def test_a_third_council_may_carry_what_two_said() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    chairs = riverside.publish("Ten chairs")
    soup = riverside.publish("Soup on Sunday", audience="neighbours")
    talk(station, riverside)

    brought(hilltop, written(station, reader=hilltop))

    assert hilltop.live() == {chairs: "Ten chairs", soup: "Soup on Sunday"}


def test_a_maker_that_nobody_knows_is_a_carrier_like_any_other() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    soup = riverside.publish("Soup on Sunday", audience="neighbours")
    raw, stranger = written(riverside, reader=hilltop), builders.council("stranger")

    told = brought(hilltop, resigned(parts_of(raw), stranger))

    assert not told.maker_known
    assert soup in hilltop.live()
    assert all(feed.endswith("/public") for feed, *_ in told.receipt["heads"])


def test_who_takes_the_name_of_a_council_that_we_know_is_told_no_more_than_anybody() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Soup on Sunday", audience="neighbours")
    raw, stranger = written(riverside, reader=hilltop), builders.council("stranger")

    honest = brought(twin(hilltop), raw)
    told = brought(hilltop, resigned(parts_of(raw), stranger, maker=riverside.council.actor_id))

    assert (honest.maker_known, told.maker_known) == (True, False)
    assert any(feed.endswith("/region") for feed, *_ in honest.receipt["heads"])
    assert not any(feed.endswith("/region") for feed, *_ in told.receipt["heads"])


def test_the_way_back_holds_what_the_maker_lacks_and_no_more() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    there = written(riverside, reader=hilltop)
    brought(hilltop, there)
    bread = hilltop.publish("Bread")

    back = written(hilltop, reader=riverside, since=judged(there).manifest.wants)
    told = brought(riverside, back)

    ours = hilltop.council.actor_id
    assert {row["header"]["feed"] for row in map(orjson.loads, lines_of(back))} == set(feeds_of(hilltop, ours))
    assert told.refused == () and bread in riverside.live()


def test_after_a_receipt_only_what_is_new_is_written() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    first = brought(hilltop, written(riverside, reader=hilltop))
    receipt = bundle.judge_receipt(first.receipt)
    assert isinstance(receipt, Receipt)
    lamp = riverside.publish("A lamp")

    news = written(riverside, reader=hilltop, since=receipt.heads)
    told = brought(hilltop, news)

    assert [orjson.loads(line)["header"]["object"] for line in lines_of(news)] == [lamp]
    assert told.taken == 1 and lamp in hilltop.live()


def test_where_nothing_is_new_a_bundle_holds_no_entries_and_is_taken() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    talk(hilltop, riverside)
    talk(riverside, hilltop)

    raw = written(riverside, reader=hilltop, since=judged(written(hilltop, reader=riverside)).manifest.wants)

    assert lines_of(raw) == []
    assert brought(hilltop, raw).taken == 0


def test_after_old_headers_are_gone_whoever_lacks_them_is_given_the_snapshot() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("A pan")
    talk(hilltop, riverside)
    wants = judged(written(hilltop, reader=riverside)).manifest.wants
    _forgetful(riverside)
    hilltop.now = riverside.now

    told = brought(hilltop, written(riverside, reader=hilltop, since=wants))

    assert told.refused == ()
    assert set(hilltop.live().values()) == {"A table for long", "A stove for long", "A ladder"}


def test_an_old_copy_learns_from_a_file_that_it_is_one_and_takes_its_own_words_back() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    backup = builders.snapshot(riverside.connection)
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    riverside.connection.close()
    riverside.connection = builders.open_database(backup)
    raw = written(hilltop, reader=riverside)

    told = brought(riverside, raw)
    before = _ours_live(riverside)
    riverside.write(lambda c: muting.mute(c, store_id="another", now=riverside.now))
    again = brought(riverside, raw)

    feed = own.ours(riverside.connection, "public")
    assert feed is not None
    assert told.behind == (feed["name"],) and before == []
    assert again.behind == () and again.taken == 1
    assert _ours_live(riverside) == [chairs]


def _ours_live(town: Town) -> list[str]:
    statement = text("SELECT object_id FROM replica WHERE gone_at IS NULL AND source = :us")
    return list(town.connection.execute(statement, {"us": town.council.actor_id}).scalars())
