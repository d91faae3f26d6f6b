"""Times, distances and amounts are said as a neighbour would say them, in the council's own zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.web import words
from node.web.accept import prefers_json
from node.web.tongues import direction_of

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)  # Wednesday 12:00 in Madrid


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=MADRID).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (at(18, 18), "today 18:00"),
        (at(18, 0), "today 00:00"),
        (at(17, 23, 59), "yesterday 23:59"),
        (at(19, 9, 5), "tomorrow 09:05"),
        (at(20, 18), "Friday 18:00"),
        (at(24, 18), "Tuesday 18:00"),
        (at(25, 18), "25 November 18:00"),
        (at(16, 18), "16 November 18:00"),
        (at(3, 8, month=1, year=2027), "3 January 08:00"),
        (at(3, 8, month=12, year=2027), "3 December 2027 08:00"),
    ],
)
def test_a_moment_is_said_as_day_and_time(moment: datetime, said: str) -> None:
    assert words.when(moment, now=NOW, zone=MADRID) == said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (at(18, 18), "until 18:00"),
        (at(19, 10), "until tomorrow 10:00"),
        (at(20, 14), "until Friday 14:00"),
        (at(20, 23, 59), "until Friday"),
        (at(21, 0), "until Friday"),
        (at(19, 0), "until tonight"),
        (at(18, 23, 59), "until tonight"),
        (at(18, 12), "ended today 12:00"),
        (at(17, 12), "ended yesterday 12:00"),
    ],
)
def test_an_end_is_said_as_until(moment: datetime, said: str) -> None:
    assert words.until(moment, now=NOW, zone=MADRID) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(0), "told us just now"),
        (timedelta(seconds=-30), "told us just now"),
        (timedelta(seconds=59), "told us just now"),
        (timedelta(minutes=4, seconds=50), "told us 4 min ago"),
        (timedelta(minutes=60), "told us 1 h ago"),
        (timedelta(hours=47), "told us 47 h ago"),
        (timedelta(hours=48), "told us 2 days ago"),
    ],
)
def test_the_age_of_a_word_is_said_in_one_unit(ago: timedelta, said: str) -> None:
    assert words.told_us(NOW - ago, now=NOW) == said


def test_a_fresh_word_is_dated_by_its_age_and_an_old_one_by_the_moment_it_holds_for() -> None:
    limit = timedelta(minutes=3)

    def said(age: timedelta) -> str:
        return words.freshness(NOW - age, now=NOW, zone=MADRID, current_for=limit)

    assert said(limit) == "told us 3 min ago"
    assert said(limit + timedelta(seconds=1)) == "silent since 11:56; this is as of 11:56"
    assert said(timedelta(days=2)) == "silent since 16 November 12:00; this is as of 16 November 12:00"
    assert words.freshness(None, now=NOW, zone=MADRID, current_for=limit) == "has told us nothing yet"
    assert words.silent_since(None, now=NOW, zone=MADRID) == "has told us nothing yet"


@pytest.mark.parametrize(
    ("kilometres", "said"),
    [
        (None, ""),
        (0.0, "under 1 km"),
        (0.99, "under 1 km"),
        (1.0, "1.0 km"),
        (1.24, "1.2 km"),
        (9.96, "10 km"),
        (14.2, "14 km"),
    ],
)
def test_a_distance_is_as_coarse_as_its_places(kilometres: float | None, said: str) -> None:
    assert words.distance(kilometres) == said


@pytest.mark.parametrize(
    ("available", "amount", "unit", "said"),
    [
        ("22", "40", "portions", "22 of 40 portions left"),
        ("40", "40.00", "portions", "40 portions"),
        (None, "40", "portions", "40 portions"),
        ("0", "40", "portions", "none left"),
        ("0.0", "40", "portions", "none left"),
        ("2.50", None, "kg", "2.5 kg"),
        (None, None, "kg", ""),
        ("3", "5", None, "3 of 5 left"),
    ],
)
def test_an_amount_says_what_is_left(available: str | None, amount: str | None, unit: str | None, said: str) -> None:
    assert words.left(available, amount, unit) == said


@given(st.decimals(min_value=0, max_value=10**9, places=3))
def test_a_number_keeps_its_value_and_loses_idle_noughts(value: object) -> None:
    from decimal import Decimal

    said = words.number(str(value))

    assert Decimal(said) == value
    assert "E" not in said and not ("." in said and said.endswith("0"))


@given(
    st.integers(0, 2**31).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.timedeltas(min_value=timedelta(days=-900), max_value=timedelta(days=900)),
)
def test_every_moment_can_be_said(now: datetime, away: timedelta) -> None:
    moment = now + away

    assert words.clock(moment, zone=MADRID) in words.when(moment, now=now, zone=MADRID)
    assert words.until(moment, now=now, zone=MADRID).startswith("until " if moment > now else "ended ")


@pytest.mark.parametrize(
    ("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("ar-MA", "rtl"), ("fa", "rtl"), ("es-AR", "ltr")]
)
def test_a_language_has_its_direction(language: str, direction: str) -> None:
    assert direction_of(language) == direction


def test_slips_of_ours_and_of_others_have_their_own_pages() -> None:
    ours = words.slip_address("https://a.example/o/x", base_url="https://a.example")
    theirs = words.slip_address("https://b.example/o/x?&#", base_url="https://a.example")

    assert ours == "/o/x"
    assert theirs == "/slip?id=https%3A%2F%2Fb.example%2Fo%2Fx%3F%26%23"


@pytest.mark.parametrize(
    ("accept", "program"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("APPLICATION/JSON ; q=0.5, text/html;q=0.4", True),
        ("application/json, text/html", False),
        ("application/json;q=0", False),
        ("application/json;q=x", False),
        ("*/*", False),
        ("", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    ],
)
def test_a_program_says_that_it_would_rather_have_json(accept: str, program: bool) -> None:
    assert prefers_json(accept) is program
