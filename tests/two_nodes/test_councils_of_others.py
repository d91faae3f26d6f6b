"""A council that we never met, seen through one that we are linked up with; and one that says more than anybody keeps of one."""

import shutil
from dataclasses import replace
from pathlib import Path

from federation import outbox, replicas
from protocol.verdict import Reason
from tests import builders
from tests.two_nodes.reading import publish
from tests.two_nodes.region import Town, link_up, region, until


async def catch_up(town: Town, with_: Town) -> None:
    """As the loop does it: the talk, and what follows from it."""
    await town.node.engine.catching_up.run_once([with_.actor])


async def test_what_is_public_of_a_council_that_is_gone_is_read_by_a_newcomer_and_says_who_told_it(
    tmp_path: Path,
) -> None:
    async with region(tmp_path, "riverside", "harbour", "mill") as (riverside, harbour, mill):
        await link_up(riverside, harbour)
        publish(riverside, title="Ten chairs")
        publish(riverside, title="Soup on Sunday", audience="neighbours")
        await catch_up(harbour, riverside)
        await riverside.node.stop()
        del riverside.network.applications[riverside.url]
        shutil.rmtree(tmp_path / "riverside")

        await link_up(mill, harbour)
        await catch_up(mill, harbour)

        found = await mill.json("/region/availability")
        (chairs,) = [item for item in found["items"] if item["source"]["actor"] == riverside.actor]
        assert chairs["title"] == "Ten chairs" and chairs["source"]["told_by"] == ["Harbour"]
        page = (await mill.get("/around", accept="text/html")).body.decode()
        assert "Ten chairs" in page and "not linked up with us; Harbour told us" in page
        assert "Soup on Sunday" not in page


async def test_what_is_beyond_holds_up_neither_an_end_nor_a_call_for_help(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        harbour.node.council.rules = replace(harbour.node.council.rules, live=1)
        first = publish(riverside, title="A thing")
        await until(lambda: harbour.read(lambda c: replicas.find(c, riverside.url + first)))
        await harbour.node.engine._look_who_is_full()
        beyond = publish(riverside, title="One too many")
        await until(lambda: harbour.node.engine.reception.counts[Reason.TOO_MANY.value])

        council, now = riverside.node.council, riverside.node.clock.now()
        flood = builders.flood(council, audience="neighbours", published=now)
        riverside.write(lambda c: outbox.publish(c, council, note=flood, audience="neighbours", now=now))
        riverside.write(lambda c: outbox.withdraw(c, council, object_id=riverside.url + first, now=now))

        await until(lambda: harbour.read(lambda c: replicas.find(c, flood["id"])))
        await until(lambda: harbour.read(lambda c: replicas.find(c, riverside.url + first)["gone_at"]))
        assert harbour.read(lambda c: replicas.find(c, riverside.url + beyond)) is None
        await until(lambda: riverside.count("delivery") == 0)
