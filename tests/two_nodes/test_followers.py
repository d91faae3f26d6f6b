"""Accounts of the wider fediverse follow the public wall: what they get, and what they never get."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from federation import followers, outbox
from protocol import keys, proof
from protocol.verdict import ACCEPTED
from schemas.place import Place
from schemas.records.resource import resource_note
from tests.two_nodes.outsiders import Scene
from tests.two_nodes.readers import Reader, deliver, followed, is_signed_by_council, publish


def change(at: Scene, object_id: str, *, audience: Any = "public", **wanted: Any) -> None:
    at.clock.advance(60)
    publish(at, audience=audience, object_id=object_id, updated=at.now, **wanted)


def scheme_of(at: Scene) -> str:
    statement = "SELECT scheme FROM destination WHERE serves = 'follower'"
    return str(at.town.read(lambda c: c.exec_driver_sql(statement).scalar()))


async def actor_of(at: Scene) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((await at.town.get("/council", accept="application/activity+json")).body)
    return found


async def test_where_following_is_off_nobody_is_asked_who_they_are(tmp_path: Path) -> None:
    async with followed(tmp_path, rule="off") as (at, ana):
        rows, sent = at.rows(), len(at.town.network.log)

        assert await ana.follows(at) == "unknown-peer"

        assert at.rows() == rows
        assert len(at.town.network.log) == sent


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_a_follow_is_accepted_in_a_letter_that_the_reader_can_verify(tmp_path: Path, scheme: str) -> None:
    async with followed(tmp_path, scheme=scheme) as (at, ana):
        assert await ana.follows(at) == "stored"
        await deliver(at)

        [accept] = ana.server.posts
        actor = await actor_of(at)
        assert is_signed_by_council(accept, actor, host="masto.example", now=int(at.now.timestamp()))
        assert accept.activity["type"] == "Accept"
        assert accept.activity["object"]["id"] == f"{ana.id}/said/1"
        assert accept.activity["object"]["actor"] == ana.id
        key = keys.decode_multikey(actor["assertionMethod"][0]["publicKeyMultibase"])
        assert proof.judge_proof(accept.activity, key, now=at.now) == ACCEPTED


async def test_where_each_is_asked_for_a_reader_gets_nothing_until_a_keeper_says_yes(tmp_path: Path) -> None:
    async with followed(tmp_path, rule="approve") as (at, ana):
        await ana.follows(at)
        publish(at, title="Before")
        await deliver(at)
        assert ana.got() == []
        council, now = at.town.node.council, at.now

        at.town.write(lambda c: followers.accept(c, council, actor_id=ana.id, now=now))
        publish(at, title="After")
        await deliver(at)

        assert [a["type"] for a in ana.got()] == ["Accept", "Create"]
        assert ana.got("Create")[0]["object"]["name"] == "After"


async def test_a_keeper_may_say_no_and_the_reader_is_told(tmp_path: Path) -> None:
    async with followed(tmp_path, rule="approve") as (at, ana):
        await ana.follows(at)
        council, now = at.town.node.council, at.now

        at.town.write(lambda c: followers.remove(c, council, actor_id=ana.id, now=now))
        publish(at)
        await deliver(at)

        assert [a["type"] for a in ana.got()] == ["Reject"]
        assert at.town.count("follower") == 0


async def test_a_reader_gets_the_whole_life_of_a_public_record_in_order(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        offer = publish(at, title="Ten folding chairs")
        change(at, offer, title="Eight folding chairs", quantity="8")
        council, now = at.town.node.council, at.now
        await deliver(at)

        at.town.write(lambda c: outbox.withdraw(c, council, object_id=offer, now=now))
        await deliver(at)

        assert [a["type"] for a in ana.got()] == ["Accept", "Create", "Update", "Delete"]
        assert ana.got("Update")[0]["object"]["name"] == "Eight folding chairs"
        assert ana.got("Delete")[0]["object"] == {"id": offer, "type": "Tombstone"}


async def test_what_a_reader_gets_is_a_whole_human_message(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        council, now = at.town.node.council, at.now
        note = resource_note(
            council.new_object_id(),
            council.base_url,
            direction="offer",
            name="40 portions of dal",
            words="Bring a bowl & a friend.",
            language="en",
            category="food",
            quantity="40",
            unit="portions",
            available="22",
            place=Place(name="Mill Lane", cell="87394460bffffff", latitude=41.39, longitude=2.17),
            published=now,
            updated=None,
            ends_at=now + timedelta(hours=10),
            audience="public",
        )
        at.town.write(lambda c: outbox.publish(c, council, note=note, audience="public", now=now))

        await deliver(at)

        [created] = ana.got("Create")
        read = created["object"]
        assert read["type"] == "Note"
        for said in ("40 portions of dal", "Bring a bowl &amp; a friend.", "40 portions (22 left)", "Mill Lane"):
            assert said in read["content"]
        assert "2026-03-02 19:00" in read["content"]
        assert f'href="{note["id"]}"' in read["content"]
        assert created["to"] == read["to"] == ["https://www.w3.org/ns/activitystreams#Public"]


async def test_what_is_for_neighbours_never_reaches_a_reader(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        offer = publish(at, audience="neighbours", title="For neighbours")
        change(at, offer, audience="neighbours", title="Still for neighbours")
        council, now = at.town.node.council, at.now
        await deliver(at)
        at.town.write(lambda c: outbox.withdraw(c, council, object_id=offer, now=now))
        await deliver(at)

        assert [a["type"] for a in ana.got()] == ["Accept"]
        assert [seen.activity["type"] for seen in at.harbour.posts[1:]] == ["Update", "Delete"]


async def test_a_record_that_is_narrowed_is_deleted_at_readers_and_changed_at_councils(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        offer = publish(at, title="For everyone")
        await deliver(at)

        change(at, offer, audience="neighbours", title="For neighbours")
        await deliver(at)

        assert [a["type"] for a in ana.got()] == ["Accept", "Create", "Delete"]
        assert b"For neighbours" not in b"".join(seen.body for seen in ana.server.posts)
        assert at.harbour.posts[-1].activity["type"] == "Update"


async def test_a_record_narrowed_while_a_reader_was_away_is_never_told_to_it(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        await deliver(at)
        at.town.network.down.add(ana.server.council.base_url)
        offer = publish(at, title="For everyone")
        await deliver(at)
        change(at, offer, audience="neighbours", title="For neighbours")

        at.town.network.down.clear()
        at.clock.advance(3_600)
        await deliver(at)

        assert ana.got("Create", "Update") == []
        assert ana.got("Delete")


async def test_a_server_that_refuses_the_old_signature_gets_the_new_one_and_is_remembered(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        ana.server.answer = lambda seen: 202 if "signature-input" in seen.headers else 401
        await ana.follows(at)
        publish(at, title="The first")
        await deliver(at)
        assert scheme_of(at) == "rfc9421"
        ana.server.seen.clear()

        publish(at, title="The second")
        await deliver(at)

        [only] = ana.server.posts
        actor = await actor_of(at)
        assert "signature-input" in only.headers
        assert is_signed_by_council(only, actor, host="masto.example", now=int(at.now.timestamp()))


async def test_a_server_that_went_back_to_the_old_signature_is_learned_again(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        ana.server.answer = lambda seen: 202 if "signature-input" in seen.headers else 401
        await ana.follows(at)
        await deliver(at)
        ana.server.answer = lambda seen: 202 if "signature-input" not in seen.headers else 401

        publish(at)
        await deliver(at)

        assert scheme_of(at) == "cavage"
        assert ana.got("Create")


async def test_a_server_that_takes_neither_keeps_its_letters_waiting(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        ana.server.answer = lambda seen: 401
        await ana.follows(at)

        await deliver(at)

        assert len(ana.server.posts) == 2
        assert at.town.count("delivery") == 1


async def test_two_readers_on_one_server_get_one_copy(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        ben = Reader(ana.server, "ben", number=2)
        await ana.follows(at)
        await ben.follows(at)
        publish(at, title="Once")
        await deliver(at)
        assert len(ana.got("Accept")) == 2
        assert len(ana.got("Create")) == 1

        await ana.says(at, "Delete", ana.id)
        await at.town.node.engine.applier.run_once()
        publish(at, title="For the one who stayed")
        await deliver(at)

        assert [a["object"]["name"] for a in ana.got("Create")] == ["Once", "For the one who stayed"]
