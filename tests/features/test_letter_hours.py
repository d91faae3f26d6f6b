"""When letters may go: once a day in the evening, quiet on rest days, and at once what cannot wait, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.features.resources.letters import timing
from node.profile.rhythm import WEEKDAYS, Rest

MADRID = ZoneInfo("Europe/Madrid")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
REST = st.frozensets(st.sampled_from(WEEKDAYS), max_size=6).map(Rest)
HOW = st.sampled_from([timing.DAILY, timing.AT_ONCE])
ZONES = st.sampled_from([MADRID, ZoneInfo("America/Santiago"), ZoneInfo("Pacific/Apia"), ZoneInfo("Asia/Kathmandu")])


@given(now=MOMENTS, how=HOW, rest=REST, zone=ZONES)
def test_what_can_wait_goes_on_no_rest_day_and_within_a_day_of_the_first_that_is_none(
    now: datetime, how: str, rest: Rest, zone: ZoneInfo
) -> None:
    due = timing.due_at(now, how=how, can_wait=True, rest=rest, zone=zone)

    assert due >= now
    assert not rest.is_rest(due, zone)
    assert due <= rest.next_working(now, zone) + timedelta(days=8 if rest.days else 1, hours=1)
    if how == timing.DAILY:
        assert due.astimezone(zone).time() == timing.EVENING
    assert timing.quiet_until(due, can_wait=True, rest=rest, zone=zone) is None


@given(now=MOMENTS, how=HOW, rest=REST)
def test_what_cannot_wait_goes_at_once(now: datetime, how: str, rest: Rest) -> None:
    assert timing.due_at(now, how=how, can_wait=False, rest=rest, zone=MADRID) == now
    assert timing.quiet_until(now, can_wait=False, rest=rest, zone=MADRID) is None


@pytest.mark.parametrize(
    ("now", "how", "days", "expected"),
    [
        ("2026-03-02T10:00", "daily", (), "2026-03-02T18:00"),
        ("2026-03-02T18:00", "daily", (), "2026-03-02T18:00"),
        ("2026-03-02T18:01", "daily", (), "2026-03-03T18:00"),
        ("2026-03-02T10:00", "at-once", (), "2026-03-02T10:00"),
        ("2026-03-02T10:00", "at-once", ("MO",), "2026-03-03T09:00"),
        ("2026-03-01T10:00", "daily", ("SU", "2026-03-02"), "2026-03-03T18:00"),
        ("2026-03-28T20:00", "daily", (), "2026-03-29T18:00"),
        ("2026-03-02T10:00", "daily", WEEKDAYS, "2026-03-03T18:00"),
    ],
)
def test_the_hour_by_example(now: str, how: str, days: tuple[str, ...], expected: str) -> None:
    rest = Rest(frozenset(days))

    due = timing.due_at(_local(now), how=how, can_wait=True, rest=rest, zone=MADRID)

    assert due == _local(expected)


def test_tries_end() -> None:
    now, waits = _local("2026-03-02T10:00"), []

    for tries in range(1, timing.TRIES):
        again = timing.next_try(now, tries=tries)
        assert again is not None
        waits.append(again - now)

    assert timing.next_try(now, tries=timing.TRIES) is None
    assert waits[0] == timing.FIRST_WAIT and waits[-1] == timing.LONGEST_WAIT
    assert date(2026, 3, 4) <= (now + sum(waits, timedelta())).date() <= date(2026, 3, 5)


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID).astimezone(UTC)
