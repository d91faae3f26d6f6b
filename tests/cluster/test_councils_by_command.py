"""Linking up, putting up, looking at copies and letting accounts follow, by command beside two running servers."""

from pathlib import Path

import pytest

from node.demo.asking import Visitor
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.stranger import Follower, Stranger
from node.ports import SystemClock
from tests.cluster.commands import BROKEN, GOOD, SOON, WRONG_USE, Council, comarca, data, relation, wrong

pytestmark = pytest.mark.cluster


def test_adding_without_yes_shows_the_words_and_sends_nothing(town: tuple[Council, Council], tmp_path: Path) -> None:
    data("init", tmp_path / "new", "--url", "https://new.example", "--plain-host", LOOPBACK, "--keeper", "")

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
