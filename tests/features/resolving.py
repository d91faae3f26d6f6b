"""Resolutions on pages, in tests: what is typed into each form, and the way of a text through a signed-in browser."""

import re
from datetime import timedelta
from typing import Any

import httpx

from federation.tables import Destination, table_of
from tests.features.village import BASE, HARBOUR, START, Village

TODAY = "2026-03-02"
TEXT = "The assembly of Riverside agrees that a bench stands at the pump from May on."
GATHERED = {"decided_at": "2026-03-01", "present": "31"}
BROUGHT = {"delivered_on": TODAY}
PROGRAM = {"accept": "application/json"}

Browser = httpx.AsyncClient


def words(**given: str) -> dict[str, str]:
    """The words of a resolution as their form is sent; what is given as empty is left empty."""
    usual = {
        "title": "A bench at the pump",
        "text": TEXT,
        "method": "consent",
        "domain": "maintenance",
        "audience": "public",
        "review_on": "2026-09-01",
    }
    return {**usual, **given}


def outcome(**given: str) -> dict[str, str]:
    """What came of it at a gathering."""
    usual = {"outcome": "agreed", "method": "consent", "decided_at": TODAY, "present": "31", "review_on": "2026-09-01"}
    return {**usual, **given}


async def done(browser: Browser, path: str, **typed: str) -> str:
    """Send a form that is taken; returns where it leads."""
    answer = await browser.post(path, data=typed)
    assert answer.status_code == 303, (path, answer.status_code, answer.text)
    return answer.headers["location"]


async def put_idea(browser: Browser, **given: str) -> str:
    """Put an idea on the table; returns its path."""
    return await done(browser, "/put-up/idea", **words(**given))


async def put_open(browser: Browser, **given: str) -> str:
    """Put up a text that is being decided."""
    path = await put_idea(browser, **given)
    return await done(browser, f"{path}/open")


async def put_adopted(browser: Browser, **given: str) -> str:
    """Put up what a gathering has agreed, in one step."""
    return await done(browser, "/put-up/resolution", **words(**{**GATHERED, **given}))


async def refused(browser: Browser, path: str, **typed: str) -> str:
    """Send a form that no mending would help; returns the word of the refusal."""
    answer = await browser.post(path, data=typed, headers=PROGRAM)
    return str(answer.json()["reason"]) if answer.status_code != 303 else "taken"


async def listed(browser: Browser, query: str = "") -> list[dict[str, Any]]:
    """The list as programs are shown it."""
    return list((await browser.get(f"/resolutions.json{query}")).json()["items"])


def row_of(village: Village, path: str) -> dict[str, Any]:
    (row,) = village.rows("SELECT * FROM resolution WHERE public_id = :p", p=path.removeprefix("/o/"))
    return dict(row._mapping)


def told(village: Village, path: str) -> dict[str, Any]:
    """What the others were told of it last; nothing where they were told nothing."""
    said = village.told(f"{BASE}{path}")
    return dict(said[-1]["object"]["comarca:resolution"]) if said else {}


def sent(village: Village) -> list[Any]:
    """All that is kept to be told to anybody, and the deliveries that wait."""
    return [tuple(row) for table in ("body", "delivery") for row in village.rows(f"SELECT id FROM {table} ORDER BY id")]


def link_up(village: Village) -> None:
    """Harbour is a nearby council that everything is sent to."""
    harbour = village.meet()
    there = {"inbox": f"{HARBOUR}/council/inbox", "origin": harbour.base_url, "serves": "peer", "next_at": START}
    village.do(lambda c: c.execute(table_of(Destination).insert().values(**there)))


def days(village: Village, count: float) -> None:
    village.clock.advance(count * 86_400)


async def bring_to(stage: str, writes: Browser, confirms: Browser, village: Village, **given: str) -> str:
    """A text of three accounts at this stage; returns its path. Whoever `writes` it down is not who `confirms` it."""
    if stage == "idea":
        return await put_idea(writes, **given)
    if stage == "notice":
        path = await put_idea(writes, **given)
        until = village.clock.now().date() + timedelta(days=7)
        await done(writes, f"{path}/notice", until=until.isoformat())
        days(village, 7)
        return path
    path = await put_open(writes, **given)
    if stage == "dropped":
        await done(writes, f"{path}/drop")
    elif stage == "refused":
        await done(writes, f"{path}/outcome", **outcome(outcome="not-agreed", review_on=""))
    elif stage != "open":
        await done(writes, f"{path}/outcome", **outcome())
    if stage in ("adopted", "ended"):
        await done(confirms, f"{path}/was-there")
    if stage == "ended":
        await done(writes, f"{path}/end", **{**GATHERED, "decided_at": TODAY})
    return path


def beside(page: str) -> set[str]:
    """The fields that a page points to as to be mended, each of them with its sentence beside it."""
    pointed = set(re.findall(r'<a href="#f-([\w-]+)">', page))
    assert pointed == set(re.findall(r'id="e-([\w-]+)"', page)), "the summary and the fields say the same"
    assert all(f'id="f-{field}"' in page for field in pointed)
    return pointed


def kept(page: str, typed: dict[str, str]) -> list[str]:
    """Which of the values that were typed are not in the form any more."""
    return [
        name
        for name, value in typed.items()
        if f'value="{value}"' not in page and f">\n{value}</textarea>" not in page and f'"{value}" selected' not in page
    ]
