"""What people come for, from the first page to the last, with scripts switched off and on a telephone's width."""

import re

import pytest
from playwright.sync_api import Browser

from node.demo.checking import wait_for
from tests.person.browsing import PHONE, Person, in_a_browser, person
from tests.person.looking import sideways, small_targets
from tests.person.region import SOON, Region

pytestmark = in_a_browser()


def put_up(neighbour: Person, title: str, audience: str) -> str:
    """An offer from the wall's own button to its slip; returns the slip's path."""
    neighbour.opens("/")
    neighbour.presses("I can offer something")
    neighbour.fills(title=title, words="Ask in the evening.", quantity="3", unit="pieces", near="Mill Lane")
    neighbour.chooses("audience", audience)
    neighbour.presses("Put it up")
    assert re.fullmatch(r"/o/[a-z2-7]{26}", neighbour.path)
    assert title in neighbour.main
    return neighbour.path


def finds(somebody: Person, words: str) -> bool:
    """Around us, by the form of that page; whether a slip was found."""
    somebody.opens("/around")
    somebody.fills(text=words)
    somebody.presses("Look")
    return somebody.page.locator("main .slip").count() > 0


def test_a_neighbour_puts_up_at_riverside_and_another_finds_it_around_harbour(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, signed_in=True) as amina, person(browser, region.harbour) as passer_by:
        put_up(amina, "Folding ladders", "public")

        wait_for(lambda: finds(passer_by, "ladders"), "the slip has travelled", within=SOON)
        listed = passer_by.main
        passer_by.presses("Folding ladders")
        shown, path = passer_by.main, passer_by.path

    assert path.startswith("/slip?id=")
    assert "1 slip" in listed and "3 pieces" in listed and " km" in listed and "told us" in listed
    assert "Riverside" in shown and "They signed it. We checked the signature when it came." in shown
    assert amina.strange == passer_by.strange == amina.said == passer_by.said == []


def test_a_slip_for_neighbours_is_found_by_a_neighbour_at_harbour_and_by_no_stranger_anywhere(
    region: Region, browser: Browser
) -> None:
    with (
        person(browser, region.riverside, signed_in=True) as amina,
        person(browser, region.harbour, signed_in=True) as jonas,
        person(browser, region.harbour) as stranger_there,
        person(browser, region.riverside) as stranger_here,
    ):
        path = put_up(amina, "Quiet guest room", "neighbours")
        wait_for(lambda: finds(jonas, "guest room"), "the neighbour finds it", within=SOON)
        jonas.presses("Quiet guest room")
        there = jonas.path

        pages = [(stranger_here, page) for page in ("/", "/board?text=guest", "/around?text=guest", path)]
        pages += [(stranger_there, page) for page in ("/", "/board?text=guest", "/around?text=guest", there)]
        seen = {(one.origin, page): (one.opens(page), one.page.content()) for one, page in pages}

    assert [where for where, (_, text) in seen.items() if "Quiet guest room" in text] == []
    assert seen[region.riverside.url, path][0] == seen[region.harbour.url, there][0] == 404


def test_what_is_changed_is_changed_and_what_is_taken_down_is_gone(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, signed_in=True) as amina, person(browser, region.riverside) as stranger:
        path = put_up(amina, "Garden chairs", "public")
        amina.presses("Change it")
        amina.fills(available="1")
        amina.presses("Change it")
        left = amina.main
        amina.presses("Take it down")
        asked = amina.main
        amina.presses("Take it down")
        board, amina_at = amina.main, amina.path
        status, told = stranger.opens(path), stranger.main

    assert "1 of 3 pieces left" in left
    assert "Take it down?" in asked and "Garden chairs" in asked
    assert amina_at == "/board" and "Garden chairs" not in board
    assert status == 410 and "This was taken down" in told


def test_a_form_with_mistakes_keeps_what_was_typed_and_names_each_field(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, signed_in=True) as amina:
        amina.opens("/put-up/offer")
        amina.fills(title="Soup", words="Hot, at seven.\nBring a bowl.", quantity="many", near="Mill Lane")
        amina.chooses("audience", "council")
        amina.presses("Put it up")

        summary = amina.page.locator(".problems")
        told = summary.inner_text()
        named = summary.get_by_role("link").get_attribute("href")
        focused = amina.measures("() => document.activeElement.className")
        field = amina.page.locator("[name=quantity]")
        said = amina.page.locator(f"#{(field.get_attribute('aria-describedby') or '').split()[-1]}").inner_text()
        invalid = field.get_attribute("aria-invalid")
        kept = {name: amina.page.locator(f"main [name={name}]").input_value() for name in ("title", "words", "near")}
        audience = amina.page.locator("input[name=audience]:checked").get_attribute("value")

    assert named == "#f-quantity" and "Nothing was saved yet. What you wrote is still here." in told
    assert focused == "problems"
    assert invalid == "true" and said.startswith("Write a plain number")
    assert kept == {"title": "Soup", "words": "Hot, at seven.\nBring a bowl.", "near": "Mill Lane"}
    assert audience == "council"


def test_a_spent_sign_in_link_says_what_to_do(region: Region, browser: Browser) -> None:
    link = region.riverside.sign_in_link().removeprefix(region.riverside.url)
    with person(browser, region.riverside) as first, person(browser, region.riverside) as second:
        first.opens(link)
        first.presses("Sign in")
        second.opens(link)
        second.presses("Sign in")

        assert first.path == "/" and first.page.get_by_role("button", name="Sign out").is_visible()
        assert "used already, or its time has run out. Ask for a new" in second.main
        assert "Ask a neighbour who has the server turn." in second.main
        assert second.page.locator("main input[name=code]").is_visible()


@pytest.mark.parametrize(
    ("scripts", "kind"), [(False, "tools"), (True, "goods")], ids=["without scripts", "with scripts"]
)
def test_whoever_looks_around_for_the_next_days_asks_who_is_silent_and_is_shown_whose_word_it_is(
    region: Region, browser: Browser, scripts: bool, kind: str
) -> None:
    def may_ask(passer_by: Person) -> bool:
        passer_by.opens("/around")
        passer_by.page.select_option("[name=category]", kind)
        passer_by.page.select_option("[name=when]", "3-days")
        passer_by.presses("Look")
        return "Ask them now" in passer_by.main

    with person(browser, region.harbour, scripts=scripts) as passer_by:
        wait_for(lambda: may_ask(passer_by), "a council has been silent for a while", within=SOON)
        passer_by.presses("Ask them now")
        shown, path = passer_by.main, passer_by.path
        faults = sideways(passer_by, PHONE) + small_targets(passer_by)

    assert f"category={kind}" in path and "when=3-days" in path and path.endswith("#asked")
    assert "Asked just now" in shown and "silent; this is as of" in shown
    assert "Riverside" in shown and "told us" in shown and "Ask them now" not in shown
    assert faults == passer_by.strange == passer_by.said == []
