"""From an idea to what several assemblies decide, and from a call for help to its end: by pages, by keyboard, on paper."""

import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from node.demo.checking import wait_for
from node.demo.councils import ZONE, DemoCouncil
from tests.person.browsing import PHONE, WIDE, Person, in_a_browser, person
from tests.person.keys import Keyboard
from tests.person.region import SOON, Region

pytestmark = in_a_browser()

WAYS = pytest.mark.parametrize(
    ("scripts", "width"), [(False, PHONE), (True, WIDE)], ids=["without scripts on a phone", "with scripts"]
)


def today(one: DemoCouncil) -> date:
    return one.clock.now().astimezone(ZoneInfo(ZONE)).date()


def opened(neighbour: Person, title: str, text: str) -> str:
    """From the list of resolutions to a text that is being decided; returns its path."""
    neighbour.opens("/resolutions")
    neighbour.presses("Put an idea on the table")
    neighbour.fills(title=title, text=text)
    neighbour.chooses("audience", "public")
    neighbour.presses("Put it on the table")
    assert re.fullmatch(r"/o/[a-z2-7]{26}", neighbour.path) and "an idea" in neighbour.main
    path = neighbour.path
    neighbour.presses("Open it, to be decided")
    assert "being decided" in neighbour.main
    return path


@WAYS
def test_a_text_is_put_up_read_out_from_paper_typed_in_and_confirmed_by_another(
    region: Region, browser: Browser, scripts: bool, width: int
) -> None:
    title = "Shade for the yard" if scripts else "Shade for the stairs"
    with (
        person(browser, region.riverside, signed_in=True, scripts=scripts, width=width) as amina,
        person(browser, region.riverside, keeper=True, scripts=scripts, width=width) as bo,
        person(browser, region.riverside, width=width) as stranger,
    ):
        path = opened(amina, title, "The assembly of Riverside hangs old sails there until September.")
        amina.presses("A sheet to read out and fill in")
        amina.page.emulate_media(media="print")
        paper = amina.page.locator("body").inner_text()
        on_paper = amina.page.locator("nav, form, .cta, .noprint").locator("visible=true").count()
        amina.page.emulate_media(media="screen")

        amina.presses("Type in what was filled in")
        amina.fills(decided_at=today(region.riverside).isoformat(), present="19", stand_asides="1")
        amina.fills(what_1="It gets dark on the ground floor.", met_1="One window stays free.")
        amina.presses("Write it down")
        waits, unseen = amina.main, stranger.opens(path)
        seen_before = stranger.main
        bo.opens(path)
        bo.presses("I was there, and this is what was agreed")
        stranger.opens(path)
        agreed = stranger.main

    assert "The assembly of Riverside hangs old sails" in paper and "How many were there" in paper and on_paper == 0
    assert "waits for somebody else who was there" in waits and unseen == 200
    assert "agreed" not in seen_before and "being decided" in seen_before
    assert "One window stays free." in agreed and "19" in agreed and "One person wrote" not in agreed
    assert amina.said == bo.said == stranger.said == amina.strange == []


@WAYS
def test_two_assemblies_decide_one_text_and_anybody_checks_it(
    region: Region, browser: Browser, scripts: bool, width: int
) -> None:
    title = "A bridge of planks" if scripts else "A bell for both quays"
    with (
        person(browser, region.riverside, signed_in=True, scripts=scripts, width=width) as amina,
        person(browser, region.riverside, keeper=True, scripts=scripts, width=width) as bo,
        person(browser, region.harbour, signed_in=True, scripts=scripts, width=width) as jonas,
        person(browser, region.harbour, scripts=scripts, width=width) as passer_by,
    ):
        path = opened(amina, title, "We build it together and each of us keeps one end.")
        amina.presses("Ask nearby councils")
        amina.page.get_by_label("Harbour").check()
        amina.fills(
            at_least="9",
            until=next_week(region.riverside),
            decided_at=today(region.riverside).isoformat(),
            present="12",
        )
        amina.presses("Ask them")
        told = amina.page.locator(".problems").inner_text()
        amina.fills(at_least="2")
        amina.presses("Ask them")
        bo.opens(path)
        bo.presses("I was there, and this is what was agreed")

        wait_for(lambda: listed(jonas, title), "Harbour has the text", within=SOON)
        jonas.presses(title)
        jonas.presses("Our answer")
        jonas.chooses("answer", "TentativeAccept")
        jonas.fills(words="If the planks are oak.", decided_at=today(region.harbour).isoformat(), present="9")
        jonas.presses("This is our answer")
        wait_for(lambda: amina.opens(path) == 200 and "If the planks are oak." in amina.main, "answered", within=SOON)
        amina.presses("Count and close")
        counted = amina.main

        wait_for(lambda: agreed_at(passer_by, title), "Harbour hears what came of it", within=SOON)
        passer_by.presses("Check it yourself")
        checked = passer_by.main

    assert "No more assemblies can agree than are asked" in told
    assert "2 of 2 have answered" in counted and "2 agree" in counted
    assert "Nothing is wrong with it." in checked and "Does not hold" not in checked
    assert amina.said == bo.said == jonas.said == passer_by.said == []


