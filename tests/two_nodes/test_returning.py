"""A council whose server was lost for good comes back on a new one, from its words and from what its neighbours hold."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation.feeds import muting, questions, reopening
from node.recovery import root_key
from node.returning import Returned, Returning
from protocol.feeds import roots
from protocol.verdict import Reason
from schemas.refusal import Refusal
from tests import builders
from tests.two_nodes.letters import Letter, hand_over
from tests.two_nodes.reading import publish
from tests.two_nodes.region import Town, link_up, make_town, region, until
from tests.two_nodes.test_catching_up import live


@asynccontextmanager
async def lost(tmp_path: Path) -> AsyncIterator[tuple[Town, list[Town], dict[str, str], Ed25519PrivateKey]]:
    """Riverside's server is gone, with its folder; its neighbours run. What it had said by path, and its root key."""
    async with region(tmp_path, "riverside", "harbour", "mill") as (riverside, harbour, mill):
        for one, other in ((riverside, harbour), (riverside, mill), (harbour, mill)):
            await link_up(one, other)
        said = {
            publish(riverside, title="Ten chairs"): "public",
            publish(riverside, title="Soup", audience="neighbours"): "neighbours",
        }
        for neighbour in (harbour, mill):
            told = await neighbour.node.engine.catching_up.catch_up(riverside.actor)
            assert told.agreed
        words = root_key(tmp_path / "riverside")
        assert words is not None
        await riverside.node.stop()
        del riverside.network.applications[riverside.url]
        shutil.rmtree(tmp_path / "riverside")
        yield riverside, [harbour, mill], said, words


async def come_back(new: Town, neighbours: list[Town], *words: Ed25519PrivateKey) -> Returned:
    node = new.node
    returning = Returning(node.council, node.store, node.clock, node.randomness, new.network)
    return await returning.come_back([neighbour.url for neighbour in neighbours], words)


async def test_everything_that_was_live_is_live_again_and_the_neighbours_follow(tmp_path: Path) -> None:
    async with lost(tmp_path) as (old, neighbours, said, words):
        new = make_town(tmp_path / "again", old.network, name="riverside", keys_of="riverside, another server")

        returned = await come_back(new, neighbours, words)
        await new.node.start()
        try:
            lamp = publish(new, title="A lamp")

            assert returned.live == 2 and returned.epoch == 2
            assert all(what == "all" for _, what in returned.asked)
            assert new.read(muting.muted_since) is None
            for path in said:
                assert live(new, path, of=new)
            for neighbour in neighbours:
                await until(lambda n=neighbour: live(n, lamp, of=new))
                told = await neighbour.node.engine.catching_up.catch_up(new.actor)
                assert told.agreed and not told.flaws
                assert all(live(neighbour, path, of=new) for path in said)
        finally:
            await new.node.stop()


async def test_a_newcomer_that_is_linked_up_afterwards_reads_it_too(tmp_path: Path) -> None:
    async with lost(tmp_path) as (old, neighbours, said, words):
        new = make_town(tmp_path / "again", old.network, name="riverside", keys_of="riverside, another server")
        await come_back(new, neighbours, words)
        hilltop = make_town(tmp_path / "hilltop", old.network, name="hilltop")
        await new.node.start()
        await hilltop.node.start()
        try:
            await link_up(hilltop, new)
            told = await hilltop.node.engine.catching_up.catch_up(new.actor)

            assert told.agreed
            assert all(live(hilltop, path, of=new) for path in said)
        finally:
            await hilltop.node.stop()
            await new.node.stop()


async def test_other_words_open_nothing(tmp_path: Path) -> None:
    async with lost(tmp_path) as (old, neighbours, _, _words):
        new = make_town(tmp_path / "again", old.network, name="riverside", keys_of="riverside, another server")

        with pytest.raises(Refusal) as refused:
            await come_back(new, neighbours, builders.ed25519_key("somebody else"))

        assert refused.value.word == "not-enough-keys"
        assert new.count("peer") == 0


async def test_neighbours_who_never_heard_of_us_give_nothing_back(tmp_path: Path) -> None:
    async with region(tmp_path, "harbour") as (harbour,):
        new = make_town(tmp_path / "again", harbour.network, name="riverside")

        with pytest.raises(Refusal) as refused:
            await come_back(new, [harbour], builders.ed25519_key("root"))

        assert refused.value.word == "nobody-knows-us"


