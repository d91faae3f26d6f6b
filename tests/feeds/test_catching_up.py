"""A council that heard nothing for a while asks a neighbour, and then holds the same: whoever it asks, whatever was lost."""

from datetime import timedelta

from sqlalchemy import text

from tests.feeds.carrying import Town, all_linked, talk


def test_what_was_never_pushed_is_there_after_one_talk() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    soup = riverside.publish("Soup on Sunday", audience="neighbours")

    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert hilltop.live() == {chairs: "Ten chairs", soup: "Soup on Sunday"}
    assert hilltop.held() == []


def test_in_ordinary_times_one_question_is_all() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    talk(riverside, hilltop)
    riverside.asked.clear()

    quiet = talk(hilltop, riverside)
    lamp = riverside.publish("A lamp")
    news = talk(hilltop, riverside)

    assert quiet.agreed and quiet.asked == 1 and quiet.received < 300
    assert news.agreed and news.asked == 1 and news.taken == 1
    assert lamp in hilltop.live()


def test_a_neighbour_serves_what_its_neighbour_said() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    chairs = riverside.publish("Ten chairs")
    soup = riverside.publish("Soup on Sunday", audience="neighbours")
    talk(hilltop, riverside)

    told = talk(station, hilltop)

    assert {chairs, soup} <= set(station.live())
    assert told.flaws == ()


def test_what_was_taken_back_or_changed_meanwhile_is_so_afterwards() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs, lamp = riverside.publish("Ten chairs"), riverside.publish("A lamp")
    talk(hilltop, riverside)
    riverside.publish("Nine chairs", object_id=chairs)
    riverside.withdraw(lamp)

    talk(hilltop, riverside)

    assert hilltop.live() == {chairs: "Nine chairs"}


def test_it_goes_on_where_it_was_broken_off() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    ids = {riverside.publish(f"Thing {number}") for number in range(12)}

    for cut in range(8):
        broken = talk(hilltop, riverside, cut_after=cut)
        if broken.agreed:
            break
        assert broken.word == "connect"
    told = talk(hilltop, riverside)

    assert told.agreed
    assert set(hilltop.live()) == ids


def test_a_reader_who_comes_after_old_headers_are_gone_takes_the_snapshot() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs, lamp = riverside.publish("Ten chairs"), riverside.publish("A lamp")
    riverside.withdraw(lamp)
    riverside.snapshot()
    riverside.now += timedelta(days=40)
    riverside.snapshot()
    riverside.forget()
    table = riverside.publish("A table")
    hilltop.now = riverside.now

    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert set(hilltop.live()) <= {chairs, table}
    assert table in hilltop.live()


def _with_forgotten_headers() -> tuple[Town, Town, set[str]]:
    """Two councils, and what is live at the first; of what it said at the beginning only the snapshot is kept."""
    riverside, hilltop = all_linked("riverside", "hilltop")
    lasting = {"ends_at": riverside.now + timedelta(days=80)}
    ids = {riverside.publish(f"Thing {number}", **lasting) for number in range(5)}
    riverside.withdraw(riverside.publish("Nothing", **lasting))
    riverside.snapshot()
    riverside.now += timedelta(days=40)
    riverside.forget()
    hilltop.now = riverside.now
    return riverside, hilltop, ids


def test_a_talk_that_breaks_between_the_snapshot_and_what_it_lists_is_taken_up_there() -> None:
    for cut in range(1, 12):
        riverside, hilltop, ids = _with_forgotten_headers()
        broken = talk(hilltop, riverside, cut_after=cut)

        told = talk(hilltop, riverside)

        assert told.agreed, (cut, broken, told)
        assert set(hilltop.live()) == ids, cut


def test_who_was_linked_up_after_the_snapshot_may_read_from_the_first_talk_on() -> None:
    riverside, hilltop, ids = _with_forgotten_headers()
    mill = Town("mill").begin()
    mill.now = riverside.now
    soup = riverside.publish("Soup", audience="neighbours", ends_at=riverside.now + timedelta(days=50))
    riverside.knows(mill)
    mill.knows(riverside)

    told = talk(mill, riverside)

    assert told.agreed, told
    assert set(mill.live()) == ids | {soup}
    assert set(hilltop.live()) == set()


def test_whoever_slept_through_two_changes_of_keys_follows_both() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    talk(hilltop, riverside)
    for number in (2, 3):
        riverside.change_keys(number)
    chairs = riverside.publish("Ten chairs")

    told = talk(hilltop, riverside)

    assert told.agreed and hilltop.held() == []
    assert set(hilltop.live()) == {chairs}
    pinned = hilltop.connection.execute(text("SELECT ed25519_multibase FROM peer")).scalar()
    assert pinned == riverside.council.multibase
