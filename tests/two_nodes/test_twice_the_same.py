"""Whatever comes twice has one effect, and its sender is told that it is here: it may have lost our first answer."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from federation.kinds import Kind
from tests.two_nodes.outsiders import Scene, scene


async def told(at: Scene, body: bytes) -> str:
    """Post a body of harbour's, signed at this moment; returns the result word or the reason."""
    answer = orjson.loads((await at.send(at.harbour.post(body, at.url))).body)
    return str(answer.get("result") or answer["reason"])


def counting(at: Scene, name: str = "resource") -> list[str]:
    """From here on, the objects that are put into the feature's own index."""
    kinds: dict[str, Kind] = at.town.node.council.kinds  # type: ignore[assignment]
    kind, puts = kinds[name], []

    def put(connection: Any, copy: Any, model: Any) -> None:
        puts.append(copy.object_id)
        kind.put(connection, copy, model)

    kinds[name] = replace(kind, put=put)
    return puts


async def apply(at: Scene) -> None:
    while await at.town.node.engine.applier.run_once():
        pass


async def test_the_same_letter_again_is_held_already_and_has_one_effect(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        puts, body = counting(at), at.harbour.proven(at.harbour.create())

        assert [await told(at, body), await told(at, body)] == ["stored", "already-held"]
        await apply(at)
        assert await told(at, body) == "already-held"
        await apply(at)

        assert len(puts) == 1
        assert at.town.count("replica") == at.town.count("availability") == at.town.count("received_activity") == 1


async def test_the_same_letter_twice_at_once_has_one_effect(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        puts, body = counting(at), at.harbour.proven(at.harbour.create())

        answers = await asyncio.gather(*(told(at, body) for _ in range(5)))
        await apply(at)

        assert sorted(answers) == ["already-held"] * 4 + ["stored"]
        assert len(puts) == 1


def wait(seconds: float) -> Callable[[Scene], object]:
    return lambda at: at.clock.advance(seconds)


@pytest.mark.parametrize(
    "meanwhile", [wait(30), wait(48 * 3_600), Scene.reopen], ids=["half a minute", "two days", "a restart"]
)
async def test_the_same_words_are_known_later(tmp_path: Path, meanwhile: Callable[[Scene], object]) -> None:
    async with scene(tmp_path) as at:
        body = at.harbour.proven(at.harbour.create())
        assert await told(at, body) == "stored"
        if meanwhile is Scene.reopen:
            await at.town.node.stop()

        meanwhile(at)
        await at.town.node.engine.refresh()

        assert await told(at, body) == "already-held"
        await apply(at)
        assert at.town.count("replica") == 1


async def test_a_captured_request_is_stale_when_its_window_is_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        sent = at.good()
        assert (await at.send(sent)).status == 202
        assert (await at.send(sent)).status == 202

        at.clock.advance(65 * 60 + 1)

        assert orjson.loads((await at.send(sent)).body)["reason"] == "stale"


async def test_an_id_that_was_refused_is_not_used_up(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        right = at.harbour.create()
        wrong = orjson.dumps(right | {"proof": {}})

        assert await told(at, wrong) == "bad-proof"
        assert await told(at, at.harbour.proven(right)) == "stored"


async def test_another_council_cannot_use_up_an_id(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await at.link(at.hillside)
        right = at.harbour.create()
        stolen = at.hillside.create() | {"id": right["id"]}

        answer = await at.send(at.says(stolen, by=at.hillside))

        assert orjson.loads(answer.body)["reason"] == "not-owner"
        assert await told(at, at.harbour.proven(right)) == "stored"


async def test_a_tombstone_that_came_first_beats_the_late_create(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        puts, create = counting(at), at.harbour.create()
        gone = {"id": create["object"]["id"], "type": "Tombstone"}
        delete = at.harbour.says("Delete", gone, to=create["to"], cc=create["cc"])

        assert await told(at, at.harbour.proven(delete)) == "stored"
        assert await told(at, at.harbour.proven(create)) == "stored"
        await apply(at)

        assert puts == []
        assert at.town.read(lambda c: c.exec_driver_sql("SELECT document FROM replica").scalars().all()) == [b""]


async def test_an_older_word_that_comes_late_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        first = at.harbour.create(title="Ten folding chairs")
        newer = at.harbour.note(
            object_id=first["object"]["id"], title="Eight folding chairs", updated=at.clock.advance(60)
        )
        update = at.harbour.create(newer) | {"type": "Update"}

        assert await told(at, at.harbour.proven(update)) == "stored"
        assert await told(at, at.harbour.proven(first)) == "stored"
        await apply(at)

        assert at.town.read(lambda c: c.exec_driver_sql("SELECT name FROM replica").scalars().all()) == [
            "Eight folding chairs"
        ]


async def test_the_same_offer_to_link_up_again_is_one_question(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        body = at.hillside.proven(at.hillside.offer(at.town.actor))

        answers = [orjson.loads((await at.send(at.hillside.post(body, at.url))).body) for _ in range(2)]

        assert [answer["result"] for answer in answers] == ["stored", "already-held"]
        asked = "SELECT count(*) FROM peer WHERE state = 'they-asked'"
        assert at.town.read(lambda c: c.exec_driver_sql(asked).scalar()) == 1
        assert len(at.town.network.log) == 1
