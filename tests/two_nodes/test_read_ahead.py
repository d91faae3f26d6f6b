"""What was read ahead for an inbox is looked at again before it goes: it may have been taken back meanwhile."""

import asyncio
from pathlib import Path
from typing import Any

import orjson

from federation import blocks, outbox
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from tests.two_nodes.region import Network, Town, link_up, region, until
from tests.two_nodes.test_a_signed_offer_travels import publish


class Gate:
    """Holds the first delivery that comes until it is opened."""

    def __init__(self, network: Network) -> None:
        self.open = asyncio.Event()
        self.reached = asyncio.Event()
        self._send = network.send
        network.send = self.send  # type: ignore[method-assign]

    async def send(self, request: OutgoingRequest) -> OutgoingResponse | TransportFailure:
        if request.method == "POST":
            self.reached.set()
            await self.open.wait()
        return await self._send(request)


def said_to(town: Town) -> list[tuple[str, Any]]:
    """Verb and object id of every activity that was sent to a town."""
    bodies = [
        orjson.loads(r.body)
        for r in town.network.log
        if r.method == "POST" and r.url.startswith(town.url) and r.url.endswith("/inbox") and r.body
    ]
    return [(b["type"], b["object"].get("id") if isinstance(b["object"], dict) else b["object"]) for b in bodies]


async def several_waiting(riverside: Town, harbour: Town) -> tuple[Gate, list[str]]:
    await link_up(riverside, harbour)
    await until(lambda: riverside.count("delivery") == 0)
    harbour.network.down.add(harbour.url)
    offers = [publish(riverside, title=f"Chair {n}") for n in range(6)]
    gate = Gate(harbour.network)
    await gate.reached.wait()
    harbour.network.down.clear()
    return gate, offers


async def test_what_is_taken_down_while_it_waits_is_never_told(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        gate, offers = await several_waiting(riverside, harbour)
        now, council = riverside.node.clock.now(), riverside.node.council

        riverside.write(lambda c: outbox.withdraw(c, council, object_id=offers[4], now=now))
        gate.open.set()

        await until(lambda: riverside.count("delivery") == 0)
        assert ("Create", offers[3]) in said_to(harbour)
        assert ("Create", offers[4]) not in said_to(harbour)


async def test_nothing_more_goes_to_a_host_that_was_blocked_meanwhile(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        gate, offers = await several_waiting(riverside, harbour)
        now, council = riverside.node.clock.now(), riverside.node.council

        riverside.write(lambda c: blocks.block(c, council, host="harbour.example", now=now))
        gate.open.set()

        await riverside.node.engine.deliverer.idle()
        assert not [said for said in said_to(harbour) if said in [("Create", offer) for offer in offers[1:]]]
