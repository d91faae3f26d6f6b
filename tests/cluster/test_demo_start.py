"""The demo's start page as somebody presses through it: over real HTTP, without scripts, against the three real servers."""

import html
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from node.demo.asking import Reply, Visitor
from node.demo.checking import wait_for
from node.demo.start.wording import DRILL, FANS, NEED, RESOLUTION, TWISTED
from tests.demo.pressing import Demo, claimed, facts_of, line_of, running_demo, started

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running_demo() as running:
        yield running


def test_pressing_through_the_story_changes_what_the_servers_say(demo: Demo) -> None:
    """In one test, since each step stands on those before it."""
    fans_are_asked_for(demo)
    fans_are_lent(demo)
    three_see_three_things(demo)
    harbour_goes_dark_and_comes_back(demo)
    a_twisted_word_is_refused(demo)
    the_text_is_answered_and_counted_alike(demo)
    a_drill_is_heard_and_over(demo)


def fans_are_asked_for(demo: Demo) -> None:
    assert demo.titled("Riverside", NEED["title"]) == []
    began = time.monotonic()

    line = demo.presses("Put the need up")

    took = time.monotonic() - began
    (address,) = demo.titled("Riverside", NEED["title"])
    assert "Harbour had it within" in line and "both checked the signature" in line
    assert len(claimed(line)) == 2 and all(0 < one <= took + 0.1 for one in claimed(line))
    number, link = re.findall(r"number ([0-9A-Z-]+)", line)[0], re.findall(r'href="([^"]+/note/[^"]+)"', demo.page())[0]
    asker = Visitor(demo.url("Riverside"))
    assert asker.get(urlsplit(link).path).status == 303
    own = asker.get("/note").text
    assert number in own and NEED["title"] in own
    assert NEED["title"] not in Visitor(demo.url("Riverside")).get("/note").text
    for name in ("Harbour", "Hillside"):
        (item,) = [item for item in demo.around(name) if item["id"] == address]
        assert (item["proof"]["state"], item["audience"]) == ("verified", "neighbours")
        assert Visitor(demo.url(name)).get("/slip", id=address).status == 404
    marked = re.findall(r'class="mark">([^<]+)</strong></p>\s*<h4><a [^>]*>([^<]+)</a>', demo.page())
    assert marked == [("new", NEED["title"]), ("told just now", NEED["title"]), ("told just now", NEED["title"])]

    again = demo.presses("Put the need up")

    assert "already" in again
    assert demo.titled("Riverside", NEED["title"]) == [address]


def fans_are_lent(demo: Demo) -> None:
    line = demo.presses("Look around us")
    (item,) = demo.around("Riverside", text="fans", category="tools", direction="offer", near="Tenants' hall")
    assert (item["available"], item["proof"]["state"]) == ("10", "verified")
    assert f"Harbour has 10 fans, {item['distance_km']:.1f} km away, Harbour told us just now" in line

    began = time.monotonic()
    line = demo.presses("Six, and not the rest")

    took = time.monotonic() - began
    assert "Harbour and Riverside say the same: 4 of 10 fans left" in line and "not this time" in line
    assert all(0 < one <= took + 0.1 for one in claimed(line))
    for name in ("Riverside", "Hillside"):
        (item,) = [item for item in demo.around(name, text="fans") if item["title"] == FANS]
        assert (item["available"], item["quantity"]) == ("4", "10")

    again = demo.presses("Six, and not the rest")

    assert "already" in again
    (item,) = [item for item in demo.around("Harbour", text="fans") if item["title"] == FANS]
    assert item["available"] == "4"
    there = demo.neighbours["Riverside"].get(f"/slip?id={quote(item['id'], safe='')}").text
    assert there.count("Agreed with them.") == 1 and "They have not answered yet" not in there
    assert "4 of 10 fans left" in demo.presses("Look around us")


def three_see_three_things(demo: Demo) -> None:
    (address,) = demo.titled("Riverside", NEED["title"])

    line = demo.presses("Open it as all three")

    assert "200, 200, 404" in line and "nothing of it" in line
    theirs, passing = re.findall(r"<h3>(.*?)</h3>.*?<strong>(\d+)</strong>(.*?)</li>", demo.page(), re.DOTALL)[1:3]
    assert theirs[1] == "200" and "They signed it" in theirs[2] and NEED["words"] in html.unescape(theirs[2])
    assert passing[1] == "404" and NEED["title"] not in passing[2]
    there = f"/slip?id={quote(address, safe='')}"
    assert demo.neighbours["Harbour"].get(there).status == 200
    assert Visitor(demo.url("Harbour")).get(there).status == 404


