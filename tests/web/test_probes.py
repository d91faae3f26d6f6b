"""What machines ask: the process answers, and the node is ready or says in one word why it is not."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from node.app import DATABASE
from node.profile.claiming import make_claimable
from node.web.probes import LEAST_FREE, LOOKED_AT_LEAST_EVERY, PATHS, SENTENCES, Readiness, Unready
from tests.builders import FakeClock
from tests.docs.reading import rows, text_of
from tests.two_nodes.outsiders import node_at_rest
from tests.two_nodes.region import Network, Town, call


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Town, FakeClock]]:
    clock = FakeClock()
    town = node_at_rest(folder / "riverside", Network(), name="riverside", clock=clock)
    await town.node.start()
    try:
        yield town, clock
    finally:
        await town.node.stop()


def readiness_of(town: Town) -> Readiness:
    return town.node._probes._readiness


def change(town: Town, **values: Any) -> None:
    """Give the node's probe other eyes, and let it forget what it saw."""
    town.node._probes._readiness = replace(readiness_of(town), _looked=None, **values)


async def reason(town: Town) -> str | None:
    answer = await town.get("/readyz")
    assert answer.headers["cache-control"] == "no-store"
    if answer.status == 200:
        assert orjson.loads(answer.body) == {"status": "ready"}
        return None
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    found = orjson.loads(answer.body)
    assert found["reason"] in found["reasons"]
    assert set(found["reasons"]) <= {one.value for one in Unready}
    assert found["detail"] == " ".join(SENTENCES[Unready(word)] for word in found["reasons"])
    return str(found["reason"])


async def test_a_running_node_is_alive_and_ready(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, _):
        alive = await town.get("/healthz")

        assert (alive.status, orjson.loads(alive.body)) == (200, {"status": "alive"})
        assert await reason(town) is None


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_a_look_at_the_head_alone_is_answered_without_a_body(tmp_path: Path, path: str) -> None:
    async with running(tmp_path) as (town, _):
        head = await call(town.node, "HEAD", town.url + path, headers={})
        get = await town.get(path)
        post = await town.post(path, b"", {})

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(get.body))
    assert (post.status, post.headers["allow"]) == (405, "GET, HEAD")


async def test_a_node_that_has_not_begun_is_alive_and_not_ready(tmp_path: Path) -> None:
    town = node_at_rest(tmp_path / "riverside", Network(), name="riverside", clock=FakeClock())
    try:
        assert (await town.get("/healthz")).status == 200
        assert await reason(town) == "starting"
    finally:
        town.node.store.close()


async def test_a_council_that_nobody_has_set_up_yet_is_ready_and_says_nothing_else(tmp_path: Path) -> None:
    network, clock = Network(), FakeClock()
    made = node_at_rest(tmp_path / "riverside", network, name="riverside", clock=clock)
    made.write(make_claimable)
    made.node.store.close()
    async with running(tmp_path) as (town, _):
        wall = await town.get("/", accept="text/html")

        assert wall.status == 503
        assert await reason(town) is None
        assert (await town.get("/healthz")).status == 200


async def test_a_loop_that_has_ended_is_seen(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, clock):
        assert await reason(town) is None
        loop = town.node.engine._tasks[0]
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        clock.advance(LOOKED_AT_LEAST_EVERY)

        assert await reason(town) == "loop-ended"


async def test_a_full_disk_is_seen_and_an_almost_full_one_is_not(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, _):
        change(town, free_bytes=lambda folder: LEAST_FREE)
        assert await reason(town) is None
        change(town, free_bytes=lambda folder: LEAST_FREE - 1)

        assert await reason(town) == "disk-full"


async def test_a_database_that_another_version_has_changed_is_seen(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, clock):
        assert await reason(town) is None
        with closing(sqlite3.connect(tmp_path / "riverside" / DATABASE)) as raw:
            raw.execute("UPDATE alembic_version SET version_num = '9999'")
            raw.commit()
        clock.advance(LOOKED_AT_LEAST_EVERY)

        assert await reason(town) == "other-tables"


async def test_a_writer_that_cannot_get_its_turn_is_seen(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, _):
        with closing(sqlite3.connect(tmp_path / "riverside" / DATABASE, isolation_level=None)) as raw:
            raw.execute("BEGIN IMMEDIATE")
            change(town, seconds=0.2)

            assert await reason(town) == "store-slow"

            raw.execute("ROLLBACK")
        change(town, seconds=5.0)
        assert await reason(town) is None


async def test_a_closed_store_is_broken_and_the_process_still_alive(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, _):
        town.node.store.close()
        change(town)

        assert await reason(town) == "store-broken"
        assert (await town.get("/healthz")).status == 200


async def test_many_who_ask_at_once_cost_one_look(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, clock):
        looks = []
        change(town, free_bytes=lambda folder: looks.append(folder) or LEAST_FREE)

        await asyncio.gather(*(town.get("/readyz") for _ in range(50)))
        assert len(looks) == 1
        clock.advance(LOOKED_AT_LEAST_EVERY)
        await town.get("/readyz")

    assert len(looks) == 2


async def test_looking_writes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, clock):
        log = tmp_path / "riverside" / f"{DATABASE}-wal"
        chores = town.node.engine.chores
        await chores.tidy_once()  # done once, the loop's own first round finds nothing to write, however late it comes
        await chores.do_what_is_due()
        await chores.purge_if_due()
        await town.get("/readyz")
        before = log.stat().st_size
        for _ in range(20):
            clock.advance(LOOKED_AT_LEAST_EVERY)
            assert await reason(town) is None

        assert log.stat().st_size == before


async def test_nothing_in_an_answer_says_where_the_folder_is_or_who_lives_here(tmp_path: Path) -> None:
    async with running(tmp_path) as (town, _):
        change(town, free_bytes=lambda folder: 0, ended_loops=lambda: ("Applier.run",))

        answer = await town.get("/readyz")

    assert answer.status == 503
    said = answer.body + b"".join(f"{name}{value}".encode() for name, value in answer.headers.items())
    for secret in (str(tmp_path), "riverside", "Riverside", "Applier", DATABASE):
        assert secret.encode() not in said


def test_every_reason_has_a_sentence_and_every_probe_is_listed() -> None:
    assert set(SENTENCES) == set(Unready)
    assert [row[1].strip("`") for row in rows(text_of("docs/routes.md"), "## For whoever watches the server")] == list(
        PATHS
    )
