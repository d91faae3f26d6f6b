"""What scripts add where the line is weak or cut: drafts, word of changes, a copy of the public wall; and nothing stays behind."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Error, Route, expect

from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil
from tests.person.alone import pins, served_alone
from tests.person.browsing import SOON, Person, in_a_browser, person
from tests.person.region import Region

pytestmark = in_a_browser()

MILLISECONDS = 1000 * SOON
PRIVATE, PUBLIC = "Keys for the back door", "Jars for everybody"
DRAFTS = "() => Object.keys(localStorage).filter(k => k.includes('draft'))"
KEPT = """async () => {
  const kept = []
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) kept.push(new URL(request.url).pathname)
  return kept
}"""
KEPT_WORDS = """async () => {
  const answer = await caches.match('/offline', {ignoreVary: true})
  return answer ? await answer.text() : ''
}"""
# 400 kbit/s and 400 ms, as on the edge of a village.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}


@pytest.fixture(scope="module")
def alone(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCouncil]:
    with served_alone(tmp_path_factory.mktemp("alone")) as one:
        yield one


@contextmanager
def with_a_copy(alone: DemoCouncil, browser: Browser) -> Iterator[Person]:
    """Somebody signed in whose phone has kept the public wall."""
    with person(browser, alone, signed_in=True, scripts=True, offline_copy=True) as one:
        one.opens("/")
        one.page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=MILLISECONDS)
        wait_for(lambda: "/offline" in one.measures(KEPT), "the wall is kept", within=SOON)
        yield one


@contextmanager
def switched_off(alone: DemoCouncil) -> Iterator[None]:
    alone.server.stop()
    try:
        yield
    finally:
        alone.server.restart()


def typed_so_far(one: Person) -> None:
    """A form that is half filled in, and kept on the device."""
    one.opens("/put-up/offer")
    one.fills(title="Half a sack of flour", words="Bring a bag.")
    wait_for(lambda: one.measures(DRAFTS), "the draft is kept", within=SOON)


def test_what_was_typed_comes_back_after_the_page_was_loaded_anew(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, signed_in=True, scripts=True) as one:
        typed_so_far(one)
        one.opens("/put-up/offer")
        offered = one.main
        bare = one.page.locator("main [name=title]").input_value()
        one.page.get_by_role("button", name="Keep it").click()
        kept = [one.page.locator(f"main [name={name}]").input_value() for name in ("title", "words")]
        one.presses("Put it up")
        title = one.main
        one.opens("/put-up/offer")
        again = one.main

    assert "We kept what you wrote here at" in offered and bare == ""
    assert kept == ["Half a sack of flour", "Bring a bag."]
    assert "Half a sack of flour" in title
    assert "We kept what you wrote" not in again
    assert one.said == one.strange == []


def test_a_draft_that_is_thrown_away_is_gone_and_codes_are_never_kept(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, signed_in=True, scripts=True) as one:
        typed_so_far(one)
        one.opens("/put-up/offer")
        one.page.get_by_role("button", name="Throw it away").click()
        left = one.measures(DRAFTS)
        one.opens("/put-up/offer")
        again = one.main
        one.opens("/in")
        one.page.locator("main [name=code]").fill("a-secret-code")
        one.opens("/in")
        stored = one.measures("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")

    assert left == [] and "We kept what you wrote" not in again
    assert "a-secret-code" not in stored


def test_whoever_looks_at_the_wall_is_told_when_it_changes(alone: DemoCouncil, browser: Browser) -> None:
    with person(browser, alone, scripts=True) as passer_by:
        passer_by.opens("/")
        before = passer_by.main
        pins(alone, "Something for neighbours alone", audience="council")
        pins(alone, "A bench by the door", audience="public")
        line = passer_by.page.get_by_role("status").get_by_role("link", name="Show it")
        expect(line).to_be_visible(timeout=MILLISECONDS)
        still = "A bench by the door" in passer_by.main
        with passer_by.page.expect_navigation(wait_until="load"):
            line.click()
        after = passer_by.main

    assert "The wall has changed." not in before and not still
    assert "A bench by the door" in after and "neighbours alone" not in after
    assert passer_by.said == passer_by.strange == []


def test_without_a_line_the_public_wall_is_there_as_of_its_time_and_nothing_private(
    alone: DemoCouncil, browser: Browser
) -> None:
    pins(alone, PRIVATE, audience="council")
    pins(alone, PUBLIC, audience="public")
    with with_a_copy(alone, browser) as one:
        signed_in = one.main
        for path in ("/account", "/board", "/put-up/need"):
            one.opens(path)
        kept, words = one.measures(KEPT), one.measures(KEPT_WORDS)
        with switched_off(alone):
            shown = {}
            for path in ("/", "/account", "/board"):
                one.opens(path)
                shown[path] = one.main
        one.presses("Try again")
        again = one.main

    assert PRIVATE in signed_in and PUBLIC in signed_in
    assert [path for path in kept if path != "/offline" and not path.startswith("/static/")] == []
    assert PUBLIC in words and PRIVATE not in words and "Amina" not in words and "Sign out" not in words
    assert [path for path, text in shown.items() if "as of" not in text or PUBLIC not in text] == []
    assert [path for path, text in shown.items() if PRIVATE in text or "Sign out" in text] == []
    assert PRIVATE in again


def test_when_the_server_goes_away_in_the_middle_of_a_form_nothing_typed_is_lost(
    alone: DemoCouncil, browser: Browser
) -> None:
    with with_a_copy(alone, browser) as one:
        typed_so_far(one)
        with switched_off(alone):
            with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"), one.page.expect_navigation():
                one.page.get_by_role("button", name="Put it up").click()
        one.opens("/put-up/offer")
        one.page.get_by_role("button", name="Keep it").click()
        one.presses("Put it up")
        there = one.main

    assert "Half a sack of flour" in there and "Bring a bag." in there


def test_after_signing_out_nothing_stays_on_the_device(alone: DemoCouncil, browser: Browser) -> None:
    pins(alone, PRIVATE, audience="council")
    with with_a_copy(alone, browser) as one:
        typed_so_far(one)
        one.opens("/")
        private = one.main
        with one.page.expect_navigation(wait_until="load"):
            one.page.get_by_role("button", name="Sign out").click()
        drafts, cookies = one.measures(DRAFTS), [cookie["name"] for cookie in one.page.context.cookies()]
        one.page.go_back(wait_until="load")
        back = one.page.locator("body").inner_text()
        kept = one.measures(KEPT)

    assert PRIVATE in private
    assert drafts == []
    assert [name for name in cookies if "language" not in name] == []
    assert PRIVATE not in back and "Sign out" not in back
    assert [path for path in kept if path != "/offline" and not path.startswith("/static/")] == []


@pytest.mark.parametrize("way", ["escape", "click", "without scripts"])
def test_leave_this_page_leads_away_at_once_and_back_does_not_lead_here(
    region: Region, browser: Browser, way: str
) -> None:
    away = region.riverside.settings.leave_to

    def elsewhere(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>Weather</title><p>Sunny")

    with person(browser, region.riverside, signed_in=True, scripts=way != "without scripts") as one:
        one.page.context.route(f"{away}**", elsewhere)
        one.opens("/")
        one.opens("/put-up/need")
        if way != "without scripts":
            one.fills(title="Somewhere to sleep tonight")
            wait_for(lambda: one.measures(DRAFTS), "the draft is kept", within=SOON)
        with one.page.expect_navigation(url=f"{away}**", wait_until="load"):
            if way == "escape":
                for _ in range(3):
                    one.page.keyboard.press("Escape")
            else:
                one.page.get_by_role("link", name="Leave this page").click()
        there = one.page.title()
        one.page.go_back(wait_until="load")
        back = one.path
        drafts = one.measures(DRAFTS)

    assert there == "Weather" and set(one.strange) == {away}
    assert drafts == []
    assert back == ("/put-up/need" if way == "without scripts" else "/")


def test_on_a_slow_line_without_font_and_script_the_wall_is_whole(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, scripts=True) as one:
        one.page.context.route("**/*.woff2", lambda route: route.abort())
        one.page.context.route("**/*.js", lambda route: route.abort())
        wire = one.page.context.new_cdp_session(one.page)
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", SLOW)
        one.opens("/")
        words = one.main
        one.presses("Cool room in the tenants' hall")
        slip = one.main

    assert "On the wall now" in words
    assert "25 seats" in slip
