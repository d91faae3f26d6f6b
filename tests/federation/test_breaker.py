import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.breaker import Breakers

HARBOUR = "https://harbour.example"


def failed_five_times(breakers: Breakers, *, now: float = 0.0) -> None:
    for _ in range(5):
        breakers.note(HARBOUR, False, now)


def test_four_failures_leave_it_closed_and_the_fifth_opens_it() -> None:
    breakers = Breakers()
    for _ in range(4):
        breakers.note(HARBOUR, False, 0.0)

    before = breakers.allows(HARBOUR, 0.0)
    breakers.note(HARBOUR, False, 0.0)

    assert before
    assert not breakers.allows(HARBOUR, 29.9)


def test_a_success_in_between_starts_the_count_anew() -> None:
    breakers = Breakers()
    for ok in (False, False, False, False, True, False, False, False, False):
        breakers.note(HARBOUR, ok, 0.0)

    assert breakers.allows(HARBOUR, 0.0)


def test_one_origin_says_nothing_about_another() -> None:
    breakers = Breakers()
    failed_five_times(breakers)

    assert breakers.allows("https://hillside.example", 1.0)


def test_after_the_pause_one_probe_at_a_time_is_let_through() -> None:
    breakers = Breakers()
    failed_five_times(breakers)

    answers = [breakers.allows(HARBOUR, 30.0) for _ in range(3)]

    assert answers == [True, False, False]


def test_a_probe_that_nobody_reports_on_does_not_lock_the_origin_out() -> None:
    breakers = Breakers()
    failed_five_times(breakers)
    breakers.allows(HARBOUR, 30.0)

    assert not breakers.allows(HARBOUR, 89.9)
    assert breakers.allows(HARBOUR, 90.0)


def test_a_successful_probe_closes_it_and_leaves_no_record() -> None:
    breakers = Breakers()
    failed_five_times(breakers)
    breakers.allows(HARBOUR, 30.0)

    breakers.note(HARBOUR, True, 31.0)

    assert all(breakers.allows(HARBOUR, 31.0) for _ in range(3))
    assert len(breakers) == 0


def test_each_failed_probe_doubles_the_pause_up_to_the_longest() -> None:
    breakers = Breakers(first_pause=30.0, longest_pause=100.0)
    failed_five_times(breakers)
    pauses = []
    now = 30.0
    for _ in range(4):
        assert breakers.allows(HARBOUR, now)
        breakers.note(HARBOUR, False, now)
        begun = now
        while not breakers.allows(HARBOUR, now):
            now += 1.0
        breakers.note(HARBOUR, False, now)  # the probe just claimed fails as well
        pauses.append(now - begun)
        now += 100.0

    assert pauses == [60.0, 100.0, 100.0, 100.0]


def test_requests_under_way_when_it_opens_do_not_lengthen_the_pause() -> None:
    breakers = Breakers()
    failed_five_times(breakers)
    for _ in range(50):
        breakers.note(HARBOUR, False, 5.0)

    assert breakers.allows(HARBOUR, 30.0)


def test_hearing_from_an_origin_allows_one_probe_at_once() -> None:
    breakers = Breakers()
    failed_five_times(breakers)

    breakers.heard_from(HARBOUR)

    assert [breakers.allows(HARBOUR, 1.0) for _ in range(2)] == [True, False]


def test_hearing_alone_does_not_close_it() -> None:
    breakers = Breakers()
    failed_five_times(breakers)
    breakers.heard_from(HARBOUR)
    breakers.allows(HARBOUR, 1.0)

    breakers.note(HARBOUR, False, 2.0)

    assert not breakers.allows(HARBOUR, 31.9)
    assert breakers.allows(HARBOUR, 32.0)


def test_hearing_from_a_healthy_or_unknown_origin_makes_no_record() -> None:
    breakers = Breakers()

    breakers.heard_from(HARBOUR)

    assert len(breakers) == 0
    assert breakers.allows(HARBOUR, 0.0)


def test_a_record_that_nobody_touches_expires() -> None:
    breakers = Breakers(longest_pause=100.0, ttl=200.0)
    failed_five_times(breakers)

    breakers.note("https://hillside.example", False, 201.0)

    assert len(breakers) == 1


def test_a_record_may_not_expire_before_its_pause() -> None:
    with pytest.raises(ValueError, match="outlive"):
        Breakers(longest_pause=100.0, ttl=100.0)


ORIGINS = st.integers(0, 30).map(lambda number: f"https://n{number}.example")


@given(st.lists(st.tuples(ORIGINS, st.sampled_from(["allows", "ok", "failed", "heard"]), st.floats(0, 5000))))
def test_memory_is_bounded_whatever_happens(events: list[tuple[str, str, float]]) -> None:
    breakers = Breakers(limit=10)
    now = 0.0
    for origin, event, passed in events:
        now += passed
        if event == "allows":
            breakers.allows(origin, now)
        elif event == "heard":
            breakers.heard_from(origin)
        else:
            breakers.note(origin, event == "ok", now)

        assert len(breakers) <= 10


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5000)), max_size=60))
def test_no_origin_is_shut_out_for_longer_than_the_longest_pause(events: list[tuple[bool, float]]) -> None:
    breakers = Breakers()
    now = 0.0
    for ok, passed in events:
        now += passed
        if breakers.allows(HARBOUR, now):
            breakers.note(HARBOUR, ok, now)

    assert breakers.allows(HARBOUR, now + 3600.0)


def test_a_call_for_help_goes_past_an_open_breaker_at_once_and_then_every_five_minutes() -> None:
    breakers = Breakers()
    failed_five_times(breakers)

    asked = [breakers.lets_by(7, now) for now in (0.0, 1.0, 299.0, 300.0, 301.0)]

    assert asked == [True, False, False, True, False]
    assert breakers.lets_by(8, 301.0)
    assert not breakers.allows(HARBOUR, 1.0)


def test_of_the_calls_that_went_past_only_so_many_are_remembered() -> None:
    breakers = Breakers(limit=3)

    for call in range(10):
        breakers.lets_by(call, 0.0)

    assert len(breakers._calls) == 3
