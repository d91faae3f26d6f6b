"""The wall without a line: what may be kept on a phone, and what is shown when the store cannot be asked."""

import json
from datetime import timedelta

import pytest

from node.database import StoreBusy
from node.web.offline import KEPT_PIECES
from tests.web.reading import Page
from tests.web.town import Town


def break_the_store(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_given: object) -> None:
        raise StoreBusy("no reader came free in time")

    monkeypatch.setattr(type(town.store), "reading", busy)


async def test_the_copy_is_the_public_wall_whoever_asks_and_says_of_when_it_is(town: Town) -> None:
    town.hold("Soup for all")
    town.hold("Keys to the hall", audience="council")
    town.hold("A drill in the baths", audience="neighbours")

    async with town.signed_in(name="Amina") as neighbour, town.browser() as passer_by:
        theirs, anybodys = await neighbour.get("/offline"), await passer_by.get("/offline")

    for answer in (theirs, anybodys):
        assert "Soup for all" in answer.text and "12:00" in Page.read(answer.text).title + answer.text
        assert "Keys" not in answer.text and "drill" not in answer.text and "Amina" not in answer.text
        assert Page.read(answer.text).weak_points() == []
    assert "seal" not in anybodys.text
    assert theirs.headers["cache-control"] == "private, no-store"


async def test_calls_for_help_stand_in_the_copy_first(town: Town) -> None:
    town.hold("Soup for all")
    town.hold("Fans and water wanted", kind="alert", shown_as="alert")

    async with town.browser() as passer_by:
        page = (await passer_by.get("/offline")).text

    assert 0 < page.index("Fans and water wanted") < page.index("Soup for all")


async def test_the_worker_knows_its_version_and_keeps_files_that_are_there(town: Town) -> None:
    async with town.browser() as browser:
        worker = await browser.get("/worker.js")
        first = worker.text.partition("\n")[0]
        pieces = json.loads(first[first.index("[") : first.index("]") + 1])
        kept = {piece: (await browser.get(piece)).status_code for piece in pieces}

    assert worker.headers["content-type"] == "text/javascript; charset=utf-8"
    assert town.site.shelf.version in first
    assert set(kept.values()) == {200} and len(kept) == len(KEPT_PIECES)
    assert 'COPY = "/offline"' in worker.text and 'credentials: "omit"' in worker.text


async def test_the_page_can_be_installed(town: Town) -> None:
    async with town.browser() as browser:
        page = Page.read((await browser.get("/")).text)
        [link] = [given["href"] for _, given in page.all("link") if given.get("rel") == "manifest"]
        answer = await browser.get(link, headers={"accept-language": "es"})
        manifest = answer.json()
        icons = [await browser.get(icon["src"]) for icon in manifest["icons"]]

    assert answer.headers["content-type"] == "application/manifest+json"
    assert (manifest["name"], manifest["start_url"], manifest["scope"]) == ("Riverside neighbours", "/", "/")
    assert (manifest["display"], manifest["lang"], manifest["dir"]) == ("standalone", "es", "ltr")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    assert {icon.headers["content-type"] for icon in icons} == {"image/svg+xml"}


@pytest.mark.parametrize("signed_in", [False, True])
async def test_a_store_that_cannot_be_asked_leaves_the_last_public_wall(
    town: Town, monkeypatch: pytest.MonkeyPatch, signed_in: bool
) -> None:
    town.hold("Soup for all")
    town.hold("Keys to the hall", audience="council")

    async with town.signed_in() if signed_in else town.browser() as browser:
        before = await browser.get("/")
        town.clock.pass_by(timedelta(minutes=3))
        break_the_store(town, monkeypatch)
        after = await browser.get("/")

    assert before.status_code == after.status_code == 200
    assert "Soup for all" in after.text and "12:00" in after.text
    assert "Keys" not in after.text
    assert "cannot look at its notes" in after.text
    assert Page.read(after.text).weak_points() == []


async def test_without_a_last_wall_it_is_said_that_nothing_can_be_shown(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_the_store(town, monkeypatch)

    async with town.browser() as browser:
        answers = [await browser.get(path) for path in ("/", "/offline")]

    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(503, "60")] * 2


async def test_the_last_wall_is_looked_at_anew_after_five_minutes(town: Town) -> None:
    async with town.signed_in() as neighbour:
        await neighbour.get("/")
        first = town.site.last_wall.copy
        town.clock.pass_by(timedelta(minutes=4))
        await neighbour.get("/")
        same = town.site.last_wall.copy
        town.clock.pass_by(timedelta(minutes=1))
        await neighbour.get("/")

    assert first is same is not town.site.last_wall.copy
