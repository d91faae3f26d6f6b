"""A drill stays a drill, in every form in which it can be met and from its first word to what is due after its end."""

import csv
import io
from contextlib import AsyncExitStack

import httpx
import pytest
from lxml import etree

from node.features.alerts.line import code_of
from tests.features.calls_at_home import (
    FORM,
    TITLE,
    as_it_stands,
    end,
    leads_to,
    main_words,
    neighbours,
    news,
    put_up,
    said_now,
    second,
)
from tests.features.village import BASE, Village

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


async def texts(browser: httpx.AsyncClient, path: str) -> dict[str, str]:
    """Every form in which a call can be met, by where, each cut to what it says of the call."""
    pages = {where: await main_words(browser, where) for where in (path, f"{path}/poster", f"{path}/pass-on")}
    address = f"{BASE}{path}"
    found = await browser.get(f"/c/{code_of(address)}", follow_redirects=True)
    (row,) = csv.DictReader(io.StringIO((await browser.get("/alerts.csv")).text.lstrip("\ufeff")))
    (entry,) = etree.fromstring((await browser.get("/alerts.atom")).content).iter("{http://www.w3.org/2005/Atom}entry")
    (cap,) = etree.fromstring((await browser.get("/alerts.cap.atom")).content).iter(
        "{http://www.w3.org/2005/Atom}entry"
    )
    document = etree.fromstring((await browser.get(f"{path}/cap.xml")).content)
    return pages | {
        "/c": found.text,
        "/alerts.csv": " ".join(row.values()),
        "/alerts.atom": " ".join(entry.itertext()),
        "/alerts.cap.atom": " ".join(cap.itertext()),
        "headline": document.findtext(f"{CAP}info/{CAP}headline", ""),
        "/alerts.json": (await browser.get("/alerts.json")).json()["items"][0]["title"],
        "/alerts/coming": await main_words(browser, f"/alerts/coming?id={address}"),
    }


def is_drill(text: str) -> bool:
    return any(word in text for word in ("EXERCISE", "SIMULACRO", "DRILL"))


@pytest.mark.parametrize(
    ("way", "language", "drill"), [("drill", "en", True), ("drill", "es", True), ("alert", "en", False)]
)
async def test_every_form_of_a_drill_says_that_it_is_one_before_and_after_its_end_and_that_of_a_call_does_not(
    village: Village, way: str, language: str, drill: bool
) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina, way, audience="public", language=language)
        forms = [await texts(amina, path)]
        notes = [said_now(village, path)]
        await news(amina, path, news="It rises.")
        forms.append(await texts(amina, path))
        notes.append(said_now(village, path))
        await end(amina, path, "false")
        forms.append(await texts(amina, path))
        notes.append(said_now(village, path))

    for found in forms:
        assert {where: is_drill(text) for where, text in found.items()} == dict.fromkeys(found, drill)
    for note in notes:
        assert note["comarca:alert"]["status"] == ("Exercise" if drill else "Actual")
        assert is_drill(note["name"]) == is_drill(note["content"][:40]) == drill


async def test_a_drill_is_no_strip_and_in_no_list_of_what_is_asked_for_right_now(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, _ = await neighbours(village, doors, "Amina", "Bo")
        path = await put_up(amina, "drill", severity="Extreme")

        page, listed = (await amina.get("/help")).text, await main_words(amina, "/alerts")
        wall = (await amina.get("/wall.json")).json()["slips"]
        (item,) = (await amina.get("/alerts.json")).json()["items"]
        await put_up(amina)
        real = (await amina.get("/help")).text

    assert ('class="strip"' in page, 'class="strip"' in real) == (False, True)
    assert ("Nobody calls for help right now." in listed, "Drills: nothing has happened" in listed) == (True, True)
    assert [slip["kind"] for slip in wall] == ["drill"]
    assert (item["status"], item["title"]) == ("Exercise", f"EXERCISE (drill): {TITLE}")
    assert path.removeprefix("/o/") in item["id"]


async def test_whatever_a_form_says_a_drill_form_makes_a_drill_and_a_call_form_a_call(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        drill = await put_up(amina, "drill", exercise="false", status="Actual")
        real = await put_up(amina, exercise="true", status="Exercise")
        await news(amina, drill, exercise="false", status="Actual", title="It is real now", news="Really.")

    statuses = [said_now(village, path)["comarca:alert"]["status"] for path in (drill, real)]
    assert statuses == ["Exercise", "Actual"]
    assert said_now(village, drill)["name"] == f"EXERCISE (drill): {TITLE}"


async def test_a_call_does_not_begin_with_the_word_of_a_drill(village: Village) -> None:
    titles = ("DRILL: sirens", "Exercise: sirens", "Simulacro de incendio")
    async with village.browser(village.member()) as amina:
        answers = [await amina.post("/put-up/alert", data={**FORM, "title": title}) for title in titles]
        paths = [await put_up(amina, "drill", title=title) for title in titles]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert all("A real call does not begin with the word of a drill" in answer.text for answer in answers)
    assert all(is_drill(said_now(village, path)["name"]) for path in paths)


async def test_the_forms_of_a_drill_say_that_it_is_one_wherever_it_is_changed_agreed_to_or_ended(
    village: Village,
) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina, "drill", severity="Severe")

        waits, form = await main_words(bo, path), await main_words(amina, f"/alerts/{path[3:]}/news")
        await second(bo, path)
        out, change = await main_words(bo, path), await main_words(amina, f"/alerts/{path[3:]}/news")
        await end(bo, path)
        over, after = await main_words(bo, path), await main_words(bo, "/alerts/after")
        forms = await leads_to(bo, path)

    assert ("I agree: send the drill out" in waits, "DRILL This is a drill. Nothing has happened." in waits) == (
        True,
        True,
    )
    assert all("DRILL It stays a drill, whatever you write." in page for page in (form, change))
    assert ("I’m coming (a drill)" in out, "The drill is over" in out) == (True, True)
    assert ("DRILL This is a drill. Nothing has happened." in over, "DRILL · " in after) == (True, True)
    assert len(forms) == 1


async def test_who_is_coming_to_a_drill_is_told_so(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina, "drill")
        await amina.post("/alerts/coming", data=await as_it_stands(amina, path, "/alerts/coming"))

        said = await main_words(amina, f"/alerts/coming?id={BASE}{path}")

    assert "DRILL This is a drill. Nothing has happened." in said
