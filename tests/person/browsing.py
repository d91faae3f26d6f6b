"""People in front of a real browser: who they are, what they open, and what the browser notices while they do.

Scripts are switched off unless a test wants them, so whatever it sees works without them. Nobody here reaches another host.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from node.demo.checking import wait_for

# What Debian calls headless shell is the same engine without windows of its own: it opens a page for half the work.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE, WIDE = 360, 1280
SOON = 10.0
# A layout of the new width may still stand under the rules for the old one: the sheet shows "Menu" on narrow screens alone.
SETTLED = """width => {
  const e = document.querySelector('.masthead .more')
  return innerWidth === width && (!e || (getComputedStyle(e).display !== 'none') === (width <= 544))
}"""
# What is said where a test lets no service worker in.
NO_WORKER = "Service Worker registration blocked by Playwright"
# What Chromium says when it does as it was told at signing out.
CLEARED = "Clear-Site-Data header on"
HEIGHT = 800


def in_a_browser() -> pytest.MarkDecorator:
    """The mark of a module that opens pages. Raised here, so that all that is skipped without a browser is told in one line."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed, so no page is opened in a browser", allow_module_level=True)
    return pytest.mark.person


class Place(Protocol):
    """Where somebody goes: an address, and how to be let in there."""

    @property
    def url(self) -> str: ...

    def sign_in_link(self, *, keeper: bool = False) -> str: ...


@dataclass
class Person:
    """Somebody at one council's pages. `strange` are requests to other hosts, `said` what the browser complained of."""

    page: Page
    origin: str
    strange: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answer: Response | None = None

    def opens(self, path: str) -> int:
        """Follow a link or an address; the status of the page that is shown in the end."""
        self.answer = self.page.goto(self.origin + path, wait_until="load")
        return self.status

    @property
    def status(self) -> int:
        assert self.answer is not None
        return self.answer.status

    @property
    def source(self) -> str:
        """The page that was opened last, as it came."""
        assert self.answer is not None
        return self.answer.text()

    def presses(self, words: str) -> None:
        """The one button or link of the page itself with these words; waits for the page that comes."""
        main = self.page.locator("main")
        button = main.get_by_role("button", name=words, exact=True)
        with self.page.expect_navigation(wait_until="load"):
            button.or_(main.get_by_role("link", name=words, exact=True)).click()

    def fills(self, **fields: str) -> None:
        """Write into fields by name."""
        for name, words in fields.items():
            self.page.locator(f"main [name={name}]:not([type=hidden]):not([type=radio])").fill(words)

    def chooses(self, field: str, value: str) -> None:
        self.page.locator(f"main input[name={field}][value='{value}']").check()

    def widens(self, width: int, *, height: int = HEIGHT) -> None:
        """Make the window so wide, in CSS pixels, and wait until the page has taken notice."""
        if self.page.viewport_size != {"width": width, "height": height}:
            self.page.set_viewport_size({"width": width, "height": height})
        wait_for(lambda: self.measures(SETTLED, width), f"the page is {width} px wide", within=SOON)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.origin)

    @property
    def main(self) -> str:
        """What the page itself says, without its frame."""
        return self.page.locator("main").inner_text()

    def measures(self, script: str, *given: Any) -> Any:
        return self.page.evaluate(script, *given)

    def notice(self, message: ConsoleMessage) -> None:
        if message.text == NO_WORKER or message.text.startswith(CLEARED):
            return
        # A page whose own answer is an error is expected to be called one.
        if not message.text.startswith("Failed to load resource: the server responded with a status of"):
            self.said.append(f"{message.type}: {message.text}")
        elif message.location["url"] != self.page.url:
            self.said.append(f"{message.location['url']}: {message.text}")

    def look_where(self, request: Request) -> None:
        if not request.url.startswith(self.origin + "/"):
            self.strange.append(request.url)


@contextmanager
def person(
    browser: Browser,
    at: Place,
    *,
    width: int = PHONE,
    signed_in: bool = False,
    keeper: bool = False,
    scripts: bool = False,
    offline_copy: bool = False,
    **given: Any,
) -> Iterator[Person]:
    """A fresh browser profile at a council. Signed in by a link and its button, as people do it.

    Without `offline_copy` no service worker is let in, so that every page that is looked at comes from the server.
    """
    context = browser.new_context(
        java_script_enabled=scripts,
        viewport={"width": width, "height": HEIGHT},
        service_workers="allow" if offline_copy else "block",
        **given,
    )
    context.set_default_timeout(5_000)
    page = context.new_page()
    one = Person(page, at.url)
    page.on("console", one.notice)
    page.on("pageerror", lambda error: one.said.append(str(error)))
    page.on("request", one.look_where)
    try:
        if signed_in or keeper:
            page.goto(at.sign_in_link(keeper=keeper))
            one.presses("Sign in")
        yield one
    finally:
        context.close()


def slip_of(object_id: str) -> str:
    """The path under which another council's slip is shown."""
    return f"/slip?id={quote(object_id, safe='')}"
