"""Whoever has the server turn says when neighbours meet and when they rest, and what is printed says so too."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from node.profile import rhythm_kept
from node.profile.rhythm import Gathering, rhythm
from node.profile.rhythm_kept import RhythmForm
from tests.features.promising import refused
from tests.features.village import START, Village

FORM = {
    "gathering_at": "2026-03-06T18:00",
    "gathering_where": "Tenants' hall",
    "gathering_access": "no steps",
    "gathering_points": "the box by the door",
    "rest_SU": "yes",
    "rest_dates": "2026-12-25, 2026-03-19",
}
AT = datetime(2026, 3, 6, 17, tzinfo=UTC)


async def test_it_is_kept_shown_again_and_printed_on_poster_and_slips_until_it_is_over(village: Village) -> None:
    async with village.browser(village.member(keeper=True)) as keeper:
        before = await keeper.get("/poster")
        answer = await keeper.post("/server/about-us/rhythm", data=FORM)
        form = await keeper.get(answer.headers["location"])
        poster, slips = await keeper.get("/poster"), await keeper.post("/invites/sheet")
        village.clock.advance(timedelta(days=5).total_seconds())
        after = await keeper.get("/poster")

    kept = village.see(lambda c: rhythm(c, now=START))
    assert kept.gathering == Gathering(AT, "Tenants' hall", "no steps", "the box by the door")
    assert kept.rest.days == {"SU", "2026-12-25", "2026-03-19"}
    assert (answer.status_code, "That is how it is now." in form.text) == (303, True)
    for value in ("2026-03-06T18:00", "Tenants&#39; hall", "2026-03-19, 2026-12-25"):
        assert f'value="{value}"' in form.text
    assert re.findall(r'name="rest_(\w\w)" value="yes" checked', form.text) == ["SU"]
    assert slips.text.count("Friday 6 March, 18:00") == 8
    assert poster.text.count("Friday 6 March, 18:00") == 1
    assert "the box by the door" in poster.text and "Tenants&#39; hall" in slips.text
    assert "We meet next" not in before.text + after.text


async def test_without_a_way_of_its_own_paper_and_a_neighbour_are_the_way_onto_the_agenda(village: Village) -> None:
    async with village.browser(village.member(keeper=True)) as keeper:
        await keeper.post("/server/about-us/rhythm", data={**FORM, "gathering_points": ""})
        assert "write it on paper and bring it along" in (await keeper.get("/poster")).text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"gathering_at": "2026-03-01T18:00"}, "gathering_at"),
        ({"gathering_at": "on Friday"}, "gathering_at"),
        ({"gathering_at": "2026-03-06T18:00+01:00"}, "gathering_at"),
        ({"gathering_where": ""}, "gathering_where"),
        ({"gathering_where": "x" * 201}, "gathering_where"),
        ({"rest_dates": "25.12."}, "rest_dates"),
        ({f"rest_{day}": "yes" for day in ("MO", "TU", "WE", "TH", "FR", "SA", "SU")}, "rest_dates"),
    ],
)
async def test_what_cannot_be_used_comes_back_and_changes_nothing(
    village: Village, given: dict[str, str], field: str
) -> None:
    async with village.browser(village.member(keeper=True)) as keeper:
        await keeper.post("/server/about-us/rhythm", data=FORM)
        before = village.see(lambda c: rhythm(c, now=START))
        answer = await keeper.post("/server/about-us/rhythm", data={**FORM, **given})

    assert (answer.status_code, f'href="#f-{field}"' in answer.text) == (422, True)
    assert village.see(lambda c: rhythm(c, now=START)) == before
    assert "the box by the door" in answer.text, "what was typed is still there"


def test_everything_can_be_emptied_and_changing_the_name_keeps_it(village: Village) -> None:
    keeper = village.acting(village.member(keeper=True), keeper=True)
    full = RhythmForm(
        gathering_at="2026-03-06T18:00", gathering_where="Tenants' hall", rest_weekdays=("SU",), rest_dates="2026-12-25"
    )

    kept = village.do(lambda c: rhythm_kept.set_rhythm(c, full, keeper))
    again = rhythm_kept.typed_of(kept, keeper.zone)
    empty = village.do(lambda c: rhythm_kept.set_rhythm(c, RhythmForm(gathering_where="nowhere"), keeper))

    assert again["rest_SU"] == "yes" and again["gathering_at"] == "2026-03-06T18:00"
    assert (empty.gathering, empty.rest.days) == (None, frozenset())


async def test_only_whoever_has_the_server_turn_says_so(village: Village) -> None:
    member = village.member()
    assert (
        refused(village, lambda c: rhythm_kept.set_rhythm(c, RhythmForm(), village.acting(member)))[0] == "not-keeper"
    )
    async with village.browser(member) as neighbour:
        assert (await neighbour.post("/server/about-us/rhythm", data=FORM)).status_code == 403
