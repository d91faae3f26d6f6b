"""`comarca doctor` as it is typed: beside a running server and without one, for people and for programs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import Server, stop_all
from node.doctor.run import CHECKS
from tests.cluster.commands import BROKEN, GOOD, WRONG_USE, comarca, data, wrong

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Server]]:
    directory, claims = tmp_path_factory.mktemp("doctor") / "riverside", claim_ports((8131,))
    port = claims.ports[0]
    url = f"http://{LOOPBACK}:{port}"
    data(
        "init", directory, "--name", "Riverside", "--url", url, "--port", port, "--plain-host", LOOPBACK, "--keeper", ""
    )
    server = Server(directory, url)
    server.start()
    server.wait_until_answering()
    yield directory, server
    stop_all([server])
    claims.release()


def test_a_running_server_is_looked_at_through_its_own_address(town: tuple[Path, Server]) -> None:
    directory, server = town

    result = comarca("doctor", directory)

    assert result.exit_code == GOOD, result.output
    lines = result.stdout.splitlines()
    assert f"  ✓ Reach       {server.url} leads to this server and answers" in result.stdout
    assert f"served by process {server.pid}, and by no other" in result.stdout
    assert lines[0].startswith(f"  ✓ DNS         {LOOPBACK} → {LOOPBACK}, and that is this server")
    assert f"  ! TLS         {server.url} is plain http" in lines
    assert re.fullmatch(r"  \d+ good, 2 to look at, 0 broken", lines[-1]), result.stdout
    marks = [line[2] for line in lines if line[2] in "✓!✗"]
    assert len(marks) == len(CHECKS)
    assert not list(directory.glob("look*"))


def test_a_program_is_told_the_same(town: tuple[Path, Server]) -> None:
    directory, _ = town

    told = data("doctor", directory)

    assert (told["state"], told["unasked"]) == ("look", [])
    assert sum(told["counts"].values()) == len(told["findings"])
    assert {one["name"]: one["state"] for one in told["findings"] if one["state"] != "good"} == {
        "TLS": "look",
        "Backup": "look",
    }
    [backup] = [one for one in told["findings"] if one["name"] == "Backup"]
    assert backup["cures"] == [f"Back up now: comarca backup {directory}"]


def test_what_is_broken_ends_with_one_and_the_line_that_mends_it(town: tuple[Path, Server]) -> None:
    directory, _ = town
    key = directory / "keys" / "rsa.pem"
    key.chmod(0o644)
    try:
        result = comarca("doctor", directory)
    finally:
        key.chmod(0o600)

    assert result.exit_code == BROKEN
    assert "  ✗ Keys" in result.stdout
    assert f"→ Close them to others: chmod 700 {directory}/keys && chmod 600 {directory}/keys/*.pem" in result.stdout
    assert re.search(r"1 broken, \d not asked until that is mended \(.*Signatures.*\)$", result.stdout.rstrip())
    assert "PRIVATE" not in result.stdout


def test_without_a_server_it_says_so_and_how_to_start_one(tmp_path: Path) -> None:
    directory, claims = tmp_path / "riverside", claim_ports((8132,))
    port = claims.ports[0]
    url = f"http://{LOOPBACK}:{port}"
    data(
        "init", directory, "--name", "Riverside", "--url", url, "--port", port, "--plain-host", LOOPBACK, "--keeper", ""
    )
    claims.release()

    result = comarca("doctor", directory)

    assert result.exit_code == BROKEN
    assert f"→ Or by hand: comarca serve {directory}" in result.stdout
    assert "✗ Reach" in result.stdout
    told = data("doctor", directory, exit_code=BROKEN)
    assert {one["name"] for one in told["findings"] if one["state"] == "broken"} == {"Server", "Reach"}


@pytest.mark.parametrize(
    ("name", "line"), [("nginx", "proxy_pass http://127.0.0.1:8080;"), ("caddy", "flush_interval -1")]
)
def test_the_whole_block_for_a_proxy_is_printed_and_nothing_looked_at(tmp_path: Path, name: str, line: str) -> None:
    data("init", tmp_path / "one", "--name", "One", "--url", "https://one.example", "--keeper", "")

    result = comarca("doctor", tmp_path / "one", "--proxy", name)

    assert result.exit_code == GOOD
    assert line in result.stdout
    assert "one.example" in result.stdout
    assert json.loads(comarca("doctor", tmp_path / "one", "--proxy", name, "--json").stdout)["proxy"] == name


def test_wrong_use_is_said_in_words(tmp_path: Path) -> None:
    assert "Type: comarca init" in wrong("doctor", tmp_path, exit_code=WRONG_USE)
    data("init", tmp_path / "one", "--name", "One", "--url", "https://one.example", "--keeper", "")

    assert "--proxy nginx or --proxy caddy" in wrong("doctor", tmp_path / "one", "--proxy", "apache")
