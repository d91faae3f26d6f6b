"""What comes back: rules are read and written as one text, and come on the days that an independent reader counts."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.verdict import Reason, Refused
from schemas.records.resource import ResourceNote, read_resource
from schemas.repeating import (
    LONGEST_INTERVAL,
    MOST_TIMES,
    ORDINALS,
    BadRule,
    Recurrence,
    Rule,
    how_often,
    read_rule,
    recurrence,
    words_of,
    write_rule,
)
from schemas.wording import said_in
from tests.schemas.examples import an_offer

MADRID = ZoneInfo("Europe/Madrid")
ZONES = [ZoneInfo(name) for name in ("Europe/Madrid", "America/Santiago", "Australia/Lord_Howe", "UTC")]
THURSDAY = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)


def _between(one: str, other: str) -> st.SearchStrategy[datetime]:
    return st.datetimes(datetime.fromisoformat(one), datetime.fromisoformat(other))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    days: list[tuple[int, int]] = []
    if frequency != "DAILY":
        nths = st.sampled_from(ORDINALS) if frequency == "MONTHLY" else st.just(0)
        days = sorted(
            draw(st.sets(st.tuples(nths, st.integers(0, 6)), min_size=1, max_size=4)),
            key=lambda one: (one[0] if one[0] > 0 else 9, one[1]),
        )
    end = draw(st.sampled_from(["open", "until", "count"]))
    until = draw(_between("2026-01-01", "2027-01-01")).replace(microsecond=0, tzinfo=UTC)
    return Rule(
        frequency,
        draw(st.integers(1, 5)),
        tuple(days),
        until if end == "until" else None,
        draw(st.integers(1, 30)) if end == "count" else None,
    )


def counted_elsewhere(rule: Rule, start: datetime, zone: ZoneInfo, ends: datetime) -> list[datetime]:
    """The same by dateutil, on the clocks of the zone; the ends are laid over it here."""
    there = start.astimezone(zone).replace(tzinfo=None, fold=0)
    bare = rrulestr(write_rule(Rule(rule.frequency, rule.interval, rule.days)), dtstart=there)
    limit = ends.astimezone(zone).replace(tzinfo=None) + timedelta(days=2)
    found = [at.replace(tzinfo=zone).astimezone(UTC) for at in takewhile(lambda at: at <= limit, bare)]
    last = ends if rule.until is None else min(ends, rule.until)
    return [at for at in [at for at in found if at >= start][: rule.count] if at <= last]


@settings(max_examples=120, deadline=None)
@given(rules(), _between("2024-01-01", "2026-09-01"), st.sampled_from(ZONES), st.data())
def test_it_comes_on_the_days_that_another_reader_counts_whatever_the_clocks_do(
    rule: Rule, local: datetime, zone: ZoneInfo, data: st.DataObject
) -> None:
    start = local.replace(microsecond=0, tzinfo=zone).astimezone(UTC)
    ends = start + timedelta(days=data.draw(st.integers(0, 600)))
    now = start + timedelta(days=data.draw(st.integers(0, 900)))

    one, expected = Recurrence(rule, start, zone, ends), counted_elsewhere(rule, start, zone, ends)

    assert read_rule(write_rule(rule)) == rule
    assert list(one.times()) == expected
    assert one.next_after(now) == next((at for at in expected if at >= now), None)
    if expected:
        assert list(Recurrence(one.ended(), start, zone, datetime.max.replace(tzinfo=UTC)).times()) == expected


def test_six_in_the_evening_stays_six_in_the_evening_when_the_clocks_change() -> None:
    one = Recurrence(read_rule("FREQ=WEEKLY;BYDAY=TH"), datetime(2026, 10, 22, 16, tzinfo=UTC), MADRID, THURSDAY)

    assert [f"{at:%d %H}" for at in one.times()] == ["22 16", "29 17", "05 17", "12 17", "19 17", "26 17"]
    assert {at.astimezone(MADRID).hour for at in one.times()} == {18}


def test_an_hour_that_does_not_exist_on_the_day_is_read_by_the_offset_before_it() -> None:
    night = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)  # 02:30 in Madrid; on the 29th there is no such time
    one = Recurrence(read_rule("FREQ=DAILY;COUNT=3"), night, MADRID, night + timedelta(days=9))

    assert [f"{at:%d %H:%M}" for at in one.times()] == ["28 01:30", "29 01:30", "30 00:30"]


def test_what_began_long_ago_is_not_counted_through_from_there() -> None:
    ends = datetime(2026, 12, 1, tzinfo=UTC)
    one = Recurrence(read_rule("FREQ=DAILY;INTERVAL=3"), datetime(1, 1, 2, tzinfo=UTC), ZoneInfo("UTC"), ends)

    found = one.next_after(ends - timedelta(days=3))

    assert found is not None and (found - one.start).days % 3 == 0 and found > ends - timedelta(days=3)
    assert Recurrence(read_rule("FREQ=DAILY"), THURSDAY, MADRID, datetime.max.replace(tzinfo=UTC)).next_after(ends)
    assert (
        list(Recurrence(read_rule("FREQ=MONTHLY;BYDAY=5MO"), datetime(9999, 12, 1, tzinfo=UTC), MADRID, ends).times())
        == []
    )


TAKEN = (
    "FREQ=DAILY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "FREQ=MONTHLY;BYDAY=1SA,-1SA;COUNT=400",
    "FREQ=DAILY;INTERVAL=52;UNTIL=20270330T215959Z",
)
REFUSED = {
    "nothing": "",
    "no frequency": "INTERVAL=2",
    "a part that is not known": "FREQ=WEEKLY;BYDAY=MO;WKST=SU",
    "a part twice": "FREQ=DAILY;FREQ=DAILY",
    "a part without a value": "FREQ=DAILY;COUNT",
    "another frequency": "FREQ=YEARLY",
    "hourly": "FREQ=HOURLY",
    "small letters": "freq=daily",
    "spaces": "FREQ=DAILY; COUNT=2",
    "days of every day": "FREQ=DAILY;BYDAY=MO",
    "a week without days": "FREQ=WEEKLY",
    "a month without days": "FREQ=MONTHLY",
    "the nth day of a week": "FREQ=WEEKLY;BYDAY=2MO",
    "any day of a month": "FREQ=MONTHLY;BYDAY=MO",
    "a sixth Monday": "FREQ=MONTHLY;BYDAY=6MO",
    "the last but one": "FREQ=MONTHLY;BYDAY=-2MO",
    "a day that is none": "FREQ=WEEKLY;BYDAY=XX",
    "a day twice": "FREQ=WEEKLY;BYDAY=MO,MO",
    "an interval of nothing": "FREQ=DAILY;INTERVAL=0",
    "a long interval": f"FREQ=DAILY;INTERVAL={LONGEST_INTERVAL + 1}",
    "too many times": f"FREQ=DAILY;COUNT={MOST_TIMES + 1}",
    "other digits": "FREQ=DAILY;COUNT=٣",
    "both ends": "FREQ=DAILY;COUNT=2;UNTIL=20270330T215959Z",
    "a local end": "FREQ=DAILY;UNTIL=20270330T215959",
    "an end that is no day": "FREQ=DAILY;UNTIL=20270230T215959Z",
    "too long": "FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 100),
}


@pytest.mark.parametrize("text", TAKEN)
def test_a_rule_of_ours_is_written_as_it_was_read(text: str) -> None:
    assert write_rule(read_rule(text)) == text


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_lies_outside_is_refused_and_never_half_understood(text: str) -> None:
    with pytest.raises(BadRule):
        read_rule(text)

    note = {**an_offer(), "startTime": "2026-11-22T18:00:00Z", "comarca:repeats": text, "comarca:zone": "UTC"}
    refused = read_resource(note)
    assert isinstance(refused, Refused) and refused.reason is Reason.WRONG_SHAPE


def comes_back(**changes: object) -> dict[str, object]:
    note = {
        **an_offer(),
        "startTime": "2026-11-22T18:00:00Z",
        "comarca:repeats": "FREQ=DAILY",
        "comarca:zone": "Europe/Madrid",
        **changes,
    }
    return {name: value for name, value in note.items() if value is not None}


def test_a_note_that_comes_back_says_by_which_clocks_and_from_when() -> None:
    whole = read_resource(comes_back())

    assert isinstance(whole, ResourceNote) and whole.recurrence is not None
    assert whole.recurrence.rule == Rule("DAILY") and whole.recurrence.zone == MADRID
    for missing in ("startTime", "comarca:repeats", "comarca:zone"):
        assert isinstance(read_resource(comes_back(**{missing: None})), Refused), missing
    for zone in ("../etc/passwd", "/UTC", "Europe/Madrid\n", "", 7):
        assert isinstance(read_resource(comes_back(**{"comarca:zone": zone})), Refused), zone
    once = read_resource(an_offer())
    assert isinstance(once, ResourceNote) and once.recurrence is None


def test_a_zone_that_this_machine_does_not_know_costs_the_next_date_and_not_the_offer() -> None:
    note = read_resource(comes_back(**{"comarca:zone": "Atlantis/Harbour"}))

    assert isinstance(note, ResourceNote) and note.recurrence is None


@pytest.mark.parametrize(
    ("rule", "english", "spanish"),
    [
        ("FREQ=DAILY", "every day", "cada día"),
        ("FREQ=DAILY;INTERVAL=3", "every 3 days", "cada 3 días"),
        ("FREQ=WEEKLY;BYDAY=TH", "every week on Thursdays", "cada semana, los jueves"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "every second week on Thursdays", "una semana de cada dos, los jueves"),
        ("FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE,SA", "every 3 weeks on Mondays, Wednesdays and Saturdays",
         "cada 3 semanas, los lunes, miércoles y sábados"),
        ("FREQ=MONTHLY;BYDAY=2TH,-1SU", "each month on the second Thursday and the last Sunday",
         "cada mes, el segundo jueves y el último domingo"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO", "every 2 months on the first Monday", "cada 2 meses, el primer lunes"),
    ],
)  # fmt: skip
def test_a_rule_is_said_in_both_languages(rule: str, english: str, spanish: str) -> None:
    one = recurrence(rule, start=THURSDAY, zone="Europe/Madrid", ends=THURSDAY + timedelta(days=80))

    assert one is not None and how_often(one.rule) == english
    assert said_in(one, "en-GB") == f"{english} at 18:00"
    assert said_in(one, "es") == f"{spanish} a las 18:00"


@pytest.mark.parametrize("zone", ["America/Lima", "Pacific/Kiritimati"])
def test_what_lies_at_the_ends_of_the_calendar_breaks_no_page_and_holds_nobody_up(zone: str) -> None:
    now, ends = THURSDAY, THURSDAY + timedelta(days=30)
    began = recurrence("FREQ=DAILY;INTERVAL=2", start=datetime(1, 1, 1, tzinfo=UTC), zone=zone, ends=ends)
    never = recurrence("FREQ=DAILY;UNTIL=99991231T235959Z", start=THURSDAY, zone=zone, ends=ends)

    assert began is None, "a hundred thousand days are not counted through"
    assert never is not None and never.next_after(now) == THURSDAY
    assert "until" not in words_of(never, day=lambda at: f"{at.astimezone(never.zone):%d %B}")


def test_its_end_is_said_where_the_rule_has_one() -> None:
    a_year_on = THURSDAY + timedelta(days=365)

    def said(rule: str) -> str:
        return words_of(Recurrence(read_rule(rule), THURSDAY, MADRID, a_year_on), day=lambda at: f"{at:%d %B}")

    assert said("FREQ=DAILY;COUNT=10") == "every day at 18:00, 10 times"
    assert said("FREQ=DAILY;COUNT=1") == "every day at 18:00, once"
    assert said("FREQ=DAILY;UNTIL=20270330T120000Z") == "every day at 18:00, until 30 March"
