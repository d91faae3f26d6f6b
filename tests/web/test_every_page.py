"""The same demands for every page of every installed feature, found from the routes so that none is forgotten."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from node.features.resources.embedding import POLICY
from node.installed import FEATURES
from node.web.guard import CONTENT_POLICY
from tests.web.reading import BANNED, Page
from tests.web.town import NOON, Town, build_town

PLACES = {"Mill Lane": (41.39, 2.17), "The baths": (41.40, 2.16)}

# For programs, but one thing each and no list.
NO_LIST = ("/openapi.json", "/record.json")


@pytest.fixture
def whole_town(tmp_path: Path) -> Iterator[Town]:
    built = build_town(tmp_path, features=FEATURES, places=PLACES, summary="Between the mill and the baths.")
    built.meet()
    yield built
    built.store.close()


def routes_of(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """(method, path) of every one of these routes."""
    for route in routes:
        for method in getattr(route, "methods", None) or ():
            yield method, route.path


def paths(town: Town, method: str) -> list[str]:
    return sorted({path for found, path in routes_of(town.app.routes) if found == method})


def pages(town: Town) -> list[str]:
    return [
        path
        for path in paths(town, "GET")
        if "{" not in path
        and "." not in path
        and not path.startswith(("/api", "/region", "/slip", "/wall/live", "/claim", "/alerts/coming"))
    ]


async def test_every_page_that_a_keeper_opens_is_well_made_and_says_our_words(whole_town: Town) -> None:
    found = pages(whole_town)
    assert {"/", "/councils", "/help", "/in"} < set(found)

    async with whole_town.signed_in(keeper=True) as keeper:
        answers = {path: await keeper.get(path) for path in found}

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    read = {path: Page.read(answer.text) for path, answer in answers.items()}
    assert {path: page.weak_points() for path, page in read.items() if page.weak_points()} == {}
    assert {path: BANNED.findall(page.text) for path, page in read.items() if BANNED.findall(page.text)} == {}
    titles = [page.title for page in read.values()]
    assert len(set(titles)) == len(titles)


async def test_every_page_that_a_stranger_opens_is_well_made_or_the_door(whole_town: Town) -> None:
    async with whole_town.browser() as browser:
        answers = {path: await browser.get(path) for path in pages(whole_town)}

    assert {answer.status_code for answer in answers.values()} <= {200, 401, 403}
    policies = {path: answer.headers["content-security-policy"] for path, answer in answers.items()}
    assert policies.pop("/embed/board") == POLICY, "the one page that others may frame"
    assert set(policies.values()) == {CONTENT_POLICY}
    weak = {path: Page.read(answer.text).weak_points() for path, answer in answers.items()}
    assert {path: points for path, points in weak.items() if points} == {}


async def test_every_link_on_every_page_leads_somewhere(whole_town: Town) -> None:
    async with whole_town.signed_in(keeper=True) as keeper:
        links = {
            given["href"].partition("#")[0]
            for path in pages(whole_town)
            for tag, given in Page.read((await keeper.get(path)).text).all("a", "link")
            if given.get("href", "").startswith("/")
        }
        answers = {link: (await keeper.get(link)).status_code for link in sorted(links)}

    assert {link: status for link, status in answers.items() if status not in (200, 303)} == {}


async def test_every_public_list_is_also_there_as_data(whole_town: Town) -> None:
    lists = [path for path in paths(whole_town, "GET") if path.endswith(".json") and not path.endswith(NO_LIST)]

    async with whole_town.program() as program:
        answers = {path: await program.get(path) for path in lists}

    assert {"/wall.json", "/councils.json"} <= set(lists)
    assert {answer.status_code for answer in answers.values()} == {200}
    assert {answer.headers["content-type"] for answer in answers.values()} == {"application/json"}


async def test_nothing_that_changes_something_is_done_for_a_form_from_elsewhere(whole_town: Town) -> None:
    session = whole_town.session(whole_town.member(keeper=True))

    async with whole_town.program(accept="text/html", **{"sec-fetch-site": "cross-site"}) as browser:
        browser.cookies.set(whole_town.site.cookie_name, session)
        answers = {
            (method, path): await browser.request(method, path.replace("{", "").replace("}", ""), data={"title": "x"})
            for method in ("POST", "PUT", "PATCH", "DELETE")
            for path in paths(whole_town, method)
        }

    assert ("POST", "/in") in answers
    assert {answer.status_code for answer in answers.values()} == {403}


@pytest.mark.parametrize("number", ["9" * 20, "0", "-1", "%00", "..", "a" * 3_000])
async def test_a_number_or_name_that_nothing_can_have_is_no_fault(whole_town: Town, number: str) -> None:
    faults = []

    async with whole_town.signed_in(keeper=True) as keeper:
        for method in ("GET", "POST"):
            for path in (path for path in paths(whole_town, method) if "{" in path):
                answer = await keeper.request(method, re.sub(r"\{[^}]*\}", number, path))
                faults += [path] if answer.status_code >= 500 else []

    assert faults == []


async def test_a_record_for_nearby_councils_is_on_no_page_and_in_no_data_for_a_stranger(whole_town: Town) -> None:
    for audience in ("neighbours", "council"):
        whole_town.hold(f"Lantern {audience}", audience=audience, updated=NOON)
    listing = [path for path in paths(whole_town, "GET") if "{" not in path]

    async with whole_town.browser() as browser:
        texts = {path: (await browser.get(path)).text for path in listing}

    assert [path for path, text in texts.items() if "Lantern" in text] == []
