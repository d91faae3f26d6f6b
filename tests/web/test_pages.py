"""Every page of the frame: well made, in our own words, asking nothing of anybody else, and honest when something is wrong."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from node.feature import MenuEntry
from node.web import words
from node.web.site import MENU_LIMIT
from tests.web.furnishing import browser_of, furnish
from tests.web.reading import BANNED, Page, templates, words_of_template
from tests.web.town import NOON, NOTES, Town, build_town

VIEWERS = ("anybody", "neighbour", "keeper")


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_every_page_is_well_made_and_reaches_out_to_nobody(town: Town, viewer: str) -> None:
    paths = furnish(town)

    async with browser_of(town, viewer) as browser:
        pages = {name: Page.read((await browser.get(path)).text) for name, path in paths.items()}
        pages["wrong code"] = Page.read((await browser.post("/in", data={"code": "wrong"})).text)
        pages["refused"] = Page.read((await browser.post("/notes", data={"more": "Two of them"})).text)
        pages["full"] = Page.read((await browser.post("/full")).text)
        pages["cross-site"] = Page.read((await browser.post("/out", headers={"sec-fetch-site": "cross-site"})).text)

    assert {name: page.weak_points() for name, page in pages.items() if page.weak_points()} == {}


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_no_page_says_a_word_that_is_not_ours(town: Town, viewer: str) -> None:
    paths = furnish(town)

    async with browser_of(town, viewer) as browser:
        said = {name: Page.read((await browser.get(path)).text).text for name, path in paths.items()}

    assert {name: BANNED.findall(text) for name, text in said.items() if BANNED.findall(text)} == {}


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_no_template_says_a_word_that_is_not_ours(path: Path) -> None:
    assert BANNED.findall(words_of_template(path.read_text())) == []


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_no_template_holds_a_style_a_script_or_trusted_text(path: Path) -> None:
    source = path.read_text()
    source = re.sub(r'<script type="module" src="\{\{ static\(.\w+\.js.\) \}\}"></script>', "", source)

    assert not re.search(
        r"style=|<script|<style|javascript:|\bon[a-z]+=|\|\s*safe\b|autoescape\s+false|https?://", source
    )


def test_words_kept_in_code_are_ours_too() -> None:
    said = [
        *words.AUDIENCES.values(),
        *words.AUDIENCE_SENTENCES.values(),
        *words.STATES.values(),
        *words.LINKS.values(),
    ]
    said += [text for kind in words.KINDS.values() for text in (kind.one, kind.many)]

    assert BANNED.findall(" ¶ ".join(said)) == []


def test_the_check_for_words_can_fail() -> None:
    template = '<p aria-label="Your dashboard">The council</p>{{ field("x", "Your user name") }}'
    template += '{# node #}<a class="peer">nearby councils</a>'

    assert BANNED.findall(words_of_template(template)) == ["council", "dashboard", "user"]


async def test_a_bare_wall_says_what_it_is_for_and_what_to_do_first(town: Town) -> None:
    async with town.browser() as browser:
        text = (await browser.get("/")).text

    assert "The wall is still bare." in text and "An example" in text
    assert 'href="/ask"' in text and 'href="/put-up/offer"' in text


async def test_a_persons_text_is_escaped_and_carries_its_language_and_direction(town: Town) -> None:
    town.hold("<script>alert(1)</script>")

    async with town.browser() as browser:
        page = (await browser.get("/")).text

    assert "<script>" not in page
    assert re.search(r'lang="en" dir="auto">&lt;script&gt;', page)


async def test_the_wall_puts_what_ends_soon_first_and_then_the_newest(town: Town) -> None:
    town.hold("Older", updated=NOON - timedelta(days=3), ends_at=NOON + timedelta(days=9))
    town.hold("Newest", updated=NOON, ends_at=None)
    town.hold("Tonight", updated=NOON - timedelta(days=5), ends_at=NOON + timedelta(hours=6))
    town.hold("Soonest", updated=NOON - timedelta(days=5), ends_at=NOON + timedelta(hours=1))

    async with town.program() as program:
        slips = (await program.get("/wall.json")).json()["slips"]

    assert [slip["title"] for slip in slips] == ["Soonest", "Tonight", "Newest", "Older"]
    assert slips[0]["url"].startswith(f"{town.url}/o/")


async def test_a_call_for_help_stands_on_every_page_but_its_own(town: Town) -> None:
    address = town.hold("Water is rising", kind="alert", shown_as="alert")
    path = address.removeprefix(town.url)

    async with town.browser() as browser:
        elsewhere = [(await browser.get(at)).text for at in ("/", "/help", "/councils", "/in", "/nowhere")]
        own = (await browser.get(path)).text

    assert all(text.count(">Water is rising</h2>") == 1 for text in elsewhere)
    assert 'class="strip"' not in own


async def test_the_menu_has_at_most_seven_links_and_help_is_the_last(tmp_path: Path) -> None:
    many = replace(NOTES, menu=tuple(MenuEntry(f"Page {n}", f"/page-{n}", n) for n in range(1, 9)))
    town = build_town(tmp_path, features=(many,))

    async with town.browser() as browser:
        page = (await browser.get("/")).text
    town.store.close()

    menu = re.findall(r'<a href="([^"]+)"', page.split('aria-label="Main"')[1].split("</nav>")[0])
    assert len(town.site.menu) == MENU_LIMIT
    assert menu[-2:] == ["/help", "#menu"]


NOT_FOUND = {"type": "about:blank", "title": "There is nothing here", "status": 404, "reason": "not-found"}


@pytest.mark.parametrize(
    ("path", "accept", "program"),
    [
        ("/nowhere", "text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("/nowhere", "*/*", False),
        ("/nowhere", "", False),
        ("/nowhere", "application/json", True),
        ("/nowhere", "application/json;q=0.3, text/html;q=0.9", False),
        ("/api/nowhere", "text/html", True),
        ("/nowhere.json", "text/html", True),
        ("/region/nowhere", "text/html", True),
        ("/apis", "text/html", False),
    ],
)
async def test_people_get_a_page_and_programs_a_problem_document(
    town: Town, path: str, accept: str, program: bool
) -> None:
    async with town.program(accept=accept) as client:
        answer = await client.get(path)

    assert answer.status_code == 404
    if program:
        assert answer.headers["content-type"] == "application/problem+json"
        assert NOT_FOUND.items() <= answer.json().items() and answer.json()["detail"]
    else:
        assert answer.headers["content-type"].startswith("text/html")
        assert "<h1>There is nothing here</h1>" in answer.text


async def test_a_refused_form_comes_back_with_what_was_written(town: Town) -> None:
    async with town.signed_in() as browser:
        refused = await browser.post("/notes", data={"more": "Two ladders & a rope"})
        accepted = await browser.post("/notes", data={"words": "Two ladders"})

    assert refused.status_code == 422 and accepted.status_code == 303
    assert "Write what it is about." in refused.text and "Two ladders &amp; a rope" in refused.text


async def test_who_is_not_signed_in_is_led_to_the_door_with_their_words(town: Town) -> None:
    async with town.browser() as browser, town.program(accept="application/json", origin=town.url) as program:
        page = await browser.post("/notes", data={"words": "Two ladders"})
        data = await program.post("/notes", data={"words": "Two ladders"})

    assert page.status_code == data.status_code == 401
    assert 'class="btn" href="/in"' in page.text and "Two ladders" in page.text
    assert data.json()["reason"] == "not-signed-in" and data.json()["detail"] == "Sign in first, then put it up."


async def test_input_that_is_not_understood_is_named_to_a_program(town: Town) -> None:
    async with town.program() as program:
        refused = await program.get("/api/number?n=many")
        accepted = await program.get("/api/number?n=3")

    assert refused.status_code == 422 and refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["reason"] == "wrong-shape" and refused.json()["detail"].startswith("n: ")
    assert accepted.json() == 3


async def test_a_fault_shows_a_code_that_stands_in_the_log_beside_its_cause(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    async with town.browser() as browser, town.program(accept="application/json") as program:
        page = await browser.get("/faulty")
        data = await program.get("/faulty")

    [code] = re.findall(r'<strong class="code">([A-Z2-7]{4})</strong>', page.text)
    logged = capsys.readouterr().out
    assert page.status_code == data.status_code == 500
    assert code in logged and "the secret cause" in logged
    assert "secret cause" not in page.text + data.text and data.json()["reason"] == "fault"


async def test_a_fault_in_a_form_gives_back_what_was_written(town: Town) -> None:
    async with town.browser() as browser:
        answer = await browser.post("/faulty", data={"words": "Kept & safe"})

    assert answer.status_code == 500
    assert "Kept &amp; safe" in answer.text


@pytest.mark.parametrize(("path", "status", "word"), [("/full", 507, "full"), ("/broken", 503, "busy")])
async def test_a_store_that_cannot_keep_anything_says_so(town: Town, path: str, status: int, word: str) -> None:
    async with town.browser() as browser, town.program(accept="application/json") as program:
        page = await browser.post(path)
        data = await program.post(path)

    assert page.status_code == data.status_code == status
    assert "Nothing was saved" in page.text
    assert data.json()["reason"] == word and data.headers["retry-after"] == "60"


async def test_a_method_that_a_page_does_not_have_is_answered_in_kind(town: Town) -> None:
    async with town.browser() as browser, town.program() as program:
        page = await browser.put("/help")
        data = await program.post("/api/objects", json={})

    assert page.status_code == data.status_code == 405
    assert "<h1>That cannot be done here</h1>" in page.text and "GET" in page.headers["allow"]
    assert data.json()["reason"] == "not-allowed"


async def test_the_api_describes_itself_without_help_from_other_hosts(town: Town) -> None:
    async with town.program() as program:
        description = (await program.get("/openapi.json")).json()
        pages = [(await program.get(path)).status_code for path in ("/docs", "/redoc")]

    assert {"/wall.json", "/councils.json", "/api/objects", "/api/session"} <= set(description["paths"])
    assert "/in" not in description["paths"]
    assert pages == [404, 404]