async def test_a_server_that_has_said_something_is_not_recovered_over(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        with pytest.raises(Refusal) as refused:
            await come_back(riverside, [harbour], builders.ed25519_key("root"))

        assert refused.value.word == "has-feeds"


FAULTS = (
    (Reason.BAD_PROOF, "another root"),
    (Reason.BAD_PROOF, "a key elsewhere"),
    (Reason.BAD_PROOF, "no signature"),
    (Reason.STALE, "the same epoch"),
    (Reason.UNKNOWN_PEER, "a council that nobody knows"),
    (Reason.WRONG_SHAPE, "something missing"),
    (Reason.MALFORMED, "no JSON"),
    (Reason.TOO_LARGE, "too much"),
)


async def test_a_new_key_is_believed_by_the_roots_alone_and_each_fault_has_its_name(tmp_path: Path) -> None:
    async with lost(tmp_path) as (old, (harbour, _), _, words):
        new = make_town(tmp_path / "again", old.network, name="riverside", keys_of="riverside, another server")
        pinned = "SELECT ed25519_multibase FROM peer WHERE actor_id = ?"
        before = harbour.read(lambda c: c.exec_driver_sql(pinned, (old.actor,)).scalar())

        answers = [await hand_over(harbour.node, _told(new, words, what)) for _, what in FAULTS]
        after = harbour.read(lambda c: c.exec_driver_sql(pinned, (old.actor,)).scalar())
        taken = await hand_over(harbour.node, _told(new, words, ""))

        said = [(answer.status, orjson.loads(answer.body)["reason"]) for answer in answers]
        assert said == [(reason.status, reason.value) for reason, _ in FAULTS]
        assert after == before
        assert taken.status == 200
        now = harbour.read(lambda c: c.exec_driver_sql(pinned, (old.actor,)).scalar())
        assert now == new.node.council.multibase


def _told(new: Town, words: Ed25519PrivateKey, what: str) -> Letter:
    """What a new server tells a neighbour, with one fault."""
    council = new.node.council
    by = builders.ed25519_key("another root") if what == "another root" else words
    line = [
        roots.signed(roots.statement(public=[builders.multibase_of(by)], threshold=1), [by], domain=roots.ROOT_DOMAIN)
    ]
    root = roots.judge_line(line)
    assert isinstance(root, roots.Root)
    actor = "https://nobody.example/council" if what.startswith("a council") else council.actor_id
    number = 1 if what == "the same epoch" else 2
    said = roots.epoch_statement(root, epoch=number, actor=actor, key=council.multibase)
    epoch = roots.signed(said, [] if what == "no signature" else [by], domain=roots.EPOCH_DOMAIN)
    body = orjson.loads(reopening.announcement(council, line=line, epoch=epoch))
    if what == "a key elsewhere":
        body["key_id"] = "https://elsewhere.example/council#ed25519-key"
    elif what.startswith("a council"):
        body["key_id"] = f"{actor}#ed25519-key"
    elif what == "something missing":
        del body["epoch"]
    sent = orjson.dumps(body)
    if what == "no JSON":
        sent = sent[:-1]
    elif what == "too much":
        sent += b" " * questions.LONGEST_UNSIGNED
    return Letter((("host", "harbour.example"),), (sent,), questions.KEYS, "POST")


async def test_what_was_kept_of_an_earlier_epoch_changes_nothing(tmp_path: Path) -> None:
    async with lost(tmp_path) as (old, (harbour, _), _, words):
        first = make_town(tmp_path / "first", old.network, name="riverside", keys_of="stolen")
        second = make_town(tmp_path / "second", old.network, name="riverside", keys_of="safe")
        await hand_over(harbour.node, _told(first, words, ""))
        root = roots.judge_line(orjson.loads(_told(second, words, "").body)["roots"])
        assert isinstance(root, roots.Root)
        body = orjson.loads(_told(second, words, "").body)
        council = second.node.council
        said = roots.epoch_statement(root, epoch=3, actor=council.actor_id, key=council.multibase)
        body["epoch"] = roots.signed(said, [words], domain=roots.EPOCH_DOMAIN)
        later = Letter((("host", "harbour.example"),), (orjson.dumps(body),), questions.KEYS, "POST")

        taken = await hand_over(harbour.node, later)
        replayed = await hand_over(harbour.node, _told(first, words, ""))

        assert taken.status == 200
        assert orjson.loads(replayed.body)["reason"] == Reason.STALE
