from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.retry import Kind, Outcome, Schedule, after_attempt

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FOLLOWERS = Schedule(give_up=timedelta(days=7))


def judged(
    status: int | None = None,
    *,
    failure: str | None = None,
    retry_after: str | None = None,
    attempts: int = 1,
    queued: timedelta = timedelta(0),
    uniform: float = 0.0,
    accepted_peer: bool = True,
    settings: Schedule = FOLLOWERS,
    reason: str | None = None,
) -> Outcome:
    return after_attempt(
        status=status,
        failure=failure,
        retry_after=retry_after,
        attempts=attempts,
        first_queued=NOW - queued,
        now=NOW,
        uniform=uniform,
        accepted_peer=accepted_peer,
        settings=settings,
        reason=reason,
    )


def wait_of(outcome: Outcome) -> float:
    assert outcome.at is not None
    return (outcome.at - NOW).total_seconds()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_a_delivery(status: int) -> None:
    assert judged(status) == Outcome(Kind.DELIVERED, None, "delivered")


@pytest.mark.parametrize("status", [400, 405, 406, 409, 413, 415, 422, 402, 418, 451])
def test_a_refusal_of_the_bytes_ends_the_row_even_for_a_peer(status: int) -> None:
    assert judged(status) == Outcome(Kind.NEVER, None, f"http-{status}")


@pytest.mark.parametrize("status", [302, 401, 403, 408, 429, 500, 502, 503, 507, 599])
@pytest.mark.parametrize("accepted_peer", [True, False])
def test_what_may_pass_is_tried_later(status: int, accepted_peer: bool) -> None:
    outcome = judged(status, accepted_peer=accepted_peer)

    assert (outcome.kind, outcome.word) == (Kind.LATER, f"http-{status}")


@pytest.mark.parametrize("failure", ["connect", "timeout", "refused-address", "certificate"])
def test_a_network_failure_is_tried_later_under_its_own_word(failure: str) -> None:
    outcome = judged(failure=failure, accepted_peer=False)

    assert (outcome.kind, outcome.word) == (Kind.LATER, failure)


def test_a_missing_inbox_is_waited_for_only_at_a_peer() -> None:
    assert judged(404).kind is Kind.LATER
    assert judged(404, accepted_peer=False).kind is Kind.NEVER


def test_being_blocked_ends_the_row_and_an_unexplained_403_does_not() -> None:
    assert judged(403, reason="blocked") == Outcome(Kind.NEVER, None, "blocked")
    assert judged(403, reason="unknown-peer").kind is Kind.LATER


def test_the_word_blocked_means_nothing_beside_a_server_error() -> None:
    assert judged(500, reason="blocked").kind is Kind.LATER


def test_gone_is_reported_with_a_time_to_look_again() -> None:
    outcome = judged(410)

    assert (outcome.kind, outcome.word) == (Kind.GONE, "http-410")
    assert wait_of(outcome) == 2.0


def test_the_wait_begins_at_two_seconds_and_doubles_to_the_hour() -> None:
    waits = [wait_of(judged(503, attempts=count)) for count in range(1, 14)]

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 2),
        ("999999999999", 3600),
        ("Sun, 22 Nov 2026 12:05:00 GMT", 300),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 2),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
    ],
)
def test_the_asked_wait_is_honoured_between_our_own_and_the_cap(field: str, seconds: float) -> None:
    assert wait_of(judged(429, retry_after=field)) == seconds


@pytest.mark.parametrize("field", ["", "soon", "-5", "1e3", "١٢٠", "Sun, 99 Nov 2026 99:05:00 GMT", "9" * 5000])
def test_an_unreadable_wait_is_as_good_as_none(field: str) -> None:
    assert wait_of(judged(503, retry_after=field)) == 2.0


def test_a_follower_is_given_up_when_patience_ends_and_not_before() -> None:
    just_before = judged(503, queued=timedelta(days=7) - timedelta(microseconds=1), accepted_peer=False)
    just_then = judged(503, queued=timedelta(days=7), accepted_peer=False)

    assert just_before.kind is Kind.LATER
    assert just_then == Outcome(Kind.NEVER, None, "given-up")


def test_a_peer_is_waited_for_ninety_days_whatever_the_settings_say() -> None:
    hasty = Schedule(give_up=timedelta(hours=1))

    assert judged(503, queued=timedelta(days=89, hours=23), settings=hasty).kind is Kind.LATER
    assert judged(503, queued=timedelta(days=90), settings=hasty).word == "given-up"


def test_success_counts_however_late_it_comes() -> None:
    assert judged(202, queued=timedelta(days=400)).kind is Kind.DELIVERED


@pytest.mark.parametrize(("status", "failure", "attempts"), [(None, None, 1), (202, "timeout", 1), (202, None, 0)])
def test_an_attempt_that_cannot_have_been_is_a_fault(status: int | None, failure: str | None, attempts: int) -> None:
    with pytest.raises(ValueError, match="an attempt"):
        judged(status, failure=failure, attempts=attempts)


@pytest.mark.parametrize(("first", "cap"), [(0.0, 10.0), (-1.0, 10.0), (20.0, 10.0), (1.0, float("inf"))])
def test_a_schedule_that_would_spin_or_never_return_is_refused(first: float, cap: float) -> None:
    with pytest.raises(ValueError, match="first <= cap"):
        Schedule(first=first, cap=cap)


UNIFORM = st.floats(0.0, 1.0, exclude_max=True)


@given(attempts=st.integers(1, 10_000), early=UNIFORM, late=UNIFORM)
def test_waits_grow_with_each_attempt_until_they_reach_the_cap(attempts: int, early: float, late: float) -> None:
    this = wait_of(judged(503, attempts=attempts, uniform=early))
    following = wait_of(judged(503, attempts=attempts + 1, uniform=late))

    assert following > this or following >= 0.75 * 2048


@given(attempts=st.integers(1, 10**9), uniform=UNIFORM, retry_after=st.none() | st.text(max_size=80))
def test_no_wait_is_shorter_than_a_start_or_longer_than_the_cap(
    attempts: int, uniform: float, retry_after: str | None
) -> None:
    wait = wait_of(judged(503, attempts=attempts, uniform=uniform, retry_after=retry_after))

    assert 1.5 <= wait <= 3600.0


@given(
    status=st.integers(0, 1000),
    attempts=st.integers(1, 500),
    queued=st.timedeltas(timedelta(0), timedelta(days=90) - timedelta(microseconds=1)),
    uniform=UNIFORM,
)
def test_a_peer_that_may_recover_is_never_given_up_early(
    status: int, attempts: int, queued: timedelta, uniform: float
) -> None:
    outcome = judged(status, attempts=attempts, queued=queued, uniform=uniform)

    assert outcome.word != "given-up"
    if outcome.kind is Kind.NEVER:
        assert 400 <= status <= 499
        assert status not in {401, 403, 404, 408, 410, 429}
