"""A need met in parts, and an offer within what is enough for somebody: from the first word to "it helped", on a telephone."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser

from node.demo.asking import Visitor
from node.demo.councils import DemoCouncil
from node.features.resources import lasting
from node.features.resources.actions import put_up
from schemas.records.resource import ResourceForm
from tests.person.browsing import Person, in_a_browser, person
from tests.person.keys import Keyboard
from tests.person.region import Region

pytestmark = in_a_browser()

BLANKETS = {"title": "Blankets for thirty", "quantity": "30", "unit": "pieces", "audience": "public"}
BAGS = {"title": "Bags of blankets", "quantity": "5", "unit": "bags", "audience": "council"}
DAL = {"title": "Dal on Thursdays", "quantity": "20", "unit": "portions", "audience": "council"}


def note(one: DemoCouncil, direction: str, given: dict[str, Any], *, keeper: bool = False) -> str:
    """A note without a place; returns its path."""
    form = ResourceForm.model_validate({"direction": direction, "until": "week", **given})
    acting = one.acting(keeper=keeper)
    return "/o/" + one.do(lambda c: put_up(c, form, acting).public_id)


def promises(somebody: Person, path: str, amount: str, **more: str) -> None:
    somebody.opens(path)
    somebody.fills(amount=amount)
    if more:
        somebody.page.locator("main summary", has_text="More, if you like").click()
        somebody.page.locator("main [name=counterpart]").select_option(label=more.pop("counterpart"))
        somebody.fills(**more)
    somebody.presses("I can do this")


def presses_on(somebody: Person, item: str, words: str) -> None:
    """A button of one thing on a list, among the first five or the others."""
    more = somebody.page.locator("main summary", has_text=re.compile("[0-9] things? more"))
    if more.count():
        more.click()
    button = somebody.page.get_by_role("button", name=words, exact=True)
    with somebody.page.expect_navigation(wait_until="load"):
        somebody.page.locator("main li", has_text=item).filter(has=button).get_by_role(
            "button", name=words
        ).first.click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_need_is_met_in_two_units_and_both_sides_say_so(region: Region, browser: Browser, scripts: bool) -> None:
    here = region.riverside
    need, bags = note(here, "need", BLANKETS), note(here, "offer", BAGS, keeper=True)
    with (
        person(browser, here, signed_in=True, scripts=scripts) as asks,
        person(browser, here, keeper=True, scripts=scripts) as helps,
    ):
        promises(helps, need, "12")
        promises(helps, need, "10", counterpart="Bags of blankets (5 bags)")
        told = helps.main
        helps.fills(counterpart_amount="2")
        helps.presses("I can do this")
        asks.opens("/mine")
        for amount in ("12 pieces", "10 pieces"):
            presses_on(asks, amount, "Agree")
        asks.opens(need)
        agreed = asks.main
        public = Visitor(here.url).data("/board.json?text=blankets+thirty")["items"][0]
        helps.opens(bags)
        drawn = helps.main
        helps.opens("/mine")
        presses_on(helps, "12 pieces", "It is done")
        asks.opens("/mine")
        presses_on(asks, "12 pieces", "It helped")
        asks.opens(need)
        done = asks.main
        later = replace(here.acting(), now=here.clock.now() + timedelta(days=4))
        here.do(lambda c: lasting.due(c, later))
        helps.opens("/mine")
        asked = helps.page.locator("main").text_content() or ""
        presses_on(helps, "Bags of blankets", "Yes, two more weeks")
        renewed = helps.page.locator("main").text_content() or ""
        said = asks.said + helps.said

    assert "Yours is counted otherwise (bags)" in told
    assert "8 of 30 pieces left" in agreed and "3 of 5 bags left" in drawn
    assert (public["quantity"], public["available"]) == ("30", "8")
    assert "said how it went" in done and "12 pieces · done" in done
    assert "Still there?" in asked and "Bags of blankets" not in renewed
    assert said == []


def test_by_keyboard_somebody_stays_within_what_is_enough_and_takes_a_break(region: Region, browser: Browser) -> None:
    here = region.riverside
    dal = note(here, "offer", DAL)
    with person(browser, here, signed_in=True) as ibrahim, person(browser, here, keeper=True) as noor:
        keys = Keyboard(ibrahim)
        ibrahim.opens("/mine")
        keys.reaches("Say how much is enough for you")
        keys.press("Enter")
        keys.writes("per_week", "1")
        keys.goes("Enter")
        for amount in ("2", "3"):
            noor.opens(dal)
            noor.fills(amount=amount)
            noor.presses("I would like this")
        ibrahim.opens(dal)
        keys.enters("Agree")
        full = ibrahim.main
        keys.enters("Not this time")
        declined = ibrahim.main
        noor.opens("/mine")
        theirs = noor.main
        ibrahim.opens("/mine")
        keys.reaches("Begin a break")
        keys.press("Enter")
        keys.chooses("all_back", "Space")
        keys.enters("Take a break")
        away = ibrahim.main
        keys.enters("I am back")
        back = ibrahim.main

    assert "Your week is full: 1 was what you wanted at most." in full and "18 of 20 portions left" in full
    assert "3 portions" not in declined and "3 portions" not in theirs and "2 portions: agreed on" in theirs
    assert "You are taking a break." in away and "Begin a break" in back
    assert keys.unseen == []
