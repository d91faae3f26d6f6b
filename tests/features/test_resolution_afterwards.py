"""What is done about a resolution once it is in force: brought, answered, looked at again, changed, and what comes from it."""

import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from node.features.resolutions.leaving import NOBODY
from tests.features.resolving import (
    TEXT,
    beside,
    bring_to,
    days,
    done,
    kept,
    listed,
    put_adopted,
    row_of,
    told,
    words,
)
from tests.features.village import BASE, Village


async def test_a_demand_says_whom_it_is_for_when_it_was_brought_and_what_came_back(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        path = await put_adopted(browser, recipe="demand", addressee="The water office", title="Water for the baths")
        waiting = [[one["title"] for one in await listed(who, "?show=waiting")] for who in (browser, stranger)]
        fresh = (await stranger.get(path)).text
        await done(browser, f"{path}/delivery", delivered_on="2026-03-02")
        brought = (await stranger.get(path)).text
        form = (await browser.get(f"{path}/delivery")).text
        days(village, 3)
        answer = {"answer": "Not before May.", "answered_on": "2026-03-05"}
        await done(browser, f"{path}/delivery", delivered_on="2026-03-02", **answer)
        page, shown = (await stranger.get(path)).text, (await stranger.get("/resolutions")).text
        after = [await listed(who, "?show=waiting") for who in (browser, stranger)]

    assert (waiting, after) == ([["Water for the baths"]] * 2, [[], []])
    assert ("The water office" in fresh, "no answer yet" in fresh, "Brought there" in fresh) == (True, True, False)
    assert ("Brought there" in brought, "no answer yet" in brought) == (True, True)
    assert 'value="2026-03-02"' in form
    assert ("Not before May." in page, "no answer yet" in page) == (True, False)
    assert ("to The water office" in shown, "answered" in shown) == (True, True)
    last = told(village, path)
    assert (last["addressee"], last["deliveredOn"]) == ("The water office", "2026-03-02")
    assert last["answer"] == {"words": "Not before May.", "on": "2026-03-05"}


WRONG_DELIVERIES: list[tuple[dict[str, str], str]] = [
    ({"delivered_on": "2026-02-28"}, "delivered_on"),  # before it was agreed
    ({"delivered_on": "2026-03-03"}, "delivered_on"),  # tomorrow
    ({"delivered_on": "yesterday"}, "delivered_on"),
    ({"delivered_on": "2026-03-01", "answer": "No."}, "answered_on"),
    ({"delivered_on": "2026-03-01", "answered_on": "2026-03-02"}, "answer"),
    ({"answer": "No.", "answered_on": "2026-03-02"}, "answered_on"),  # never brought there
    ({"delivered_on": "2026-03-02", "answer": "No.", "answered_on": "2026-03-01"}, "answered_on"),
    ({"delivered_on": "2026-03-02", "answer": "No.", "answered_on": "2026-03-03"}, "answered_on"),
]


async def test_a_delivery_that_cannot_be_is_refused_beside_its_field_and_what_was_typed_stays(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        path = await put_adopted(browser, addressee="The water office")
        to_nobody = await put_adopted(browser, title="A bench")
        before = row_of(village, path)
        answers: list[httpx.Response] = [
            await browser.post(f"{path}/delivery", data=given) for given, _ in WRONG_DELIVERIES
        ]
        nobody = await browser.post(f"{to_nobody}/delivery", data={"delivered_on": "2026-03-02"})

    found: list[Any] = [
        (given, answer.status_code, beside(answer.text), kept(answer.text, given))
        for (given, _), answer in zip(WRONG_DELIVERIES, answers, strict=True)
    ]
    assert found == [(given, 422, {field}, []) for given, field in WRONG_DELIVERIES]
    assert (nobody.status_code, "addressed to nobody" in nobody.text) == (422, True)
    assert row_of(village, path) == before


async def test_a_delivery_form_that_says_nothing_new_is_no_step(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        path = await put_adopted(browser, addressee="The water office")
        before = row_of(village, path)
        await done(browser, f"{path}/delivery")
        unsaid = row_of(village, path)
        await done(browser, f"{path}/delivery", delivered_on="2026-03-02")
        brought = row_of(village, path)
        await done(browser, f"{path}/delivery", delivered_on="2026-03-02")

    assert (unsaid, row_of(village, path)) == (before, brought)


async def test_a_gathering_that_cannot_be_renews_and_ends_nothing(village: Village) -> None:
    good = {"decided_at": "2026-03-02", "present": "20", "review_on": "2026-09-01"}
    wrong: list[tuple[dict[str, str], str]] = [
        ({"decided_at": "2026-03-03"}, "decided_at"),
        ({"decided_at": "2026-02-28"}, "decided_at"),  # before it was agreed
        ({"decided_at": ""}, "decided_at"),
        ({"present": "0"}, "present"),
    ]
    only_renewing: list[tuple[dict[str, str], str]] = [
        ({"review_on": ""}, "review_on"),
        ({"review_on": "2026-03-02"}, "review_on"),  # the day of the gathering itself
    ]
    async with village.browser(village.member()) as browser:
        path = await put_adopted(browser)
        before, found = row_of(village, path), []
        for step, cases in (("renew", [*wrong, *only_renewing]), ("end", wrong)):
            for given, field in cases:
                answer = await browser.post(f"{path}/{step}", data={**good, **given})
                found.append((step, given, answer.status_code, beside(answer.text) == {field}))

    assert found == [
        *(("renew", given, 422, True) for given, _ in [*wrong, *only_renewing]),
        *(("end", given, 422, True) for given, _ in wrong),
    ]
    assert row_of(village, path) == before


@pytest.mark.parametrize("way", ["need", "alert"])
async def test_what_is_put_up_from_a_resolution_stands_on_its_page_for_those_it_is_for(
    village: Village, way: str
) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        path = await put_adopted(browser)
        address = BASE + path
        page = (await browser.get(path)).text
        link = f"/put-up/{way}?because={quote(address)}"
        form = (await browser.get(link)).text
        for title, audience in (("Boards and nails", "public"), ("A drill", "council")):
            typed = {"title": title, "event": "Work", "audience": audience, "because": address}
            typed |= {"until": "week"} if way == "need" else {}
            await done(browser, f"/put-up/{way}", **typed)
        pages = [(await who.get(path)).text.partition("What comes from it")[2] for who in (browser, stranger)]

    assert all(f'href="/put-up/{each}?because={quote(address)}"' in page for each in ("need", "alert"))
    assert (link in page, "Nothing has been put up from it yet." in page) == (True, True)
    assert f'name="because" value="{address}"' in form
    assert [("Boards and nails" in shown, "A drill" in shown) for shown in pages] == [(True, True), (True, False)]


async def test_from_what_is_not_in_force_nothing_is_put_up(village: Village) -> None:
    members = [village.member(name) for name in ("Amina", "Bo", "Cai")]
    async with village.browser(members[0]) as writes, village.browser(members[1]) as confirms:
        paths = [await bring_to(stage, writes, confirms, village) for stage in ("idea", "open", "written", "refused")]
        pages = [(await writes.get(path)).text for path in paths]
        calls = [(await writes.get(f"{path}/call-list")).status_code for path in paths]

    assert not [page for page in pages if "?because=" in page or "/call-list" in page]
    assert calls == [422] * 4


async def test_an_amendment_begins_with_the_words_that_it_changes(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        earlier = await put_adopted(browser, title="A bench for all", domain="care")
        link = f"/put-up/idea?amends={quote(BASE + earlier)}"
        renewing = (await browser.get(f"{earlier}/renew")).text
        form = (await browser.get(link)).text
        typed = words(
            title="Two benches", recipe="amendment", amends=BASE + earlier, text=TEXT.replace("a bench", "two benches")
        )
        path = await done(browser, "/put-up/idea", **typed)
        await done(browser, f"{path}/open")
        page, difference = (await stranger.get(path)).text, (await stranger.get(f"{path}/difference")).text

    assert f'href="{link}"' in renewing
    assert (f">\n{TEXT}</textarea>" in form, 'value="A bench for all"' in form) == (True, True)
    assert 'name="recipe" value="amendment"' in form and f'name="amends" value="{BASE}{earlier}"' in form
    assert '<option value="care" selected>' in form
    assert (f'href="{earlier}"' in page, f'href="{path}/difference"' in page) == (True, True)
    assert re.search(r"<del>.*</span>a bench </del><ins>.*</span>two benches </ins>stands", difference) is not None


async def test_of_words_that_are_not_held_an_amendment_begins_empty(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        form = await browser.get(f"/put-up/idea?amends={BASE}/o/{'z' * 26}")

    assert (form.status_code, 'name="recipe"' in form.text) == (200, False)
    assert f'name="amends" value="{BASE}/o/{"z" * 26}"' in form.text


async def test_what_two_people_stood_behind_stays_so_when_both_have_left(village: Village) -> None:
    amina, bo, _ = village.member(), village.member("Bo"), village.member("Cai")
    async with village.browser(amina) as writes, village.browser(bo) as confirms:
        path = await bring_to("adopted", writes, confirms, village)
        for browser in (writes, confirms):
            await browser.post("/account/leave", data={"sure": "yes"})

    row = row_of(village, path)
    assert (row["by_member"], row["written_by"]) == (NOBODY, NOBODY)
    assert row["seconded_by"] not in (None, amina, bo)
