"""Journey 10, its second half: what one council lacks its neighbour has; agreed in part, given back, and done."""

import re

import pytest
from playwright.sync_api import Browser

from node.demo.checking import wait_for
from tests.person.browsing import PHONE, Person, in_a_browser, person
from tests.person.looking import sideways, small_targets
from tests.person.region import SOON, Region
from tests.person.test_promising_journeys import note

pytestmark = in_a_browser()


def waits_for(one: Person, path: str, words: str) -> None:
    """Open a page again and again until it says this."""

    def said() -> bool:
        one.opens(path)
        return words in one.main

    wait_for(said, f"{path} says {words}", within=SOON)


def answers(one: Person, amount: str, words: str) -> None:
    """Press a button of the promise of this much."""
    with one.page.expect_navigation(wait_until="load"):
        promise = one.page.locator("#promises li", has_text=re.compile(rf"\b{amount} fans"))
        promise.get_by_role("button", name=words, exact=True).click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_fans_of_the_next_council_are_agreed_in_part_and_both_pages_count_alike(
    region: Region, browser: Browser, scripts: bool
) -> None:
    title = f"Standing fans {'with' if scripts else 'without'}"
    given = {"title": title, "quantity": "10", "unit": "fans", "audience": "public"}
    ours = note(region.harbour, "offer", given)
    with (
        person(browser, region.riverside, signed_in=True, scripts=scripts) as asks,
        person(browser, region.harbour, signed_in=True, scripts=scripts) as gives,
        person(browser, region.riverside, scripts=scripts) as stranger_here,
        person(browser, region.harbour, scripts=scripts) as stranger_there,
    ):
        waits_for(asks, f"/around?text={title.replace(' ', '+')}&direction=offer&when=3-days", title)
        asks.presses(title)
        theirs = asks.path
        everybody = ((asks, theirs), (stranger_here, theirs), (gives, ours), (stranger_there, ours))
        for amount in ("6", "3"):
            asks.fills(amount=amount)
            asks.presses("We would like this")
        waits_for(gives, ours, "3 fans")
        waits_for(gives, ours, "6 fans")
        answers(gives, "6", "Agree")
        answers(gives, "3", "Not this time")
        after_no = gives.main
        for one, path in everybody:
            waits_for(one, path, "4 of 10 fans left")
        waits_for(asks, theirs, "They said: not this time.")
        asks.fills(amount="2")
        asks.presses("We would like this")
        waits_for(gives, ours, "2 fans")
        answers(gives, "2", "Agree")
        for one, path in everybody:
            waits_for(one, path, "2 of 10 fans left")
        answers(asks, "2", "I have to give it back")
        for one, path in everybody:
            waits_for(one, path, "4 of 10 fans left")
        answers(gives, "6", "It is done")
        waits_for(asks, theirs, "as the other side says")
        answers(asks, "6", "It helped")
        waits_for(gives, ours, "6 fans · done")
        faults = [fault for one in (asks, gives) for fault in sideways(one, PHONE) + small_targets(one)]
        said = [words for one, _ in everybody for words in one.said + one.strange]

    assert "3 fans" not in after_no and "6 fans" in after_no
    assert faults == said == []
