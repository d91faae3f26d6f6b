"""The same demands for every page, opened in a real browser from a served process, with scripts and without."""

import pytest
from playwright.sync_api import Browser

from node.demo.asking import Visitor
from node.demo.checking import wait_for
from tests.person.browsing import PHONE, WIDE, Person, in_a_browser, person
from tests.person.looking import head_faults, sideways, small_targets, sound
from tests.person.moments import mistakes, shown_once
from tests.person.reading import document_faults
from tests.person.region import SOON, Region
from tests.person.routes import OTHERWISE, application_routes, for_anybody, is_page, pages_of, visits_of

pytestmark = in_a_browser()

NARROW = 320
PIECES = 3  # the page, its style sheet and its font, and scripts where it has some
WALL_BUDGET, PAGE_BUDGET = 50_000, 100_000


def faults_of(one: Person) -> list[str]:
    """Everything that is wrong with the page that is open; what the browser said of it included."""
    faults = head_faults(one) + document_faults(one)
    for width in (NARROW, PHONE, WIDE):
        faults += sideways(one, width)
        faults += small_targets(one) if width != PHONE else []
    faults += [f"said {words}" for words in one.said] + [f"asked {url}" for url in one.strange]
    one.said.clear()
    one.strange.clear()
    return faults


def test_the_pages_are_those_of_the_application_and_none_is_forgotten(region: Region) -> None:
    visitor = Visitor(region.riverside.url)
    described = visitor.data("/openapi.json")["paths"]
    running = {path for path, methods in described.items() if "get" in methods}

    found = application_routes(region)
    asked = ("/live", "/slip/cap.xml", "/slip/record.json")  # these want more than an address
    others = [path for path in found if not is_page(path) and "{" not in path and not path.endswith(asked)]
    kinds = {path: visitor.get(path).headers.get("content-type", "") for path in others}

    assert running < set(found)
    assert [path for path in running if is_page(path)] == []
    assert {path: kind for path, kind in kinds.items() if kind.startswith("text/html")} == {}, "these are pages"
    assert {"/", "/board", "/around", "/councils", "/in", "/help"} <= {path for path in found if is_page(path)}
    assert len(pages_of(region)) > 20


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_every_page_that_a_keeper_opens_is_sound_at_every_width_and_has_a_title_of_its_own(
    region: Region, browser: Browser, scripts: bool
) -> None:
    faults: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    with person(browser, region.riverside, keeper=True, scripts=scripts) as keeper:
        for path in pages_of(region):
            status = keeper.opens(path)
            faults[path] = faults_of(keeper) + ([] if status == 200 else [f"answered {status}"])
            titles |= {path: keeper.page.title()} if path not in OTHERWISE else {}

    assert sound(faults)
    twice = {path: title for path, title in titles.items() if list(titles.values()).count(title) > 1}
    assert twice == {}, "a title stands for one page"


def test_every_page_that_a_stranger_opens_is_sound_or_the_door(region: Region, browser: Browser) -> None:
    statuses, faults = {}, {}
    with person(browser, region.riverside) as stranger:
        for path in (*pages_of(region), region.gone, "/nowhere", "/o/" + "a" * 26):
            statuses[path] = stranger.opens(path)
            faults[path] = faults_of(stranger)

    assert sound(faults)
    assert statuses[region.gone] == 410 and statuses["/nowhere"] == statuses["/o/" + "a" * 26] == 404
    routes = visits_of(region)
    closed = {path for path, status in statuses.items() if status == 401 and path not in OTHERWISE}
    assert closed == {path for path, route in routes.items() if path in statuses and route not in for_anybody()}


def test_every_form_that_is_sent_without_its_words_says_what_is_missing_and_is_sound(
    region: Region, browser: Browser
) -> None:
    faults, summaries = {}, {}
    with person(browser, region.riverside, keeper=True) as keeper:
        for moment in mistakes(keeper, pages_of(region)):
            faults[moment] = faults_of(keeper) + (
                [] if keeper.status in (400, 401, 422) else [f"answered {keeper.status}"]
            )
            summaries[moment] = keeper.page.locator(".problems a").count()

    assert sound(faults)
    assert len(faults) > 4
    assert [moment for moment, links in summaries.items() if not links] == [], "a summary leads to each field"


def test_what_is_shown_once_is_sound(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, keeper=True) as keeper:
        faults = {moment: faults_of(keeper) for moment in shown_once(keeper)}

    assert sound(faults)


def test_a_first_visit_weighs_little(region: Region, browser: Browser) -> None:
    weights: dict[str, float] = {}
    with person(browser, region.riverside, keeper=True, scripts=True) as keeper:
        wire = keeper.page.context.new_cdp_session(keeper.page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        asked: dict[str, set[str]] = {}
        arrived: dict[str, float] = {}

        def asks(one: dict[str, str]) -> None:
            if one["type"] != "EventSource":  # it stays open for as long as the page does
                asked.setdefault(one["documentURL"], set()).add(one["requestId"])

        wire.on("Network.requestWillBeSent", asks)
        wire.on("Network.loadingFinished", lambda one: arrived.update({one["requestId"]: one["encodedDataLength"]}))

        def all_has_come() -> bool:
            keeper.page.wait_for_timeout(10)  # the browser's events are only heard while the driver waits
            pieces = asked.get(keeper.page.url, set())
            return len(pieces) >= PIECES and pieces <= arrived.keys()

        for path in pages_of(region):
            # Leaving a page breaks off what it still fetches: that is counted to neither.
            asked.clear()
            keeper.opens(path)
            wait_for(all_has_come, f"{path} has come whole", within=SOON)
            weights[path] = sum(arrived[piece] for piece in asked[keeper.page.url])

    assert 15_000 < weights["/"] <= WALL_BUDGET, "page, style sheet, font and scripts"
    assert {path: weight for path, weight in weights.items() if weight > PAGE_BUDGET} == {}
