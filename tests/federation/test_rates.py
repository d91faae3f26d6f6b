import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.rates import Buckets


def test_a_burst_is_there_at_once_and_then_the_rate_holds() -> None:
    buckets = Buckets(per_minute=60, burst=3)

    taken = [buckets.take("harbour", 100.0) for _ in range(4)]

    assert taken == [None, None, None, pytest.approx(1.0)]


def test_a_refusal_takes_nothing() -> None:
    buckets = Buckets(per_minute=60, burst=1)
    buckets.take("harbour", 0.0)
    for _ in range(100):
        buckets.take("harbour", 0.5)

    assert buckets.take("harbour", 1.0) is None


def test_one_key_does_not_spend_the_tokens_of_another() -> None:
    buckets = Buckets(per_minute=60, burst=1)
    buckets.take("harbour", 0.0)

    assert buckets.take("hillside", 0.0) is None


def test_idle_time_refills_to_the_burst_and_no_further() -> None:
    buckets = Buckets(per_minute=60, burst=2)
    buckets.take("harbour", 0.0)

    taken = [buckets.take("harbour", 1_000_000.0) for _ in range(3)]

    assert [wait is None for wait in taken] == [True, True, False]


def test_full_buckets_are_forgotten() -> None:
    buckets = Buckets(per_minute=60, burst=5)
    for number in range(100):
        buckets.take(f"n{number}", 0.0)

    buckets.take("harbour", 10.0)

    assert len(buckets) == 1


def test_the_key_used_least_recently_is_the_first_to_be_forgotten() -> None:
    buckets = Buckets(per_minute=1, burst=2, limit=2)
    for key in ("harbour", "hillside", "harbour", "stranger"):
        buckets.take(key, 0.0)

    assert buckets.take("harbour", 0.0) is not None


@pytest.mark.parametrize(("per_minute", "burst", "limit"), [(0, 1, 1), (-1, 1, 1), (1, 0.5, 1), (1, 1, 0)])
def test_a_bucket_that_never_fills_is_refused(per_minute: float, burst: float, limit: int) -> None:
    with pytest.raises(ValueError, match="positive rate"):
        Buckets(per_minute=per_minute, burst=burst, limit=limit)


@given(
    per_minute=st.floats(0.1, 10_000),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 60), max_size=100),
    start=st.floats(0, 1e9),
)
def test_no_more_than_burst_and_rate_are_ever_let_through(
    per_minute: float, burst: int, gaps: list[float], start: float
) -> None:
    buckets = Buckets(per_minute=per_minute, burst=burst)
    now, let_through = start, 0
    for gap in gaps:
        now += gap
        let_through += buckets.take("harbour", now) is None

    assert let_through <= burst + (now - start) * per_minute / 60 + 0.01


@given(per_minute=st.floats(0.1, 10_000), burst=st.integers(1, 20), now=st.floats(0, 1e9))
def test_after_the_wait_it_named_it_lets_through(per_minute: float, burst: int, now: float) -> None:
    buckets = Buckets(per_minute=per_minute, burst=burst)
    wait = None
    while wait is None:
        wait = buckets.take("harbour", now)

    assert wait > 0
    assert buckets.take("harbour", now + wait) is None


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0, 100))))
def test_memory_is_bounded(events: list[tuple[int, float]]) -> None:
    buckets = Buckets(per_minute=1, burst=5, limit=10)
    now = 0.0
    for number, passed in events:
        now += passed
        buckets.take(f"n{number}", now)

        assert len(buckets) <= 10
