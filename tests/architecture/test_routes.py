"""Every route of a node is listed in docs/routes.md with who may call it, and that is who may."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from federation.front import INBOXES
from federation.served import Served
from tests.builders import FakeClock
from tests.docs.reading import rows, text_of
from tests.features.village import Village, village_in

TEXT = text_of("docs/routes.md")
SECTIONS = (
    "## Pages and JSON",
    "## Signing in and out",
    "## Putting up, changing, taking down",
    "## Looking after the server",
)
LISTED = {(row[0], row[1].strip("`")): row[2] for heading in SECTIONS for row in rows(TEXT, heading)}
FOR_SERVERS = {(row[0], row[1].strip("`")) for row in rows(TEXT, "## For other servers")}
FILLED = {"public_id": "a" * 26, "code": "none-such", "version": "0", "name": "none.css"}
BODIES: dict[str, dict[str, Any]] = {
    "/api/resources": {"direction": "offer", "title": "Chairs", "until": "week"},
    "/api/session": {"code": "none-such"},
}


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with village_in(tmp_path) as built:
        yield built


def _routes(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """(method, path) of these routes and of those in included routers."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _routes(included.routes)
        for method in getattr(route, "methods", None) or ():
            yield method, route.path


async def _ask(caller: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    address = path
    for name, value in FILLED.items():
        address = address.replace(f"{{{name}}}", value)
    caller.headers["accept"] = "application/json"
    if method in ("GET", "HEAD", "DELETE"):
        return await caller.request(method, address)
    if path.startswith("/api/"):
        return await caller.request(method, address, json=BODIES.get(path, {"title": "Chairs"}))
    return await caller.request(method, address, data={"nothing": "given"})


def test_every_route_is_listed_and_no_other(village: Village) -> None:
    assert set(_routes(village.app.routes)) == set(LISTED)


def test_who_may_call_is_one_of_three_words() -> None:
    assert set(LISTED.values()) == {"anybody", "neighbours", "keepers"}


async def test_anybody_means_that_nobody_is_asked_to_sign_in(village: Village) -> None:
    anybodys = [route for route, who in LISTED.items() if who == "anybody"]

    async with village.browser() as stranger:
        answers = {route: await _ask(stranger, *route) for route in anybodys}

    turned_away = {route: answer.text for route, answer in answers.items() if answer.status_code in (401, 403)}
    assert set(turned_away) <= {("POST", "/in"), ("POST", "/api/session")}, "a code that is none is answered 401 there"
    assert not [text for text in turned_away.values() if "not-signed-in" in text or "cross-site" in text]


@pytest.mark.parametrize("route", sorted(key for key, who in LISTED.items() if who != "anybody"))
async def test_a_stranger_may_not(village: Village, route: tuple[str, str]) -> None:
    async with village.browser() as stranger:
        answer = await _ask(stranger, *route)

    assert (answer.status_code, answer.json()["reason"]) == (401, "not-signed-in")


@pytest.mark.parametrize("route", sorted(key for key, who in LISTED.items() if who == "keepers"))
async def test_a_neighbour_may_not_do_what_keepers_do(village: Village, route: tuple[str, str]) -> None:
    async with village.browser(village.member()) as neighbour:
        answer = await _ask(neighbour, *route)

    assert (answer.status_code, answer.json()["reason"]) == (403, "not-keeper")


async def test_a_neighbour_is_let_through_to_what_neighbours_do(village: Village) -> None:
    async with village.browser(village.member()) as neighbour:
        answers = {
            (method, path): (await _ask(neighbour, method, path)).status_code
            for (method, path), who in LISTED.items()
            if who == "neighbours"
        }

    assert [route for route, status in answers.items() if status in (401, 403)] == []


async def test_a_keeper_is_let_through_to_what_keepers_do(village: Village) -> None:
    async with village.browser(village.member(keeper=True)) as keeper:
        answers = {
            (method, path): (await _ask(keeper, method, path)).status_code
            for (method, path), who in LISTED.items()
            if who == "keepers"
        }

    assert [route for route, status in answers.items() if status in (401, 403)] == []


def test_what_other_servers_ask_for_is_listed(village: Village) -> None:
    served = Served(council=village.council, store=village.store, clock=FakeClock(), version="0", place=None)

    assert {("GET", path) for path in served.cached} <= FOR_SERVERS
    assert {("POST", path) for path in INBOXES} <= FOR_SERVERS
