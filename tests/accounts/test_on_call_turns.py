"""Turns on call on the page of turns: put up, taken and given back by those who may, and refused to the others."""

from datetime import timedelta

import httpx
import pytest

from node.accounts import on_call, people, turns
from node.rights import Right
from tests.features.village import Village

DAY = timedelta(days=1)
TODAY = {"first": "2026-03-02", "days": "2"}


async def post(village: Village, member: int | None, path: str, **typed: str) -> httpx.Response:
    async with village.browser(member) as browser:
        await browser.get("/help")
        browser.headers["accept"] = "application/json"
        return await browser.post(f"/turns/on-call{path}", data=typed)


def on_call_now(village: Village) -> int | None:
    return village.see(lambda c: turns.on_call(c, village.clock.now()))


def listed(village: Village) -> list[on_call.OnCall]:
    return village.see(lambda c: on_call.listing(c, now=village.clock.now()))


def may_read(village: Village, member: int) -> bool:
    now = village.clock.now()
    return village.see(lambda c: turns.viewer_for(c, member_id=member, name="", now=now)).may(Right.READ_ASKED)


async def test_an_open_turn_gives_its_right_to_whoever_takes_it_until_it_ends(village: Village) -> None:
    keeper, helper = village.member(keeper=True), village.member("Bo")

    made = await post(village, keeper, "", **TODAY)
    (turn,) = listed(village)
    before = on_call_now(village), may_read(village, helper)
    taken = [await post(village, helper, f"/{turn.id}/take") for _ in range(2)]
    during = on_call_now(village), may_read(village, helper)
    village.clock.advance((turn.until - village.clock.now()).total_seconds())

    assert [answer.status_code for answer in (made, *taken)] == [303] * 3
    assert (turn.member_id, turn.runs) == (None, True)
    assert (before, during) == ((keeper, False), (helper, True))
    assert (on_call_now(village), may_read(village, helper), listed(village)) == (keeper, False, [])


async def test_a_turn_that_is_given_back_is_open_for_what_is_left_of_it(village: Village) -> None:
    keeper, helper = village.member(keeper=True), village.member("Bo")
    await post(village, keeper, "", **TODAY, to_whom=f"{helper}")
    await post(village, keeper, "", first="2026-03-09", days="1", to_whom=f"{helper}")
    now, coming = listed(village)
    village.clock.advance(3600)

    answers = [await post(village, helper, f"/{turn.id}/give-back") for turn in (now, coming)]

    assert [answer.status_code for answer in answers] == [303, 303]
    again, later = listed(village)
    assert [again.member_id, later.member_id] == [None, None]
    assert (again.since, again.until, later.since) == (village.clock.now(), now.until, coming.since)
    assert on_call_now(village) == keeper
    kept = village.rows("SELECT member_id, ended_how FROM turn WHERE role = 'on-call'")
    assert kept == [(None, None)] * 2, "no row says who gave one back"


async def test_the_turns_of_whoever_leaves_are_open_again(village: Village) -> None:
    keeper, helper = village.member(keeper=True), village.member("Bo")
    await post(village, keeper, "", **TODAY, to_whom=f"{helper}")

    acting = village.acting(keeper, keeper=True)
    village.do(lambda c: people.let_go(c, acting, member_id=helper, features=village.site.features))

    assert [turn.member_id for turn in listed(village)] == [None]
    assert on_call_now(village) == keeper


async def test_only_those_may_put_up_take_and_give_back_whose_it_is(village: Village) -> None:
    keeper, helper, other = village.member(keeper=True), village.member("Bo"), village.member("Cem")
    for _ in range(2):
        await post(village, keeper, "", **TODAY)
    first, second = (turn.id for turn in listed(village))

    answers = {
        "put up": [await post(village, who, "", **TODAY) for who in (None, helper)],
        "take": [await post(village, who, f"/{first}/take") for who in (None, helper, other)],
        "give back": [await post(village, who, f"/{first}/give-back") for who in (other, helper)],
        "drop": [await post(village, who, f"/{second}/drop") for who in (helper, keeper, keeper)],
    }
    await post(village, helper, f"/{first}/take")
    taken = await post(village, keeper, f"/{first}/drop")

    assert {act: [answer.status_code for answer in given] for act, given in answers.items()} == {
        "put up": [401, 403],
        "take": [401, 303, 422],
        "give back": [403, 303],
        "drop": [403, 303, 404],
    }
    assert [answers["take"][2].json()["reason"], answers["give back"][0].json()["reason"]] == ["taken", "not-yours"]
    assert taken.json()["reason"] == "taken"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"first": "2026-03-01"}, "first"),
        ({"first": "2027-03-04"}, "first"),
        ({"first": "soon"}, "first"),
        ({"days": "0"}, "days"),
        ({"days": "29"}, "days"),
        ({"days": "two"}, "days"),
        ({"to_whom": "99"}, "to_whom"),
    ],
)
async def test_a_turn_that_cannot_be_is_refused_beside_its_field(
    village: Village, given: dict[str, str], field: str
) -> None:
    keeper = village.member(keeper=True)

    async with village.browser(keeper) as browser:
        await browser.get("/help")
        refused = await browser.post("/turns/on-call", data=TODAY | given)

    assert refused.status_code == 422
    assert f'id="e-{field}"' in refused.text
    assert listed(village) == []
