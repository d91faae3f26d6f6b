"""Calls for help between whole nodes, by the forms of their pages: one neighbour of each council sits at a browser."""

from typing import Any

import httpx

from federation.signing import headers_for
from tests.features.calls_at_home import press, put_up
from tests.sealed_browser import SealedBrowser
from tests.two_nodes.reading import read
from tests.two_nodes.region import Town, link_up, until


def door(town: Town, *, signed_in: bool = True) -> httpx.AsyncClient:
    """A browser at this council's own pages."""
    headers = {"accept": "text/html", "sec-fetch-site": "same-origin", "origin": town.url}
    transport = httpx.ASGITransport(town.node, raise_app_exceptions=False)  # type: ignore[arg-type]
    browser = SealedBrowser(transport=transport, base_url=town.url, headers=headers)
    if signed_in:
        browser.cookies.set(town.node.site.cookie_name, town.session())
    return browser


async def link_all(*towns: Town) -> None:
    for number, one in enumerate(towns):
        for other in towns[number + 1 :]:
            await link_up(one, other)
    await until(lambda: all(town.count("delivery") == 0 for town in towns))


async def comes_back(town: Town, to: Town) -> None:
    """A council that was away is up again, and greets another as it does by itself."""
    town.network.down.discard(town.url)
    path, council, now = "/.well-known/comarca", town.node.council, town.node.clock.now()
    greeting = headers_for(council, scheme="ed25519", method="GET", url=to.url + path, body=None, now=now)
    assert (await read(to, path, **greeting)).status == 200


async def call(browser: httpx.AsyncClient, town: Town, way: str = "alert", **given: str) -> str:
    """A call that ends by itself after a day. Returns its address."""
    return f"{town.url}{await put_up(browser, way, **{'until': '', **given})}"


def page_of(town: Town, address: str) -> str:
    """Where a council shows a call, its own or another's."""
    return address.removeprefix(town.url) if address.startswith(f"{town.url}/") else f"/slip?id={address}"


async def answer(browser: httpx.AsyncClient, address: str, word: str, words: str = "") -> httpx.Response:
    return await press(browser, f"/slip?id={address}", "/alerts/answer", answer=word, words=words)


async def take_back(browser: httpx.AsyncClient, address: str) -> httpx.Response:
    return await press(browser, f"/slip?id={address}", "/alerts/answer/take-back")


def held(town: Town, address: str) -> dict[str, Any] | None:
    """What a council has of a call now, as its lists say it; None where it has never heard of it."""
    statement = "SELECT message_type, note, severity, ended FROM alert_index WHERE object_id = ?"
    row = town.read(lambda c: c.exec_driver_sql(statement, (address,)).mappings().first())
    return None if row is None else dict(row)


def answers(town: Town) -> list[tuple[str, str]]:
    """Who said what, in the order in which it came."""
    rows = town.read(lambda c: c.exec_driver_sql("SELECT actor, answer, undoes FROM alert_answer ORDER BY id").all())
    return [(row.actor, row.answer if row.undoes is None else "taken back") for row in rows]
