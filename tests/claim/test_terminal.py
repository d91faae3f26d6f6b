"""What the terminal says about claiming, with real processes: the link to standard output, and nothing into the log."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from node.cli.beginning import CLAIM_WORDS
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import Server, command
from node.settings import load
from tests.cluster.commands import GOOD, comarca, data, wrong

pytestmark = pytest.mark.cluster


def link_in(said: str) -> str:
    lines = said.splitlines()
    return lines[lines.index(CLAIM_WORDS) + 1]


def test_init_needs_an_address_and_nothing_else(tmp_path: Path) -> None:
    made = comarca("init", tmp_path / "new", "--url", "https://hillside.example")

    assert made.exit_code == GOOD
    assert "/in/" not in made.stdout
    assert f"Next: comarca serve {tmp_path / 'new'}" in made.stdout
    assert data("status", tmp_path / "new")["name"] == "hillside.example"


@pytest.mark.parametrize(
    ("url", "given", "port"),
    [
        ("https://hillside.example", (), 8080),
        ("http://localhost:8150", (), 8150),
        ("http://localhost:8150/", (), 8150),
        ("http://localhost", (), 8080),
        ("http://localhost:8150", ("--port", "8151"), 8151),
    ],
)
def test_a_plain_address_is_served_at_its_own_port(tmp_path: Path, url: str, given: tuple[str, ...], port: int) -> None:
    data("init", tmp_path / "new", "--url", url, *given)

    assert load(tmp_path / "new").listen.port == port


def test_a_keeper_on_the_command_line_claims_at_once(tmp_path: Path) -> None:
    made = data("init", tmp_path / "new", "--name", "Hillside", "--url", "https://hillside.example", "--keeper", "Rosa")

    assert made["claimed"] is True
    assert made["sign_in"].startswith("https://hillside.example/in/")
    assert "claimed already" in wrong("claim-link", tmp_path / "new")


@pytest.mark.parametrize(
    "words",
    [
        ("sign-in-link", "{}", "--keeper"),
        ("need", "{}", "Two fans"),
        ("peers", "accept", "{}", "https://harbour.example"),
    ],
)
def test_nothing_is_done_in_the_name_of_a_council_that_nobody_has_claimed(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    data("init", tmp_path / "new", "--url", "https://hillside.example")

    said = wrong(*(word.format(tmp_path / "new") for word in words))

    assert f"comarca claim-link {tmp_path / 'new'}" in said


def test_each_claim_link_is_another(tmp_path: Path) -> None:
    data("init", tmp_path / "new", "--url", "https://hillside.example")

    links = {data("claim-link", tmp_path / "new")["claim"] for _ in range(2)}

    assert len(links) == 2
    assert all(link.startswith("https://hillside.example/claim#") for link in links)
    assert all(len(link.partition("#")[2].replace("-", "")) == 28 for link in links)


def test_serve_prints_the_link_that_claims(tmp_path: Path) -> None:
    with claim_ports((8114,)) as claims:
        port = claims.ports[0]
        url = f"http://{LOOPBACK}:{port}"
        data("init", tmp_path / "one", "--url", url, "--port", port)
        out, log = tmp_path / "out", tmp_path / "log"
        with out.open("w") as said, log.open("w") as logged:
            server = subprocess.Popen(command("serve", str(tmp_path / "one")), stdout=said, stderr=logged)
            try:
                wait_for(lambda: CLAIM_WORDS in out.read_text() and _status(url) == 503, "it waits", within=20)
                link = link_in(out.read_text())
                newer = data("claim-link", tmp_path / "one")["claim"]
                form = {"name": "Hillside", "language": "en"}
                with httpx.Client(base_url=url, headers={"origin": url}) as browser:
                    old = browser.post("/claim", data={**form, "code": link})
                    new = browser.post("/claim", data={**form, "code": newer})
                    wall = browser.get("/")
            finally:
                server.terminate()
                server.wait(20)

    assert (old.status_code, new.status_code) == (401, 303)
    assert "Hillside" in wall.text
    for words in (link, newer):
        assert words.partition("#")[2] not in log.read_text()
    assert out.read_text().count("#") == 1, "no picture of the code where nobody is at a terminal"


def test_a_claimed_one_prints_none(tmp_path: Path) -> None:
    with claim_ports((8115,)) as claims:
        port = claims.ports[0]
        url = f"http://{LOOPBACK}:{port}"
        data("init", tmp_path / "one", "--name", "One", "--url", url, "--port", port, "--keeper", "")
        server = Server(tmp_path / "one", url)
        server.start()
        try:
            server.wait_until_answering()
            assert httpx.get(url + "/").status_code == 200
        finally:
            server.stop()
        said = server.last_words()

    assert CLAIM_WORDS not in said


def test_a_program_is_told_the_link_in_its_answer(tmp_path: Path) -> None:
    data("init", tmp_path / "one", "--url", "https://one.example")

    answer = json.loads(comarca("claim-link", tmp_path / "one", "--json").stdout)

    assert set(answer) == {"claim"}


def _status(url: str) -> int:
    try:
        return httpx.get(url + "/").status_code
    except httpx.TransportError:
        return 0
