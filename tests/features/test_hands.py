"""In whose hands a need is, on its page and on the board: taken on, given back, and never in nobody's."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from federation.tables import table_of
from node.accounts.tables import Member
from node.features.resources.promises.keeping import Proposal, add
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from tests.features.promising import now, put_up
from tests.features.test_on_call import turn_of
from tests.features.test_rhythm_and_rules import write
from tests.features.village import START, Village

DAY = timedelta(days=1)


def need(village: Village, member: int, **given: Any) -> Resource:
    """A need without a place; for everyone unless it says otherwise."""
    usual = {"direction": "need", "title": "Two chairs", "quantity": None, "unit": None, "near": None}
    return put_up(village, member, **{**usual, **given})


async def page_of(village: Village, row: Resource, member: int | None = None) -> str:
    async with village.browser(member) as browser:
        answer = await browser.get(f"/o/{row.public_id}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def press(village: Village, row: Resource, act: str, member: int | None, **typed: str) -> httpx.Response:
    async with village.browser(member) as browser:
        await browser.get("/help")
        browser.headers["accept"] = "application/json"
        return await browser.post(f"/o/{row.public_id}/{act}", data=typed)


def said(answer: httpx.Response) -> tuple[int, str]:
    """The status, and where it leads or with which word it is refused."""
    return answer.status_code, answer.headers.get("location") or answer.json()["reason"]


def pause(village: Village, member: int, *, on: bool = True) -> None:
    members, at = table_of(Member), village.clock.now() if on else None
    village.do(lambda c: c.execute(members.update().where(members.c.id == member).values(paused_at=at)))


async def test_who_is_on_it_is_told_to_neighbours_by_name_and_to_passers_by_without(village: Village) -> None:
    asker, helper = village.member("Amina", keeper=True), village.member("Zora")
    row = need(village, asker)

    fresh = [await page_of(village, row, who) for who in (None, helper, asker)]
    taken = await press(village, row, "take-on", helper)
    then = [await page_of(village, row, who) for who in (None, helper, asker)]

    assert said(taken) == (303, f"/o/{row.public_id}")
    assert "It is being looked at." in fresh[0] and "Amina" not in fresh[0]
    assert "whoever is on call: Amina" in fresh[1]
    assert "you, since you are on call" in fresh[2]
    assert "Somebody is on it." in then[0] and "Zora" not in then[0] and "asked today" in then[0]
    assert "you yourself" in then[1] and ">Zora<" in then[2]


async def test_one_tap_takes_it_and_one_gives_it_back(village: Village) -> None:
    asker, helper = village.member(keeper=True), village.member("Zora")
    row = need(village, asker)

    taken = [await press(village, row, "take-on", helper, back="mine") for _ in range(2)]
    village.clock.advance(3600)
    back = [await press(village, row, "give-back", helper, back="https://elsewhere.example/") for _ in range(1)]

    assert [said(answer) for answer in taken] == [(303, "/mine")] * 2
    assert said(back[0]) == (303, f"/o/{row.public_id}")
    after = now(village, row)
    assert (after.holder, after.held_since, after.updated_at) == (0, village.clock.now(), row.updated_at)
    assert "whoever is on call: Amina" in await page_of(village, row, helper)


async def test_whoever_is_on_call_may_give_back_what_another_has_and_nobody_else_may(village: Village) -> None:
    asker, helper, other = village.member(keeper=True), village.member("Zora"), village.member("Cem")
    row = need(village, asker)
    await press(village, row, "take-on", helper)

    answers = [await press(village, row, "give-back", who) for who in (None, other, asker, asker)]

    assert [said(answer) for answer in answers] == [
        (401, "not-signed-in"),
        (403, "not-yours"),
        (303, f"/o/{row.public_id}"),
        (303, f"/o/{row.public_id}"),
    ]


async def test_what_cannot_be_taken_on_is_refused_beside_what_can(village: Village) -> None:
    asker, helper, resting = village.member(keeper=True), village.member("Zora"), village.member("Cem")
    row, offered = need(village, asker), put_up(village, asker)
    held, elsewhere = need(village, asker), need(village, asker)
    harbour = village.meet()
    village.do(lambda c: c.exec_driver_sql("UPDATE resource SET shown = 'held' WHERE id = ?", (held.id,)))
    sent = (harbour.actor_id, elsewhere.id)
    village.do(lambda c: c.exec_driver_sql("UPDATE resource SET holder_actor = ? WHERE id = ?", sent))
    pause(village, resting)

    answers = [
        await press(village, which, "take-on", who)
        for which, who in [
            (row, None),
            (row, resting),
            (offered, helper),
            (held, helper),
            (elsewhere, helper),
            (row, helper),
            (row, asker),
        ]
    ]
    given_back = await press(village, elsewhere, "give-back", asker)

    assert [said(answer)[1] for answer in (*answers, given_back)] == [
        "not-signed-in",
        "on-a-break",
        "not-a-need",
        "not-found",
        "with-council",
        f"/o/{row.public_id}",
        "in-hands",
        "with-council",
    ]
    assert "a nearby council: Harbour" in await page_of(village, elsewhere, helper)
    assert "Harbour" not in (await page_of(village, elsewhere)).partition("<footer")[0]


async def test_a_council_that_was_asked_is_named_to_neighbours_until_it_can_answer(village: Village) -> None:
    asker = village.member(keeper=True)
    row, harbour = need(village, asker), village.meet()
    proposal = Proposal(ends_at=START + 3 * DAY, resource_id=row.id, by_actor=harbour.actor_id)
    made = village.do(lambda c: add(c, village.acting(asker), proposal))
    promises = table_of(Promise)

    not_asked = await page_of(village, row, asker)
    village.do(lambda c: c.execute(promises.update().where(promises.c.id == made.id).values(asked=True)))
    ours, passers_by = await page_of(village, row, asker), await page_of(village, row)
    village.do(lambda c: c.execute(promises.update().values(state=State.DECLINED.value)))

    assert "Asked of Harbour, until Thursday 10:00." in ours
    for page in (not_asked, passers_by, await page_of(village, row, asker)):
        assert "Asked of" not in page


async def test_the_board_and_the_wall_say_how_long_a_need_has_waited(village: Village) -> None:
    asker = village.member(keeper=True)
    need(village, asker, until="month", audience="public")
    put_up(village, asker, until="month")

    async def shown() -> list[str]:
        async with village.browser() as browser:
            return [(await browser.get(path)).text for path in ("/", "/board")]

    fresh = await shown()
    village.clock.advance((5 * DAY).total_seconds())
    later = await shown()

    assert [page.count("asked today") for page in fresh] == [1, 1]
    assert [page.count("asked 5 days ago") for page in later] == [1, 1]


async def mine(village: Village, member: int) -> str:
    async with village.browser(member) as browser:
        answer = await browser.get("/mine")
    assert answer.status_code == 200, answer.text
    return answer.text.partition("<main")[2]


async def test_whoever_is_on_call_is_told_of_what_nobody_took_and_the_others_are_not(village: Village) -> None:
    keeper, helper, asker = village.member(keeper=True), village.member("Zora"), village.member("Cem")
    need(village, keeper, title="A pram", until="month")
    need(village, asker, title="A cupboard", until="month")
    village.clock.advance(3600)
    urgent = need(village, asker, title="A lift today", until="month", can_wait=False)

    on_call, other = await mine(village, keeper), await mine(village, helper)
    await press(village, urgent, "take-on", helper)
    village.clock.advance((2 * DAY).total_seconds())
    later, taken = await mine(village, keeper), await mine(village, helper)

    assert "cannot wait, and is with you" in on_call and on_call.count("A lift today") == 1
    assert on_call.index("A lift today") < on_call.index("A cupboard")
    assert "Nothing needs you" in other and "A pram" not in on_call
    assert "A lift today" not in later and "Nobody has taken it on yet; asked 2 days ago" in later
    assert "For the next gathering" in later and "just a few" in later
    assert "A lift today" in taken and "It is in your hands" in taken and "A cupboard" not in taken
    assert "For the next gathering" not in taken


async def test_what_is_with_whoever_is_on_call_is_not_put_off_with_not_this_time(village: Village) -> None:
    keeper, helper = village.member(keeper=True), village.member("Zora")
    village.do(lambda c: c.exec_driver_sql("UPDATE member SET kinds = 'food'"))
    row = need(village, village.member("Cem"), title="A lift today", can_wait=False)
    pages = []

    for who in (keeper, helper):
        async with village.browser(who) as browser:
            pages.append((await browser.get("/mine")).text)
            await browser.post("/mine/not-now", data={"note": row.public_id})
            pages.append((await browser.get("/mine")).text)

    assert ["A lift today" in page for page in pages] == [True, True, True, False]
    assert ["Could you help here?" in page for page in pages] == [False, False, True, False]


async def test_on_a_rest_day_whoever_is_on_call_is_told_of_what_cannot_wait_alone(village: Village) -> None:
    keeper, asker = village.member(keeper=True), village.member("Cem")
    write(village, rest_days='["SU"]')
    for title, can_wait in (("A cupboard", True), ("A lift today", False)):
        need(village, asker, title=title, until="month", can_wait=can_wait)

    village.clock.advance((6 * DAY).total_seconds())
    sunday = await mine(village, keeper)
    village.clock.advance(DAY.total_seconds())
    monday = await mine(village, keeper)

    assert "A lift today" in sunday and "A cupboard" not in sunday
    assert "A lift today" in monday and "A cupboard" in monday


async def test_a_rest_day_without_cover_is_told_to_whoever_is_on_call_until_it_has_cover(village: Village) -> None:
    keeper, helper = village.member(keeper=True), village.member("Zora")
    write(village, rest_days='["SU"]')

    bare, other = await mine(village, keeper), await mine(village, helper)
    async with village.browser(keeper) as browser:
        await browser.get("/mine")
        await browser.post("/rest-days/cover", data={"day": "2026-03-08"})
    asked = await mine(village, keeper)
    turn_of(village, helper, until=9 * DAY)

    assert "Sunday 8 March" in bare and "nobody has a turn on call" in bare and "Ask nearby councils" in bare
    assert "Sunday 8 March" not in other
    assert "Cover for this rest day has been asked for" in asked and "Ask nearby councils" not in asked
    assert "has been asked for" not in await mine(village, keeper)


@pytest.mark.parametrize("way", ["break", "leave"])
async def test_what_somebody_has_in_hand_is_with_whoever_is_on_call_once_they_rest_or_leave(
    village: Village, way: str
) -> None:
    keeper, helper = village.member("Amina", keeper=True), village.member("Zora")
    row = need(village, keeper)
    await press(village, row, "take-on", helper)

    async with village.browser(helper) as browser:
        await browser.get("/mine")
        path, typed = {"break": ("/account/break", {"all_back": "yes"}), "leave": ("/account/leave", {"sure": "yes"})}[
            way
        ]
        answer = await browser.post(path, data=typed)

    assert answer.status_code in (200, 303), answer.text
    assert now(village, row).holder == 0
    assert "you, since you are on call" in await page_of(village, row, keeper)
