"""The inbox against senders who do not play by the rules of HTTP: what is read, what is held, and what is answered."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from federation import blocks
from federation.front import BODIES_AT_ONCE
from federation.signing import headers_for
from protocol.digest import content_digest
from tests.two_nodes.letters import Letter, hand_over, letter
from tests.two_nodes.outsiders import Scene, scene
from tests.two_nodes.wrong_loads import streamed

ANSWERED = {"content-type", "content-length", "accept-signature", "retry-after"}


async def handed(at: Scene, sent: Letter, **scope: Any) -> tuple[int, int]:
    """Hand a letter over with another ASGI scope; returns the status and how many parts of the body were read."""
    read = 0

    async def changed(given: dict[str, Any], receive: Any, send: Any) -> None:
        async def counted() -> Any:
            nonlocal read
            read += 1
            return await receive()

        altered = {name: value for name, value in {**given, **scope}.items() if value is not ...}
        await at.town.node(altered, counted, send)

    return (await hand_over(changed, sent)).status, read


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "post", "TRACE"])
@pytest.mark.parametrize("target", ["/inbox", "/council/inbox"])
async def test_an_inbox_takes_post_and_says_so(tmp_path: Path, method: str, target: str) -> None:
    async with scene(tmp_path) as at:
        rows = at.rows()

        answer = await at.send(replace(at.good(), method=method, target=target))

        assert (answer.status, answer.headers["allow"]) == (405, "POST")
        assert at.rows() == rows


async def test_both_inboxes_take_letters_that_were_written_to_them(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        for target in ("/inbox", "/council/inbox"):
            sent = at.harbour.post(at.harbour.proven(at.harbour.create()), at.town.url + target)
            assert (await at.send(sent)).status == 202


@pytest.mark.parametrize("target", ["/inbox/", "/INBOX", "/o/../inbox", "/council/inbox/x"])
async def test_what_only_looks_like_an_inbox_is_none(tmp_path: Path, target: str) -> None:
    async with scene(tmp_path) as at:
        rows = at.rows()

        assert (await at.send(replace(at.good(), target=target))).status in (404, 405)

        assert at.rows() == rows


async def test_a_refused_head_is_answered_before_its_body_is_read(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        good, council, now = at.good(), at.town.node.council, at.now
        heads = {
            "no signature": good.without("signature-input", "signature"),
            "too large": good.having(content_length="1048577"),
            "a stranger, too large": at.asks(at.hillside).having(content_length="65537"),
            "wrong type": good.having(content_type="text/plain"),
            "compressed": good.having(content_encoding="gzip"),
        }
        for name, head in heads.items():
            status, read = await handed(at, head)
            assert status >= 400 and read == 0, name
        at.town.write(lambda c: blocks.block(c, council, host="harbour.example", now=now))
        await at.town.node.engine.refresh()
        assert await handed(at, good) == (403, 0)


async def test_a_stream_is_broken_off_where_it_is_too_much(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        endless = at.asks(at.hillside).without("content-length")
        endless = replace(endless, parts=(b" " * 16_384,) * 1_000)

        assert await handed(at, endless) == (413, 5)


async def test_a_body_may_come_byte_by_byte(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        assert (await at.send(streamed(at.good(), part=1))).status == 202


@pytest.mark.parametrize("scope", [{"raw_path": ...}, {"raw_path": None}], ids=["absent", "none"])
async def test_a_server_that_gives_no_raw_path_is_served(tmp_path: Path, scope: dict[str, Any]) -> None:
    async with scene(tmp_path) as at:
        assert (await handed(at, at.good(), **scope))[0] == 202


@pytest.mark.parametrize("name", ["x-forwarded-host", "forwarded", "x-original-url", "x-http-method-override"])
async def test_forwarded_headers_are_not_believed(tmp_path: Path, name: str) -> None:
    async with scene(tmp_path) as at:
        elsewhere = at.harbour.post(at.harbour.proven(at.harbour.create()), "https://hillside.example/inbox")

        answer = await at.send(replace(elsewhere, headers=(*elsewhere.headers, (name, "riverside.example"))))
        assert orjson.loads(answer.body)["reason"] == "wrong-target"

        good = at.good()
        assert (await at.send(replace(good, headers=(*good.headers, (name, "hillside.example"))))).status == 202


@pytest.mark.parametrize("query", ["{", '"', "<x>", "a b", "\x85", "\xa0", "|", "x" * 2_100])
async def test_a_target_that_is_no_address_is_malformed_and_never_a_fault(tmp_path: Path, query: str) -> None:
    async with scene(tmp_path) as at:
        answer = await at.send(replace(at.good(), target=f"/inbox?{query}"))
        assert orjson.loads(answer.body)["reason"] == "malformed"

        url = f"{at.town.url}/.well-known/comarca"
        greeting = headers_for(at.harbour.council, scheme="ed25519", method="GET", url=url, body=None, now=at.now)
        asked = replace(letter(greeting, b""), method="GET", target=f"/.well-known/comarca?{query}")
        assert (await at.send(asked)).status == 200


@pytest.mark.parametrize("length", ["²", "-1", "+5", "0x10", "1e9", " ", "", "9" * 30])
async def test_a_length_that_is_no_number_is_never_a_fault(tmp_path: Path, length: str) -> None:
    async with scene(tmp_path) as at:
        answer = await at.send(at.good().having(content_length=length))

        assert answer.status in (202, 413)


async def test_no_word_of_the_sender_is_in_the_head_of_an_answer(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        poison = "x\r\nSet-Cookie: stolen=1"
        for sent in (
            at.good().having(signature_input=f'sig1=("{poison}");created=1;keyid="https://harbour.example/{poison}"'),
            at.good().having(host=poison),
            at.good().having(content_type=poison),
            at.good().having(date=poison),
            at.good().having(content_digest=content_digest(b"") + poison),
            replace(at.good(), target=f"/inbox?{poison}"),
        ):
            answer = await at.send(sent)

            assert answer.status >= 400
            assert set(answer.headers) <= ANSWERED
            assert "stolen" not in repr(answer)


async def test_unfinished_bodies_share_a_room_and_give_it_back(tmp_path: Path) -> None:
    async with scene(tmp_path, limits={"body": 4_096, "unknown_body": 4_096, "body_deadline": 30}) as at:
        sent = at.good()
        slow = replace(sent, parts=(sent.body[:1].ljust(4_096),), stalls=True).without("content-length")
        waiting = [asyncio.create_task(at.send(slow)) for _ in range(BODIES_AT_ONCE)]
        await asyncio.sleep(0)

        answer = await at.send(sent)
        assert (answer.status, orjson.loads(answer.body)["reason"]) == (503, "busy")

        for task in waiting:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert (await at.send(sent)).status == 202


async def test_refusals_are_counted_by_their_word_and_by_nothing_of_the_sender(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await at.send(at.good())
        await at.send(at.good().without("signature-input", "signature"))
        await at.send(at.good().having(content_length="1048577"))
        await at.send(at.says(at.hillside.create(), by=at.hillside))

        assert at.town.node.engine.reception.counts == {
            "stored": 1,
            "no-signature": 1,
            "too-large": 1,
            "unknown-peer": 1,
        }
