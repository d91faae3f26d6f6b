"""An acknowledgement is a promise: when COMMIT fails, or there is no room, the inbox answers an error and never 202."""

import asyncio
from pathlib import Path

import orjson
import pytest

from federation.signing import headers_for
from tests.two_nodes.letters import Letter
from tests.two_nodes.outsiders import Scene, scene
from tests.two_nodes.wrong_loads import fail_next_commit


def follow(at: Scene) -> Letter:
    return at.says(at.hillside.says("Follow", at.town.actor), by=at.hillside)


LETTERS = {
    "what is published": lambda at: at.good(),
    "a first Offer to link up": lambda at: at.asks(at.hillside),
    "a first Follow": follow,
    "an end of the link": lambda at: at.says(at.harbour.says("Undo", f"{at.harbour.council.base_url}/a/{'a' * 26}")),
}


@pytest.mark.parametrize("make", LETTERS.values(), ids=LETTERS)
async def test_a_failed_commit_is_answered_busy_and_the_sender_may_try_again(tmp_path: Path, make: object) -> None:
    assert callable(make)
    async with scene(tmp_path, followers="auto") as at:
        sent, rows = make(at), at.rows()
        fail_next_commit(at)

        answer = await at.send(sent)

        assert (answer.status, orjson.loads(answer.body)["reason"]) == (503, "busy")
        assert int(answer.headers["retry-after"]) > 0
        assert at.rows() == rows
        again = await at.send(sent)
        assert (again.status, orjson.loads(again.body)) == (202, {"result": "stored"})
        assert at.rows() != rows


async def test_everybody_in_the_batch_is_told_and_nobody_is_lied_to(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        letters = [at.good(title=f"Chair {number}") for number in range(5)]
        rows = at.rows()
        fail_next_commit(at)

        answers = await asyncio.gather(*(at.send(sent) for sent in letters))

        kept = len(at.rows()["received_activity"]) - len(rows["received_activity"])
        assert sorted({answer.status for answer in answers}) in ([503], [202, 503])
        assert kept == sum(answer.status == 202 for answer in answers)
        assert [(await at.send(sent)).status for sent in letters] == [202] * 5
        assert len(at.rows()["received_activity"]) == 5


async def test_a_fault_of_ours_that_is_not_the_stores_is_no_acknowledgement_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path) as at:
        rows = at.rows()

        async def broken(*_given: object) -> str:
            raise RuntimeError("unforeseen")

        monkeypatch.setattr(at.town.node.store, "gather", broken)

        with pytest.raises(RuntimeError, match="unforeseen"):
            await at.send(at.good())

        assert at.rows() == rows


async def test_a_greeting_that_cannot_be_noted_is_answered_all_the_same(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        url = f"{at.town.url}/.well-known/comarca"
        headers = headers_for(at.harbour.council, scheme="ed25519", method="GET", url=url, body=None, now=at.now)
        at.town.node.store.close()

        answer = await at.town.get("/.well-known/comarca", **headers)

        assert answer.status == 200
