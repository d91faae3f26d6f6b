"""The first conversation: two councils link up, an offer goes over, changes, and is taken back."""

from pathlib import Path

import orjson
import pytest

from federation import outbox, peers, replicas
from tests import builders
from tests.two_nodes.region import Town, link_up, region, until


def publish(town: Town, **wanted: object) -> str:
    note = builders.note(town.node.council, published=town.node.clock.now(), **wanted)  # type: ignore[arg-type]
    audience, now, council = note_audience(wanted), town.node.clock.now(), town.node.council
    town.write(lambda c: outbox.publish(c, council, note=note, audience=audience, now=now))
    return str(note["id"])


def note_audience(wanted: dict[str, object]) -> str:
    return str(wanted.get("audience", "public"))


def held(town: Town, object_id: str) -> object:
    return town.read(lambda c: replicas.find(c, object_id))


async def test_a_signed_offer_reaches_the_other_council_and_is_found_there(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)

        offer = publish(riverside, title="40 portions of dal")

        row = await until(lambda: held(harbour, offer))
        assert row["source"] == riverside.actor
        assert row["method"] == riverside.node.council.ed25519_key_id
        assert orjson.loads(row["document"])["object"]["name"] == "40 portions of dal"
        await until(lambda: riverside.count("delivery") == 0)


async def test_what_was_there_before_linking_up_comes_along_both_ways(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        ours, theirs = publish(riverside, audience="neighbours"), publish(harbour)

        await link_up(riverside, harbour)

        assert await until(lambda: held(harbour, ours))
        assert await until(lambda: held(riverside, theirs))


async def test_a_deletion_leaves_a_tombstone_on_both_sides(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        offer = publish(riverside)
        await until(lambda: held(harbour, offer))
        now, council = riverside.node.clock.now(), riverside.node.council

        riverside.write(lambda c: outbox.withdraw(c, council, object_id=offer, now=now))

        await until(lambda: held(harbour, offer)["gone_at"])
        assert held(harbour, offer)["document"] == b""
        answer = await riverside.get(offer.removeprefix(riverside.url), accept="application/activity+json")
        assert answer.status == 410
        assert orjson.loads(answer.body)["type"] == "Tombstone"


async def test_nothing_but_the_handshake_is_said_before_both_have_accepted(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        publish(riverside)
        now, council, introduction = riverside.node.clock.now(), riverside.node.council, harbour.introduction()

        riverside.write(lambda c: peers.ask(c, council, introduction=introduction, now=now))

        await until(lambda: harbour.count("received_activity"))
        await until(lambda: riverside.count("delivery") == 0)
        assert harbour.read(lambda c: c.exec_driver_sql("SELECT verb FROM received_activity").scalars().all()) == [
            "Offer"
        ]
        assert harbour.count("replica") == 0


async def test_both_sides_see_the_same_six_words(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)

        [ours] = riverside.read(lambda c: peers.listing(c, riverside.node.council))
        [theirs] = harbour.read(lambda c: peers.listing(c, harbour.node.council))

        assert len(ours.words) == 6
        assert ours.words == theirs.words


async def test_ending_the_link_takes_the_copies_away_on_both_sides(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        ours, theirs = publish(riverside), publish(harbour)
        await until(lambda: held(harbour, ours) and held(riverside, theirs))
        now, council = harbour.node.clock.now(), harbour.node.council

        harbour.write(lambda c: peers.remove(c, council, actor_id=riverside.actor, now=now))

        await until(lambda: held(riverside, theirs) is None)
        assert held(harbour, ours) is None
        assert held(riverside, ours) is not None


@pytest.mark.parametrize("away", ["riverside", "harbour"])
async def test_a_council_that_was_away_gets_everything_in_order_when_it_is_back(tmp_path: Path, away: str) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        here, there = (riverside, harbour) if away == "harbour" else (harbour, riverside)
        here.network.down.add(there.url)
        offers = [publish(here, title=f"Chair {n}") for n in range(12)]
        await until(
            lambda: here.read(lambda c: c.exec_driver_sql("SELECT max(attempts) FROM destination").scalar()) > 0
        )

        here.network.down.clear()

        await until(lambda: all(held(there, offer) for offer in offers))
        rows = there.read(lambda c: c.exec_driver_sql("SELECT object_id FROM replica ORDER BY id").scalars().all())
        assert [row for row in rows if row in offers] == offers