def harbour_goes_dark_and_comes_back(demo: Demo) -> None:
    line = demo.presses("Switch it off")

    with pytest.raises(OSError):
        Visitor(demo.url("Harbour")).get("/")
    (as_of,) = set(re.findall(r"as of \d\d:\d\d", line))
    around = demo.neighbours["Riverside"].get("/around").text
    assert "the fans are still found" in line and FANS in around and as_of in around
    page = demo.page()
    assert "Switched off at" in page and as_of in page
    assert "already" in demo.presses("Switch it off")
    assert "Switch it on first" in demo.presses("Six, and not the rest")
    assert "no answer" in demo.presses("Open it as all three")
    assert demo.post("/sign-in/harbour").headers["location"] == "/#happened"
    assert "nobody can sign in" in line_of(demo.page())
    line = demo.presses("Ask the other two")
    assert "Hillside had it" in line and "Harbour is switched off" in line
    line = demo.presses("Both answer")
    assert "Hillside answered" in line and "Harbour has not answered yet" in line

    line = demo.presses("And on again")

    assert re.search(r"\b[2-9] signed messages had waited for it; all have arrived", line)
    decided = demo.neighbours["Harbour"].data("/resolutions.json")["items"]
    assert [item["source"]["name"] for item in decided if item["title"] == RESOLUTION["title"]] == ["Riverside"]
    assert "Nothing was done" in demo.presses("And on again")
    assert "Switched off at" not in demo.page()


def a_twisted_word_is_refused(demo: Demo) -> None:
    for _ in range(2):
        line = demo.presses("Twist one word")

        assert "bad-digest (401)" in line and "bad-proof (401)" in line and "other-text" in line
        held = demo.neighbours["Harbour"].data("/resolutions.json")["items"]
        assert [TWISTED in item["text"] for item in held if item["title"] == RESOLUTION["title"]] == [False]
    assert "already" in demo.presses("Ask the other two")
    assert len(demo.titled("Riverside", RESOLUTION["title"])) == 1


def the_text_is_answered_and_counted_alike(demo: Demo) -> None:
    line = demo.presses("Both answer")

    assert "Harbour answered" in line and "all say the same: agreed together" in line
    for name in ("Riverside", "Harbour", "Hillside"):
        held = demo.neighbours[name].data("/resolutions.json")["items"]
        assert [item["stage"] for item in held if item["title"] == RESOLUTION["title"]] == ["adopted"]
    assert "answered already" in demo.presses("Both answer")


def a_drill_is_heard_and_over(demo: Demo) -> None:
    assert "both list it as a drill" in demo.presses("Call the drill")
    assert "already" in demo.presses("Call the drill")
    (address,) = demo.titled("Riverside", DRILL["title"])
    for name in ("Harbour", "Hillside"):
        assert demo.titled(name, DRILL["title"]) == [f"{demo.url(name)}/slip?id={quote(address, safe='')}"]

    line = demo.presses("We come")
    assert "Four of us, with two trolleys." in line and "We would come by bicycle." in line

    assert "both list it as over" in demo.presses("It is over")

    for name in ("Harbour", "Hillside"):
        assert demo.titled(name, DRILL["title"]) == []
    assert "nothing to end" in demo.presses("It is over")
    assert "nothing to answer" in demo.presses("We come")


def test_ctrl_c_in_the_middle_of_a_step_leaves_nothing_behind_and_says_nothing_more() -> None:
    with started() as process:
        other = Demo(facts_of(process), {})
        answers: list[Reply] = []
        pressing = threading.Thread(target=lambda: answers.append(other.post("/do/off")))
        pressing.start()
        wait_for(lambda: not _answers(other.url("Harbour")), "Harbour is being switched off", within=10)

        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=20)
        pressing.join(10)

    assert (process.returncode, said, complaints) == (0, "", "")
    assert [(one.status, "being stopped" in one.text) for one in answers] == [(503, True)]
    assert not any(_answers(url) for url in (other.origin, *(one["url"] for one in other.facts["councils"])))
    assert not Path(other.facts["folder"]).exists()


def _answers(url: str) -> bool:
    with suppress(OSError):
        Visitor(url).get("/")
        return True
    return False