def next_week(one: DemoCouncil) -> str:
    return date.fromordinal(today(one).toordinal() + 7).isoformat()


def listed(somebody: Person, title: str) -> bool:
    somebody.opens("/resolutions")
    return somebody.page.get_by_role("link", name=title, exact=True).count() > 0


def agreed_at(somebody: Person, title: str) -> bool:
    if not listed(somebody, title):
        return False
    somebody.presses(title)
    return "agreed together" in somebody.main


@WAYS
def test_a_grave_call_takes_two_is_heard_answered_and_over(
    region: Region, browser: Browser, scripts: bool, width: int
) -> None:
    title = "The bridge is shaking" if scripts else "Smoke over the mill"
    with (
        person(browser, region.riverside, signed_in=True, scripts=scripts, width=width) as amina,
        person(browser, region.riverside, keeper=True, scripts=scripts, width=width) as bo,
        person(browser, region.harbour, signed_in=True, scripts=scripts, width=width) as jonas,
        person(browser, region.harbour, width=width) as stranger,
    ):
        amina.opens("/alerts")
        amina.presses("Call for help")
        amina.fills(title=title, event="Danger", wanted="Nobody on the bridge. Two people at each end.")
        amina.page.locator("select[name=severity]").select_option("Severe")
        amina.presses("Call for help")
        path, waits = amina.path, amina.main
        alone = amina.page.get_by_role("button", name="I agree: send it out").count()
        bo.opens(path)
        bo.presses("I agree: send it out")

        wait_for(lambda: jonas.opens("/board") == 200 and title in jonas.main, "Harbour hears it", within=SOON)
        jonas.page.locator("main > section .strip", has_text=title).get_by_role("link").click()
        jonas.page.wait_for_url("**/slip?id=*")
        jonas.fills(words="Two of us, in ten minutes.")
        jonas.presses("We come")
        hidden = stranger.opens(jonas.path)
        wait_for(lambda: amina.opens(path) == 200 and "in ten minutes" in amina.main, "answered", within=SOON)
        jonas.presses("I’m coming")
        counted = jonas.main

        amina.presses("Tell the news")
        amina.fills(news="The north end is closed now.", wanted="Two people at the south end.")
        amina.presses("Tell it")
        wait_for(lambda: jonas.opens("/board") == 200 and "the south end" in jonas.main, "the news", within=SOON)
        amina.fills(note="It was a lorry. Thank you.")
        amina.presses("It was false")
        wait_for(lambda: jonas.opens("/board") == 200 and title not in jonas.main, "the end is heard", within=SOON)
        amina.opens("/alerts")
        ended = amina.main

    assert "Nobody outside has seen this" in waits and alone == 0
    assert hidden == 404, "for nearby councils is not for strangers"
    assert "You are counted" in counted and "Jonas" not in counted
    assert title in ended and "false: nothing has happened" in ended
    assert amina.said == bo.said == jonas.said == []


def test_a_drill_cannot_be_taken_for_a_call(region: Region, browser: Browser) -> None:
    with person(browser, region.harbour, signed_in=True) as jonas, person(browser, region.riverside) as stranger:
        jonas.opens("/alerts")
        jonas.presses("Call a drill")
        jonas.fills(title="Everybody to the loft", event="Flood")
        jonas.chooses("audience", "public")
        jonas.presses("Call the drill")
        page, marked = jonas.main, jonas.page.locator("main .drill").count()
        looks = jonas.measures("() => getComputedStyle(document.querySelector('main .sheet')).borderInlineStartColor")
        wait_for(lambda: heard_of(stranger, "Everybody to the loft"), "Riverside hears it", within=SOON)
        listed_there = stranger.main
        stranger.opens("/board")
        board = stranger.main
        jonas.presses("The drill is over")

    assert "DRILL" in page and "Nothing has happened" in page and marked == 1
    assert looks != "rgb(255, 210, 63)", "the yellow of a call"
    assert "Drills: nothing has happened" in listed_there and "(drill): Everybody to the loft" in listed_there
    assert "Everybody to the loft" not in board


def heard_of(somebody: Person, words: str) -> bool:
    somebody.opens("/alerts")
    return words in somebody.main


def test_a_call_is_made_and_ended_by_keyboard_alone(region: Region, browser: Browser) -> None:
    with person(browser, region.harbour, signed_in=True, width=WIDE) as jonas:
        keys = Keyboard(jonas)
        jonas.opens("/alerts")
        keys.enters("Call for help")
        keys.writes("title", "The crane leans")
        keys.writes("event", "Danger")
        keys.writes("wanted", "Keep away from the quay.")
        keys.chooses("severity", "ArrowDown")
        keys.chooses("audience", "ArrowUp")
        keys.enters("Call for help")
        called = jonas.main
        keys.enters("It is over")
        over = jonas.main

    assert "The crane leans" in called and "Keep away from the quay." in called
    assert "This is over. Nobody needs to come any more." in over
    assert keys.unseen == []
