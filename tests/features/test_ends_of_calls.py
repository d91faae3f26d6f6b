"""The end of a call: one step, by any one of us, told to everybody who has the call, and the last word about it."""

from contextlib import AsyncExitStack

import pytest

from node.features.alerts.line import code_of
from tests.features.calls_at_home import (
    TITLE,
    as_it_stands,
    end,
    leads_to,
    main_words,
    neighbours,
    news,
    payloads,
    press,
    put_up,
    said_now,
    second,
    somebody_listens,
    states,
    waiting,
)
from tests.features.village import BASE, Village

WAYS = [
    ("over", "This is over. Nobody needs to come any more.", "over"),
    ("withdrawn", "This call has been taken back. Nobody needs to come.", "taken back"),
    ("false", "This call was false. Nothing has happened.", "false: nothing has happened"),
]


@pytest.mark.parametrize(("how", "sentence", "word"), WAYS)
async def test_any_one_neighbour_ends_it_in_one_step_and_how_stays_to_be_seen_by_everyone_until_its_time_is_over(
    village: Village, how: str, sentence: str, word: str
) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, bo, cem = await neighbours(village, doors, "Amina", "Bo", "Cem")
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, severity="Severe", audience="public")
        await second(bo, path)
        live = await main_words(stranger, f"{path}/poster")
        village.clock.advance(60)

        answer = await end(cem, path, how, note="The race is back in its bed.")
        page, listed = await main_words(stranger, path), await main_words(stranger, "/alerts")
        (item,) = (await stranger.get("/alerts.json")).json()["items"]
        line, poster = (await stranger.get(f"{path}/pass-on")).text, await main_words(stranger, f"{path}/poster")
        village.clock.advance(8 * 3600)
        passed = await main_words(stranger, "/alerts"), (await stranger.get("/alerts.json")).json()["items"]
        page_then = await main_words(stranger, path)

    told = payloads(village, path)[-1]
    assert (answer.status_code, states(village), waiting(village)) == (303, ["ended"], 1)
    assert (told["msgType"], told["ended"], told["note"]) == ("Cancel", how, "The race is back in its bed.")
    assert (item["ended"], item["news"], item["msg_type"]) == (how, "The race is back in its bed.", "Cancel")
    assert sentence in page
    assert "How it endedThe race is back in its bed." in page
    assert ("Ended" in listed, word in listed, "Right now" in listed) == (True, True, False)
    assert f"/c/{code_of(BASE + path)}" in line
    assert ("HELP: " in line, word in live, word in poster) == (False, False, True)
    assert (TITLE in passed[0], passed[1], sentence in page_then) == (False, [], True)


async def test_the_strip_is_on_every_page_until_the_end_and_on_none_after_it(village: Village) -> None:
    pages = ("/", "/board", "/resolutions", "/help", "/put-up/alert")
    async with village.browser(village.member()) as amina:
        path = await put_up(amina)

        during = [TITLE in (await amina.get(page)).text for page in pages]
        await end(amina, path)
        after = [TITLE in (await amina.get(page)).text for page in pages]

    assert (during, after) == ([True] * 5, [False] * 5)


async def test_a_second_end_changes_nothing_whatever_it_says(village: Village) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, bo = await neighbours(village, doors, "Amina", "Bo")
        path = await put_up(amina)
        form = await as_it_stands(bo, path, f"{path}/over")
        await end(amina, path, "over", note="All is well.")
        before = said_now(village, path), village.rows("SELECT * FROM alert"), waiting(village)
        village.clock.advance(60)

        answers = [await bo.post(f"{path}/over", data={**form, "how": how, "note": "Again."}) for how, _, _ in WAYS]

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, path)] * 3
    assert (said_now(village, path), village.rows("SELECT * FROM alert"), waiting(village)) == before
    assert len(village.rows("SELECT 1 FROM alert_follow_up")) == 4


async def test_whoever_says_no_more_than_that_it_is_over_is_taken_at_their_word(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina)

        answer = await amina.post(f"{path}/over")

    payload = said_now(village, path)["comarca:alert"]
    assert (answer.status_code, payload["ended"], "note" in payload) == (303, "over", False)


async def test_an_end_drops_what_waits_for_a_second_person_and_offers_nothing_more(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina)
        await news(amina, path, severity="Extreme")
        offered = await as_it_stands(bo, path, f"/alerts/{path[3:]}/second")

        await end(amina, path)
        forms, wall = await leads_to(bo, path), (await bo.get("/wall.json")).json()["slips"]
        late = await bo.post(f"/alerts/{path[3:]}/second", data=offered)

    assert {form for form in forms if not form.startswith("/alerts/after/")} == set()
    assert wall == []
    assert (late.status_code, "Nothing brings it back" in late.text) == (422, True)
    assert said_now(village, path)["comarca:alert"]["severity"] == "Moderate"


async def test_an_end_that_cannot_be_said_so_leaves_the_call_on(village: Village) -> None:
    wrong = {
        "Say that it is over, taken back, or false.": {"how": "forgotten"},
        "Leave out the house number": {"note": "Thank you, Canal Street 9"},
        "A few sentences are enough.": {"note": "x" * 1_501},
    }
    async with AsyncExitStack() as doors:
        (amina,) = await neighbours(village, doors, "Amina")
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, audience="public")

        answers = {sentence: await amina.post(f"{path}/over", data=given) for sentence, given in wrong.items()}
        passing = await stranger.post(f"{path}/over")
        offered = f"{path}/over" in await leads_to(stranger, path)

    assert {sentence: answer.status_code for sentence, answer in answers.items()} == dict.fromkeys(wrong, 422)
    assert [sentence for sentence, answer in answers.items() if sentence not in answer.text] == []
    assert (passing.status_code, offered, states(village)) == (401, False, ["out"])


async def test_a_draft_does_not_end_and_neither_does_what_never_was_or_whose_time_ran_out(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, *_ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        draft, path = await put_up(amina, severity="Severe"), await put_up(amina, until="11:00")
        village.clock.advance(3600)

        answers = [await amina.post(f"{one}/over") for one in (draft, path, f"/o/{'x' * 26}")]

    assert [answer.status_code for answer in answers] == [422, 422, 404]
    assert ["Throw the draft away" in answers[0].text, "Its time is over" in answers[1].text] == [True, True]
    assert states(village) == ["draft", "out"]


async def test_whoever_still_needs_help_calls_anew_under_another_address(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        first = await put_up(amina)
        await end(amina, first)

        other = await put_up(amina)
        listed = (await amina.get("/alerts.json")).json()["items"]

    assert first != other
    assert {item["id"].removeprefix(BASE): item["ended"] for item in listed} == {first: "over", other: None}


async def test_what_was_for_our_own_neighbours_ends_at_home_and_is_told_to_nobody(village: Village) -> None:
    how, sentence, word = WAYS[1]
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, bo = await neighbours(village, doors, "Amina", "Bo")
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, audience="council")

        during = TITLE in await main_words(bo, "/alerts"), (await stranger.get(path)).status_code
        await press(bo, path, f"{path}/over", how=how)
        page, listed = await main_words(bo, path), await main_words(bo, "/alerts")

    assert during == (True, 404)
    assert (sentence in page, word in listed) == (True, True)
    assert village.rows("SELECT * FROM body") == []
