"""Calls for help by the forms of our own pages: what a test presses is what stands on the page."""

from contextlib import AsyncExitStack
from typing import Any

import httpx
import orjson
from lxml import html

from federation.destinations import open_destination
from tests.features.village import BASE, HARBOUR, START, Village

TITLE = "Water in the cellars"
FORM = {
    "title": TITLE,
    "event": "Flood",
    "wanted": "Pumps",
    "urgency": "Immediate",
    "severity": "Moderate",
    "around": "here",
    "audience": "neighbours",
    "until": "2026-03-02T18:00",
}
DAY = 24 * 3600


async def neighbours(village: Village, doors: AsyncExitStack, *names: str) -> list[httpx.AsyncClient]:
    """A browser for each of these neighbours."""
    return [await doors.enter_async_context(village.browser(village.member(name))) for name in names]


async def put_up(browser: httpx.AsyncClient, way: str = "alert", **given: str) -> str:
    """A call, or a drill, by its form. Returns the path of its page."""
    answer = await browser.post(f"/put-up/{way}", data={**FORM, **given})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def press(browser: httpx.AsyncClient, page: str, action: str, **given: str) -> httpx.Response:
    """Send the form of a page that leads to `action`, as it stands there but for what is `given`."""
    return await browser.post(action, data={**await as_it_stands(browser, page, action), **given})


async def as_it_stands(browser: httpx.AsyncClient, page: str, action: str) -> dict[str, str]:
    """What such a form holds before anybody types."""
    forms = [form for form in html.fromstring((await browser.get(page)).text).forms if form.action == action]
    assert len(forms) == 1, f"{page} has {len(forms)} forms that lead to {action}"
    return {name: value for name, value in forms[0].form_values() if name != "seal"}


async def leads_to(browser: httpx.AsyncClient, page: str) -> list[str]:
    """Where the forms of a page's own part lead."""
    main = html.fromstring((await browser.get(page)).text).get_element_by_id("main")
    return [form.action for form in main.iter("form")]


async def main_words(browser: httpx.AsyncClient, page: str) -> str:
    """The words of a page without its frame, on one line."""
    answer = await browser.get(page)
    assert answer.status_code == 200, f"{page}: {answer.status_code}"
    return " ".join(html.fromstring(answer.text).get_element_by_id("main").text_content().split())


async def second(browser: httpx.AsyncClient, path: str) -> httpx.Response:
    return await press(browser, path, f"/alerts/{path[3:]}/second")


async def news(browser: httpx.AsyncClient, path: str, **given: str) -> httpx.Response:
    address = f"/alerts/{path[3:]}/news"
    return await press(browser, address, address, **given)


async def end(browser: httpx.AsyncClient, path: str, how: str = "over", **given: str) -> httpx.Response:
    return await press(browser, path, f"{path}/over", how=how, **given)


def payloads(village: Village, path: str) -> list[dict[str, Any]]:
    """What every word of ours about a call says, oldest first. Words that nobody waits for are kept by `somebody_waits`."""
    return [told["object"]["comarca:alert"] for told in village.told(f"{BASE}{path}")]


def said_now(village: Village, path: str) -> dict[str, Any]:
    """The note of a call as it was told last."""
    (row,) = village.rows("SELECT document FROM replica WHERE object_id = :o", o=f"{BASE}{path}")
    note: dict[str, Any] = orjson.loads(row.document)["object"]
    return note


def somebody_listens(village: Village) -> None:
    """Harbour is linked up with us, so that what is told waits for it."""
    village.meet()
    inbox = f"{HARBOUR}/council/inbox"
    village.do(lambda c: open_destination(c, inbox=inbox, serves="peer", scheme="ed25519", now=START))


def waiting(village: Village) -> int:
    """How many words of ours wait for another council."""
    return len(village.rows("SELECT 1 FROM delivery"))


def states(village: Village) -> list[str]:
    """Of every call of ours, in the order in which they were made."""
    return [row.state for row in village.rows("SELECT state FROM alert ORDER BY id")]
