"""Real servers that heard nothing of each other for a while: what either said is there after one talk, nobody typing."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from federation import blocks, replicas
from federation.feeds import driver, muting, questions
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.signing import headers_for
from protocol.verdict import Reason
from tests import builders
from tests.two_nodes.letters import Letter, hand_over
from tests.two_nodes.reading import publish
from tests.two_nodes.region import Town, link_up, region, until

HELLO = orjson.dumps({"store": "", "after": 0})


def live(town: Town, path: str, *, of: Town) -> bool:
    row = town.read(lambda c: replicas.find(c, of.url + path))
    return row is not None and row["gone_at"] is None


def asked(town: Town, by: Any, body: bytes = HELLO, *, path: str = questions.HELLO, **changed: str) -> Letter:
    """A question to `town` by a council, signed now."""
    headers = headers_for(
        by,
        scheme="ed25519",
        method="POST",
        url=town.url + path,
        body=body,
        now=town.node.clock.now(),
        content_type="application/json",
    )
    given = {name.lower(): value for name, value in headers.items()} | {
        k.replace("_", "-"): v for k, v in changed.items()
    }
    return Letter(tuple(given.items()), (body,), path, "POST")


async def test_with_every_push_lost_both_hold_the_same_after_one_talk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        _lose_every_push(riverside, harbour, monkeypatch)
        chairs, soup = publish(riverside), publish(riverside, audience="neighbours")
        lamp = publish(harbour, title="A lamp")

        for one, other in ((riverside, harbour), (harbour, riverside)):
            told = await one.node.engine.catching_up.catch_up(other.actor)
            assert told.agreed, told

        assert live(harbour, chairs, of=riverside) and live(harbour, soup, of=riverside)
        assert live(riverside, lamp, of=harbour)


def _lose_every_push(*towns_and_patch: Any) -> None:
    *towns, monkeypatch = towns_and_patch
    network = towns[0].network
    send = network.send

    async def lossy(request: OutgoingRequest) -> OutgoingResponse | TransportFailure:
        if request.url.endswith("/inbox"):
            return TransportFailure("connect", "nobody answers there")
        return await send(request)

    for town in towns:
        monkeypatch.setattr(town.node.engine.deliverer, "_transport", _Lossy(lossy))


class _Lossy:
    def __init__(self, send: Callable[[OutgoingRequest], Any]) -> None:
        self.send = send


async def test_whoever_comes_back_says_hello_and_is_asked_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        _lose_every_push(riverside, harbour, monkeypatch)
        lamp = publish(harbour, title="A lamp")
        harbour.node.engine.catching_up.outcomes.clear()  # as after a start

        await harbour.node.engine.catching_up.catch_up(riverside.actor)

        await until(lambda: live(riverside, lamp, of=harbour))


async def test_a_third_council_is_served_what_is_for_it_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside", "harbour", "mill") as (riverside, harbour, mill):
        for one, other in ((riverside, harbour), (riverside, mill), (harbour, mill)):
            await link_up(one, other)
        _lose_every_push(riverside, harbour, mill, monkeypatch)
        chairs, soup = publish(riverside), publish(riverside, audience="neighbours")
        await harbour.node.engine.catching_up.catch_up(riverside.actor)
        riverside.network.down.add(riverside.url)

        told = await mill.node.engine.catching_up.catch_up(harbour.actor)

        assert told.agreed
        assert live(mill, chairs, of=riverside) and live(mill, soup, of=riverside)


async def test_what_is_for_neighbours_never_reaches_a_council_that_is_not_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside", "harbour", "mill") as (riverside, harbour, mill):
        for one, other in ((riverside, harbour), (harbour, mill)):
            await link_up(one, other)
        _lose_every_push(riverside, harbour, mill, monkeypatch)
        publish(riverside, audience="neighbours", title="A secret between neighbours")
        await harbour.node.engine.catching_up.catch_up(riverside.actor)

        for path, body in (
            (questions.HELLO, HELLO),
            (questions.HEADS, orjson.dumps({"heads": "", "parts": list(range(256)), "leaves": ""})),
        ):
            answer = await hand_over(harbour.node, asked(harbour, mill.node.council, body, path=path))
            assert answer.status == 200
            assert b"A secret" not in answer.body
            name = riverside.read(
                lambda c: c.exec_driver_sql("SELECT name FROM feed WHERE ours AND channel = 'region'").scalar()
            )
            assert name.encode() not in answer.body


async def _settled(tmp_path: Path, riverside: Town, harbour: Town) -> None:
    await link_up(riverside, harbour)
    await until(lambda: riverside.count("delivery") == harbour.count("delivery") == 0)


def _signed_for_another(at: Town, by: Any) -> Letter:
    """The signature of another question under this one's names."""
    other = asked(at, by, path=questions.HEADS)
    return asked(at, by).having(signature=other.header("signature"))


