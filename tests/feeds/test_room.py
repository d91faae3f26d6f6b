"""Of one council so many records are live here and no more: nobody fills a neighbour's disk, and no call for help waits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from schemas.refusal import Refusal
from tests.feeds.carrying import Town, all_linked, talk
from tests.feeds.sticks import call

ROOM = 5


def with_room() -> tuple[Town, Town]:
    """Hilltop keeps five records of one council for one audience; riverside says more than that."""
    riverside, hilltop = all_linked("riverside", "hilltop")
    hilltop.council.rules = replace(hilltop.council.rules, live=ROOM)
    return riverside, hilltop


def test_what_is_beyond_is_not_kept_and_the_chain_goes_on() -> None:
    riverside, hilltop = with_room()
    made = [riverside.publish(f"Thing {number}") for number in range(8)]

    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert set(hilltop.live()) == set(made[:ROOM])
    assert hilltop.heads(of=riverside) == riverside.heads(of=riverside)
    assert hilltop.held() == ["too-many"] * 3
    kept = hilltop.connection.execute(
        text("SELECT count(*) FROM feed_entry WHERE held_because = 'too-many' AND payload IS NOT NULL")
    )
    assert kept.scalar_one() == 0, "what was not taken must not fill the disk either"


def test_a_change_and_an_end_are_taken_and_an_end_makes_room() -> None:
    riverside, hilltop = with_room()
    made = [riverside.publish(f"Thing {number}") for number in range(ROOM)]
    talk(hilltop, riverside)
    riverside.publish("A better thing", object_id=made[0])
    riverside.withdraw(made[1])
    late = riverside.publish("A late thing")

    talk(hilltop, riverside)

    assert hilltop.live()[made[0]] == "A better thing"
    assert made[1] not in hilltop.live() and late in hilltop.live()


def test_a_call_for_help_always_has_room() -> None:
    riverside, hilltop = with_room()
    for number in range(ROOM + 1):
        riverside.publish(f"Thing {number}")
    flood = call(riverside, "The river rises", audience="public")

    talk(hilltop, riverside)

    assert flood in hilltop.live()


def test_each_audience_and_each_council_has_its_own() -> None:
    riverside, hilltop = with_room()
    for number in range(ROOM):
        riverside.publish(f"Thing {number}")
    near = riverside.publish("For nearby councils", audience="neighbours")

    talk(hilltop, riverside)

    assert near in hilltop.live()


def test_our_own_board_says_when_others_would_keep_no_more_of_it() -> None:
    riverside, _hilltop = all_linked("riverside", "hilltop")
    riverside.council.rules = replace(riverside.council.rules, live=ROOM)
    for number in range(ROOM):
        riverside.publish(f"Thing {number}", ends_at=riverside.now + timedelta(days=9))

    with pytest.raises(Refusal) as refused:
        riverside.publish("One too many")

    assert refused.value.word == "much-already"
    assert call(riverside, "The river rises", audience="public")
