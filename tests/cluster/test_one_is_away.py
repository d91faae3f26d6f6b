"""A joint text and calls for help among three real servers, one of which is away for part of the time."""

from collections.abc import Iterator
from typing import Any

import pytest

from node.demo import together
from node.demo.asking import Visitor
from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil
from node.demo.linking import wait_until_delivered
from node.demo.region import Region, running_region
from node.demo.stage import address_of_new, signed_in
from protocol.agreement.tally import Answer, Outcome

pytestmark = pytest.mark.cluster

SOON = 15.0
TEXT = {"title": "A cart for all three", "text": "It stands one week with each of us, in turn.", "audience": "public"}
OVER_SOON = {"title": "Smoke in the stairs", "event": "Fire", "wanted": "Ladders.", "audience": "public"}
GOES_ON = {"title": "No water on the hill", "event": "Water", "wanted": "Cans.", "audience": "public"}
LATER = "Cans, and two who carry."


@pytest.fixture(scope="module")
def region() -> Iterator[Region]:
    with running_region(None, say=lambda _line: None) as running:
        yield running


def _listed(at: DemoCouncil, visitor: Visitor, address: str) -> dict[str, Any]:
    items = visitor.data("/alerts.json")["items"]
    return next((item for item in items if item["id"] == address), {})


def test_whoever_was_away_hears_the_end_of_what_is_over_and_the_newest_of_what_goes_on(region: Region) -> None:
    riverside, harbour, hillside = region.councils
    home, there, up_there = signed_in(riverside), signed_in(harbour), signed_in(hillside)

    harbour.server.stop()
    text = together.put_to_all(riverside, home, TEXT, at_least=3)
    over = address_of_new(home.fill_in("/put-up/alert", OVER_SOON), riverside)
    going_on = address_of_new(home.fill_in("/put-up/alert", GOES_ON), riverside)
    wait_for(lambda: _listed(hillside, up_there, going_on), "Hillside hears it", within=SOON)
    together.answer_text(hillside, up_there, text, verb="Accept")
    together.answer_call(hillside, up_there, going_on, word="come", words="Six cans.")
    path, news = together.path_at(riverside, over), f"/alerts{together.path_at(riverside, going_on)[2:]}/news"
    ended = home.fill_in(path, {"note": "Burnt milk.", "how": "false"}, action=f"{path}/over")
    told = home.fill_in(news, {"news": "The pump is broken.", "wanted": LATER})

    assert (ended.status, told.status) == (303, 303)
    says = "1 of 2 nearby councils have it, one is being told"
    wait_for(lambda: _says(home, riverside, going_on, says), "Riverside says who has it", within=SOON)
    assert "Harbour" in home.get(f"{together.path_at(riverside, going_on)}/pass-on").text
    assert together.answers(hillside, text)["Harbour"] is Answer.SILENT

    harbour.server.restart()
    there = signed_in(harbour)
    wait_until_delivered(region.councils)
    heard, ended_there = _listed(harbour, there, going_on), _listed(harbour, there, over)

    assert (heard["msg_type"], heard["wanted"]) == ("Update", LATER)
    assert (ended_there["msg_type"], ended_there["ended"]) == ("Cancel", "false")
    assert "Smoke in the stairs" not in _strip(there)
    assert "No water on the hill" in _strip(there)

    together.answer_call(harbour, there, going_on, word="cannot")
    together.answer_text(harbour, there, text, verb="TentativeAccept", words="From May on.")
    wait_for(lambda: together.answers(riverside, text).get("Harbour") is Answer.WITH_RESERVATIONS, "heard", within=SOON)
    together.count(riverside, home, text)

    for one in region.councils:
        wait_for(
            lambda one=one: together.outcome(one, text) is Outcome.ADOPTED,  # type: ignore[misc]
            f"{one.name} counts the same",
            within=SOON,
        )
    assert len({frozenset(together.answers(one, text).items()) for one in region.councils}) == 1
    page = home.get(together.path_at(riverside, going_on)).text
    assert "2 of 2 nearby councils have it" in page
    assert "We cannot" in page and "Six cans." in page


def _says(visitor: Visitor, at: DemoCouncil, address: str, words: str) -> bool:
    return words in " ".join(visitor.get(together.path_at(at, address)).text.split())


def _strip(visitor: Visitor) -> str:
    page = visitor.get("/board").text
    return page[page.index('<main id="main"') : page.index("<h1")]
