"""Making, serving and looking after one council by command: what is said to people and to programs, and how it ends."""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from node.demo.asking import Visitor
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import Server, command
from tests.cluster.commands import BROKEN, GOOD, WRONG_USE, Council, comarca, data, wrong

pytestmark = pytest.mark.cluster


def test_a_new_folder_is_whole_and_closed_to_others(town: tuple[Council, Council]) -> None:
    folder = Path(town[0].directory)

    assert sorted(path.name for path in folder.iterdir() if path.suffix in (".toml", ".db") or path.is_dir()) == [
        "comarca.db",
        "comarca.toml",
        "keys",
    ]
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder / "keys").iterdir())


def test_the_link_of_init_signs_its_keeper_in(town: tuple[Council, Council]) -> None:
    visitor = Visitor(town[1].url)

    reply = visitor.fill_in(urlsplit(town[1].sign_in).path, {}, action="/in")

    assert reply.status == 303
    assert visitor.get("/put-up/offer").status == 200


def test_init_says_what_to_do_next_and_never_writes_over_a_council(tmp_path: Path) -> None:
    made = comarca(
        "init", tmp_path / "new", "--name", "Hillside", "--url", "https://hillside.example", "--keeper", "Bo"
    )

    assert made.exit_code == GOOD
    assert f"Next: comarca serve {tmp_path / 'new'}" in made.stdout
    assert "https://hillside.example/in/" in made.stdout
    keys = (tmp_path / "new" / "keys" / "ed25519.pem").read_bytes()
    said = wrong("init", tmp_path / "new", "--name", "Hillside", "--url", "https://hillside.example")
    assert f"comarca serve {tmp_path / 'new'}" in said
    assert (tmp_path / "new" / "keys" / "ed25519.pem").read_bytes() == keys


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "X", "--url", "https://x.example/path"], "only scheme, host and port"),
        (["--name", "X", "--url", "https://x.example", "--zone", "Mars"], "Europe/Madrid"),
        (["--name", " ", "--url", "https://x.example"], "name"),
    ],
)
def test_init_refuses_settings_that_cannot_be_used_and_leaves_nothing(
    tmp_path: Path, words: list[str], said: str
) -> None:
    assert said in wrong("init", tmp_path / "new", *words)
    assert not (tmp_path / "new" / "comarca.db").exists()


@pytest.mark.parametrize("words", [[], ["init"], ["peers"], ["offer"], ["nonsense"], ["status", "x", "--nonsense"]])
def test_wrong_use_ends_with_two_and_says_how(words: list[str]) -> None:
    result = comarca(*words)

    assert result.exit_code == WRONG_USE
    assert "Usage: comarca" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "{}"],
        ["status", "{}"],
        ["peers", "list", "{}"],
        ["peers", "add", "{}", "https://harbour.example"],
        ["offer", "{}", "Chairs"],
        ["show", "{}", "https://harbour.example/o/x"],
        ["followers", "list", "{}"],
        ["sign-in-link", "{}"],
    ],
)
def test_a_folder_without_a_council_is_answered_with_how_to_make_one(tmp_path: Path, words: list[str]) -> None:
    said = wrong(*(word.format(tmp_path / "nowhere") for word in words))

    assert f"comarca init {tmp_path / 'nowhere'}" in said
    assert not (tmp_path / "nowhere").exists()


def test_a_second_server_of_one_folder_is_refused(town: tuple[Council, Council]) -> None:
    ran = subprocess.run(command("serve", town[0].directory), capture_output=True, text=True, timeout=20, check=False)

    assert ran.returncode == BROKEN
    assert ran.stdout == ""
    assert ran.stderr.startswith("comarca: ")
    assert "Traceback" not in ran.stderr
    assert Visitor(town[0].url).get("/help").status == 200


def test_serve_ends_well_when_it_is_told_to(tmp_path: Path) -> None:
    with claim_ports((8113,)) as claims:
        port = claims.ports[0]
        url = f"http://{LOOPBACK}:{port}"
        data("init", tmp_path / "one", "--url", url, "--port", port, "--plain-host", LOOPBACK, "--keeper", "")
        server = Server(tmp_path / "one", url)
        server.start()
        server.wait_until_answering()
        assert data("status", tmp_path / "one")["running"] is True

        server.stop()

        assert server.exit_code == GOOD
        assert "Traceback" not in server.last_words()
        assert data("status", tmp_path / "one")["running"] is False


def test_keys_that_are_missing_are_broken_and_say_what_to_do(tmp_path: Path) -> None:
    data("init", tmp_path / "one", "--name", "One", "--url", "https://one.example")
    (tmp_path / "one" / "keys" / "rsa.pem").unlink()

    said = wrong("status", tmp_path / "one", exit_code=BROKEN)

    assert "rsa.pem is missing" in said
    assert "from a backup" in said


def test_a_further_link_makes_a_neighbour_and_works_once(town: tuple[Council, Council]) -> None:
    riverside = town[0]
    link = data("sign-in-link", riverside.directory)["sign_in"]

    first = Visitor(riverside.url).fill_in(urlsplit(link).path, {}, action="/in")
    second = Visitor(riverside.url).fill_in(urlsplit(link).path, {}, action="/in")

    assert (first.status, second.status) == (303, 401)
