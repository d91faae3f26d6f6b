"""Ten minutes from nothing to a public wall: the steps are counted, from the one link that the terminal prints."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from node.cli.beginning import CLAIM_WORDS
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import command
from tests.cluster.commands import data
from tests.person.browsing import CHROMIUM, FLAGS, Person, in_a_browser, person

pytestmark = in_a_browser()

NAME, AREA = "The minga of the mill", "Between the mill and the baths"
WORDS = "Two fans for the tenants' hall, until the heat is over."


@dataclass
class Steps:
    """What a person does on the way. Opening the link is the first page."""

    one: Person
    pages: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)

    def opens(self, path: str) -> None:
        assert self.one.opens(path) == 200
        self.pages.append(self.one.path)

    def fills(self, name: str, words: str) -> None:
        self.one.page.locator(f"main form:not([action='/claim/restore']) [name={name}]").fill(words)
        self.fields.append(name)

    def presses(self, words: str) -> None:
        self.one.presses(words)
        self.buttons.append(words)
        self.pages.append(self.one.path)


@pytest.fixture(scope="module")
def own_browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def new_server(folder: Path) -> Iterator[tuple[str, str]]:
    """A server that was started a moment ago: its address, and the link in its terminal."""
    with claim_ports((8117,)) as claims:
        port, out = claims.ports[0], folder / "out"
        url = f"http://{LOOPBACK}:{port}"
        data("init", folder / "new", "--url", url, "--port", port)
        with out.open("w") as said:
            process = subprocess.Popen(command("serve", str(folder / "new")), stdout=said, stderr=subprocess.DEVNULL)
            try:
                wait_for(lambda: CLAIM_WORDS in out.read_text() and _answers(url), "the server waits", within=20)
                lines = out.read_text().splitlines()
                yield url, lines[lines.index(CLAIM_WORDS) + 1]
            finally:
                process.terminate()
                process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url + "/").status_code == 503
    except httpx.TransportError:
        return False


def _sheets(paper: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", paper))


def _at(url: str) -> Any:
    return SimpleNamespace(url=url)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_public_wall_in_three_pages_three_fields_and_two_buttons(
    own_browser: Browser, tmp_path: Path, scripts: bool
) -> None:
    with new_server(tmp_path) as (url, link), person(own_browser, _at(url), scripts=scripts) as founder:
        steps = Steps(founder)

        steps.opens(link.removeprefix(url))
        if not scripts:
            steps.fills("code", link)
        steps.fills("name", NAME)
        steps.fills("near", AREA)
        steps.presses("Make our wall")
        wall_is_there = httpx.get(url + "/")
        steps.fills("words", WORDS)
        steps.presses("This is needed")

        assert [page.partition("#")[0] for page in steps.pages] == ["/claim", "/put-up/first", "/poster"]
        assert steps.fields == (["name", "near", "words"] if scripts else ["code", "name", "near", "words"])
        assert len(steps.buttons) == 2
        assert (wall_is_there.status_code, NAME in wall_is_there.text) == (200, True)
        poster = founder.main
        assert "Two fans" in poster
        assert url.partition("://")[2] in poster
        assert (founder.strange, founder.said) == ([], [])
        for paper in ("A4", "Letter"):
            assert _sheets(founder.page.pdf(format=paper)) == 1
        with person(own_browser, _at(url), scripts=scripts) as passer_by:
            assert passer_by.opens("/") == 200
            assert "Two fans" in passer_by.main


def test_with_scripts_the_words_leave_the_address_at_once_and_survive_a_slip(
    own_browser: Browser, tmp_path: Path
) -> None:
    with new_server(tmp_path) as (url, link), person(own_browser, _at(url), scripts=True) as founder:
        founder.opens(link.removeprefix(url))
        assert founder.path == "/claim"
        form = founder.page.locator("form[data-claim]")
        assert form.locator("[name=code]").input_value() == link.partition("#")[2]

        form.locator("[name=name]").fill(NAME)
        founder.page.locator("summary").nth(1).click()
        form.locator("[name=point]").fill("by the river")
        founder.presses("Make our wall")
        assert "There is no place on the map in that" in founder.main
        assert link.partition("#")[2] not in founder.page.content()
        form.locator("[name=point]").fill("41.39, 2.17")
        founder.presses("Make our wall")

        assert founder.path == "/put-up/first"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_door_and_the_form_are_pages_one_would_show(own_browser: Browser, tmp_path: Path, scripts: bool) -> None:
    with new_server(tmp_path) as (url, _), person(own_browser, _at(url), width=320, scripts=scripts) as somebody:
        for path, status in (("/", 503), ("/claim", 200)):
            assert somebody.opens(path) == status
            assert somebody.page.locator("h1").count() == 1
            assert somebody.measures("() => document.documentElement.scrollWidth") <= 320
            assert somebody.strange == []
        assert somebody.said == []
