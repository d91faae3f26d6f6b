"""What people come for, from the first page to the last, by keyboard alone: Tab and Shift+Tab, arrows, Space, Enter, letters."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from node.accounts.invites import make as make_invite
from node.demo.councils import ZONE, DemoCouncil
from tests.person.browsing import WIDE, Person, in_a_browser, person
from tests.person.keys import Keyboard
from tests.person.region import Region

pytestmark = in_a_browser()

LANGUAGE = "() => document.documentElement.lang"
CHECKED = "name => document.querySelector(`main input[name=${name}]:checked`).value"


def invite_of(one: DemoCouncil) -> str:
    acting = one.acting(keeper=True)
    return one.do(lambda c: make_invite(c, acting, randomness=one.randomness, uses=1, days=1))


def joins(keys: Keyboard, one: Person, code: str) -> None:
    """From the wall to the wall: in another language and back, then by the code of an invite."""
    one.opens("/")
    keys.enters("Español")
    assert one.measures(LANGUAGE) == "es"
    keys.enters("English", key="Shift+Tab")
    assert one.measures(LANGUAGE) == "en"
    keys.enters("Sign in")
    keys.writes("code", code)
    keys.goes("Enter")
    keys.writes("name", "Noor")
    keys.enters("Join")
    keys.enters("To the wall")


def puts_up(keys: Keyboard, one: Person, day: str) -> str:
    """An offer with every field; returns who was chosen to see it. `day` is as one types it: month, day, year."""
    keys.enters("I can offer something")
    keys.writes("title", "Garden hose")
    keys.writes("words", "Twenty metres.")
    keys.tab_to(lambda at: at["field"] == "title", key="Shift+Tab")
    keys.press("End")
    one.page.keyboard.type(", green")
    keys.tab_to(lambda at: at["field"] == "words")
    keys.chooses("kind", "ArrowDown")
    keys.writes("quantity", "3")
    keys.writes("unit", "pieces")
    keys.writes("near", "Mill Lane")
    keys.tab_to(lambda at: at["field"] == "until")
    one.page.keyboard.type(day)
    keys.press("ArrowRight")
    one.page.keyboard.type("0630PM")
    keys.chooses("audience", "ArrowDown", "ArrowUp", "ArrowDown")
    audience = str(one.measures(CHECKED, "audience"))
    keys.enters("Put it up")
    return audience


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_stranger_joins_puts_up_changes_closes_and_signs_out(region: Region, browser: Browser, scripts: bool) -> None:
    one_here = region.riverside
    end = (one_here.clock.now() + timedelta(days=9)).astimezone(ZoneInfo(ZONE))
    with person(browser, one_here, scripts=scripts, locale="en-US") as noor:
        keys = Keyboard(noor)
        joins(keys, noor, invite_of(one_here))
        at_the_wall = noor.path
        audience = puts_up(keys, noor, end.strftime("%m%d%Y"))
        put_up, address = noor.main, noor.path
        keys.enters("Change it")
        until = noor.page.locator("[name=until]").input_value()
        keys.writes("available", "1")
        keys.goes("Enter")
        changed = noor.main
        keys.enters("Change it")
        keys.chooses("outcome", "ArrowDown")
        keys.enters("Close it")
        closed = noor.main
        keys.enters("Sign out")
        away = noor.page.locator(".who").inner_text()
        noor.opens(address)

    assert at_the_wall == "/" and away == "Sign in"
    assert audience == "public" and "Everyone" in put_up and "Garden hose, green" in put_up
    assert "Twenty metres." in put_up and "3 pieces" in put_up and "Mill Lane" in put_up
    assert until == end.strftime("%Y-%m-%dT18:30")
    assert "1 of 3 pieces left" in changed and "Garden hose" not in closed
    assert keys.unseen == [] and noor.said == []


def test_whoever_has_the_turn_invites_ticks_the_list_and_hands_nothing_over_by_accident(
    region: Region, browser: Browser
) -> None:
    with person(browser, region.harbour, keeper=True) as keeper:
        keys = Keyboard(keeper)
        keeper.opens("/invites")
        keys.writes("uses", "2")
        keys.writes("days", "3")
        keys.chooses("named", "Space")
        keys.enters("Make the link")
        invite = keeper.main
        keeper.opens("/turns")
        keys.enters("Begin handing over")
        keys.chooses("machine", "Space")
        keys.chooses("people", "Space")
        keys.goes("Enter")
        keys.reaches("Hand the turn over now")
        keys.press("Enter")
        keys.tab_to(lambda at: at["field"] == "to")
        keys.press("ArrowDown", "ArrowUp", "Escape")
        keys.reaches("Hand the turn over now", key="Shift+Tab")
        keys.press("Space")
        keeper.opens("/turns")
        turns = keeper.main
        ticked = [box.get_attribute("name") for box in keeper.page.locator("main input:checked").all()]
        still = keeper.opens("/invites")

    assert "For 2 people. Good for 3 days." in invite and "/join/" in invite
    assert ticked == ["machine", "people"]
    assert "Being handed over".lower() in turns.lower() and still == 200
    assert keys.unseen == []


def test_a_sign_in_link_is_made_and_a_question_that_waits_is_neither_accepted_nor_declined(
    region: Region, browser: Browser
) -> None:
    with person(browser, region.riverside, keeper=True) as keeper:
        keys = Keyboard(keeper)
        keeper.opens("/people")
        keys.enters("Make a sign-in link")
        link = keeper.main
        keeper.opens("/councils")
        before = keeper.page.locator("main .board .kind").all_inner_texts()
        keys.reaches("Not this time")
        keys.press("ArrowDown", "Escape", "Tab", "Shift+Tab")
        while keys.tab() is not None:
            pass
        keeper.opens("/councils")
        after = keeper.page.locator("main .board .kind").all_inner_texts()

    assert "/in/" in link and "shown once" in link
    assert before == after and len(after) > 1
    assert keys.unseen == []


def test_a_form_that_lacks_something_leads_by_its_summary_into_the_field(region: Region, browser: Browser) -> None:
    said = """() => { const e = document.activeElement
      return [e.name, e.getAttribute('aria-invalid'), (e.getAttribute('aria-describedby') || '').split(' ')
        .map(id => document.getElementById(id)?.textContent).pop()] }"""
    with person(browser, region.riverside, signed_in=True) as one:
        keys = Keyboard(one)
        one.opens("/put-up/offer")
        keys.reaches("Put it up")
        keys.press("Enter")  # the browser itself sends nothing without the words, and goes to where they belong
        stopped, path = keys.at(), one.path
        keys.press("Space")
        keys.writes("quantity", "many")
        keys.enters("Put it up")
        summary = keys.is_told()
        links = {}
        for words in one.page.locator(".problems a").all_inner_texts():
            keys.reaches(words, key="Shift+Tab" if links else "Tab")
            keys.press("Enter")
            links[words] = one.measures(said)
        one.opens("/account/leave")
        keys.enters("Leave")
        unticked = keys.is_told()
        words = one.page.locator(".problems a").inner_text()
        keys.reaches(words)
        keys.press("Enter")
        links[words] = one.measures(said)

    assert stopped is not None and stopped["field"] == "title" and path == "/put-up/offer"
    assert summary and unticked
    assert [name for name, _, _ in links.values()] == ["title", "quantity", "sure"]
    assert {words: told for words, (_, wrong, told) in links.items() if wrong != "true" or told != words} == {}
    assert keys.unseen == []


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
