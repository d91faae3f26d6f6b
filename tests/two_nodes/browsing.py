"""People of a council before its pages, in tests: accounts, signed-in browsers, and what a page says."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from node.accounts import actions as accounts
from node.app import DATABASE
from tests import builders
from tests.sealed_browser import SealedBrowser
from tests.two_nodes.deciding import open_text, today_of
from tests.two_nodes.region import Town, link_up, region, until

PROGRAM = {"accept": "application/json"}


def member(town: Town, name: str) -> int:
    return town.write(lambda c: accounts.add_member(c, name=name, keeper=False, now=town.node.clock.now()))


def browser(town: Town, member_id: int | None = None) -> SealedBrowser:
    """A browser on the pages of this council; signed in where a member is given."""
    headers = {"accept": "text/html", "sec-fetch-site": "same-origin", "origin": town.url}
    transport = httpx.ASGITransport(town.node, raise_app_exceptions=False)
    made = SealedBrowser(transport=transport, base_url=town.url, headers=headers)
    if member_id is not None:
        now, randomness = town.node.clock.now(), town.node.randomness

        def step(connection: Any) -> str:
            token = accounts.make_sign_in_link(connection, member_id=member_id, now=now, randomness=randomness)
            return accounts.sign_in(connection, token=token, now=now, randomness=randomness)

        made.cookies.set("__Host-comarca", town.write(step))
    return made


async def done(reader: SealedBrowser, path: str, **typed: str) -> str:
    """Send a form that is taken; returns where it leads."""
    answer = await reader.post(path, data=typed)
    assert answer.status_code == 303, (path, answer.status_code, answer.text)
    return str(answer.headers["location"])


def beside(name: str, address: str) -> str:
    """The path of something that belongs to another council's text."""
    return f"/slip{name}?id={quote(address, safe='')}"


def stamps(page: str) -> dict[str, str]:
    """What each council says to a joint text, by its name, in the words of the row of stamps."""
    row = re.search(r'<ul class="stamps">(.*?)</ul>', page, re.DOTALL)
    found = re.findall(r'<strong dir="auto">([^<]*)</strong> <span>([^<]*)</span>', row[1]) if row is not None else []
    assert len(found) == len(dict(found)), "one stamp for each council"
    return dict(found)


def mended(page: str) -> set[str]:
    """The fields that a page points to as to be mended, each of them with its sentence beside it."""
    pointed = set(re.findall(r'<a href="#f-([\w-]+)">', page))
    assert all(f'id="f-{field}"' in page for field in pointed)
    assert page.count('class="wrong"') == len(pointed), "the sentence stands beside the field too"
    return pointed


@dataclass
class Council:
    """A council with one neighbour before its pages."""

    town: Town
    reads: SealedBrowser

    async def page(self, path: str) -> str:
        answer = await self.reads.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    async def shows(self, path: str, *said: str) -> str:
        """Wait until a page is there and says all of this."""
        found: list[str] = []

        async def look() -> bool:
            answer = await self.reads.get(path)
            found[:] = [answer.text]
            return answer.status_code == 200 and all(words in answer.text for words in said)

        await until(look)
        return found[0]

    async def stamped(self, path: str, **wanted: str) -> None:
        """Wait until the row of stamps says this, and nothing else."""

        async def look() -> bool:
            return stamps((await self.reads.get(path)).text) == wanted

        await until(look)


@asynccontextmanager
async def councils(folder: Path, *names: str) -> AsyncIterator[list[Council]]:
    """Councils with a neighbour each, all linked up with the first of them."""
    for name in names:
        (folder / name).mkdir()
        (folder / name / DATABASE).write_bytes(builders.database_template())
    async with region(folder, *names) as towns:
        for other in towns[1:]:
            await link_up(towns[0], other)
        yield [Council(town, browser(town, member(town, "Amina"))) for town in towns]


def gathered(at: Council, **given: str) -> dict[str, str]:
    return {"decided_at": today_of(at.town).isoformat(), "present": "12", **given}


def asking(at: Council, *others: Council, **given: str) -> dict[str, str]:
    """The form of asking, filled in; what is given as empty is left empty."""
    rows = at.town.read(lambda c: c.exec_driver_sql("SELECT id, actor_id FROM peer").all())
    chosen = {f"ask-{row.id}": "yes" for row in rows if row.actor_id in {other.town.actor for other in others}}
    last = (today_of(at.town) + timedelta(days=14)).isoformat()
    return {**gathered(at), **chosen, "at_least": "2", "most_objections": "0", "until": last, **given}


def path_of(address: str) -> str:
    return "/o/" + address.rpartition("/")[2]


async def ask(at: Council, *others: Council, audience: str = "public", **given: str) -> str:
    """A text of this council, put to others by its form; returns its address once they all hold it."""
    address = open_text(at.town, audience=audience)
    await done(at.reads, f"{path_of(address)}/ask", **asking(at, *others, **given))
    for other in others:
        await other.shows(beside("", address), "What the assemblies say")
    return address


async def answer(at: Council, address: str, verb: str, words: str = "", **given: str) -> str:
    return await done(at.reads, "/slip/answer", id=address, answer=verb, words=words, **gathered(at, **given))
