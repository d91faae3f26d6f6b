"""The same demands for every page, opened in a real browser from a served process, with scripts switched off."""

import json

import pytest
from playwright.sync_api import Browser

from node.demo.asking import Visitor
from node.demo.checking import wait_for
from tests.person.browsing import PHONE, WIDE, Person, in_a_browser, person
from tests.person.looking import head_faults, pale, sideways, small_targets
from tests.person.region import SOON, Region
from tests.person.routes import application_routes, is_page, pages_of

pytestmark = in_a_browser()

NARROW = 320
PIECES = 3  # the page, its style sheet and its font
WALL_BUDGET, PAGE_BUDGET = 50_000, 100_000


def faults_of(one: Person) -> list[str]:
    """Everything that is wrong with the page that is open; what the browser said of it included."""
    faults = head_faults(one)
    for width in (NARROW, PHONE, WIDE):
        faults += sideways(one, width)
        faults += small_targets(one) if width != PHONE else []
    faults += [f"said {words}" for words in one.said] + [f"asked {url}" for url in one.strange]
    one.said.clear()
    one.strange.clear()
    return faults


def test_the_pages_are_those_of_the_application_and_none_is_forgotten(region: Region) -> None:
    described = Visitor(region.riverside.url).data("/openapi.json")["paths"]
    running = {path for path, methods in described.items() if "get" in methods}

    found = application_routes(region)

    assert running < set(found)
    assert [path for path in running if is_page(path)] == []
    assert {"/", "/board", "/around", "/councils", "/in", "/help"} <= {path for path in found if is_page(path)}
    assert len(pages_of(region)) > 20


def test_every_page_that_a_keeper_opens_is_sound_at_every_width_and_has_a_title_of_its_own(
    region: Region, browser: Browser
) -> None:
    faults: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    with person(browser, region.riverside, keeper=True) as keeper:
        for path in pages_of(region):
            status = keeper.opens(path)
            faults[path] = faults_of(keeper) + ([] if status == 200 else [f"answered {status}"])
            titles[path] = keeper.page.title()

    assert {path: found for path, found in faults.items() if found} == {}
    twice = [path for path, title in titles.items() if list(titles.values()).count(title) > 1]
    assert twice == [], "a title stands for one page"


def test_every_page_that_a_stranger_opens_is_sound_or_the_door(region: Region, browser: Browser) -> None:
    statuses, faults = {}, {}
    with person(browser, region.riverside) as stranger:
        for path in (*pages_of(region), region.gone, "/nowhere", "/o/" + "a" * 26):
            statuses[path] = stranger.opens(path)
            faults[path] = faults_of(stranger)

    assert {path: found for path, found in faults.items() if found} == {}
    assert statuses[region.gone] == 410 and statuses["/nowhere"] == statuses["/o/" + "a" * 26] == 404
    closed = {path for path, status in statuses.items() if status == 401}
    assert closed == {
        path for path in statuses if path.startswith("/put-up/") or path.endswith(("/change", "/take-down"))
    }


def test_a_first_visit_weighs_little(region: Region, browser: Browser) -> None:
    weights: dict[str, float] = {}
    with person(browser, region.riverside, keeper=True) as keeper:
        wire = keeper.page.context.new_cdp_session(keeper.page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        asked: dict[str, set[str]] = {}
        arrived: dict[str, float] = {}
        wire.on(
            "Network.requestWillBeSent", lambda one: asked.setdefault(one["documentURL"], set()).add(one["requestId"])
        )
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

    assert 15_000 < weights["/"] <= WALL_BUDGET, "page, style sheet and font"
    assert {path: weight for path, weight in weights.items() if weight > PAGE_BUDGET} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(region: Region, browser: Browser, scheme: str) -> None:
    faults = {}
    with person(browser, region.riverside, keeper=True, color_scheme=scheme) as keeper:
        for path in (*pages_of(region), region.gone):
            keeper.opens(path)
            faults[path] = pale(keeper)
        ground = keeper.measures("() => getComputedStyle(document.body).backgroundColor")

    assert {path: found for path, found in faults.items() if found} == {}
    assert json.dumps(ground) == ('"rgb(18, 26, 43)"' if scheme == "dark" else '"rgb(238, 240, 232)"')


def test_mirrored_for_those_who_read_from_the_right_nothing_sticks_out(region: Region, browser: Browser) -> None:
    faults = {}
    with person(browser, region.riverside, keeper=True, color_scheme="dark") as keeper:
        for path in pages_of(region):
            keeper.opens(path)
            keeper.measures("() => { document.documentElement.dir = 'rtl' }")
            faults[path] = [fault for width in (NARROW, WIDE) for fault in sideways(keeper, width)]

    assert {path: found for path, found in faults.items() if found} == {}


def test_the_measures_can_fail(region: Region, browser: Browser) -> None:
    spoil = """() => {
      const e = document.createElement('a'); e.href = '/'; e.textContent = 'x'; e.id = 'spoilt'
      document.querySelector('main').append(e); e.className = 'spoilt'
      const sheet = document.styleSheets[0], rule = 'display: block; width: 9px; height: 9px; margin-left: 700px; color: #999'
      sheet.insertRule(`.spoilt { ${rule} }`, sheet.cssRules.length)
      document.querySelector('main').append(document.createElement('h1'))
    }"""
    with person(browser, region.riverside, width=NARROW) as stranger:
        stranger.opens("/help")
        before = sideways(stranger, NARROW) + small_targets(stranger) + pale(stranger) + head_faults(stranger)
        stranger.measures(spoil)
        after = sideways(stranger, NARROW) + small_targets(stranger) + pale(stranger) + head_faults(stranger)

    assert before == []
    assert [fault.split()[0] for fault in after] == ["at", "small", "pale", "2"]
