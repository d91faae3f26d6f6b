"""Every public list in every form: read by others' readers, holding what the page holds, and nothing beside it."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from lxml import etree

from node.features.alerts import actions as calls
from node.features.resolutions import actions as resolutions
from node.features.resources import actions as resources
from node.web.exports.listed import object_address, query_of
from node.web.exports.tables import BYTE_ORDER_MARK, COLUMNS, cell
from schemas.records.alert import AlertForm
from schemas.records.resolution_forms import ResolutionForm
from schemas.records.resource import ResourceForm
from tests.features.village import HARBOUR, START, Village, offer, village_in
from tests.web.reading import Page
from tests.web.test_every_page import NO_LIST, routes_of

ATOM = "{http://www.w3.org/2005/Atom}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
LISTS = ("/wall", "/board", "/around", "/resolutions", "/alerts", "/councils")
PAGES = {name: "/" if name == "/wall" else name for name in LISTS}
AUDIENCES = ("public", "neighbours", "council")


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with village_in(tmp_path) as built:
        built.meet()
        fill(built)
        yield built


def fill(village: Village) -> None:
    """One of each kind for each audience, with the audience in its title."""
    acting = village.acting(village.member())
    for audience in AUDIENCES:
        thing = ResourceForm.model_validate(offer(title=f"Lantern {audience}", audience=audience))
        decided = ResolutionForm(
            title=f"Lantern accord {audience}",
            text="We light them,\nall of us.",
            decided_at=date(2026, 3, 1),
            present=12,
            review_on=date(2026, 6, 1),
            audience=audience,
        )
        call = AlertForm.model_validate({"title": f"Lantern call {audience}", "event": "Dark", "audience": audience})
        village.do(lambda c, form=thing: resources.put_up(c, form, acting))
        village.do(lambda c, form=decided: resolutions.put_up(c, form, acting))
        village.do(lambda c, form=call: calls.put_up(c, form, acting))


def forms(village: Village) -> dict[str, set[str]]:
    """For each list of the application, by its routes: the endings of its forms."""
    found: dict[str, set[str]] = {}
    for method, path in routes_of(village.app.routes):
        name, dot, ending = path.rpartition(".")
        if method == "GET" and dot and ending in ("csv", "atom", "ics", "geojson"):
            found.setdefault(name, set()).add(ending)
    return found


def table(answer: httpx.Response) -> list[dict[str, str]]:
    text = answer.content.decode("utf-8")
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""), strict=True))


def test_every_list_with_json_has_its_other_forms(village: Village) -> None:
    with_json = {
        path.removesuffix(".json")
        for method, path in routes_of(village.app.routes)
        if path.endswith(".json") and not path.endswith(NO_LIST)
    }

    assert {name for name, endings in forms(village).items() if {"csv", "atom"} <= endings} == set(PAGES)
    assert with_json <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
async def test_under_each_list_stand_the_links_to_all_its_forms(village: Village, name: str) -> None:
    async with village.browser() as passer_by:
        page = Page.read((await passer_by.get(PAGES[name])).text)
        links = {
            given["href"].replace("?near=Riverside&", "?").removesuffix("?near=Riverside") for _, given in page.all("a")
        }
        expected = {f"{name}.{ending}" for ending in forms(village)[name]} | {f"{PAGES[name]}?paper=1", PAGES[name]}
        data = "/region/availability" if name == "/around" else f"{name}.json"
        found = {link for link in links if link.partition("?")[0] == data}
        answers = {link: (await passer_by.get(link)).status_code for link in expected | found}

    assert expected <= links and found
    assert set(answers.values()) == {200}


@pytest.mark.parametrize("ending", ["csv", "atom", "ics", "geojson"])
@pytest.mark.parametrize("name", PAGES)
async def test_a_form_shows_each_viewer_what_the_page_shows_and_never_more(
    village: Village, name: str, ending: str
) -> None:
    if ending not in forms(village)[name]:
        pytest.skip("this list has no days or places")
    seen = re.compile(r"Lantern (?:accord |call )?\w+")

    for member in (None, village.member()):
        async with village.browser(member) as browser:
            page = set(seen.findall((await browser.get(PAGES[name])).text))
            form = await browser.get(f"{name}.{ending}")

        exported = set(seen.findall(form.text))
        assert exported <= page
        assert {title.rpartition(" ")[2] for title in exported} <= ({"public"} if member is None else set(AUDIENCES))
        assert form.headers["cache-control"] == ("no-cache" if member is None else "private, no-store")


async def test_a_table_is_read_by_a_strict_reader_with_every_column(village: Village) -> None:
    async with village.browser() as passer_by:
        answer = await passer_by.get("/resolutions.csv")

    (row,) = table(answer)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert tuple(row)[: len(COLUMNS)] == COLUMNS
    assert (row["title"], row["words"]) == ("Lantern accord public", "We light them,\nall of us.")
    assert (row["review_on"], row["present"]) == ("2026-06-01", "12")
    assert row["address"].startswith("https://riverside.example/o/")
    assert answer.content.count(b"\r\n") == 2, "the header and one row; what is inside a cell is no line end"


async def test_a_title_that_a_spreadsheet_would_work_out_is_only_words(village: Village) -> None:
    acting = village.acting(village.member())
    form = ResourceForm.model_validate(offer(title='=HYPERLINK("https://elsewhere.example")'))
    village.do(lambda c: resources.put_up(c, form, acting))

    async with village.browser() as passer_by:
        rows = table(await passer_by.get("/board.csv"))

    assert {row["title"][:2] for row in rows} == {"'=", "La"}


@given(st.text())
def test_no_cell_begins_with_what_a_spreadsheet_takes_for_a_formula(text: str) -> None:
    made = cell(text)

    assert not made.lstrip(" \n").startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", made)


@given(st.lists(st.sampled_from(["a", ";", "\n", "\t", "\r", " ", "=", "+", "-", "@", "＝", '"'])).map("".join))
def test_nor_does_a_part_of_one_where_a_spreadsheet_parts_at_semicolons_and_line_ends(text: str) -> None:
    made = cell(text)

    assert not any(part.lstrip(" ").startswith(("=", "+", "-", "@", "＝")) for part in re.split("[;\t\r\n]", made))


def faults_of_feed(root: Any) -> list[str]:
    """What RFC 4287 section 4 demands of a feed and its entries."""
    faults = []
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
    for part in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            if len(part.findall(f"{ATOM}{name}")) != 1:
                faults.append(f"{part.tag}: not exactly one {name}")
        if not re.match(r"https?://", part.findtext(f"{ATOM}id", "")):
            faults.append("an id that is no address")
        if not moment.fullmatch(part.findtext(f"{ATOM}updated", "")):
            faults.append("updated is no moment")
        if not part.get(LANGUAGE):
            faults.append("no language")
        alternates = [link for link in part.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        if len(alternates) != 1 or not (alternates[0].get("href") or "").startswith("http"):
            faults.append("not exactly one page")
    if root.find(f"{ATOM}author/{ATOM}name") is None:
        faults.append("no author")
    if [link.get("rel") for link in root.findall(f"{ATOM}link")].count("self") != 1:
        faults.append("no address of its own")
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    if len(ids) != len(set(ids)):
        faults.append("an id twice")
    return faults


@pytest.mark.parametrize("name", PAGES)
async def test_a_feed_keeps_the_rules_of_its_format(village: Village, name: str) -> None:
    async with village.browser() as passer_by:
        answer = await passer_by.get(f"{name}.atom")

    root = etree.fromstring(answer.content)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert root.tag == f"{ATOM}feed"
    assert faults_of_feed(root) == []


def test_a_feed_without_an_author_would_be_noticed() -> None:
    root = etree.fromstring(b'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>')

    assert {"no author", "no address of its own", "no language"} <= set(faults_of_feed(root))


async def test_entries_are_known_again_by_the_address_of_the_record_and_keep_its_language(village: Village) -> None:
    async with village.browser() as passer_by:
        first = etree.fromstring((await passer_by.get("/resolutions.atom")).content)
        village.clock.advance(3600)
        second = etree.fromstring((await passer_by.get("/resolutions.atom", headers={"accept-language": "es"})).content)

    (published,) = village.rows("SELECT object_id FROM resolution WHERE audience = 'public'")
    for root in (first, second):
        (entry,) = root.findall(f"{ATOM}entry")
        assert entry.findtext(f"{ATOM}id") == published.object_id
        assert entry.get(LANGUAGE) == "en"
    assert [root.get(LANGUAGE) for root in (first, second)] == ["en", "es"]
    assert first.findtext(f"{ATOM}updated") == second.findtext(f"{ATOM}updated")


async def test_words_that_no_xml_can_hold_do_not_break_a_feed(village: Village) -> None:
    acting = village.acting(village.member())
    form = ResourceForm.model_validate(offer(title="A <b>&amp; ]]> ladder", words="One line &\ufffe more"))
    village.do(lambda c: resources.put_up(c, form, acting))

    async with village.browser() as passer_by:
        root = etree.fromstring((await passer_by.get("/board.atom")).content)

    assert "A <b>&amp; ]]> ladder" in {entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")}


async def test_the_days_of_resolutions_are_a_calendar(village: Village) -> None:
    async with village.browser() as passer_by:
        answer = await passer_by.get("/resolutions.ics")
        later = await passer_by.get("/resolutions.ics")

    calendar = Calendar.from_ical(answer.content)
    (event,) = calendar.walk("VEVENT")
    (published,) = village.rows("SELECT object_id FROM resolution WHERE audience = 'public'")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert str(event["uid"]) == f"{published.object_id}#review_on"
    assert event["dtstart"].dt == date(2026, 6, 1)
    assert event["dtstamp"].dt == START
    assert str(event["summary"]) == "To be looked at again: Lantern accord public"
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT12H" in answer.content
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    assert later.content == answer.content


async def test_filters_hold_for_every_form(village: Village) -> None:
    acting = village.acting(village.member())
    weekly = {"repeats": "FREQ=WEEKLY;BYDAY=TH", "starts_at": "2026-03-05T17:00:00Z", "until": "month"}
    saw = ResourceForm.model_validate(offer(title="A saw", category="tools", **weekly))
    village.do(lambda c: resources.put_up(c, saw, acting))

    async with village.browser() as passer_by:
        page = Page.read((await passer_by.get("/board?category=tools&text=&direction=")).text)
        links = [given["href"] for _, given in page.all("a") if "category=tools" in given.get("href", "")]
        answers = {link: await passer_by.get(link) for link in links}

    assert {link.partition("?")[0] for link in links} == {
        *("/board", "/board.json", "/board.csv", "/board.atom", "/board.ics", "/board.geojson")
    }
    assert {answer.status_code for answer in answers.values()} == {200}
    assert all("A saw" in answer.text and "Lantern public" not in answer.text for answer in answers.values())


async def test_the_page_for_paper_looks_as_printing_gives_it_and_leads_back(village: Village) -> None:
    async with village.browser() as passer_by:
        paper = Page.read((await passer_by.get("/resolutions?paper=1")).text)
        sheets = [given["href"] for _, given in paper.all("link") if given.get("rel") == "stylesheet"]
        sheet = await passer_by.get(sheets[-1])

    assert sheets[-1].endswith("/paper.css")
    assert "break-inside:avoid" in sheet.text and "@media print" not in sheet.text
    assert sheet.text.count("{") == sheet.text.count("}")
    assert "/resolutions" in [given["href"] for _, given in paper.all("a")]


def test_an_address_is_that_of_the_record_whoever_put_it_up() -> None:
    theirs = f"{HARBOUR}/o/abc?x=1&y=2"

    assert object_address("/o/abc", base_url="https://a.example") == "https://a.example/o/abc"
    assert (
        object_address("/slip?id=https%3A%2F%2Fharbour.example%2Fo%2Fabc%3Fx%3D1%26y%3D2", base_url="https://a.example")
        == theirs
    )
    assert object_address(HARBOUR, base_url="https://a.example") == HARBOUR


def test_what_was_left_empty_is_no_part_of_an_address() -> None:
    assert query_of(text="", near=None) == ""
    assert query_of(text="a b&c", near="") == "?text=a%20b%26c"
