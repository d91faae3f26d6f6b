"""Where resolutions are found: lists, filters, calendars, campaigns, paper, and what comes from one; each for whom it is."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from node.features.resolutions.recipe_files import all_of, begun_on
from tests.features.resolving import (
    GATHERED,
    TEXT,
    bring_to,
    days,
    done,
    link_up,
    listed,
    outcome,
    put_adopted,
    put_idea,
    put_open,
    words,
)
from tests.features.village import BASE, Village, village_in
from tests.web.reading import Page

PAGES = ("", "/words", "/notice", "/open", "/outcome", "/drop", "/renew", "/end", "/delivery", "/sheet", "/call-list")
PAGES += ("/check", "/record.json")
NAMES = ("Clemencia", "Dagoberto")


def titles(found: Iterable[dict[str, Any]]) -> set[str]:
    return {one["title"] for one in found}


def stored(village: Village) -> dict[str, int]:
    """How many rows each table has, but for sessions and what they are signed in with."""
    names = [row.name for row in village.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: village.rows(f'SELECT count(*) AS n FROM "{name}"')[0].n for name in names if "sign" not in name}


async def test_lists_are_narrowed_to_what_is_asked_for(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        await put_adopted(browser, title="Roofs", domain="housing")
        await put_adopted(browser, title="Due", domain="food", review_on="2026-03-05")
        await put_adopted(browser, title="Demanded", domain="housing", addressee="The landlord")
        await put_open(browser, title="Open", domain="food")
        await put_idea(browser, title="An idea", domain="food")
        ended = await put_adopted(browser, title="Over")
        await done(browser, f"{ended}/end", **GATHERED)
        days(village, 3)
        asked = ("", "?show=in-force", "?show=deciding", "?show=review", "?show=waiting", "?show=all", "?domain=food")
        asked += ("?show=in-force&domain=housing", "?show=nonsense&domain=nonsense")
        signed_in = {query: titles(await listed(browser, query)) for query in asked}
        passing_by = {query: titles(await listed(stranger, query)) for query in asked}
        pages = {query: Page.read((await stranger.get(f"/resolutions{query}")).text).text for query in asked}

    now = {"Roofs", "Due", "Demanded", "Open", "An idea"}
    assert signed_in == {
        "": now,
        "?show=in-force": {"Roofs", "Due", "Demanded"},
        "?show=deciding": {"Open", "An idea"},
        "?show=review": {"Due"},
        "?show=waiting": {"Demanded"},
        "?show=all": now | {"Over"},
        "?domain=food": {"Due", "Open", "An idea"},
        "?show=in-force&domain=housing": {"Roofs", "Demanded"},
        "?show=nonsense&domain=nonsense": now,
    }
    assert passing_by == {query: found - {"An idea"} for query, found in signed_in.items()}
    every = now | {"Over"}
    assert {query: {title for title in every if f" {title} " in page} for query, page in pages.items()} == passing_by


async def test_what_is_in_force_stands_under_its_part_of_living_together(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        for title, domain in (("Bread", "food"), ("Rents", "housing"), ("Soup", "food")):
            await put_adopted(browser, title=title, domain=domain)
        page = (await stranger.get("/resolutions")).text

    main = page[page.index("<main") :]
    order = [main.index(f"<h2>{part}</h2>") for part in ("Housing", "Food")]
    places = {title: main.rindex(f">{title}<") for title in ("Bread", "Rents", "Soup")}
    assert order[0] < places["Rents"] < order[1] < min(places["Bread"], places["Soup"])
    assert "<h2>Care and company</h2>" not in main


async def test_a_campaign_gathers_its_resolutions_and_calls_for_help(village: Village) -> None:
    campaign = "Warm homes"
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        path = await put_adopted(browser, title="Heating first", campaign=campaign)
        await put_open(browser, title="A tariff", campaign=campaign)
        await put_adopted(browser, title="A bench")
        await done(browser, "/put-up/alert", title="Water in the cellar", event="Flood", audience="public")
        for title, audience in (("No heating at the quay", "public"), ("No heating in the hall", "council")):
            called = {"title": title, "event": "Cold", "campaign": campaign, "audience": audience}
            await done(browser, "/put-up/alert", **called)
        link = re.search(r'href="(/resolutions\?campaign=[^"]*)"', (await stranger.get(path)).text)
        assert link is not None
        pages = {who: (await who.get(link[1])).text for who in (browser, stranger)}

    main = {who: page[page.index("<h1>") : page.index("</main>")] for who, page in pages.items()}
    ours = ("Heating first", "A tariff", "No heating at the quay", "No heating in the hall")
    assert [title in main[browser] for title in ours] == [True, True, True, True]
    assert [title in main[stranger] for title in ours] == [True, True, True, False]
    assert not [title for title in ("A bench", "Water in the cellar") for page in main.values() if title in page]


async def test_the_calendar_has_the_days_of_review_notice_and_closing(tmp_path: Path) -> None:
    with village_in(tmp_path, zone="America/Mexico_City") as village:
        link_up(village)
        (harbour,) = village.rows("SELECT id FROM peer")
        async with village.browser(village.member()) as browser:
            await put_adopted(browser, title="Bench", review_on="2026-06-01")
            notice = await put_idea(browser, title="Wall", review_on="")
            await done(browser, f"{notice}/notice", until="2026-03-20")
            joint = await put_open(browser, title="Hall", review_on="")
            rule = {f"ask-{harbour.id}": "yes", "at_least": "2", "until": "2026-03-25"}
            await done(browser, f"{joint}/ask", **GATHERED, **rule)
        async with village.browser() as stranger:
            calendar = Calendar.from_ical((await stranger.get("/resolutions.ics")).content)

    assert {(str(event["summary"]), event["dtstart"].dt) for event in calendar.walk("VEVENT")} == {
        ("To be looked at again: Bench", date(2026, 6, 1)),
        ("Can be decided from today on: Wall", date(2026, 3, 20)),
        ("Last day for answers: Hall", date(2026, 3, 25)),
    }


async def test_a_sheet_has_the_words_to_read_out_and_room_for_what_comes_of_it(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        path = await put_open(browser)
        before = stored(village)
        sheet = (await stranger.get(f"{path}/sheet")).text
        own = (await browser.get(f"{path}/sheet")).text
        assert stored(village) == before
        form = Page.read((await browser.get(f"{path}/outcome")).text).text
        await done(browser, f"{path}/outcome", **outcome(what_1="Who cleans it?", met_1="The crew."))
        afterwards = (await stranger.get(f"{path}/sheet")).text

    boxes = sheet.count('class="box"')
    assert (TEXT in sheet, boxes) == (True, 2 + 5), "two outcomes and five ways of deciding to tick"
    labels = re.findall(r"<dt>([^<]+)</dt>|<th scope=\"col\">([^<]+)</th>", sheet)
    filled_in = [one or other for one, other in labels]
    assert len(filled_in) == 9
    places = [form.index(label) for label in filled_in]
    assert places == sorted(places), "the form has the same fields in the same order"
    assert (f'"{path}/outcome"' in own, f'"{path}/outcome"' in sheet) == (True, False)
    assert ('class="box"' in afterwards, "Who cleans it?" in afterwards, "31" in afterwards) == (False, True, True)


async def test_a_call_list_has_lines_for_those_to_be_told_and_stores_nothing(village: Village) -> None:
    link_up(village)
    async with village.browser(village.member()) as browser:
        path = await put_adopted(browser)
        before = stored(village)
        page = Page.read((await browser.get(f"{path}/call-list")).text)

    assert stored(village) == before
    assert ("Harbour" in page.text, "A bench at the pump" in page.text) == (True, True)
    assert len([given for _, given in page.all("span") if given.get("class") == "box"]) == 16
    assert {given["action"] for _, given in page.all("form")} == {"/out", "/language"}, "there is nothing to send"


async def test_each_recipe_of_an_idea_begins_on_its_page_in_the_name_of_the_assembly(village: Village) -> None:
    recipes = begun_on("idea", "en")
    async with village.browser(village.member()) as browser:
        blank = (await browser.get("/put-up/idea")).text
        pages = {one.id: (await browser.get(f"/put-up/idea?start={one.id}")).text for one in recipes}
        others = {
            one.id: (await browser.get(f"/put-up/idea?start={one.id}")).text
            for one in all_of("en")
            if one not in recipes
        }
        for one in recipes:
            await put_idea(browser, title=one.name, recipe=one.id, text=f"{one.begun('Riverside')} we meet on Sundays.")

    assert len(recipes) >= 6 and len(others) == 3
    for one in recipes:
        assert f"/put-up/idea?start={one.id}" in blank
        assert "assembly of Riverside" in one.begun("Riverside")
        assert f">\n{one.begun('Riverside')}</textarea>" in pages[one.id]
        assert f'<option value="{one.domain}" selected>' in pages[one.id]
        assert f'name="recipe" value="{one.id}"' in pages[one.id]
    assert not any('name="recipe"' in page for page in others.values())
    assert {row.recipe for row in village.rows("SELECT recipe FROM resolution")} == {one.id for one in recipes}


async def test_a_council_that_speaks_spanish_begins_in_spanish(tmp_path: Path) -> None:
    with village_in(tmp_path, language="es") as village:
        async with village.browser(village.member()) as browser:
            page = (await browser.get("/put-up/idea?start=demand", headers={"accept-language": "en"})).text
            await put_idea(browser, text="La asamblea de Riverside exige agua.")
        (row,) = village.rows("SELECT language FROM resolution")

    assert ">\nLa asamblea de Riverside exige </textarea>" in page
    assert row.language == "es"


@pytest.mark.parametrize("audience", ["council", "neighbours", "public"])
async def test_an_idea_is_on_no_page_of_a_stranger_and_a_text_on_those_it_is_for(
    village: Village, audience: str
) -> None:
    lists = ("/", "/wall.json", "/resolutions?show=all", "/resolutions.json?show=all", "/resolutions.csv?show=all")
    lists += ("/resolutions.atom?show=all", "/resolutions.ics?show=all")
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        path = await put_idea(browser, title="Forty lanterns", audience=audience)
        own = (
            *(f"{path}{page}" for page in ("", "/sheet", "/check", "/record.json", "/poster")),
            f"/api/objects?id={BASE}{path}",
        )

        async def seen(who: Any) -> set[str]:
            return {page for page in (*lists, *own) if "Forty lanterns" in (await who.get(page)).text}

        idea = (await seen(browser), await seen(stranger))
        await done(browser, f"{path}/open")
        being_decided = (await seen(browser), await seen(stranger))

    assert idea == ({*lists, path, f"{path}/sheet"}, set())
    everywhere = {*lists, *own}
    for_us = {*lists, path, f"{path}/sheet"} if audience == "council" else everywhere
    if audience == "neighbours":
        for_us = everywhere - {f"{path}/poster"}
    assert being_decided == (for_us, everywhere if audience == "public" else set())


async def test_who_can_see_it_is_chosen_anew_only_while_it_is_an_idea(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        path = await put_idea(browser, audience="public")
        idea = (await browser.get(f"{path}/words")).text
        await done(browser, f"{path}/words", **words(audience="council"))
        await done(browser, f"{path}/open")
        opened = (await browser.get(f"{path}/words")).text
        await done(browser, f"{path}/words", **words(audience="public", title="Wider"))
        page = await stranger.get(path)

    assert ('name="audience"' in idea, 'name="audience"' in opened) == (True, False)
    assert page.status_code == 404
    (row,) = village.rows("SELECT title, audience FROM resolution")
    assert (row.title, row.audience) == ("Wider", "council")


async def test_nobody_is_named_on_any_page_of_a_resolution(village: Village) -> None:
    writes, confirms = (village.member(name) for name in NAMES)
    reads = village.member("Efrosina")
    given = {"addressee": "The landlord", "campaign": "Benches"}
    async with village.browser(writes) as first, village.browser(confirms) as second:
        stages = ("notice", "written", "adopted", "ended")
        own = [await bring_to(stage, first, second, village, **given) for stage in stages]
    lists = ("/", "/resolutions?show=all", "/resolutions.json?show=all", "/resolutions.csv", "/resolutions.atom")
    paths = [*(f"{path}{page}" for path in own for page in PAGES), *lists, "/resolutions?campaign=Benches"]

    async with village.browser(reads) as neighbour, village.browser() as stranger:
        read = {(who, page): (await who.get(page)).text for who in (neighbour, stranger) for page in paths}

    assert all("A bench at the pump" in read[neighbour, page] for page in (*own, *lists))
    assert [(page, name) for (_, page), text in read.items() for name in NAMES if name in text] == []


async def test_programs_are_told_where_each_text_stands(village: Village) -> None:
    members = [village.member(name) for name in ("Amina", "Bo", "Cai")]
    every = ("idea", "notice", "open", "written", "adopted", "dropped", "refused", "ended")
    async with village.browser(members[0]) as writes, village.browser(members[1]) as confirms:
        for stage in every:
            await bring_to(stage, writes, confirms, village, title=stage)
        found = await listed(confirms, "?show=all")
    async with village.browser() as stranger:
        told = await listed(stranger, "?show=all")

    assert {one["title"]: one["stage"] for one in found} == {stage: stage for stage in every}
    outside = {stage: stage for stage in every if stage not in ("idea", "written")} | {"written": "open"}
    assert {one["title"]: one["stage"] for one in told} == outside
    numbers = {one["title"]: one["number"] for one in found}
    assert numbers.pop("idea") is None
    assert sorted(numbers.values()) == list(range(1, 8))
