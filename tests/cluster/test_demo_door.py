"""The demo's start page as a page: whom it listens to, where its buttons lead, and that it needs nothing from elsewhere."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from node.demo.asking import Visitor, forms_on, send
from tests.demo.pressing import FORM, Demo, line_of, running_demo

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running_demo() as running:
        yield running


def test_each_press_signs_in_whoever_has_the_server_turn_by_a_fresh_link(demo: Demo) -> None:
    links = [demo.post("/sign-in/hillside", Sec_Fetch_Site="same-origin").headers["location"] for _ in range(2)]

    assert len(set(links)) == 2
    for link in links:
        assert link.startswith(f"{demo.url('Hillside')}/in/")
        visitor = Visitor(demo.url("Hillside"))
        assert visitor.fill_in(urlsplit(link).path, {}, action="/in").status == 303
        assert visitor.get("/put-up/need").status == 200
    assert demo.post("/sign-in/nowhere").status == demo.post("/do/nothing").status == 404


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
