"""What is due after a call of ours, since help must outlast the news: for whom, from when, and without anybody's name."""

from contextlib import AsyncExitStack
from datetime import date, timedelta

import httpx
import pytest
from lxml import html

from node.features.alerts import tidying
from tests.features.calls_at_home import DAY, TITLE, end, leads_to, main_words, neighbours, put_up
from tests.features.village import START, Village

TODAY = START.date()
ALL = {"debrief": 1, "day": 1, "week": 7, "month": 30}
AFTER: dict[tuple[str, str], dict[str, int]] = {
    ("alert", "over"): ALL,
    ("alert", "false"): {"debrief": 1},
    ("alert", "withdrawn"): {},
    ("drill", "over"): {"debrief": 1},
    ("drill", "false"): {"debrief": 1},
    ("drill", "withdrawn"): {},
}


def due(village: Village, title: str = TITLE) -> dict[str, int]:
    """What is due after the calls of this title, in days from the start."""
    rows = village.rows(
        "SELECT step, due_on FROM alert_follow_up f JOIN alert a ON a.id = f.alert_id WHERE a.title = :title",
        title=title,
    )
    return {row.step: (date.fromisoformat(row.due_on) - TODAY).days for row in rows}


def number_of(village: Village, step: str) -> int:
    (row,) = village.rows("SELECT id FROM alert_follow_up WHERE step = :step", step=step)
    return int(row.id)


def tidy(village: Village) -> None:
    village.do(lambda c: tidying.tidy(c, village.clock.now()))


async def press(browser: httpx.AsyncClient, page: str, step: int, **given: str) -> httpx.Response:
    """The form of one thing that is due, as it stands on a page."""
    action = f"/alerts/after/{step}"
    (form,) = [form for form in html.fromstring((await browser.get(page)).text).forms if form.action == action]
    return await browser.post(action, data={**dict(form.form_values()), **given})


async def test_after_a_call_we_talk_and_ask_three_times_after_a_drill_or_a_false_one_we_only_talk(
    village: Village,
) -> None:
    sentences = [
        "How it went · tomorrow",
        "The next day · tomorrow",
        "A week later · 9 March",
        "A month later · 1 April",
    ]
    pages = {}
    async with village.browser(village.member()) as amina:
        for way, how in AFTER:
            path = await put_up(amina, way, title=f"{way} {how}")
            assert "Afterwards" not in await main_words(amina, path)
            await end(amina, path, how)
            page = await main_words(amina, path)
            pages[way, how] = [sentence for sentence in sentences if sentence in page]

    assert {how: due(village, " ".join(how)) for how in AFTER} == AFTER
    assert pages == {how: sentences[: len(steps)] for how, steps in AFTER.items()}


