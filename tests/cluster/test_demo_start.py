"""The demo's start page as somebody presses through it: over real HTTP, without scripts, against the three real servers."""

import html
import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from node.demo.asking import Reply, Visitor, forms_on, send
from node.demo.checking import wait_for
from node.demo.processes import command
from node.demo.start.wording import DRILL, FANS, NEED, RESOLUTION, TWISTED

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]

SECONDS = 40.0
FORM = "application/x-www-form-urlencoded"


@dataclass
class Demo:
    """A running demo, and what its start page is asked."""

    facts: dict[str, Any]
    neighbours: dict[str, Visitor]

    @property
    def origin(self) -> str:
        return str(self.facts["start"]).rstrip("/")

    def url(self, name: str) -> str:
        return str(next(one["url"] for one in self.facts["councils"] if one["name"] == name))

    def page(self) -> str:
        reply = send(self.origin, "GET", "/", headers={}, body=None, seconds=SECONDS)
        assert reply.status == 200, reply.text
        return reply.text

    def post(self, path: str, **headers: str) -> Reply:
        given = {"Origin": self.origin, "Content-Type": FORM} | {
            n.replace("_", "-"): v for n, v in headers.items() if v
        }
        return send(self.origin, "POST", path, headers=given, body=b"", seconds=SECONDS)

    def presses(self, words: str) -> str:
        """Press the one button with these words, and read the line that the page then has."""
        action = action_of(self.page(), words)
        reply = self.post(action, Sec_Fetch_Site="same-origin")
        assert (reply.status, reply.headers["location"]) == (303, "/#happened")
        return line_of(self.page())

    def wall(self, name: str, *, passing: bool = False) -> list[dict[str, Any]]:
        visitor = Visitor(self.url(name)) if passing else self.neighbours[name]
        slips: list[dict[str, Any]] = visitor.data("/wall.json")["slips"]
        return slips

    def around(self, name: str, **query: object) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.neighbours[name].data("/region/availability", **query)["items"]
        return items

    def titled(self, name: str, title: str) -> list[str]:
        """The addresses of the notes on a wall whose title ends so."""
        return [slip["url"] for slip in self.wall(name) if slip["title"].endswith(title)]


def action_of(page: str, words: str) -> str:
    found = re.findall(r'<form method="post" action="([^"]+)"><button[^>]*>([^<]+)</button></form>', page)
    (action,) = (action for action, label in found if html.unescape(label) == words)
    return str(action)


def line_of(page: str) -> str:
    (line,) = re.findall(r'<p class="line"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert "broken" not in re.findall(r'<section id="happened" class="([^"]*)"', page)[0], line
    return " ".join(html.unescape(line).split())


