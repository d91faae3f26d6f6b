"""Linking up and everything that can come of it: crossing, declining, asking again, ending, blocking, and lies about any of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from federation import blocks, introductions, outbox, peers, replicas
from tests import builders
from tests.two_nodes.letters import signed_9421
from tests.two_nodes.outsiders import Scene, actor_of, scene
from tests.two_nodes.region import Town, link_up, region, until


def ask(asking: Town, asked: Town) -> None:
    now, council, them = asking.node.clock.now(), asking.node.council, asked.introduction()
    asking.write(lambda c: peers.ask(c, council, introduction=them, now=now))


def answer(town: Town, other: Town, how: Callable[..., str]) -> None:
    now, council = town.node.clock.now(), town.node.council
    town.write(lambda c: how(c, council, actor_id=other.actor, now=now))


def block(town: Town, host: str) -> None:
    now, council = town.node.clock.now(), town.node.council
    town.write(lambda c: blocks.block(c, council, host=host, now=now))


def row_of(town: Town, other: Any) -> Any:
    return town.read(lambda c: introductions.find(c, other.actor))


def state(town: Town, other: Any) -> str | None:
    row = row_of(town, other)
    return None if row is None else str(row["state"])


def publish(town: Town) -> str:
    now, council = town.node.clock.now(), town.node.council
    note = builders.note(council, published=now)
    town.write(lambda c: outbox.publish(c, council, note=note, audience="public", now=now))
    return str(note["id"])


def holds(town: Town, object_id: str) -> bool:
    return town.read(lambda c: replicas.find(c, object_id)) is not None


async def refreshed(*towns: Town) -> None:
    for town in towns:
        await town.node.engine.refresh()


async def both(one: Town, other: Town, wanted: str) -> None:
    await until(lambda: state(one, other) == state(other, one) == wanted)


async def link_anew(asking: Town, asked: Town) -> None:
    ask(asking, asked)
    await refreshed(asking)
    await until(lambda: state(asked, asking) == "they-asked")
    answer(asked, asking, peers.accept)
    await refreshed(asked)
    await both(asking, asked, "accepted")


async def test_two_offers_that_cross_are_two_yeses(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        network = riverside.network
        network.down |= {riverside.url, harbour.url}
        offer = publish(riverside)
        ask(riverside, harbour)
        ask(harbour, riverside)
        await refreshed(riverside, harbour)

        network.down.clear()

        await both(riverside, harbour, "accepted")
        await until(lambda: holds(harbour, offer))


async def test_a_council_that_was_declined_is_told_and_may_ask_again(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        offer = publish(riverside)
        ask(riverside, harbour)
        await refreshed(riverside)
        await until(lambda: state(harbour, riverside) == "they-asked")
        answer(harbour, riverside, peers.decline)
        await refreshed(harbour)
        await both(riverside, harbour, "declined")
        assert not holds(harbour, offer)

        await link_anew(riverside, harbour)

        await until(lambda: holds(harbour, offer))


@pytest.mark.parametrize("ending", ["riverside", "harbour"])
async def test_a_link_that_was_ended_can_be_made_anew(tmp_path: Path, ending: str) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        offer = publish(riverside)
        await until(lambda: holds(harbour, offer))
        one, other = (riverside, harbour) if ending == "riverside" else (harbour, riverside)
        answer(one, other, peers.remove)
        await refreshed(one)
        await both(riverside, harbour, "ended")
        assert not holds(harbour, offer)

        await link_anew(harbour, riverside)

        await until(lambda: holds(harbour, offer))


async def test_an_offer_can_be_taken_back(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        ask(riverside, harbour)
        await refreshed(riverside)
        await until(lambda: state(harbour, riverside) == "they-asked")

        answer(riverside, harbour, peers.remove)
        await refreshed(riverside)

        await both(riverside, harbour, "none")


async def test_a_blocked_council_is_not_heard_and_not_told_and_starts_anew_when_unblocked(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        theirs = publish(harbour)
        await until(lambda: holds(riverside, theirs))
        block(riverside, "harbour.example")
        await refreshed(riverside)
        posts = len([r for r in riverside.network.log if r.method == "POST" and r.url.startswith(harbour.url)])

        ours, later = publish(riverside), publish(harbour)
        await until(lambda: harbour.count("delivery") == 0)

        assert not holds(riverside, theirs) and not holds(riverside, later) and not holds(harbour, ours)
        assert len([r for r in riverside.network.log if r.method == "POST" and r.url.startswith(harbour.url)]) == posts

        council, now = riverside.node.council, riverside.node.clock.now()
        riverside.write(lambda c: blocks.unblock(c, council, host="harbour.example", now=now))
        await refreshed(riverside)
        await until(lambda: state(harbour, riverside) == "ended")
        await link_anew(riverside, harbour)

        await until(lambda: holds(riverside, later) and holds(harbour, ours))


async def told(at: Scene, activity: dict[str, Any], *, by: Any = None) -> str:
    found = orjson.loads((await at.send(at.says(activity, by=by or at.harbour))).body)
    return str(found.get("result") or found["reason"])


def asked_by_us(at: Scene, who: Any) -> str:
    """We have asked; returns the id of our Offer."""
    council, now, them = at.town.node.council, at.now, who.introduction()
    at.town.write(lambda c: peers.ask(c, council, introduction=them, now=now))
    return str(row_of(at.town, who)["our_offer_id"])


async def test_only_a_yes_to_our_very_offer_links_us_up(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        offer = asked_by_us(at, at.hillside)
        await at.town.node.engine.refresh()

        for forged in (f"{at.town.url}/a/{'a' * 26}", at.town.actor, f"{at.hillside.council.base_url}/a/{'a' * 26}"):
            await told(at, at.hillside.says("Accept", forged), by=at.hillside)
            assert state(at.town, at.hillside) == "we-asked"
        assert await told(at, at.harbour.says("Accept", offer)) == "stored"
        assert state(at.town, at.hillside) == "we-asked"

        assert await told(at, at.hillside.says("Accept", offer), by=at.hillside) == "stored"
        assert state(at.town, at.hillside) == "accepted"


async def test_a_yes_that_nobody_asked_for_makes_no_link(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await at.asked_by(at.hillside)

        await told(at, at.hillside.says("Accept", f"{at.town.url}/a/{'a' * 26}"), by=at.hillside)

        assert state(at.town, at.hillside) == "they-asked"
        assert await told(at, at.hillside.create(), by=at.hillside) == "unknown-peer"


async def test_a_link_ends_only_by_what_its_council_has_said_itself(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        row = row_of(at.town, at.harbour)
        await at.link(at.hillside)

        assert await told(at, at.hillside.says("Undo", row["their_offer_id"]), by=at.hillside) == "not-owner"
        assert await told(at, at.harbour.says("Undo", row["our_accept_id"])) == "not-owner"
        assert await told(at, at.harbour.says("Undo", f"{at.harbour.council.base_url}/a/{'a' * 26}")) == "stored"
        assert state(at.town, at.harbour) == "accepted"

        assert await told(at, at.harbour.says("Undo", row["their_offer_id"])) == "stored"
        assert state(at.town, at.harbour) == "ended"


async def test_a_no_to_what_we_never_said_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        assert await told(at, at.harbour.says("Reject", f"{at.town.url}/a/{'a' * 26}")) == "stored"

        assert state(at.town, at.harbour) == "accepted"


async def test_an_offer_that_names_somebody_else_introduces_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        offer = at.hillside.offer(at.town.actor)
        offer["object"]["subject"] = at.millbrook.actor

        assert await told(at, offer, by=at.hillside) == "wrong-shape"

        assert state(at.town, at.hillside) is state(at.town, at.millbrook) is None
        assert at.town.network.log == []


@pytest.mark.parametrize("key_id", ["the same", "another"])
async def test_the_keys_behind_the_six_words_are_never_replaced(tmp_path: Path, key_id: str) -> None:
    """Whoever takes over the domain of a linked council can answer with keys of its own, and gets nowhere."""
    async with scene(tmp_path) as at:
        before, rows = at.town.read(lambda c: peers.listing(c, at.town.node.council))[0].words, at.rows()
        thief = builders.ed25519_key("thief")
        at.harbour.documents["/council"] = actor_of(builders.council("thief")) | {"id": at.harbour.actor}
        named = at.harbour.council.ed25519_key_id if key_id == "the same" else f"{at.harbour.actor}#new-key"
        for activity in (
            at.harbour.create(),
            at.harbour.offer(at.town.actor),
            at.harbour.says("Follow", at.town.actor),
        ):
            body = outbox.sign(builders.council("thief"), activity, now=at.now)[1]
            sent = signed_9421(body, url=at.url, key=thief, key_id=named, created=at.now)

            refused = orjson.loads((await at.send(sent)).body)["reason"]

            assert refused == ("bad-signature" if key_id == "the same" else "unknown-key")
        assert at.rows() == rows
        assert at.town.network.log == []
        assert at.town.read(lambda c: peers.listing(c, at.town.node.council))[0].words == before
        assert (await at.send(at.good())).status == 202


async def test_a_council_that_left_may_come_back_with_new_keys_and_new_words(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        council, now = at.town.node.council, at.now
        before = at.town.read(lambda c: peers.listing(c, council))[0].words
        at.town.write(lambda c: peers.remove(c, council, actor_id=at.harbour.actor, now=now))
        await at.town.node.engine.refresh()
        fresh = builders.council("thief", base_url=at.harbour.council.base_url)
        at.harbour.council = fresh
        at.harbour.documents["/council"] = actor_of(fresh)

        assert (await at.send(at.asks(at.harbour))).status == 202

        [view] = at.town.read(lambda c: peers.listing(c, council))
        assert view.state == "they-asked"
        assert view.words != before


async def test_an_unreadable_key_of_a_stranger_does_not_stop_anybody_else(tmp_path: Path) -> None:
    """It is left out, or every look at whom we know would fail from then on."""
    async with scene(tmp_path) as at:
        main = f"{at.hillside.actor}#main-key"
        at.hillside.documents["/council"]["publicKey"] = {
            "id": main,
            "owner": at.hillside.actor,
            "publicKeyPem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        }

        assert (await at.send(at.asks(at.hillside))).status == 202

        assert row_of(at.town, at.hillside)["rsa_pem"] is None
        assert (await at.send(at.asks(at.millbrook))).status == 202
        assert (await at.send(at.good())).status == 202
