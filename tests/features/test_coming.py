""" "I'm coming": a rough number on the page, and nothing anywhere that says who."""

import re
from contextlib import AsyncExitStack

import httpx
import pytest

from node.features.alerts import coming
from tests import builders
from tests.features.calls_at_home import (
    as_it_stands,
    end,
    leads_to,
    main_words,
    press,
    put_up,
    somebody_listens,
)
from tests.features.test_pass_on import note_of
from tests.features.village import BASE, HARBOUR, Village

AFTER = re.compile(r"\. |To the call")
BANDS = {1: "a few", 4: "a few", 5: "5+", 9: "5+", 10: "10+", 19: "10+", 20: "20+", 50: "50+", 100: "100+", 230: "100+"}


async def come(browser: httpx.AsyncClient, path: str) -> httpx.Response:
    return await press(browser, path, "/alerts/coming")


async def stay(browser: httpx.AsyncClient, path: str) -> httpx.Response:
    return await press(browser, page_of(path), "/alerts/coming", stay="yes")


def page_of(path: str) -> str:
    return f"/alerts/coming?id={BASE}{path}"


def counted(village: Village) -> list[int]:
    return [row.coming for row in village.rows("SELECT coming FROM alert_coming")]


def all_rows(village: Village) -> dict[str, list[object]]:
    names = village.rows("SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {row.name: village.rows(f'SELECT * FROM "{row.name}"') for row in names if row.name != "alert_coming"}


async def test_one_press_counts_one_and_keeps_no_person_anywhere(village: Village) -> None:
    somebody_listens(village)
    async with village.browser(village.member()) as amina:
        path = await put_up(amina)
        before = all_rows(village)

        answer = await come(amina, path)
        thanks, page = await main_words(amina, answer.headers["location"]), await main_words(amina, path)

    assert answer.status_code == 303
    assert village.rows("SELECT * FROM alert_coming") == [(f"{BASE}{path}", 1)]
    assert all_rows(village) == before
    assert "Good that you come You are counted." in thanks
    assert all("On the way from here: a few" in words for words in (thanks, page))


async def test_the_browser_alone_remembers_it_and_only_until_it_is_closed(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina)

        (cookie,) = (await come(amina, path)).headers.get_list("set-cookie")

    name, *attributes = [part.strip() for part in cookie.split(";")]
    assert name == f"comarca-coming={coming.mark(BASE + path)}"
    assert {part.lower() for part in attributes} == {"httponly", "path=/", "samesite=lax", "secure"}
    assert path.removeprefix("/o/") not in cookie


async def test_who_presses_twice_in_one_browser_is_counted_once_and_may_take_it_back(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina = await doors.enter_async_context(village.browser(village.member()))
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, audience="public")
        numbers = []
        steps = [(stranger, come), (stranger, come), (amina, come), (stranger, stay)]
        for browser, step in steps:
            await step(browser, path)
            numbers += counted(village)
        again = await stranger.post("/alerts/coming", data={"id": f"{BASE}{path}", "stay": "yes"})
        numbers += counted(village)
        said = [await main_words(browser, page_of(path)) for browser in (amina, stranger)]
        await stay(amina, path)
        none = await main_words(amina, path)

    assert (numbers, again.status_code, counted(village)) == ([1, 1, 2, 1, 1], 303, [0])
    assert ["You are counted." in words for words in said] == [True, False]
    assert "On the way from here" not in none


async def test_only_a_band_is_shown_and_no_number(village: Village) -> None:
    shown = {}
    async with AsyncExitStack() as doors:
        amina = await doors.enter_async_context(village.browser(village.member()))
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, audience="public")
        there = 0
        for people in BANDS:
            more, there = people - there, people
            village.do(lambda c, more=more: [coming.come(c, f"{BASE}{path}") for _ in range(more)])  # type: ignore[misc]
            pages = [await main_words(browser, page) for browser in (amina, stranger) for page in (path, page_of(path))]
            shown[people] = {AFTER.split(page.partition("On the way from here: ")[2])[0] for page in pages}

    assert shown == {people: {band} for people, band in BANDS.items()}
    assert counted(village) == [coming.MOST_COUNTED]


