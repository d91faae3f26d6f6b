"""What a council lists as live is what is live of it: what was pushed and then forgotten by its author does not stay elsewhere."""

from datetime import timedelta

import orjson
from sqlalchemy import text

from federation import arrivals
from tests import builders
from tests.feeds.carrying import Town, all_linked, talk

DAYS = {"days": 2}


def _pushed(owner: Town, reader: Town, object_id: str) -> None:
    """Its newest word comes to the reader's inbox, ahead of its entry."""
    document = owner.replica(object_id)["document"]
    activity = orjson.loads(document)
    reader.write(lambda c: arrivals.apply(c, reader.council, activity=activity, document=document, now=reader.now))


def _put_back(town: Town, copy: bytes) -> None:
    """An old copy, of which nobody has read what came after it: nothing that it says contradicts what others hold."""
    town.connection.close()
    town.connection = builders.open_database(copy)


def _days_on(*towns: Town) -> None:
    for town in towns:
        town.now += timedelta(**DAYS)


def test_what_was_pushed_and_never_came_to_stand_in_the_feed_goes_with_the_next_list() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    copy = builders.snapshot(riverside.connection)
    lamp = riverside.publish("A lamp")
    _pushed(riverside, hilltop, lamp)
    _put_back(riverside, copy)
    _days_on(riverside, hilltop)
    before = hilltop.live()

    riverside.snapshot()
    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert set(before) == {chairs, lamp}
    assert set(hilltop.live()) == {chairs}


def test_newer_words_that_their_author_has_forgotten_give_way_to_those_that_it_lists() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    copy = builders.snapshot(riverside.connection)
    riverside.publish("Nine chairs", object_id=chairs)
    _pushed(riverside, hilltop, chairs)
    _put_back(riverside, copy)
    _days_on(riverside, hilltop)
    before = hilltop.live()

    riverside.snapshot()
    talk(hilltop, riverside)

    assert before == {chairs: "Nine chairs"}
    assert hilltop.live() == {chairs: "Ten chairs"}


def test_what_was_pushed_a_moment_ago_waits_for_its_entry() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    copy = builders.snapshot(riverside.connection)
    lamp = riverside.publish("A lamp")
    _pushed(riverside, hilltop, lamp)
    _put_back(riverside, copy)

    riverside.snapshot()
    talk(hilltop, riverside)

    assert set(hilltop.live()) == {chairs, lamp}


def test_what_was_taken_back_stays_so_though_its_author_has_forgotten_that() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    copy = builders.snapshot(riverside.connection)
    riverside.withdraw(chairs)
    hilltop.write(lambda c: c.execute(text("UPDATE replica SET gone_at = 1 WHERE object_id = :id"), {"id": chairs}))
    _put_back(riverside, copy)
    _days_on(riverside, hilltop)

    riverside.snapshot()
    talk(hilltop, riverside)

    assert hilltop.live() == {}


def test_what_was_told_to_fewer_by_a_word_that_its_author_has_forgotten_is_for_all_again() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    copy = builders.snapshot(riverside.connection)
    riverside.publish("Ten chairs", object_id=chairs, audience="neighbours")
    _pushed(riverside, hilltop, chairs)
    _put_back(riverside, copy)
    _days_on(riverside, hilltop)
    before = hilltop.replica(chairs)["audience"]

    riverside.snapshot()
    talk(hilltop, riverside)

    assert before == "neighbours"
    assert hilltop.replica(chairs)["audience"] == "public"
