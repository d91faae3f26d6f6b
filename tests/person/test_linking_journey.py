"""Journey 9: two councils compare six words and link up; what stood before is there, what stays home is not; one ends it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil, made_councils
from node.demo.ports import claim_ports
from node.demo.processes import stop_all
from tests.person.browsing import CHROMIUM, FLAGS, PHONE, Person, in_a_browser, person
from tests.person.looking import sideways, small_targets
from tests.person.test_promising_journeys import note

pytestmark = in_a_browser()

SOON = 10.0
AGREE = "The words are the same: link up"
PRAM, PAPERS = "A pram to lend", "Company to the papers office"


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DemoCouncil, DemoCouncil]]:
    """Two councils that do not know each other. What Harbour has was put up before they do."""
    with ExitStack() as closing:
        claims = closing.enter_context(claim_ports((8161, 8162, 8163)))
        riverside, harbour, _ = closing.enter_context(made_councils(tmp_path_factory.mktemp("met"), claims.ports))
        note(harbour, "offer", {"title": PRAM, "audience": "neighbours", "kind": "goods"})
        note(harbour, "need", {"title": PAPERS, "audience": "council", "kind": "migration"})
        servers = [riverside.server, harbour.server]
        closing.callback(stop_all, servers)
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_answering()
        yield riverside, harbour


@pytest.fixture(scope="module")
def window(strangers: tuple[DemoCouncil, DemoCouncil]) -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def six(one: Person) -> list[str]:
    return one.page.locator("ol.six").first.locator("li").all_inner_texts()


def says(one: Person, path: str, words: str, *, so: bool = True) -> bool:
    one.opens(path)
    return (words in one.main) is so


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_two_councils_link_up_share_what_may_be_shared_and_part(
    strangers: tuple[DemoCouncil, DemoCouncil], window: Browser, scripts: bool
) -> None:
    riverside, harbour = strangers
    with (
        person(window, riverside, keeper=True, scripts=scripts) as ours,
        person(window, harbour, keeper=True, scripts=scripts) as theirs,
        person(window, riverside, scripts=scripts) as passer_by,
    ):
        ours.opens("/councils/ask")
        ours.fills(address=harbour.url)
        ours.presses("Look who is there")
        compared = six(ours)
        ours.presses("The words are the same: ask them")
        wait_for(lambda: says(theirs, "/councils", AGREE), "Harbour is asked", within=SOON)
        shown = six(theirs)
        theirs.presses(AGREE)
        wait_for(lambda: says(ours, "/around", PRAM), "what stood before is there", within=SOON)
        seen_by_us = ours.main
        passer_by.opens("/around")
        seen_by_others = passer_by.main
        found = [fault for one in (ours, theirs) for fault in sideways(one, PHONE) + small_targets(one)]
        ours.opens("/councils")
        ours.page.locator("main summary", has_text="Compare words, or end it").click()
        ours.presses("End the link")
        wait_for(lambda: says(ours, "/around", PRAM, so=False), "the copy goes", within=SOON)
        wait_for(lambda: says(theirs, "/councils", "No longer, or not this time"), "Harbour knows", within=SOON)
        said = [words for one in (ours, theirs, passer_by) for words in one.said + one.strange]

    assert compared == shown and len(compared) == 6
    assert PAPERS not in seen_by_us and PRAM not in seen_by_others
    assert found == said == []
