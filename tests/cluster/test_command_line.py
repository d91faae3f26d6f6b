"""Every command on a real folder beside a running server: what it says to people and to programs, and how it ends."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from node.cli.main import application
from node.demo.asking import Visitor
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import Server, command, stop_all
from node.demo.stranger import Follower, Stranger
from node.ports import SystemClock

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]

GOOD, BROKEN, WRONG_USE = 0, 1, 2
SOON = 8.0


@dataclass(frozen=True)
class Council:
    directory: str
    url: str
    sign_in: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def actor(self) -> str:
        return f"{self.url}/council"


def comarca(*words: object) -> Result:
    """One command, in this process."""
    return CliRunner().invoke(application, [str(word) for word in words], prog_name="comarca")


def data(*words: object, exit_code: int = GOOD) -> Any:
    """What a command answers to a program."""
    result = comarca(*words, "--json")
    assert result.exit_code == exit_code, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def wrong(*words: object, exit_code: int = WRONG_USE) -> str:
    """What a command says to a person when it does not do it; a program is told the same."""
    result = comarca(*words)
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    told = data(*words, exit_code=exit_code)
    assert result.stderr == f"comarca: {told['detail']}\n"
    assert told["error"]
    return result.stderr


def relation(ours: Council, theirs: Council) -> str | None:
    found = [one["state"] for one in data("peers", "list", ours.directory)["peers"] if one["url"] == theirs.url]
    return found[0] if found else None


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Council, Council]]:
    folder, claims = tmp_path_factory.mktemp("town"), claim_ports((8111, 8112))
    councils = []
    for name, port in zip(("Riverside", "Harbour"), claims.ports, strict=True):
        url, directory = f"http://{LOOPBACK}:{port}", folder / name.lower()
        made = data("init", directory, "--name", name, "--url", url, "--port", port, "--plain-host", LOOPBACK)
        with (directory / "comarca.toml").open("a") as settings:
            settings.write('\n[places]\n"Mill Lane" = [43.4052, -5.7012]\n')
        councils.append(Council(str(directory), url, made["sign_in"]))
    servers = [Server(Path(one.directory), one.url) for one in councils]
    for one in councils:
        # Settings are an editor's affair; the tests need what a demo needs.
        path = Path(one.directory) / "comarca.toml"
        text = path.read_text().replace("[places]\n\n", "", 1)
        text = text.replace("# contact_every = 60", "contact_every = 1").replace(
            "# backoff_first = 2", "backoff_first = 0.2"
        )
        path.write_text(text.replace('# followers = "off"', 'followers = "approve"'))
    for server in servers:
        server.start()
    for server in servers:
        server.wait_until_answering()
    yield councils[0], councils[1]
    stop_all(servers)
    claims.release()


@pytest.fixture(scope="module")
def linked(town: tuple[Council, Council]) -> tuple[Council, Council]:
    riverside, harbour = town
    data("peers", "add", riverside.directory, harbour.url, "--yes")
    wait_for(lambda: relation(harbour, riverside) == "they-asked", "Harbour is asked", within=SOON)
    data("peers", "accept", harbour.directory, riverside.url)
    wait_for(lambda: relation(riverside, harbour) == "accepted", "Riverside is accepted", within=SOON)
    return town


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
    made = comarca("init", tmp_path / "new", "--name", "Hillside", "--url", "https://hillside.example")

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


def test_serve_says_where_it_listens_and_a_second_server_is_refused(town: tuple[Council, Council]) -> None:
    ran = subprocess.run(
        command("serve", town[0].directory), capture_output=True, text=True, timeout=20, check=False, env={**os.environ}
    )

    assert ran.returncode == BROKEN
    assert "Riverside" in ran.stdout
    assert ran.stderr.startswith("comarca: ")
    assert "Traceback" not in ran.stderr
    assert Visitor(town[0].url).get("/help").status == 200


def test_serve_ends_well_when_it_is_told_to(tmp_path: Path) -> None:
    with claim_ports((8113,)) as claims:
        port = claims.ports[0]
        url = f"http://{LOOPBACK}:{port}"
        data("init", tmp_path / "one", "--name", "One", "--url", url, "--port", port, "--plain-host", LOOPBACK)
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


def test_adding_without_yes_shows_the_words_and_sends_nothing(town: tuple[Council, Council], tmp_path: Path) -> None:
    data("init", tmp_path / "new", "--name", "New", "--url", "https://new.example", "--plain-host", LOOPBACK)

    result = comarca("peers", "add", tmp_path / "new", town[1].url)

    assert result.exit_code == GOOD
    assert "Six words: " in result.stdout
    assert "Nothing was sent" in result.stdout
    assert f"comarca peers add {tmp_path / 'new'} {town[1].url} --yes" in result.stdout
    facts = data("peers", "add", tmp_path / "new", town[1].url)
    assert (facts["asked"], len(facts["words"])) == (False, 6)
    assert data("peers", "list", tmp_path / "new") == {"peers": []}


def test_an_address_where_nobody_answers_is_broken_and_says_what_to_look_at(town: tuple[Council, Council]) -> None:
    with claim_ports((8114,)) as claims:
        said = wrong("peers", "add", town[0].directory, f"http://{LOOPBACK}:{claims.ports[0]}", exit_code=BROKEN)

    assert "Is their server running?" in said
    assert "plain_hosts" in wrong("peers", "add", town[0].directory, "http://192.0.2.1", exit_code=BROKEN)
    assert "Write it like https://harbour.example" in wrong("peers", "add", town[0].directory, "not an address")


def test_both_sides_see_the_same_six_words_once_they_have_met(linked: tuple[Council, Council]) -> None:
    riverside, harbour = linked

    ours = next(one for one in data("peers", "list", riverside.directory)["peers"] if one["url"] == harbour.url)
    theirs = next(one for one in data("peers", "list", harbour.directory)["peers"] if one["url"] == riverside.url)

    assert ours["words"] == theirs["words"]
    assert (ours["state"], theirs["state"]) == ("accepted", "accepted")
    said = comarca("peers", "list", riverside.directory).stdout
    assert "Harbour" in said
    assert " ".join(ours["words"]) in said
    again = comarca("peers", "add", riverside.directory, harbour.url, "--yes")
    assert again.exit_code == WRONG_USE
    assert "We are linked up with Harbour already" in again.stderr
    assert "has not asked us" in wrong("peers", "decline", riverside.directory, harbour.url)


def test_what_is_put_up_by_command_is_on_the_page_and_at_the_other_council(linked: tuple[Council, Council]) -> None:
    riverside, harbour = linked

    offer = data(
        *(
            "offer",
            riverside.directory,
            "Ten folding chairs",
            "--words",
            "Fetch them after six.",
            "--category",
            "goods",
        ),
        *("--quantity", "10", "--unit", "chairs", "--near", "Mill Lane", "--audience", "public", "--until", "week"),
    )
    need = data("need", riverside.directory, "A long ladder", "--audience", "public", "--until", "tomorrow")

    wait_for(lambda: comarca("show", harbour.directory, need["id"]).exit_code == GOOD, "Harbour has both", within=SOON)
    shown = data("show", harbour.directory, offer["id"])
    assert shown["source"] == riverside.actor
    assert shown["proof"]["state"] == "verified"
    assert shown["record"]["name"] == "Ten folding chairs"
    assert shown["audience"] == offer["audience"] == "public"
    page = Visitor(harbour.url).get("/around")
    assert "Ten folding chairs" in page.text
    assert "A long ladder" in page.text
    for_people = comarca("show", harbour.directory, offer["id"]).stdout
    assert "proof: verified" in for_people
    assert f"from {riverside.actor}" in for_people


def test_without_an_audience_the_narrowest_that_serves_is_taken(linked: tuple[Council, Council]) -> None:
    riverside, _ = linked

    offer = comarca("offer", riverside.directory, "A hand cart")
    need = data("need", riverside.directory, "Somebody to talk to")

    assert offer.exit_code == GOOD
    assert "Put up for nearby councils: A hand cart" in offer.stdout
    assert need["audience"] == "council"
    assert "Somebody to talk to" not in Visitor(riverside.url).get("/").text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Soup", "--near", "Mill Lane 12", "--audience", "public"], "house number"),
        (["Soup", "--quantity", "many"], "quantity"),
        (["Soup", "--category", "gold"], "category"),
        (["Soup", "--until", "2020-01-01"], "passed"),
        (["Soup", "--audience", "everybody"], "audience"),
    ],
)
def test_what_cannot_be_put_up_is_refused_with_the_reason(
    town: tuple[Council, Council], words: list[str], said: str
) -> None:
    before = data("status", town[0].directory)["live_records"]

    assert said in wrong("offer", town[0].directory, *words)

    assert data("status", town[0].directory)["live_records"] == before


def test_an_address_that_is_not_held_is_broken(town: tuple[Council, Council]) -> None:
    assert "Nothing is held under" in wrong("show", town[0].directory, "https://x.example/o/1", exit_code=BROKEN)


def test_status_counts_what_is_there(linked: tuple[Council, Council]) -> None:
    riverside, _ = linked

    facts = data("status", riverside.directory)

    assert (facts["name"], facts["url"], facts["running"]) == ("Riverside", riverside.url, True)
    assert (facts["nearby_councils"], facts["held_arrivals"]) == (1, 0)
    assert facts["followers_rule"] == "approve"
    said = comarca("status", riverside.directory).stdout
    assert "nearby councils: 1" in said


def test_an_account_waits_until_a_keeper_lets_it_follow(town: tuple[Council, Council]) -> None:
    riverside = town[0]
    with Stranger() as stranger:
        follower = Follower(stranger)
        reply = follower.follow(riverside.actor, now=SystemClock().now())
        assert reply.status == 202
        assert [one["state"] for one in data("followers", "list", riverside.directory)["followers"]] == ["asked"]
        assert follower.received(lambda activity: True) == []

        data("followers", "accept", riverside.directory, follower.id)

        wait_for(lambda: follower.received(lambda a: a["type"] == "Accept"), "the Accept", within=SOON)
        said = comarca("followers", "remove", riverside.directory, follower.id)
        assert said.exit_code == GOOD
        wait_for(lambda: follower.received(lambda a: a["type"] == "Reject"), "the Reject", within=SOON)
    assert data("followers", "list", riverside.directory) == {"followers": []}
    assert "does not follow us" in wrong("followers", "remove", riverside.directory, follower.id)
    assert "does not follow us" in wrong("followers", "accept", riverside.directory, follower.id)


def test_a_further_link_makes_a_neighbour_and_works_once(town: tuple[Council, Council]) -> None:
    riverside = town[0]
    link = data("sign-in-link", riverside.directory)["sign_in"]

    first = Visitor(riverside.url).fill_in(urlsplit(link).path, {}, action="/in")
    second = Visitor(riverside.url).fill_in(urlsplit(link).path, {}, action="/in")

    assert (first.status, second.status) == (303, 401)


def test_a_link_can_be_ended_and_both_sides_forget(linked: tuple[Council, Council]) -> None:
    riverside, harbour = linked
    record = data("offer", riverside.directory, "Two tents", "--audience", "public", "--until", "week")["id"]
    wait_for(lambda: comarca("show", harbour.directory, record).exit_code == GOOD, "Harbour has it", within=SOON)

    data("peers", "remove", harbour.directory, riverside.url)

    wait_for(lambda: relation(riverside, harbour) == "ended", "Riverside is told", within=SOON)
    assert comarca("show", harbour.directory, record).exit_code == BROKEN
    assert comarca("show", riverside.directory, record).exit_code == GOOD
    assert "has not asked us" in wrong("peers", "accept", harbour.directory, riverside.url)


def test_a_host_can_be_blocked_and_unblocked(town: tuple[Council, Council]) -> None:
    directory = town[1].directory

    blocked = data("peers", "block", directory, "127.0.0.1:9999")

    assert blocked == {"blocked": "127.0.0.1:9999"}
    assert data("peers", "unblock", directory, "127.0.0.1:9999") == {"unblocked": "127.0.0.1:9999"}
    assert "is not blocked" in wrong("peers", "unblock", directory, "127.0.0.1:9999")
    assert "have not met" in wrong("peers", "accept", directory, "https://nobody.example")
