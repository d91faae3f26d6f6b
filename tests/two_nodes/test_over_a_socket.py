"""The same inbox behind the server that `comarca serve` runs: real sockets, real bytes, and senders who write them by hand."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import orjson
import uvicorn

from node.serving import deadline_protocol
from tests.builders import FakeClock
from tests.two_nodes.letters import Letter
from tests.two_nodes.outsiders import Outsider, Scene, node_at_rest
from tests.two_nodes.region import Network, until


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[tuple[Scene, int]]:
    """Riverside behind a socket on loopback, linked up with harbour."""
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        port = door.getsockname()[1]
        network, clock = Network(), FakeClock()
        town = node_at_rest(
            folder / "riverside",
            network,
            name="riverside",
            clock=clock,
            url=f"http://127.0.0.1:{port}",
            allow={"plain_hosts": [f"127.0.0.1:{port}"]},
        )
        harbour, hillside, millbrook = (Outsider(name, network, clock) for name in ("harbour", "hillside", "millbrook"))
        at = Scene(folder / "riverside", town, clock, harbour, hillside, millbrook)
        await at.link(at.harbour)
        config = uvicorn.Config(town.node, http=deadline_protocol(5.0), ws="none", lifespan="on", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[door]))
        await until(lambda: server.started)
        try:
            yield at, port
        finally:
            server.should_exit = True
            await serving


def written(sent: Letter, *, version: str = "1.1", more: tuple[str, ...] = ()) -> bytes:
    lines = [f"{sent.method} {sent.target} HTTP/{version}"]
    lines += [f"{name}: {value}" for name, value in sent.headers] + [*more, "connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


async def said(port: int, *parts: bytes, pause_after: bytes | None = None) -> tuple[int, dict[str, object], bytes]:
    """Write `parts`, read to the end: status, problem or result, and all bytes. `pause_after`: wait for it before the last part."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(5):
            for part in parts[:-1]:
                writer.write(part)
            early = await reader.readuntil(pause_after) if pause_after is not None else b""
            writer.write(parts[-1])
            await writer.drain()
            answer = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    found = orjson.loads(body) if body.startswith(b"{") else {}
    return int(head.split(b" ")[1]), found, early + answer


async def test_a_letter_is_taken_once_and_a_changed_one_is_refused(tmp_path: Path) -> None:
    async with listening(tmp_path) as (at, port):
        sent = at.good()

        assert (await said(port, written(sent), sent.body))[:2] == (202, {"result": "stored"})
        assert (await said(port, written(sent), sent.body))[:2] == (202, {"result": "already-held"})

        other = at.good()
        status, problem, answer = await said(port, written(other), other.body.replace(b"Ten", b"Six"))
        assert (status, problem["reason"]) == (401, "bad-digest")
        assert b"content-type: application/problem+json" in answer
        assert b"accept-signature: " in answer
        await until(lambda: at.town.count("replica") == 1)
        assert at.town.count("received_activity") == 1


def in_chunks(body: bytes, size: int) -> bytes:
    parts = [body[n : n + size] for n in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


async def test_a_letter_in_chunks_is_measured_as_it_comes(tmp_path: Path) -> None:
    async with listening(tmp_path) as (at, port):
        chunked = ("transfer-encoding: chunked",)
        sent = at.good().without("content-length")
        assert (await said(port, written(sent, more=chunked), in_chunks(sent.body, 100)))[0] == 202

        endless = at.asks(at.hillside).without("content-length")
        status, problem, _ = await said(port, written(endless, more=chunked), in_chunks(b" " * 70_000, 8_192))
        assert (status, problem["reason"]) == (413, "too-large")


async def test_two_ways_of_measuring_one_body_are_refused(tmp_path: Path) -> None:
    async with listening(tmp_path) as (at, port):
        sent = at.good()

        status, _, _ = await said(port, written(sent, more=("transfer-encoding: chunked",)), in_chunks(sent.body, 100))

        assert status == 400
        assert at.town.count("received_activity") == 0


async def test_whoever_asks_before_sending_is_told_before_sending(tmp_path: Path) -> None:
    async with listening(tmp_path) as (at, port):
        expecting = ("expect: 100-continue",)
        sent = at.good()
        asked = written(sent, more=expecting)
        status, _, answer = await said(port, asked, sent.body, pause_after=b"100 Continue\r\n\r\n")
        assert status == 202
        assert answer.startswith(b"HTTP/1.1 100 Continue")

        bare = sent.without("signature", "signature-input")
        status, problem, answer = await said(port, written(bare, more=expecting))
        assert (status, problem["reason"]) == (401, "no-signature")
        assert b"100 Continue" not in answer


async def test_two_hosts_or_none_are_refused(tmp_path: Path) -> None:
    async with listening(tmp_path) as (at, port):
        sent = at.good()

        assert (await said(port, written(sent.twice("host")), sent.body))[1]["reason"] == "malformed"
        assert (await said(port, written(sent.without("host")), sent.body))[1]["reason"] == "wrong-target"
        assert at.town.count("received_activity") == 0


async def test_a_target_of_odd_bytes_is_refused_and_not_a_fault(tmp_path: Path) -> None:
    async with listening(tmp_path) as (at, port):
        sent = at.good()
        for odd in (b"{", b"|", b'"', b"\xff\xa0"):
            head = written(sent).replace(b"POST /inbox ", b"POST /inbox?" + odd + b" ")

            assert (await said(port, head, sent.body))[0] in (400, 401)


async def test_the_head_of_an_inbox_has_no_body(tmp_path: Path) -> None:
    async with listening(tmp_path) as (at, port):
        asked = replace_method(at.good(), "HEAD")

        status, _, answer = await said(port, written(asked))

        assert status == 405
        assert answer.endswith(b"\r\n\r\n")


def replace_method(sent: Letter, method: str) -> Letter:
    return Letter(sent.without("content-length").headers, (b"",), method=method)
