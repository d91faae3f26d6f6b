"""What waits longest: on the board, counted without pointing at anybody, and on a sheet for the assembly."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from node.features.resources.hands.waiting import Gap, gaps, how_many
from node.features.resources.tables import Resource
from node.profile import rules_kept
from tests.features.promising import put_up
from tests.features.test_hands import need, press
from tests.features.test_rhythm_and_rules import write
from tests.features.village import BASE, START, Village

DAY = timedelta(days=1)


async def opened(village: Village, path: str, member: int | None = None) -> str:
    async with village.browser(member) as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200
    return answer.text


def in_order(page: str, *words: str) -> bool:
    places = [page.find(word) for word in words]
    return -1 not in places and places == sorted(places)


async def test_what_waits_longest_comes_first_and_what_cannot_wait_before_it(village: Village) -> None:
    asker, helper = village.member(keeper=True), village.member("Zora")
    for title, given in (("A cupboard", {}), ("A lift today", {"can_wait": False}), ("A ladder", {})):
        need(village, asker, title=title, until="month", **given)
        village.clock.advance(3600)
    offered = put_up(village, asker, title="Soup", until="month")
    spoken_for = need(village, asker, title="A pram", until="month")
    village.do(lambda c: c.exec_driver_sql("UPDATE resource SET state = 'promised' WHERE id = ?", (spoken_for.id,)))
    village.clock.advance((2 * DAY).total_seconds())

    usual, longest = await opened(village, "/board", helper), await opened(village, "/board?order=longest", helper)

    assert in_order(longest, "A lift today", "A cupboard", "A ladder")
    assert offered.title in usual and offered.title not in longest and "A pram" not in longest
    assert longest.count("nobody has taken it on yet") == 3
    assert "nobody has taken it on yet" not in await opened(village, "/board?order=longest")


async def test_passers_by_are_given_public_needs_without_numbers_and_names(village: Village) -> None:
    asker, helper = village.member("Amina", keeper=True), village.member("Zora")
    row = need(village, asker, category="care", until="month", audience="public", near="Mill Lane")
    need(village, asker, title="A secret", category="tools", until="month", audience="council")
    await press(village, row, "take-on", helper)
    number = f"{str(row.code)[:3]}-{str(row.code)[3:]}"

    ours = await opened(village, "/board?order=longest", helper)
    passing = await opened(village, "/board?order=longest", None)

    assert number in ours and "Tools</bdi></a></dt>" in ours
    for word in (number, "Zora", "Amina", "A secret", "Tools</bdi></a></dt>"):
        assert word not in passing
    assert "somebody is on it" in passing and "Care and company</bdi></a></dt><dd>just a few</dd>" in passing
    assert "order=longest&amp;text=Mill%20Lane" in passing


def of(*near: str) -> list[Any]:
    return [Resource.model_construct(near=name) for name in near]


def test_below_five_it_is_a_few_and_the_order_tells_no_more() -> None:
    found = gaps(of(*["b"] * 4, *["a"] * 2, *["c"] * 5, "", *["d"] * 7), lambda row: row.near)

    assert found == [Gap("d", 7), Gap("c", 5), Gap("", 1), Gap("a", 2), Gap("b", 4)]
    assert [how_many(gap.count) for gap in found] == ["7", "5", "just a few", "just a few", "just a few"]


async def test_a_sheet_for_the_assembly_has_each_need_and_boxes_for_what_becomes_of_it(village: Village) -> None:
    asker = village.member(keeper=True)
    at = int((START + 9 * DAY).timestamp()) * 1_000_000
    write(village, gathering_at=at, gathering_where="Tenants' hall")
    need(village, asker, until="month", can_wait=False)
    village.clock.advance((5 * DAY).total_seconds())

    sheet = await opened(village, "/board?order=longest&paper=1", asker)
    plain = await opened(village, "/board?order=longest", asker)

    row = sheet.partition("<tbody>")[2].partition("</tbody>")[0]
    assert in_order(row, "Two chairs", "cannot wait", "asked 5 days ago", "nobody has taken it on yet", 'class="box"')
    assert "hall" in sheet and "<table>" not in plain


RULES = {"unheld_hours": "48", "ageing_days": "3", "first": "kind:care", "second": "longest", "because": f"{BASE}/o/r1"}


async def sent(village: Village, member: int | None, **typed: str) -> httpx.Response:
    async with village.browser(member) as browser:
        await browser.get("/help")
        return await browser.post("/board/rules?order=longest", data=RULES | typed)


async def test_the_order_that_the_assembly_decided_stands_beside_what_waits_with_where_it_was_decided(
    village: Village,
) -> None:
    keeper = village.member(keeper=True)
    need(village, keeper, title="A lift today", can_wait=False, until="month")
    need(village, keeper, title="Somebody to talk to", category="care", until="month")
    village.clock.advance((2 * DAY).total_seconds())

    before = await opened(village, "/board?order=longest", keeper)
    kept = await sent(village, keeper)
    after = await opened(village, "/board?order=longest", keeper)

    assert (kept.status_code, kept.headers["location"]) == (303, "/board?order=longest#rules")
    assert in_order(before, "A lift today", "Somebody to talk to", "what cannot wait")
    assert in_order(after, "Somebody to talk to", "A lift today")
    assert in_order(after.partition('id="rules"')[2], "Care and company", "who has waited longest")
    assert 'href="/o/r1"' in after and "where we decided that" not in before
    # Only after more than two days now.
    assert "nobody has taken it on yet" in before and "nobody has taken it on yet" not in after


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"unheld_hours": "0"}, "unheld_hours"),
        ({"ageing_days": "soon"}, "ageing_days"),
        ({"second": "kind:care"}, "first"),
        ({"third": "who is worthy"}, "first"),
        ({"because": "the hall"}, "because"),
    ],
)
async def test_rules_that_cannot_be_are_refused_beside_their_field_and_nothing_is_kept(
    village: Village, typed: dict[str, str], field: str
) -> None:
    answer = await sent(village, village.member(keeper=True), **typed)

    assert answer.status_code == 422 and f'id="e-{field}"' in answer.text
    assert village.see(rules_kept.decided) == {}


async def test_only_whoever_has_the_server_turn_types_in_what_the_assembly_decided(village: Village) -> None:
    village.member(keeper=True)

    answers = [await sent(village, who) for who in (None, village.member("Zora"))]

    assert [answer.status_code for answer in answers] == [401, 403]
    assert "Type in what" not in await opened(village, "/board?order=longest", 2)
    assert "Type in what" in await opened(village, "/board?order=longest", 1)
