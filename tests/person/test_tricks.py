"""A linked council that means ill: what it writes is shown as words, stays where it belongs, and bends nothing around it."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser

from node.demo.checking import wait_for
from tests.person import trickster
from tests.person.browsing import Person, in_a_browser, person, slip_of
from tests.person.looking import head_faults, sideways
from tests.person.region import SOON, Region

pytestmark = in_a_browser()

NARROW = 320
UNSEEN = (trickster.OVERRIDE, trickster.ZERO_WIDTH)


@contextmanager
def keeper_at_harbour(region: Region, browser: Browser) -> Iterator[Person]:
    with person(browser, region.harbour, keeper=True, width=NARROW) as one:
        yield one


def pages(region: Region) -> list[str]:
    lists = ["/", "/around", "/resolutions", "/alerts", "/councils"]
    return lists + [slip_of(address) for address in region.tricks]


def test_its_markup_is_words_and_nothing_of_it_runs_or_sticks_out(region: Region, browser: Browser) -> None:
    faults, shown = {}, {}
    with keeper_at_harbour(region, browser) as one:
        for path in pages(region):
            assert one.opens(path) == 200
            shown[path] = one.page.locator("body").inner_text()
            faults[path] = head_faults(one) + sideways(one, NARROW) + one.said + one.strange
            faults[path] += ["its markup is markup"] * one.page.locator(".trick, main img, main script").count()

    assert {path: found for path, found in faults.items() if found} == {}
    assert [path for path, text in shown.items() if "<b class=trick>" not in text] == []


def test_no_invisible_sign_turns_our_words_around_or_hides_in_a_name(region: Region, browser: Browser) -> None:
    with keeper_at_harbour(region, browser) as one:
        found = {}
        for path in pages(region):
            one.opens(path)
            found[path] = [sign for sign in UNSEEN if sign in one.page.content()]
        one.opens(slip_of(region.tricks[0]))
        text = one.main

    assert {path: signs for path, signs in found.items() if signs} == {}
    assert "They signed it. We checked the signature when it came." in text and "4 of 9" in text


def test_every_word_of_its_own_is_set_apart_from_ours(region: Region, browser: Browser) -> None:
    apart = """words => {
      const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT), bare = []
      while (texts.nextNode()) {
        const e = texts.currentNode.parentElement
        if (texts.currentNode.data.includes(words) && !e.closest('bdi,[dir=auto]')) bare.push(e.outerHTML.slice(0, 90))
      }
      return bare
    }"""
    with keeper_at_harbour(region, browser) as one:
        bare = {}
        for path in pages(region):
            one.opens(path)
            bare[path] = one.measures(apart, "<b class=trick>")

    assert {path: found for path, found in bare.items() if found} == {}


def test_no_link_runs_anything_and_those_that_lead_away_say_nothing_of_us(region: Region, browser: Browser) -> None:
    links = "() => [...document.querySelectorAll('a')].map(a => [a.getAttribute('href'), a.rel])"
    with keeper_at_harbour(region, browser) as one:
        found = []
        for path in pages(region):
            one.opens(path)
            found += one.measures(links)

    strange = {(href, rel) for href, rel in found if not href.startswith(("/", "#"))}
    assert not [href for href, _ in strange if not href.startswith(("http://", "https://"))]
    assert {rel for _, rel in strange} == {"noreferrer external"}
    assert any(href.startswith(region.stranger.base_url) for href, _ in strange)


def test_a_council_that_has_gone_silent_is_said_to_be_and_its_slips_stay(region: Region, browser: Browser) -> None:
    with person(browser, region.harbour) as one:

        def silent() -> str:
            one.opens("/around")
            return one.main if "silent since" in one.main else ""

        text = wait_for(silent, "the silence is noticed", within=SOON)

    assert "Free fans" in text and "as of" in text
    assert "Riverside: told us" in text


def test_six_words_stand_beside_the_name_of_who_asks(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, keeper=True, width=NARROW) as one:
        one.opens("/councils")
        words = one.page.locator(".six li").locator("visible=true").all_inner_texts()
        sticking_out = sideways(one, NARROW)
        asking = one.page.locator(".slip", has_text="They ask to link up with us.")
        address = asking.locator(".address").inner_text()
        asking.get_by_role("button", name="Not this time").wait_for(state="visible")

    assert len(words) == 6 and all(word.strip().isalpha() for word in words)
    assert address == region.stranger.base_url
    assert sticking_out == []
