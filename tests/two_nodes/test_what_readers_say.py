"""What accounts of the wider fediverse may say here: follow, stop, vanish; the rest is taken and not kept."""

from pathlib import Path
from typing import Any

import pytest

from tests.two_nodes.readers import Reader, deliver, followed, publish


async def test_who_has_stopped_following_gets_nothing_more(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        follow = {"id": f"{ana.id}/said/1", "type": "Follow", "actor": ana.id, "object": at.town.actor}

        assert await ana.says(at, "Undo", follow) == "stored"
        publish(at)
        await deliver(at)

        assert ana.got("Create") == []
        assert at.town.count("follower") == 0


async def test_undoing_another_follow_than_ones_own_changes_nothing(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        ben = Reader(ana.server, "ben", number=2)
        await ana.follows(at)
        await ben.follows(at)

        theirs = {"id": f"{ben.id}/said/1", "type": "Follow", "actor": ben.id, "object": at.town.actor}
        assert await ana.says(at, "Undo", theirs) == "not-owner"
        assert await ana.says(at, "Undo", f"{ben.id}/said/1") == "stored"

        assert at.town.count("follower") == 2


async def test_following_twice_is_answered_twice_and_counts_once(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        await ana.follows(at)
        publish(at)
        await deliver(at)

        assert len(ana.got("Accept")) == 2
        assert len(ana.got("Create")) == 1
        assert at.town.count("follower") == 1


async def test_a_second_follow_is_answered_and_undone_by_its_own_id(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        await ana.follows(at)
        await deliver(at)
        assert [a["object"]["id"] for a in ana.got("Accept")] == [f"{ana.id}/said/1", f"{ana.id}/said/2"]

        await ana.says(at, "Undo", f"{ana.id}/said/2")

        assert at.town.count("follower") == 0


@pytest.mark.parametrize("verb", ["Like", "Announce", "Create", "Update", "Flag", "Offer", "Accept"])
async def test_what_else_a_reader_says_is_taken_and_not_kept(tmp_path: Path, verb: str) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        thing: Any = f"{at.town.url}/o/{'a' * 26}"
        if verb in ("Create", "Update"):
            thing = {"id": f"{ana.id}/reply", "type": "Note", "attributedTo": ana.id, "content": "<p>Is it vegan?</p>"}
        rows, sent = at.rows(), len(at.town.network.log)

        assert await ana.says(at, verb, thing, to=[at.town.actor]) == "nothing-done"

        assert at.rows() == rows
        assert len(at.town.network.log) == sent


async def test_the_end_of_an_account_that_nobody_knows_is_taken_without_a_question(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        rows, sent = at.rows(), len(at.town.network.log)

        assert await ana.says(at, "Delete", ana.id) == "nothing-done"

        assert at.rows() == rows
        assert len(at.town.network.log) == sent


async def test_the_end_of_an_account_that_followed_ends_its_following(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)

        assert await ana.says(at, "Delete", ana.id) == "stored"
        await at.town.node.engine.applier.run_once()

        assert at.town.count("follower") == 0


async def test_a_reader_may_be_as_large_as_a_stranger_and_no_larger(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)

        assert await ana.says(at, "Undo", "https://masto.example/x", content="x" * 70_000) == "too-large"


async def test_a_reader_who_undoes_without_end_is_slowed_down(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)

        answers = [await ana.says(at, "Undo", "https://masto.example/users/ana/x") for _ in range(12)]

        assert answers[-1] == "too-fast"
        assert answers.count("stored") <= 10