@pytest.mark.parametrize(("audience", "status"), [("public", 200), ("neighbours", 404), ("council", 404)])
async def test_strangers_come_to_what_everyone_may_see_and_learn_nothing_of_the_rest(
    village: Village, audience: str, status: int
) -> None:
    async with AsyncExitStack() as doors:
        amina = await doors.enter_async_context(village.browser(village.member()))
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, audience=audience)

        looked = await stranger.get(page_of(path))
        pressed = await stranger.post("/alerts/coming", data={"id": f"{BASE}{path}"}, follow_redirects=True)
        strangers = counted(village)
        ours = await come(amina, path)

    assert (looked.status_code, pressed.status_code) == (status, status)
    assert strangers == ([1] if status == 200 else [])
    assert (ours.status_code, counted(village)) == (303, [len(strangers) + 1])


async def test_nobody_comes_to_what_never_was_or_is_no_call(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        offered = await amina.post("/put-up/offer", data={"title": "Chairs", "category": "other", "until": "week"})
        assert offered.status_code == 303
        addresses = [f"{BASE}/o/{'x' * 26}", f"{BASE}{offered.headers['location']}", "", "https://harbour.example/o/x"]

        answers = [await amina.post("/alerts/coming", data={"id": address}) for address in addresses]

    assert {answer.status_code for answer in answers} == {404}
    assert counted(village) == []


async def test_after_the_end_and_after_its_time_nobody_is_counted_any_more(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        paths = [await put_up(amina), await put_up(amina, until="11:00")]
        forms = [await as_it_stands(amina, path, "/alerts/coming") for path in paths]
        await come(amina, paths[0])
        await end(amina, paths[0])
        village.clock.advance(3600)

        answers = [await amina.post("/alerts/coming", data=form) for form in forms]
        answers.append(await amina.post("/alerts/coming", data={**forms[0], "stay": "yes"}))
        offered = [await leads_to(amina, path) for path in paths]
        thanks = [await main_words(amina, page_of(path)) for path in paths]

    assert [answer.status_code for answer in answers] == [303] * 3
    assert ["set-cookie" in answer.headers for answer in answers] == [False] * 3
    assert counted(village) == [1]
    assert not any("/alerts/coming" in forms for forms in offered)
    assert not any("I’m coming" in words or "I can’t come" in words for words in thanks)


async def test_nobody_is_counted_for_a_draft(village: Village) -> None:
    village.member("Bo"), village.member("Cem")
    async with village.browser(village.member()) as amina:
        path = await put_up(amina, severity="Severe")

        answer = await amina.post("/alerts/coming", data={"id": f"{BASE}{path}"})
        offered = await leads_to(amina, path)

    assert (answer.status_code, counted(village), "/alerts/coming" in offered) == (303, [], False)


async def test_one_comes_to_a_call_of_a_nearby_council_and_they_are_not_told(village: Village) -> None:
    somebody_listens(village)
    harbour = builders.council("harbour", base_url=HARBOUR)
    theirs = village.hears(harbour, note_of(harbour, audience="public"))
    page = f"/slip?id={theirs}"
    async with village.browser() as stranger:
        await press(stranger, page, "/alerts/coming")
        words = await main_words(stranger, page)

    assert "On the way from here: a few" in words
    assert village.rows("SELECT * FROM alert_coming") == [(theirs, 1)]
    assert village.rows("SELECT * FROM delivery") == []


@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_form_from_elsewhere_counts_nobody(village: Village, signed_in: bool) -> None:
    member = village.member()
    async with AsyncExitStack() as doors:
        amina = await doors.enter_async_context(village.browser(member))
        path = await put_up(amina, audience="public")
        browser = await doors.enter_async_context(village.browser(member if signed_in else None))
        elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}

        crossed = await browser.post("/alerts/coming", data={"id": f"{BASE}{path}"}, headers=elsewhere)
        browser.sealed = False  # type: ignore[attr-defined]
        unsealed = await browser.post("/alerts/coming", data={"id": f"{BASE}{path}"})

    assert crossed.status_code == 403
    assert (unsealed.status_code, counted(village)) == ((403, []) if signed_in else (303, [1]))


async def test_a_browser_remembers_the_last_twenty_and_nothing_that_somebody_else_put_there(village: Village) -> None:
    marks = [coming.mark(f"call {number}") for number in range(25)]

    kept = coming.remembered(coming.cookie_of(marks))

    assert kept == marks[-20:]
    assert coming.remembered("x.<b>.aaaaaaaaaaaa.ääääääääääää..") == ["a" * 12]
    assert coming.remembered(None) == []
