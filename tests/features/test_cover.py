"""A rest day has cover: somebody with a turn on call, or a nearby council that has promised it; who must know is told where not."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from hypothesis import given
from hypothesis import strategies as st

from node.features.resources.hands import cover
from node.features.resources.hands.cover import Span
from node.features.resources.promises.keeping import Proposal, add
from node.features.resources.promises.states import State
from node.features.resources.tables import Resource
from node.profile.rhythm import Rest
from tests.features.test_on_call import pause, turn_of
from tests.features.test_rhythm_and_rules import write
from tests.features.village import Village

MADRID = ZoneInfo("Europe/Madrid")
MONDAY = datetime(2026, 3, 2, tzinfo=MADRID)
# Clocks are set anew on the last Sunday of March: that day has 23 hours.
SPRING = date(2026, 3, 29)
SUNDAY = date(2026, 3, 8)


def span(begins: float, ends: float, *, day: date = SPRING) -> Span:
    midnight = datetime(day.year, day.month, day.day, tzinfo=MADRID).timestamp()
    return Span(*(datetime.fromtimestamp(midnight + hours * 3600, UTC) for hours in (begins, ends)))


def bare(*there: Span, now: datetime = MONDAY) -> bool:
    return cover.uncovered([SPRING], there, now=now, zone=MADRID) == [SPRING]


def test_a_day_needs_somebody_from_its_first_moment_to_its_last() -> None:
    assert bare()
    assert not bare(span(0, 23))
    assert bare(span(0, 22.9)) and bare(span(0.1, 24))
    assert not bare(span(12, 40), span(-5, 12))
    assert bare(span(12, 40), span(-5, 11.9))


def test_what_has_passed_of_today_needs_nobody_any_more() -> None:
    noon = span(12, 13).since

    assert not bare(span(10, 24), now=noon)
    assert bare(span(12.1, 24), now=noon)


@given(cuts=st.lists(st.floats(0.5, 22.5), max_size=4), missing=st.integers(0, 4))
def test_turns_that_follow_each_other_cover_a_day_and_a_gap_between_them_does_not(
    cuts: list[float], missing: int
) -> None:
    marks = [0.0, *sorted(cuts), 23.0]
    turns = [span(begins, ends) for begins, ends in pairwise(marks)]

    assert not bare(*reversed(turns))
    left_out = turns[missing % len(turns)]
    if left_out.since < left_out.until:
        assert bare(*(one for one in turns if one != left_out))


def test_the_coming_rest_days_are_those_of_the_next_eight_days() -> None:
    rest = Rest(frozenset({"SU", "2026-03-03", "2026-03-10"}))

    assert cover.rest_days(rest, MONDAY, MADRID) == [date(2026, 3, 3), SUNDAY]
    assert cover.rest_days(Rest(), MONDAY, MADRID) == []


async def ask(village: Village, member: int | None, day: str) -> httpx.Response:
    async with village.browser(member) as browser:
        await browser.get("/help")
        browser.headers["accept"] = "application/json"
        return await browser.post("/rest-days/cover", data={"day": day})


def uncovered(village: Village) -> list[date]:
    rest, now = Rest(frozenset({"SU"})), village.clock.now()
    there = village.see(lambda c: cover.somebody_there(c, now))
    return cover.uncovered(cover.rest_days(rest, now, MADRID), there, now=now, zone=MADRID)


def promised(village: Village, row: Resource, member: int, state: State, **by: Any) -> None:
    proposal = Proposal(ends_at=row.ends_at, resource_id=row.id, **by)
    village.do(lambda c: add(c, village.acting(member), proposal, state))


async def test_a_nearby_council_that_promises_what_was_asked_for_covers_the_day(village: Village) -> None:
    keeper, harbour = village.member(keeper=True), village.meet()
    write(village, rest_days='["SU"]')

    asked = await ask(village, keeper, f"{SUNDAY}")
    (row,) = [Resource(**one._mapping) for one in village.rows("SELECT * FROM resource")]
    whole = village.rows("SELECT starts_at, ends_at FROM resource")[0]
    day = cover.span_of(SUNDAY, MADRID)
    before = uncovered(village)
    promised(village, row.model_copy(update={"ends_at": day.until}), keeper, State.PROPOSED, by_actor=harbour.actor_id)
    only_asked = uncovered(village)
    village.do(lambda c: c.exec_driver_sql("UPDATE promise SET state = 'agreed'"))

    assert (asked.status_code, asked.headers["location"]) == (303, f"/o/{row.public_id}")
    assert (row.kind, row.title, row.audience, row.can_wait) == ("cover", "Cover on Sunday 8 March", "neighbours", 0)
    assert (whole.starts_at, whole.ends_at) == tuple(int(at.timestamp()) * 1_000_000 for at in (day.since, day.until))
    assert (before, only_asked, uncovered(village)) == ([SUNDAY], [SUNDAY], [])


async def test_only_whoever_is_on_call_asks_for_cover_once_and_for_a_rest_day(village: Village) -> None:
    keeper, helper = village.member(keeper=True), village.member("Zora")
    write(village, rest_days='["SU"]')

    answers = [
        await ask(village, who, day)
        for who, day in [
            (None, "2026-03-08"),
            (helper, "2026-03-08"),
            (keeper, "2026-03-07"),
            (keeper, "2026-03-15"),
            (keeper, "2026-03-08"),
            (keeper, "2026-03-08"),
        ]
    ]

    reasons = [answer.json()["reason"] if answer.status_code != 303 else "" for answer in answers]
    assert reasons == ["not-signed-in", "not-keeper", "not-a-rest-day", "not-a-rest-day", "", "asked-already"]


def test_a_turn_on_call_covers_the_day_unless_whoever_has_it_takes_a_break(village: Village) -> None:
    village.member(keeper=True)
    helper = village.member("Zora")
    without = uncovered(village)
    turn_of(village, helper, until=timedelta(days=9))
    covered = uncovered(village)

    pause(village, helper)

    assert (without, covered, uncovered(village)) == ([SUNDAY], [], [SUNDAY])