FAULTS: tuple[tuple[Reason, Callable[[Town, Any], Letter]], ...] = (
    (Reason.NO_SIGNATURE, lambda at, by: asked(at, by).without("signature", "signature-input")),
    (Reason.BAD_SIGNATURE, _signed_for_another),
    (Reason.STALE, lambda at, by: asked(at, by).having(date="Mon, 02 Mar 2026 09:00:00 GMT")),
    (Reason.BAD_DIGEST, lambda at, by: Letter(asked(at, by).headers, (b'{"after":1}',), questions.HELLO, "POST")),
    (Reason.UNKNOWN_PEER, lambda at, _: asked(at, builders.council("stranger"))),
    (Reason.WRONG_TARGET, lambda at, by: asked(at, by).having(host="elsewhere.example")),
    (Reason.WRONG_SHAPE, lambda at, by: asked(at, by, b'{"after":"soon"}')),
    (Reason.WRONG_SHAPE, lambda at, by: asked(at, by, b'{"heads":"","parts":[999]}', path=questions.HEADS)),
    (Reason.MALFORMED, lambda at, by: asked(at, by, b"{")),
    (Reason.DUPLICATE_KEY, lambda at, by: asked(at, by, b'{"after":1,"after":2}')),
    (Reason.TOO_LARGE, lambda at, by: asked(at, by, b" " * (questions.LONGEST_QUESTION + 1))),
)


async def test_a_question_with_one_fault_is_refused_by_its_name_and_its_twin_is_answered(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await _settled(tmp_path, riverside, harbour)
        by = harbour.node.council

        for reason, spoil in FAULTS:
            refused = await hand_over(riverside.node, spoil(riverside, by))
            answered = await hand_over(riverside.node, asked(riverside, by))

            assert (refused.status, orjson.loads(refused.body)["reason"]) == (reason.status, reason.value)
            assert answered.status == 200
            assert answered.headers["content-type"] == questions.MEDIA


async def test_a_blocked_council_is_not_answered(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await _settled(tmp_path, riverside, harbour)
        now, council = riverside.node.clock.now(), riverside.node.council
        riverside.write(lambda c: blocks.block(c, council, host="harbour.example", now=now))
        await riverside.node.engine.refresh()

        answer = await hand_over(riverside.node, asked(riverside, harbour.node.council))

        assert orjson.loads(answer.body)["reason"] == Reason.BLOCKED


async def test_whoever_asks_without_end_is_told_to_wait(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", limits={"peer_rate": {"per_minute": 1, "burst": 40}}) as (
        riverside,
        harbour,
    ):
        await _settled(tmp_path, riverside, harbour)
        letters = [asked(riverside, harbour.node.council) for _ in range(41)]

        statuses = [(await hand_over(riverside.node, one)).status for one in letters]

        assert statuses[0] == 200 and statuses[-1] == Reason.TOO_FAST.status


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_only_a_post_is_a_question(tmp_path: Path, method: str) -> None:
    async with region(tmp_path, "riverside") as (riverside,):
        answer = await hand_over(riverside.node, Letter((), (b"",), questions.HELLO, method))

        assert answer.status == 405


async def test_an_old_copy_falls_silent_gets_back_what_it_said_and_speaks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await _settled(tmp_path, riverside, harbour)
        chairs = publish(riverside)
        await until(lambda: live(harbour, chairs, of=riverside))
        await harbour.node.engine.catching_up.catch_up(riverside.actor)
        now = riverside.node.clock.now()
        riverside.write(lambda c: muting.mute(c, store_id="an old copy", now=now))
        await riverside.node.engine.catching_up.look_whether_muted()

        lamp = publish(riverside, title="A lamp")
        assert await riverside.node.engine.deliverer.run_once() == 0
        await riverside.node.engine.catching_up.run_once([harbour.actor])

        assert riverside.read(muting.muted_since) is None
        await until(lambda: live(harbour, lamp, of=riverside))


async def test_what_came_by_a_message_is_soon_read_in_the_feed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "SOON", 0.01)
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)

        path = publish(riverside, title="Ten chairs")

        await until(lambda: _entries(harbour, of=riverside.url + path) == 1)


def _entries(town: Town, *, of: str) -> int:
    statement = text("SELECT count(*) FROM feed_entry WHERE object_id = :o")
    return int(town.read(lambda c: c.execute(statement, {"o": of}).scalar_one()))


async def test_a_neighbour_that_takes_the_question_and_never_answers_keeps_us_from_nobody(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", "mill") as (riverside, harbour, mill):
        await link_up(riverside, harbour)
        await link_up(riverside, mill)
        asked = asyncio.Event()

        async def never(scope: Any, receive: Any, send: Any) -> None:
            asked.set()
            await asyncio.Event().wait()

        riverside.network.applications[mill.url] = never
        riverside.node.engine.catching_up.wake(mill.actor)
        await asyncio.wait_for(asked.wait(), 5)
        path = publish(harbour, title="A lamp")

        riverside.node.engine.catching_up.wake(harbour.actor)

        await until(lambda: _entries(riverside, of=harbour.url + path) == 1)
