"""Somebody at a keyboard, who has no mouse: everything here is done by pressing keys. A script only looks where the focus is."""

from collections.abc import Callable, Sequence
from typing import Any

from node.demo.checking import wait_for
from tests.person.browsing import SOON, Person
from tests.person.looking import FOCUS

MOST_STEPS = 120
LEAST_OUTLINE = 3

# What can be stopped at, in the order of the document. Of radios that belong together the chosen one is the stop.
STOPS = """() => [...document.querySelectorAll(
  'a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex]:not([tabindex="-1"])')].filter(e =>
    !e.disabled && e.checkVisibility({visibilityProperty: true}) && (e.type !== 'radio' || e.checked))"""

# Notes at each stop what has the focus once the page has scrolled there, which is when the key is let go.
WATCH = f"""() => {{
  window.walked = []
  window.stops = ({STOPS})()
  const name = e => (e.innerText || e.name || e.id || e.tagName).trim().slice(0, 60)
  document.addEventListener('keyup', event => {{
    if (event.key !== 'Tab') return
    const at = ({FOCUS})(), e = document.activeElement
    if (at) at.top = e.getBoundingClientRect().top + scrollY, at.bottom = e.getBoundingClientRect().bottom + scrollY
    if (at) window.walked.push({{...at, number: window.stops.indexOf(e)}})
  }}, true)
  return window.stops.map(name)
}}"""
TOLD = "() => document.activeElement.className === 'problems'"
WALKED = "() => window.walked.splice(0)"


class Keyboard:
    """Somebody who has no mouse. `unseen` are the stops of the Tab key where the focus could not be seen."""

    def __init__(self, one: Person) -> None:
        self._one = one
        self.unseen: list[str] = []

    def press(self, *keys: str) -> None:
        for key in keys:
            self._one.page.keyboard.press(key)

    def at(self) -> dict[str, Any] | None:
        """What has the focus now, or nothing where the page itself has it."""
        found: dict[str, Any] | None = self._one.measures(FOCUS)
        return found

    def tab(self, key: str = "Tab") -> dict[str, Any] | None:
        """One step on; what has the focus then, or nothing at the end of the page."""
        self.press(key)
        at = self.at()
        self.unseen += [f"{self._one.path}: {at}"] if at is not None and not is_seen(at) else []
        return at

    def back(self) -> dict[str, Any] | None:
        """One step back."""
        return self.tab("Shift+Tab")

    def tab_to(self, wanted: Callable[[dict[str, Any]], bool], *, key: str = "Tab") -> None:
        for _ in range(MOST_STEPS):
            at = self.tab(key)
            if at is not None and wanted(at):
                return
        raise AssertionError(f"the {key} key does not get there on {self._one.path}")

    def reaches(self, words: str, *, key: str = "Tab") -> None:
        """Go to a link, button or summary with these words."""
        self.tab_to(lambda at: at["name"] == words[:60] and at["tag"] in ("A", "BUTTON", "SUMMARY"), key=key)

    def writes(self, field: str, words: str) -> None:
        self.tab_to(lambda at: at["field"] == field)
        self.press("Control+a")
        self._one.page.keyboard.type(words)

    def chooses(self, field: str, *keys: str) -> None:
        """Go to a list or to radios, and press these keys there."""
        self.tab_to(lambda at: at["field"] == field)
        self.press(*keys)

    def enters(self, words: str, *, key: str = "Tab") -> None:
        """Go to a link or button with these words and press Enter; waits for the page that comes."""
        self.reaches(words, key=key)
        self.goes("Enter")

    def goes(self, key: str) -> None:
        """Press a key that leads to another page, and wait for that."""
        with self._one.page.expect_navigation(wait_until="load") as answered:
            self.press(key)
        self._one.answer = answered.value

    def is_told(self) -> bool:
        """Wait until the summary of what is wrong has the focus, which the browser gives it once it has drawn the page."""
        wait_for(lambda: self._one.measures(TOLD), f"the summary has the focus on {self._one.path}", within=SOON)
        return True

    def watches(self) -> list[str]:
        """Begin to note the stops. Returns those that the page should have, in order; needs scripts."""
        expected: list[str] = self._one.measures(WATCH)
        return expected

    def walks(self, expected: Sequence[str], *, key: str = "Tab") -> list[dict[str, Any]]:
        """From the edge of the page to its other edge; each stop once, however many parts a date has."""
        stops: list[dict[str, Any]] = []
        # All at once as far as one must come, then step by step until the first comes round again, or nothing does.
        for steps in (len(expected), *[1] * MOST_STEPS):
            self.press(*[key] * steps)
            walked = self._one.measures(WALKED)
            if not walked or (stops and walked[0]["number"] == stops[0]["number"]):
                return stops
            for at in walked:
                if not stops or stops[-1]["number"] != at["number"]:
                    stops.append(at)
        raise AssertionError(
            f"the {key} key does not come to an end on {self._one.path}: {[at['name'] for at in stops]}"
        )


def is_seen(at: dict[str, Any]) -> bool:
    """Whether it can be seen that this has the focus."""
    return bool(at["outline"] >= LEAST_OUTLINE and at["inView"] and not at["covered"])