def claimed(line: str) -> list[float]:
    """The seconds that a line speaks of."""
    return [float(one) for one in re.findall(r"([0-9.]+) s\b", line)]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with subprocess.Popen(
        command("demo", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            facts = json.loads(process.stdout.readline())
            neighbours = {}
            for one in facts["councils"]:
                neighbours[one["name"]] = visitor = Visitor(one["url"])
                assert visitor.fill_in(urlsplit(one["sign_in"]).path, {}, action="/in").status == 303
            yield Demo(facts, neighbours)
            process.send_signal(signal.SIGINT)
            said, complaints = process.communicate(timeout=20)
            assert (process.returncode, said, complaints) == (0, "", "")
        finally:
            if process.poll() is None:
                process.kill()


def test_pressing_through_the_story_changes_what_the_servers_say(demo: Demo) -> None:
    """In one test, since each step stands on those before it."""
    fans_are_asked_for(demo)
    fans_are_lent(demo)
    three_see_three_things(demo)
    harbour_goes_dark_and_comes_back(demo)
    a_twisted_word_is_refused(demo)
    a_drill_is_heard_and_over(demo)


def fans_are_asked_for(demo: Demo) -> None:
    assert demo.titled("Riverside", NEED["title"]) == []
    began = time.monotonic()

    line = demo.presses("Put the need up")

    took = time.monotonic() - began
    (address,) = demo.titled("Riverside", NEED["title"])
    assert "Harbour had it within" in line and "both checked the signature" in line
    assert len(claimed(line)) == 2 and all(0 < one <= took + 0.1 for one in claimed(line))
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
    line = demo.presses("Lend six fans")

    took = time.monotonic() - began
    assert "4 of 10 fans left" in line and all(0 < one <= took + 0.1 for one in claimed(line))
    for name in ("Riverside", "Hillside"):
        (item,) = [item for item in demo.around(name, text="fans") if item["title"] == FANS]
        assert (item["available"], item["quantity"]) == ("4", "10")

    again = demo.presses("Lend six fans")

    assert "already" in again
    (item,) = [item for item in demo.around("Harbour", text="fans") if item["title"] == FANS]
    assert item["available"] == "4"
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
    assert "Switch it on first" in demo.presses("Lend six fans")
    assert "no answer" in demo.presses("Open it as all three")
    assert demo.post("/sign-in/harbour").headers["location"] == "/#happened"
    assert "nobody can sign in" in line_of(demo.page())
    line = demo.presses("Put up what was decided")
    assert "Hillside had it" in line and "Harbour is switched off" in line

    line = demo.presses("And on again")

    assert "One signed message had waited for it" in line
    decided = demo.neighbours["Harbour"].data("/resolutions.json")["items"]
    assert [item["source"]["name"] for item in decided if item["title"] == RESOLUTION["title"]] == ["Riverside"]
    assert "Nothing was done" in demo.presses("And on again")
    assert "Switched off at" not in demo.page()


def a_twisted_word_is_refused(demo: Demo) -> None:
    for _ in range(2):
        line = demo.presses("Twist one word")

        assert "bad-digest (401)" in line and "bad-proof (401)" in line
        held = demo.neighbours["Harbour"].data("/resolutions.json")["items"]
        assert [TWISTED in item["text"] for item in held if item["title"] == RESOLUTION["title"]] == [False]
    assert "already" in demo.presses("Put up what was decided")
    assert len(demo.titled("Riverside", RESOLUTION["title"])) == 1


def a_drill_is_heard_and_over(demo: Demo) -> None:
    assert "both list it as a drill" in demo.presses("Call the drill")
    assert "already" in demo.presses("Call the drill")
    (address,) = demo.titled("Riverside", DRILL["title"])
    for name in ("Harbour", "Hillside"):
        assert demo.titled(name, DRILL["title"]) == [f"{demo.url(name)}/slip?id={quote(address, safe='')}"]

    assert "both list it as over" in demo.presses("It is over")

    for name in ("Harbour", "Hillside"):
        assert demo.titled(name, DRILL["title"]) == []
    assert "nothing to end" in demo.presses("It is over")


def test_each_press_signs_in_whoever_has_the_server_turn_by_a_fresh_link(demo: Demo) -> None:
    links = [demo.post("/sign-in/hillside", Sec_Fetch_Site="same-origin").headers["location"] for _ in range(2)]

    assert len(set(links)) == 2
    for link in links:
        assert link.startswith(f"{demo.url('Hillside')}/in/")
        visitor = Visitor(demo.url("Hillside"))
        assert visitor.fill_in(urlsplit(link).path, {}, action="/in").status == 303
        assert visitor.get("/put-up/need").status == 200
    assert demo.post("/sign-in/nowhere").status == demo.post("/do/nothing").status == 404


def test_ctrl_c_in_the_middle_of_a_step_leaves_nothing_behind_and_says_nothing_more() -> None:
    with subprocess.Popen(
        command("demo", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            other = Demo(json.loads(process.stdout.readline()), {})
            answers: list[Reply] = []
            pressing = threading.Thread(target=lambda: answers.append(other.post("/do/off")))
            pressing.start()
            wait_for(lambda: not _answers(other.url("Harbour")), "Harbour is being switched off", within=10)

            process.send_signal(signal.SIGINT)
            said, complaints = process.communicate(timeout=20)
            pressing.join(10)
        finally:
            if process.poll() is None:
                process.kill()

    assert (process.returncode, said, complaints) == (0, "", "")
    assert [(one.status, "being stopped" in one.text) for one in answers] == [(503, True)]
    assert not any(_answers(url) for url in (other.origin, *(one["url"] for one in other.facts["councils"])))
    assert not Path(other.facts["folder"]).exists()


def _answers(url: str) -> bool:
    with suppress(OSError):
        Visitor(url).get("/")
        return True
    return False


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8100", "localhost:{port}", "127.0.0.1"])
def test_another_name_is_refused_whatever_is_asked(demo: Demo, host: str) -> None:
    named = host.format(port=urlsplit(demo.origin).port)

    answers = [send(demo.origin, method, "/", headers={"Host": named}, body=None) for method in ("GET", "HEAD")]
    answers.append(demo.post("/sign-in/riverside", Host=named))

    assert [one.status for one in answers] == [421, 421, 421]
    assert "/in/" not in str([one.headers for one in answers])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:8101"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
    ],
    ids=str,
)
def test_a_form_from_elsewhere_does_nothing(demo: Demo, headers: dict[str, str]) -> None:
    before = line_of(demo.page())
    given = {"Origin": demo.origin, "Content-Type": FORM} | {n.replace("_", "-"): v for n, v in headers.items()}
    sent = {name: value for name, value in given.items() if value}

    answers = [send(demo.origin, "POST", path, headers=sent, body=b"") for path in ("/do/drill", "/sign-in/riverside")]

    assert [one.status for one in answers] == [403, 403]
    assert "location" not in answers[1].headers
    assert line_of(demo.page()) == before


def test_looking_changes_nothing(demo: Demo) -> None:
    answers = [send(demo.origin, "GET", path, headers={}, body=None) for path in ("/do/drill", "/sign-in/riverside")]

    assert [one.status for one in answers] == [405, 405]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def test_the_page_needs_no_script_and_asks_no_other_host(demo: Demo) -> None:
    reply = send(demo.origin, "GET", "/", headers={}, body=None)
    reader = _Tags()
    reader.feed(reply.text)
    tags = reader.found

    ids = [given["id"] for _, given in tags if "id" in given]
    assert [tag for tag, _ in tags].count("h1") == 1
    assert len(ids) == len(set(ids))
    assert not {tag for tag, _ in tags} & {"script", "style", "iframe", "img"}
    assert not [given for _, given in tags if any(name == "style" or name.startswith("on") for name in given)]
    assert all(form.method == "post" and form.action.startswith("/") for form in forms_on(reply.text))
    pieces = [given["href"] for tag, given in tags if tag == "link"]
    assert len(pieces) == 4 and all(piece.startswith("/static/") for piece in pieces)
    assert [send(demo.origin, "GET", piece, headers={}, body=None).status for piece in pieces] == [200] * 4
    ours = (demo.origin, *(one["url"] for one in demo.facts["councils"]))
    assert all(given["href"].startswith(("/", "#", *ours)) for tag, given in tags if tag == "a")


def test_the_poster_is_linked_where_the_server_has_one(demo: Demo) -> None:
    poster = f"{demo.url('Riverside')}/poster"

    assert (f'href="{poster}"' in demo.page()) is (Visitor(demo.url("Riverside")).get("/poster").status == 200)


def test_its_headers_are_strict_and_let_the_sign_in_buttons_lead_to_the_three(demo: Demo) -> None:
    headers = send(demo.origin, "GET", "/", headers={}, body=None).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';") and "unsafe" not in policy
    assert f"form-action 'self' {' '.join(one['url'] for one in demo.facts['councils'])};" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers and "set-cookie" not in headers
