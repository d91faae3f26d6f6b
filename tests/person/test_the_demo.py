"""`comarca demo` itself: its start page as a visitor meets it, and through it the walls of the three real servers."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from node.demo.processes import command
from tests.person import axe
from tests.person.browsing import PHONE, WIDE, Person, in_a_browser, person
from tests.person.looking import clipped, head_faults, pale, sideways, small_targets, sound
from tests.person.picturing import bad_pictures, folder_for, in_all_looks
from tests.person.reading import document_faults
from tests.person.region import Region

pytestmark = in_a_browser()

NARROW = 320
STOPS_WITHIN = 20.0


@dataclass(frozen=True)
class Start:
    """Where the start page is."""

    url: str

    def sign_in_link(self, *, keeper: bool = False) -> str:
        raise AssertionError("nobody signs in at the start page itself")


@pytest.fixture(scope="module")
def start(region: Region) -> Iterator[Start]:
    with subprocess.Popen(
        command("demo", "--json"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Start(json.loads(process.stdout.readline())["start"].rstrip("/"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOPS_WITHIN)


def faults_of(one: Person) -> list[str]:
    """All measures but those of our own frame."""
    faults = head_faults(one) + document_faults(one)
    for width in (NARROW, PHONE, WIDE):
        faults += sideways(one, width) + small_targets(one) + clipped(one)
    axe.bring(one)
    for scheme in ("light", "dark"):
        one.page.emulate_media(color_scheme=scheme)
        faults += [f"{scheme} {fault}" for fault in axe.violations(one) + pale(one)]
    return faults + one.said


def test_the_start_page_is_sound_before_and_after_its_buttons_are_pressed(
    start: Start, browser: Browser, tmp_path: Path
) -> None:
    with person(browser, start, scripts=True) as visitor:
        visitor.opens("/")
        made = list(in_all_looks(visitor, "start", into=folder_for(tmp_path)))
        faults = {"before": faults_of(visitor)}
        buttons = visitor.page.locator("main .steps form button")
        words = buttons.first.inner_text()
        for number in (0, 1, 2):
            with visitor.page.expect_navigation(wait_until="load") as answered:
                buttons.nth(number).click()
            visitor.answer = answered.value
            faults[f"after button {number + 1}"] = faults_of(visitor)
        said = visitor.page.locator("#happened").inner_text()
        asked = visitor.strange

    assert sound(faults)
    assert words and said
    assert bad_pictures(made) == []
    assert asked == [], "a button asks the start page alone"


def test_whoever_is_led_to_a_wall_from_the_start_page_stands_signed_in_before_it(
    start: Start, browser: Browser
) -> None:
    with person(browser, start, scripts=False) as visitor:
        visitor.opens("/")
        names = visitor.page.locator(".wall h3").all_inner_texts()
        with visitor.page.expect_navigation(wait_until="load"):
            visitor.page.get_by_role("button", name=re.compile("^Sign in as .* Riverside")).click()
        if visitor.page.get_by_role("button", name="Sign out").count() == 0:
            visitor.presses("Sign in")
        wall, signed_in = visitor.main, visitor.page.get_by_role("button", name="Sign out").is_visible()

    assert names == ["Riverside", "Harbour", "Hillside"]
    assert signed_in and "On the wall now" in wall
