"""What waits for a second person: a call that somebody wants to be graver, a draft that is thrown away or lapses."""

from contextlib import AsyncExitStack

import pytest

from node.features.alerts import tidying
from tests.features.calls_at_home import (
    TITLE,
    leads_to,
    main_words,
    neighbours,
    news,
    payloads,
    put_up,
    said_now,
    second,
    somebody_listens,
    states,
)
from tests.features.village import BASE, Village


async def test_what_makes_a_call_graver_waits_while_the_call_stays_out_as_it_was(village: Village) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina)
        address = f"/alerts/{path[3:]}/second"

        asked = await news(amina, path, severity="Severe", news="It rises.")
        meanwhile = said_now(village, path)["comarca:alert"]
        offered = [address in await leads_to(browser, path) for browser in (amina, bo)]
        words, wall = await main_words(bo, path), (await bo.get("/wall.json")).json()["slips"]
        agreed = await second(bo, path)
        after = said_now(village, path)["comarca:alert"]

    assert (asked.status_code, agreed.status_code, states(village)) == (303, 303, ["out"])
    assert (meanwhile["severity"], meanwhile["note"], meanwhile["raisedBy"]) == ("Moderate", "It rises.", 1)
    assert offered == [False, True]
    assert "Somebody wants this call to say: serious. That takes a second person." in words
    assert [slip["kind"] for slip in wall] == ["waiting", "alert"]
    assert (after["severity"], after["note"], after["raisedBy"]) == ("Severe", "It rises.", 2)


async def test_whoever_wants_it_graver_cannot_agree_to_that_alone(village: Village) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, *_ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina)
        await news(amina, path, severity="Extreme")
        (row,) = village.rows("SELECT updated_at FROM alert")

        answer = await amina.post(
            f"/alerts/{path[3:]}/second", data={"version": f"{row.updated_at // 1_000_000}Extreme"}
        )

    assert (answer.status_code, "It takes a second person." in answer.text) == (422, True)
    assert [said["severity"] for said in payloads(village, path)] == ["Moderate"]


async def test_whoever_agrees_agrees_to_how_bad_it_said_when_they_looked(village: Village) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina)
        await news(amina, path, severity="Severe")
        page = (await bo.get(path)).text
        (seen,) = [part.partition('"')[0] for part in page.split('name="version" value="')[1:]]
        await news(amina, path, severity="Extreme")

        stale = await bo.post(f"/alerts/{path[3:]}/second", data={"version": seen})
        refused = said_now(village, path)["comarca:alert"]["severity"]
        fresh = await second(bo, path)

    assert (stale.status_code, "It was changed meanwhile." in stale.text, refused) == (422, True, "Moderate")
    assert (fresh.status_code, said_now(village, path)["comarca:alert"]["severity"]) == (303, "Extreme")


async def test_what_was_wanted_graver_can_be_let_be(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina)
        await news(amina, path, severity="Severe")

        answer = await news(amina, path, severity="Moderate")
        offered = await leads_to(bo, path)

    assert (answer.status_code, f"/alerts/{path[3:]}/second" in offered) == (303, False)
    assert [row.raise_to for row in village.rows("SELECT raise_to FROM alert")] == [""]


async def test_what_makes_a_call_less_grave_takes_one(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina, severity="Extreme")
        await second(bo, path)

        await news(amina, path, severity="Minor")

    assert said_now(village, path)["comarca:alert"]["severity"] == "Minor"


async def test_a_draft_is_thrown_away_by_whoever_made_it_or_the_server_turn_and_nobody_hears_of_it(
    village: Village,
) -> None:
    somebody_listens(village)
    keeper = village.member("Kim", keeper=True)
    async with AsyncExitStack() as doors:
        amina, bo = await neighbours(village, doors, "Amina", "Bo")
        kim = await doors.enter_async_context(village.browser(keeper))
        paths = [await put_up(amina, severity="Severe") for _ in range(2)]
        away = [f"/alerts/{path[3:]}/throw-away" for path in paths]

        others = await bo.post(away[0])
        kept = states(village)
        answers = [await amina.post(away[0]), await kim.post(away[1])]
        gone = [(await amina.get(path)).status_code for path in paths]
        again = await amina.post(away[0])

    assert (others.status_code, kept) == (403, ["draft", "draft"])
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, "/alerts")] * 2
    assert (gone, again.status_code) == ([404, 404], 404)
    assert [village.rows(f"SELECT 1 FROM {table}") for table in ("alert", "body", "replica")] == [[], [], []]


async def test_what_is_out_cannot_be_thrown_away(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina)

        answer = await amina.post(f"/alerts/{path[3:]}/throw-away")

    assert (answer.status_code, "It has gone out." in answer.text, states(village)) == (422, True, ["out"])


async def test_a_draft_that_nobody_seconds_in_time_lapses_and_is_forgotten(village: Village) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina, severity="Severe", until="11:00")
        await put_up(amina, severity="Severe", title="Smoke", until="18:00")
        (draft,) = village.rows("SELECT updated_at FROM alert WHERE title = :title", title=TITLE)
        village.clock.advance(3600)

        pages = [(await browser.get(path)).status_code for browser in (amina, bo)]
        late = await bo.post(f"/alerts/{path[3:]}/second", data={"version": str(draft.updated_at // 1_000_000)})
        listed = await main_words(bo, "/alerts")
        went = village.do(lambda c: tidying.tidy(c, village.clock.now()))

    assert (pages, late.status_code) == ([404, 404], 422)
    assert (TITLE in listed, "Smoke" in listed) == (False, True)
    assert (went, [row.title for row in village.rows("SELECT title FROM alert")]) == (1, ["Smoke"])
    assert village.told(f"{BASE}{path}") == []


async def test_no_more_than_ten_drafts_wait_at_once(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        first = await put_up(amina, severity="Severe")
        for _ in range(9):
            await put_up(amina, "drill", severity="Severe")

        with pytest.raises(AssertionError, match="Many calls wait for a second person already"):
            await put_up(bo, severity="Severe")
        await second(bo, first)
        await put_up(bo, severity="Severe")

    assert states(village) == ["out", *["draft"] * 10]
