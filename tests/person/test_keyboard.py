"""Every page by keyboard alone: each stop once, in the order of reading, in view; nothing traps, and the page has an end."""

from itertools import pairwise
from typing import Any

from playwright.sync_api import Browser

from tests.person.browsing import Person, in_a_browser, person
from tests.person.keys import MOST_STEPS, STOPS, Keyboard, is_seen
from tests.person.looking import sound
from tests.person.moments import mistakes
from tests.person.region import Region
from tests.person.routes import pages_of

pytestmark = in_a_browser()

SKIP = "Skip to the page itself"
FOLDED = "() => document.querySelectorAll('details:not([open])>summary').length"
# The stops inside the page itself, among all of them.
INSIDE = """() => { const main = document.querySelector('main'); return window.stops.findIndex(e =>
  main.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING) }"""
# Whether what has the focus is told to be wrong, and says how.
ANNOUNCED = """words => { const e = document.activeElement
  const said = (e.getAttribute('aria-describedby') || '').split(' ').map(id => document.getElementById(id)?.textContent)
  return e.getAttribute('aria-invalid') === 'true' && said.includes(words) }"""


def way_faults(expected: list[str], stops: list[dict[str, Any]]) -> list[str]:
    """What is wrong with a way through a page: what is left out, met twice, met too early, above what came before, unseen."""
    numbers = [at["number"] for at in stops]
    faults = [f"never reached: {expected[number]}" for number in range(len(expected)) if number not in numbers]
    faults += [f"a stop that is none: {at['tag']} {at['name']}" for at in stops if at["number"] < 0]
    faults += [f"more than once: {at['name']}" for at in stops if numbers.count(at["number"]) > 1]
    faults += [] if numbers == sorted(numbers) else [f"out of order: {numbers}"]
    faults += [f"not to be seen: {at}" for at in stops if not is_seen(at)]
    pairs = pairwise(stops[1:])  # the first leads past the menu and stands above all
    return faults + [f"up the page again: {b['name']} after {a['name']}" for a, b in pairs if b["bottom"] < a["top"]]


def walk_faults(one: Person, keys: Keyboard) -> list[str]:
    """Through the page that is open, to its end and round to its first stop, and by that to the page itself."""
    expected = keys.watches()
    faults = way_faults(expected, keys.walks(expected))
    first = keys.at() or keys.tab() or {}
    if first.get("name") != SKIP:
        return [*faults, f"starts with {first.get('name')}"]
    inside = one.measures(INSIDE)
    keys.press("Enter", "Tab")
    after = one.measures("() => window.stops.indexOf(document.activeElement)")
    return faults + ([] if after == inside else [f"{SKIP} leads to stop {after}, not {inside}"])


def unfold(one: Person, keys: Keyboard) -> int:
    """Open what is folded by the Enter key; how much that was."""
    count = int(one.measures(FOLDED))
    for _ in range(count):
        keys.tab_to(
            lambda at: at["tag"] == "SUMMARY" and not one.measures("() => document.activeElement.parentElement.open")
        )
        keys.press("Enter")
    assert one.measures(FOLDED) == 0, f"Enter unfolds what is folded on {one.path}"
    return count


def test_every_page_is_walked_from_its_first_stop_to_its_last(region: Region, browser: Browser) -> None:
    faults: dict[str, list[str]] = {}
    with person(browser, region.riverside, keeper=True, scripts=True) as keeper:
        for path in pages_of(region):
            keeper.opens(path)
            faults[path] = walk_faults(keeper, Keyboard(keeper))

    assert sound(faults)
    assert len(faults) > 20


def test_what_is_folded_opens_by_enter_and_is_walked_too(region: Region, browser: Browser) -> None:
    faults: dict[str, list[str]] = {}
    with person(browser, region.riverside, keeper=True, scripts=True) as keeper:
        for path in ("/councils", "/around", "/account", "/turns", "/server/about-us"):
            keeper.opens(path)
            keys = Keyboard(keeper)
            opened = unfold(keeper, keys)
            keys.reaches(SKIP)
            keys.press("Enter")
            expected, inside = keys.watches(), keeper.measures(INSIDE)
            ahead = keys.walks(expected)[: len(expected) - inside]
            in_order = [at["number"] for at in ahead] == list(range(inside, len(expected)))
            faults[path] = [] if opened and in_order else [f"{opened} unfolded, then {[at['name'] for at in ahead]}"]
            faults[path] += [f"not to be seen: {at}" for at in ahead if not is_seen(at)]

    assert sound(faults)


def test_without_scripts_every_page_has_as_many_stops_and_an_end(region: Region, browser: Browser) -> None:
    faults: dict[str, list[str]] = {}
    with person(browser, region.riverside, signed_in=True) as one:
        keys = Keyboard(one)
        for path in ("/", "/put-up/alert", "/account", "/poster"):
            one.opens(path)
            stops = one.measures(f"() => ({STOPS})().length")
            found = 0
            keys.tab()
            while (at := keys.tab()) is not None and at["name"] != SKIP and found < MOST_STEPS:
                found += at["type"] not in ("date", "datetime-local")
            dates = one.page.locator("main [type=datetime-local], main [type=date]").count()
            faults[path] = [] if found + dates + 1 == stops else [f"{found + dates + 1} of {stops} stops"]
        faults["unseen"] = keys.unseen

    assert sound(faults)


def test_the_menu_on_the_phone_leads_to_every_page(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside) as one:
        keys = Keyboard(one)
        one.opens("/board")
        listed = one.page.locator("#menu nav a").all_inner_texts()
        keys.reaches("Menu")
        keys.press("Enter")
        keys.reaches(listed[0])
        found = [listed[0], *[(keys.tab() or {}).get("name") for _ in listed[1:]]]
        keys.enters(listed[1], key="Shift+Tab")

    assert found == listed and len(listed) > 5
    assert one.status == 200 and keys.unseen == []


def test_every_summary_of_mistakes_leads_to_fields_that_tell_them(region: Region, browser: Browser) -> None:
    faults: dict[str, list[str]] = {}
    with person(browser, region.riverside, keeper=True) as keeper:
        for moment in mistakes(keeper, pages_of(region)):
            keys = Keyboard(keeper)
            keys.is_told()
            first = keys.tab()
            words = keeper.page.locator(".problems a").first.inner_text()
            keys.press("Enter")
            faults[moment] = [] if first and first["name"] == words[:60] else [f"first {first}"]
            faults[moment] += [] if keeper.measures(ANNOUNCED, words) else [f"not told at its field: {words}"]
            faults[moment] += keys.unseen

    assert sound(faults)
    assert len(faults) > 4
