"""What somebody can do in a week, in whose hands a need is, and the days on which all rest: pure rules."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.features.resources import holding, limits
from node.features.resources.limits import Limits, Load
from node.features.resources.promises.states import State
from node.profile.rhythm import Rest
from tests.features.village import START

MADRID = ZoneInfo("Europe/Madrid")
SUNDAY = datetime(2026, 3, 8, 12, tzinfo=UTC)
# Both days on which the clocks of Madrid are set anew in 2026.
SPRING = datetime(2026, 3, 20, tzinfo=UTC)
ANY_TIME = st.integers(0, 230 * 24 * 60).map(lambda minutes: SPRING + timedelta(minutes=minutes))
FOOD = frozenset({"meal", "food"})


def room(given: Limits, *, load: int = 0, at: datetime = START, distance_km: float | None = 1.0) -> bool:
    return limits.room_for(given, load=load, distance_km=distance_km, kinds=FOOD, at=at, zone=MADRID).free


@given(at=ANY_TIME)
def test_a_week_is_seven_days_of_the_place_from_monday(at: datetime) -> None:
    monday = limits.week_of(at, MADRID)

    assert monday.weekday() == 0
    assert 0 <= (at.astimezone(MADRID).date() - monday).days < 7


@given(at=ANY_TIME)
def test_every_moment_is_in_one_part_of_the_week(at: datetime) -> None:
    assert limits.hours_of(at, MADRID) in limits.HOURS


def test_sunday_night_is_the_week_that_ends_where_the_council_is() -> None:
    late = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)  # half past midnight on Monday in Madrid

    assert limits.week_of(late, MADRID) - limits.week_of(late, UTC) == timedelta(days=7)
    assert limits.hours_of(late, MADRID) == "weekday-night"


def test_only_what_is_promised_weighs_on_its_week() -> None:
    promises = [Load(state, START) for state in State] + [Load("agreed", START + timedelta(days=7))]

    assert limits.load(promises, limits.week_of(START, MADRID), MADRID) == 3


@pytest.mark.parametrize(
    ("given", "free"),
    [
        (Limits(), True),
        (Limits(per_week=3), True),
        (Limits(per_week=2), False),
        (Limits(per_week=0), False),
        (Limits(distance_km=1), True),
        (Limits(distance_km=0), False),
        (Limits(kinds=frozenset({"food"})), True),
        (Limits(kinds=frozenset({"care"})), False),
        (Limits(hours=frozenset({"weekday-morning"})), True),
        (Limits(hours=frozenset({"weekend-evening"})), False),
        (Limits(paused=True), False),
    ],
)
def test_what_somebody_said_is_kept_to(given: Limits, free: bool) -> None:
    assert room(given, load=2) is free


def test_what_is_at_no_known_distance_is_not_too_far() -> None:
    assert room(Limits(distance_km=1), distance_km=None)


def test_a_break_has_an_end_or_none() -> None:
    later = START + timedelta(days=1)

    assert limits.paused(START, None, later)
    assert limits.paused(START, later + timedelta(days=1), later)
    assert not limits.paused(START, later, later)
    assert not limits.paused(None, None, later)
    assert not limits.paused(later, None, START)


@given(
    since=ANY_TIME,
    hours=st.integers(0, 24 * 40),
    days=st.sets(st.sampled_from(["SA", "SU", "2026-03-29", "2026-10-25"])),
)
def test_rest_and_work_make_up_all_time(since: datetime, hours: int, days: set[str]) -> None:
    rest, until = Rest(frozenset(days)), since + timedelta(hours=hours)

    worked = rest.working_time(since, until, MADRID)

    assert timedelta(0) <= worked <= until - since
    if not days:
        assert worked == until - since
    middle = since + (until - since) / 2
    assert worked == rest.working_time(since, middle, MADRID) + rest.working_time(middle, until, MADRID)


@given(at=ANY_TIME, days=st.sets(st.sampled_from(["SA", "SU", "MO", "2026-03-29", "2026-10-25"])))
def test_what_can_wait_goes_on_when_the_rest_is_over(at: datetime, days: set[str]) -> None:
    rest = Rest(frozenset(days))

    after = rest.next_working(at, MADRID)

    assert after >= at
    assert not rest.is_rest(after, MADRID)
    assert (after == at) is not rest.is_rest(at, MADRID)
    assert rest.working_time(at, after, MADRID) == timedelta(0)


def test_who_rests_every_day_is_not_waited_for() -> None:
    always = Rest(frozenset({"MO", "TU", "WE", "TH", "FR", "SA", "SU"}))

    assert always.next_working(SUNDAY, MADRID) == SUNDAY


def standing(
    *, since: datetime, now: datetime, can_wait: bool = True, holder: int = 0, on_call: int | None = 7
) -> holding.Standing:
    return holding.standing_of(
        holding.hands_of(holder=holder, holder_actor=None, on_call=on_call),
        held_since=since,
        created_at=since,
        can_wait=can_wait,
        rest=Rest(frozenset({"SU"})),
        rules=holding.Rules(),
        zone=MADRID,
        now=now,
    )


def test_a_need_is_with_whoever_is_on_call_until_somebody_takes_it() -> None:
    fresh, taken = standing(since=START, now=START), standing(since=START, now=START, holder=3)

    assert (fresh.holder, fresh.on_call, fresh.unheld) == (7, True, False)
    assert (taken.holder, taken.on_call, taken.unheld) == (3, False, False)


def test_a_rest_day_does_not_count_for_what_can_wait_and_does_for_what_cannot() -> None:
    saturday, monday = SUNDAY - timedelta(days=1), SUNDAY + timedelta(hours=20)

    assert not standing(since=saturday, now=monday).unheld
    assert standing(since=saturday, now=monday, can_wait=False).unheld
    assert standing(since=saturday, now=monday + timedelta(days=1)).unheld
    assert not standing(since=saturday, now=monday, can_wait=False, holder=3).unheld


def test_what_somebody_holds_grows_old_all_the_same() -> None:
    assert standing(since=START, now=START + timedelta(days=9), holder=3).ageing
    assert not standing(since=START, now=START + timedelta(days=6), holder=3).ageing
