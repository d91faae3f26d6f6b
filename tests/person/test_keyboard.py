"""Everything by keyboard alone: Tab, Shift+Tab, the arrows, Space and Enter; and it can be seen where one is."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser

from tests.person.browsing import WIDE, Person, in_a_browser, person
from tests.person.looking import FOCUS
from tests.person.region import Region

pytestmark = in_a_browser()

MOST_STEPS = 80
LEAST_OUTLINE = 3


class Keyboard:
    """Somebody who has no mouse. `unseen` are the stops of the Tab key where the focus could not be seen."""

    def __init__(self, one: Person) -> None:
        self._one = one
        self.unseen: list[str] = []

    def tab(self) -> dict[str, Any] | None:
        """One step on; what has the focus then, or nothing at the end of the page."""
        self._one.page.keyboard.press("Tab")
        at: dict[str, Any] | None = self._one.measures(FOCUS)
        if at is not None and (at["outline"] < LEAST_OUTLINE or not at["inView"] or at["covered"]):
            self.unseen.append(f"{self._one.path}: {at}")
        return at

    def tab_to(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        for _ in range(MOST_STEPS):
            at = self.tab()
            if at is not None and wanted(at):
                return
        raise AssertionError(f"the Tab key does not get there on {self._one.path}")

    def writes(self, field: str, words: str) -> None:
        self.tab_to(lambda at: at["field"] == field)
        self._one.page.keyboard.press("Control+a")
        self._one.page.keyboard.type(words)

    def enters(self, words: str) -> None:
        """Go to a link or button with these words and press Enter; waits for the page that comes."""
        self.tab_to(lambda at: at["name"] == words and at["tag"] in ("A", "BUTTON"))
        with self._one.page.expect_navigation(wait_until="load"):
            self._one.page.keyboard.press("Enter")


def test_sign_in_put_up_change_and_take_down_by_keyboard_alone(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, width=WIDE) as one:
        keys = Keyboard(one)
        one.opens(region.riverside.sign_in_link().removeprefix(region.riverside.url))
        keys.tab_to(lambda at: at["tag"] == "BUTTON")
        with one.page.expect_navigation():
            one.page.keyboard.press("Enter")
        keys.enters("I can offer something")
        keys.writes("title", "Three hours of sewing")
        keys.tab_to(lambda at: at["field"] == "audience")
        one.page.keyboard.press("ArrowDown")
        keys.enters("Put it up")
        put_up = one.main
        keys.enters("Change it")
        keys.writes("title", "Two hours of sewing")
        keys.enters("Change it")
        changed = one.main
        keys.enters("Take it down")
        keys.enters("Take it down")
        board, path = one.main, one.path

    assert "Three hours of sewing" in put_up and "Everyone" in put_up
    assert "Two hours of sewing" in changed
    assert path == "/board" and "sewing" not in board
    assert keys.unseen == []


def test_the_focus_is_seen_at_every_stop_of_every_kind_of_page(region: Region, browser: Browser) -> None:
    stops = {}
    with person(browser, region.riverside, keeper=True) as one:
        keys = Keyboard(one)
        for path in ("/", "/around", "/councils", "/put-up/alert", "/in", "/help"):
            one.opens(path)
            stops[path] = 0
            while keys.tab() is not None and stops[path] < MOST_STEPS:
                stops[path] += 1

    assert keys.unseen == []
    assert {path: count for path, count in stops.items() if not 10 < count < MOST_STEPS} == {}


def test_the_first_stop_leads_past_the_menu(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside) as one:
        keys = Keyboard(one)
        one.opens("/board")
        first = keys.tab()
        one.page.keyboard.press("Enter")
        after = keys.tab()

    assert first is not None and first["name"] == "Skip to the page itself" and keys.unseen == []
    assert after is not None and after["tag"] == "A" and after["name"] != "Riverside"
    assert after["name"] in ("What is wanted and how to stay safe", "I need something")
