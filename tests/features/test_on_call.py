"""Somebody is always on call: who has a turn for it, else the server turn, else had it, else whoever was here first."""

from datetime import timedelta

import pytest

from federation.tables import table_of
from node.accounts import turns
from node.accounts.tables import Member, Turn
from node.rights import Right
from tests.features.village import START, Village

DAY = timedelta(days=1)


def on_call(village: Village) -> int | None:
    return village.see(lambda c: turns.on_call(c, village.clock.now()))


def turn_of(
    village: Village, member: int, *, role: str = turns.ON_CALL, since: timedelta = -DAY, until: timedelta = DAY
) -> None:
    row = {
        "role": role,
        "member_id": member,
        "given": "",
        "taken": "",
        "starts_at": START + since,
        "ends_at": START + until,
    }
    village.do(lambda c: c.execute(table_of(Turn).insert().values(**row)))


def pause(village: Village, member: int, *, until: timedelta | None = None) -> None:
    members = table_of(Member)
    values = {"paused_at": START, "paused_until": None if until is None else START + until}
    village.do(lambda c: c.execute(members.update().where(members.c.id == member).values(**values)))


def test_in_an_empty_council_it_is_nobody(village: Village) -> None:
    assert on_call(village) is None


def test_without_any_turn_it_is_whoever_was_here_first(village: Village) -> None:
    first, _ = village.member(), village.member("Bo")

    assert on_call(village) == first


def test_a_turn_for_it_comes_before_the_server_turn_and_that_before_the_rest(village: Village) -> None:
    village.member()
    keeper, helper = village.member("Bo", keeper=True), village.member("Cem")
    without = on_call(village)

    turn_of(village, helper)

    assert (without, on_call(village)) == (keeper, helper)


@pytest.mark.parametrize(("since", "until"), [(-2 * DAY, timedelta(0)), (DAY, 2 * DAY)])
def test_a_turn_that_is_over_or_not_yet_does_not_count(village: Village, since: timedelta, until: timedelta) -> None:
    keeper, helper = village.member("Bo", keeper=True), village.member("Cem")

    turn_of(village, helper, since=since, until=until)

    assert on_call(village) == keeper


def test_once_the_server_turn_has_ended_it_is_whoever_had_it(village: Village) -> None:
    village.member()
    last = village.member("Bo")

    turn_of(village, last, role=turns.KEEPER, since=-3 * DAY, until=-DAY)

    assert on_call(village) == last


def test_who_takes_a_break_is_passed_over_while_somebody_is_left(village: Village) -> None:
    first, keeper = village.member(), village.member("Bo", keeper=True)
    pause(village, keeper, until=2 * DAY)
    others = on_call(village)

    pause(village, first)
    all_rest = on_call(village)
    village.clock.advance((3 * DAY).total_seconds())

    assert (others, all_rest, on_call(village)) == (first, keeper, keeper)


def test_a_council_of_one_is_on_call_even_on_a_break(village: Village) -> None:
    alone = village.member()
    pause(village, alone)

    assert on_call(village) == alone


def test_who_has_left_is_not_on_call(village: Village) -> None:
    gone, here = village.member(), village.member("Bo")
    turn_of(village, gone)

    village.do(lambda c: c.exec_driver_sql("UPDATE member SET ended_at = 1 WHERE id = ?", (gone,)))

    assert on_call(village) == here


def test_only_whoever_is_on_call_reads_what_was_asked(village: Village) -> None:
    keeper, helper, other = village.member(keeper=True), village.member("Bo"), village.member("Cem")
    turn_of(village, helper)

    def may(member: int, right: Right) -> bool:
        now = village.clock.now()
        return village.see(lambda c: turns.viewer_for(c, member_id=member, name="", now=now)).may(right)

    assert [may(one, Right.READ_ASKED) for one in (keeper, helper, other)] == [True, True, False]
    assert [may(one, Right.HIDE) for one in (keeper, helper, other)] == [True, False, False]