async def test_where_nothing_is_due_the_list_says_so(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        await end(amina, await put_up(amina), "withdrawn")
        nothing = await main_words(amina, "/alerts/after")
        await end(amina, await put_up(amina), "over")
        something = await main_words(amina, "/alerts/after")

    assert ["Nothing is due." in words for words in (nothing, something)] == [True, False]


@pytest.mark.parametrize(("way", "steps"), [("alert", ALL), ("drill", {"debrief": 1})])
async def test_it_begins_too_where_the_time_ran_out_and_nobody_ended_it_and_only_once(
    village: Village, way: str, steps: dict[str, int]
) -> None:
    async with village.browser(village.member()) as amina:
        await put_up(amina, way, until="11:00")
        ended = await put_up(amina, way, until="11:00", title="Smoke")
        await end(amina, ended, "withdrawn")
        tidy(village)
        early = due(village)

        village.clock.advance(3600)
        for _ in range(3):
            tidy(village)
        words = await main_words(amina, "/alerts/after")

    assert (early, due(village)) == ({}, steps)
    assert len(village.rows("SELECT 1 FROM alert_follow_up")) == len(steps)
    assert (TITLE in words, "Smoke" in words) == (True, False)


async def test_it_is_for_those_who_are_signed_in_and_for_nobody_else(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo = await neighbours(village, doors, "Amina", "Bo")
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, audience="public")
        await end(amina, path)
        step = number_of(village, "day")

        neighbour, passer_by = await main_words(bo, path), await main_words(stranger, path)
        offered = await leads_to(stranger, path)
        refused = [await stranger.get("/alerts/after"), await stranger.post(f"/alerts/after/{step}")]
        village.clock.advance(DAY)
        tidy(village)
        walls = [(await browser.get("/wall.json")).json()["slips"] for browser in (bo, stranger)]

    assert ("Afterwards" in neighbour, "Afterwards" in passer_by, offered) == (True, False, [])
    assert [answer.status_code for answer in refused] == [401, 401]
    assert ["follow-up" in {slip["kind"] for slip in wall} for wall in walls] == [True, False]
    assert village.rows("SELECT done_at FROM alert_follow_up WHERE id = :id", id=step)[0].done_at is None


async def test_what_is_done_is_ticked_once_with_what_was_found(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo = await neighbours(village, doors, "Amina", "Bo")
        path = await put_up(amina)
        await end(amina, path)
        step = number_of(village, "day")

        ticked = await press(bo, "/alerts/after", step, words="Two cellars are still wet.")
        listed, page = await main_words(bo, "/alerts/after"), await main_words(amina, path)
        village.clock.advance(60)
        again = await amina.post(f"/alerts/after/{step}", data={"words": "Otherwise.", "back": "call"})

    assert [(answer.status_code, answer.headers["location"]) for answer in (ticked, again)] == [
        (303, "/alerts/after"),
        (303, path),
    ]
    assert ("The next day" in listed, "A week later" in listed) == (False, True)
    assert "The next day · done" in page
    assert ("Two cellars are still wet." in page, "Otherwise." in page) == (True, False)
    (row,) = village.rows("SELECT words, done_at FROM alert_follow_up WHERE id = :id", id=step)
    assert (row.words, row.done_at) == ("Two cellars are still wet.", int(START.timestamp()) * 1_000_000)


async def test_from_the_page_of_the_call_one_comes_back_to_it(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina)
        await end(amina, path)

        answer = await press(amina, path, number_of(village, "week"))

    assert (answer.status_code, answer.headers["location"]) == (303, path)


async def test_the_debrief_gets_a_day_and_a_place_and_can_still_be_ticked(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        await end(amina, await put_up(amina))
        step = number_of(village, "debrief")

        planned = await press(amina, "/alerts/after", step, on="2026-03-12", words="At seven, in the hall.", plan="yes")
        words = await main_words(amina, "/alerts/after")
        done = await press(amina, "/alerts/after", step, words="")
        late = await amina.post(f"/alerts/after/{step}", data={"on": "2026-03-14", "plan": "yes"})

    assert (planned.status_code, done.status_code) == (303, 303)
    assert ("How it went · 12 March" in words, "At seven, in the hall." in words) == (True, True)
    assert (late.status_code, "That is done already." in late.text) == (422, True)
    (row,) = village.rows("SELECT due_on, words FROM alert_follow_up WHERE id = :id", id=step)
    assert (row.due_on, row.words) == ("2026-03-12", "At seven, in the hall.")


async def test_a_day_for_the_debrief_is_one_of_the_next_two_months(village: Village) -> None:
    wrong = [{"on": day, "plan": "yes"} for day in ("2026-03-01", "2026-05-02", "next week", "")]
    async with village.browser(village.member()) as amina:
        await end(amina, await put_up(amina))
        address = f"/alerts/after/{number_of(village, 'debrief')}"
        before = village.rows("SELECT * FROM alert_follow_up")

        refused = [await amina.post(address, data=given) for given in (*wrong, {"words": "x" * 1_501})]
        after = village.rows("SELECT * FROM alert_follow_up")
        taken = []
        for day in ("2026-03-02", "2026-05-01"):
            await amina.post(address, data={"on": day, "plan": "yes"})
            taken.append(due(village)["debrief"])

    assert [answer.status_code for answer in refused] == [422] * 5
    assert (after, taken) == (before, [0, 60])


async def test_nothing_is_due_under_a_number_that_is_none(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        answers = [await amina.post(f"/alerts/after/{number}") for number in (99, -1, 10**30)]

    assert [answer.status_code for answer in answers] == [404] * 3


async def test_it_stands_on_the_wall_from_the_day_it_is_due_until_it_is_done(village: Village) -> None:
    member = village.member()
    seen = []
    async with village.browser(member) as amina:
        await end(amina, await put_up(amina))
    for after in (0, 1, 6, 7):
        village.clock.advance((START + timedelta(days=after) - village.clock.now()).total_seconds())
        async with village.browser(member) as amina:
            slips = (await amina.get("/wall.json")).json()["slips"]
            page = (await amina.get("/")).text
            seen.append([slip["meta"][0] for slip in slips if slip["kind"] == "follow-up"])
            assert ("After a call for help" in page) == bool(seen[-1])
            if after == 1:
                for step in ("debrief", "day"):
                    await amina.post(f"/alerts/after/{number_of(village, step)}")

    assert seen == [[], ["How it went", "The next day"], [], ["A week later"]]


async def test_nobody_s_name_is_kept_or_shown_with_it(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, cem = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina)
        await end(bo, path)
        for step in ALL:
            await press(bo, "/alerts/after", number_of(village, step))
        pages = [await main_words(cem, path), await main_words(cem, "/alerts/after")]

    columns = {row.name for row in village.rows("SELECT name FROM pragma_table_info('alert_follow_up')")}
    assert columns == {"id", "alert_id", "step", "due_on", "words", "done_at"}
    assert [name for name in ("Amina", "Bo", "Cem") if any(name in page for page in pages)] == []


@pytest.mark.parametrize(("done", "kept_for"), [(True, 30), (False, 60)])
async def test_a_call_is_kept_while_it_is_asked_after_and_no_longer_than_sixty_days(
    village: Village, done: bool, kept_for: int
) -> None:
    async with village.browser(village.member()) as amina:
        await end(amina, await put_up(amina))
        for step in ALL if done else ():
            await amina.post(f"/alerts/after/{number_of(village, step)}")

    village.clock.advance(kept_for * DAY)
    tidy(village)
    before = len(village.rows("SELECT 1 FROM alert")), len(village.rows("SELECT 1 FROM alert_follow_up"))
    village.clock.advance(1)
    tidy(village)

    assert before == (1, 4)
    assert (village.rows("SELECT 1 FROM alert"), village.rows("SELECT 1 FROM alert_follow_up")) == ([], [])
