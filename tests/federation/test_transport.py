import asyncio
import gzip

import httpx
import pytest

from federation.connections import Origin
from federation.ports import OutgoingRequest, OutgoingResponse, Transport, TransportFailure
from federation.transport import LeanTransport, NetworkTransport, SendFailed
from protocol.ids import Policy
from tests.federation.loopback import ACCEPTED, network, post, read_request, server, until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def failure_of(transport: NetworkTransport, request: OutgoingRequest) -> str:
    got = await transport.send(request)
    assert isinstance(got, TransportFailure), got
    return got.word


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def test_a_post_arrives_byte_for_byte_and_its_answer_comes_back() -> None:
    async with server(ACCEPTED) as seen, network(seen.listed) as transport:
        port: Transport = transport

        got = await port.send(
            OutgoingRequest("POST", seen.url("/a/../inbox?x=%7e'[1]#part"), {"Signature": "sig", "TE": "gzip"}, b"{}")
        )

    assert got == OutgoingResponse(202, {"content-length": "2"}, b"ok")
    head, _, body = seen.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /a/../inbox?x=%7e'[1] HTTP/1.1"
    assert sorted(lines[1:]) == [
        b"Accept-Encoding: identity",
        b"Content-Length: 2",
        b"Host: " + seen.listed.encode(),
        b"Signature: sig",
        b"User-Agent: Comarca",
    ]
    assert body == b"{}"


async def test_repeated_fields_are_joined_under_lower_case_names() -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-Two: a\r\nx-two: b\r\nContent-Length: 0\r\n\r\n"
    async with server(answer) as seen, network(seen.listed) as transport:
        got = await transport.send(post(seen.url()))

    assert isinstance(got, OutgoingResponse)
    assert got.headers["x-two"] == "a, b"


async def test_one_connection_serves_many_requests() -> None:
    async with server(ACCEPTED) as seen, network(seen.listed) as transport:
        for _ in range(5):
            await transport.send(post(seen.url()))

        assert (seen.connections, len(seen.requests), transport.lean.connections.idle_count) == (1, 5, 1)


async def test_a_chunked_answer_is_put_together_and_its_connection_kept() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    async with server(chunked) as seen, network(seen.listed) as transport:
        first, second = [await transport.send(post(seen.url())) for _ in range(2)]

    assert isinstance(first, OutgoingResponse)
    assert first == second
    assert first.body == b"hello"
    assert seen.connections == 1


@pytest.mark.parametrize("body", [gzip.compress(b"x" * 1_000_000, mtime=0), b"no gzip at all"])
async def test_a_body_that_says_it_is_compressed_is_left_as_it_came(body: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with server(answer) as seen, network(seen.listed) as transport:
        got = await transport.send(post(seen.url(), max_response=10_000))

    assert isinstance(got, OutgoingResponse)
    assert got.body == body


async def test_a_redirect_is_handed_back_and_never_followed() -> None:
    answer = b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with server(answer) as seen, network(seen.listed) as transport:
        got = await transport.send(post(seen.url()))

    assert isinstance(got, OutgoingResponse)
    assert (got.status, got.headers["location"], len(seen.requests)) == (307, "/elsewhere", 1)


async def test_a_peer_that_drips_meets_the_total_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in ACCEPTED * 1_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with server(drip) as seen, network(seen.listed) as transport:
        started = asyncio.get_running_loop().time()
        word = await failure_of(transport, post(seen.url(), timeout=0.3))
        took = asyncio.get_running_loop().time() - started

        assert word == "timeout"
        assert 0.25 < took < 2
        assert transport.lean.connections.idle_count == 0


async def test_a_peer_that_says_nothing_meets_the_deadline_and_is_asked_once() -> None:
    async def wait_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(ACCEPTED, wait_for_ever) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))

        word = await failure_of(transport, post(seen.url(), timeout=0.2))

    assert word == "timeout"
    assert len(seen.requests) == 2


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, "too-large"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n", "too-large"),
        (b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n", "too-large"),
        (b"220 mail.example ESMTP\r\n", "protocol"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50, "protocol"),
    ],
)
async def test_a_hostile_answer_fails_by_name_and_its_connection_is_dropped(answer: bytes, word: str) -> None:
    async with server(answer, ACCEPTED) as seen, network(seen.listed) as transport:
        assert await failure_of(transport, post(seen.url(), max_response=1_000)) == word

        await transport.send(post(seen.url()))

    assert seen.connections == 2


async def test_an_answer_that_breaks_off_is_no_answer() -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()

    async with server(break_off) as seen, network(seen.listed) as transport:
        assert await failure_of(transport, post(seen.url())) == "closed"

    assert len(seen.requests) == 1


async def test_a_peer_that_hangs_up_on_a_new_connection_is_not_asked_again() -> None:
    async with server(hang_up) as seen, network(seen.listed) as transport:
        assert await failure_of(transport, post(seen.url())) == "closed"

    assert len(seen.requests) == 1


async def test_the_race_with_a_peers_idle_limit_is_tried_again_on_a_new_connection() -> None:
    async with server(ACCEPTED, hang_up, ACCEPTED) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))

        got = await transport.send(post(seen.url()))

    assert isinstance(got, OutgoingResponse)
    assert (seen.connections, len(seen.requests)) == (2, 3)


async def test_the_race_is_tried_again_once_only() -> None:
    async with server(ACCEPTED, hang_up) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))

        assert await failure_of(transport, post(seen.url())) == "closed"

    assert len(seen.requests) == 3


async def test_a_kept_connection_that_dies_after_the_first_byte_is_not_tried_again() -> None:
    async def begin_and_die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"H")
        await writer.drain()

    async with server(ACCEPTED, begin_and_die) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))

        assert await failure_of(transport, post(seen.url())) == "closed"

    assert len(seen.requests) == 2


async def test_the_second_try_after_the_race_has_only_what_is_left_of_the_deadline() -> None:
    async def wait_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(ACCEPTED, hang_up, wait_for_ever) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))
        started = asyncio.get_running_loop().time()

        word = await failure_of(transport, post(seen.url(), timeout=0.3))

        assert word == "timeout"
        assert asyncio.get_running_loop().time() - started < 2


async def test_a_connection_closed_while_idle_is_noticed() -> None:
    async def answer_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ACCEPTED)
        await writer.drain()

    async with server(answer_and_close, ACCEPTED) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))
        await until(lambda: transport.lean.connections.idle_count == 0)

        got = await transport.send(post(seen.url()))

    assert isinstance(got, OutgoingResponse)
    assert len(seen.requests) == 2


@pytest.mark.parametrize("extra", [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"x"])
async def test_a_connection_that_brought_extra_bytes_is_never_used_again(extra: bytes) -> None:
    async with server(ACCEPTED + extra, ACCEPTED) as seen, network(seen.listed) as transport:
        first = await transport.send(post(seen.url()))
        second = await transport.send(post(seen.url()))

    assert isinstance(first, OutgoingResponse)
    assert isinstance(second, OutgoingResponse)
    assert (first.body, second.body, seen.connections) == (b"ok", b"ok", 2)


async def test_extra_bytes_that_come_later_end_an_idle_connection() -> None:
    may_speak = asyncio.Event()

    async def speak_out_of_turn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ACCEPTED)
        await may_speak.wait()
        writer.write(ACCEPTED)
        await reader.read()

    async with server(speak_out_of_turn, ACCEPTED) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))
        may_speak.set()
        await until(lambda: transport.lean.connections.idle_count == 0)
        await transport.send(post(seen.url()))

    assert seen.connections == 2


async def test_no_more_connections_are_kept_than_allowed_for_one_origin() -> None:
    async with server(ACCEPTED) as seen, network(seen.listed, per_origin=2) as transport:
        await asyncio.gather(*(transport.send(post(seen.url())) for _ in range(6)))

        assert transport.lean.connections.idle_count == 2


async def test_the_longest_idle_connection_goes_when_too_many_are_kept_in_all() -> None:
    async with server(ACCEPTED) as one, server(ACCEPTED) as two, server(ACCEPTED) as three:
        async with network(one.listed, two.listed, three.listed, in_all=2) as transport:
            for seen in (one, two, three, two, three, one):
                await transport.send(post(seen.url()))

            assert transport.lean.connections.idle_count == 2
    assert [one.connections, two.connections, three.connections] == [2, 1, 1]


async def test_an_idle_connection_expires_by_itself() -> None:
    async with server(ACCEPTED) as seen, network(seen.listed, idle_seconds=0.05) as transport:
        await transport.send(post(seen.url()))

        await until(lambda: transport.lean.connections.idle_count == 0)
        await transport.send(post(seen.url()))

    assert seen.connections == 2


async def test_a_connection_that_was_just_aborted_is_not_handed_out_before_the_loop_has_noticed() -> None:
    async with server(ACCEPTED) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))
        origin = Origin(False, "127.0.0.1", seen.port)
        connection = transport.lean.connections.kept(origin)
        assert connection is not None
        transport.lean.connections.keep(origin, connection)
        connection.abort()

        assert transport.lean.connections.kept(origin) is None


async def test_a_cancelled_request_takes_its_connection_with_it() -> None:
    asked = asyncio.Event()

    async def wait_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with server(wait_for_ever, ACCEPTED) as seen, network(seen.listed) as transport:
        task = asyncio.create_task(transport.send(post(seen.url())))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        got = await transport.send(post(seen.url()))

    assert isinstance(got, OutgoingResponse)
    assert seen.connections == 2


async def test_closing_ends_what_is_under_way_and_opens_nothing_new() -> None:
    asked = asyncio.Event()

    async def wait_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with server(wait_for_ever) as seen, network(seen.listed) as transport:
        task = asyncio.create_task(transport.send(post(seen.url())))
        await asked.wait()
        await transport.aclose()

        got = await task
        assert isinstance(got, TransportFailure)
        assert got.word == "closed"
        assert await failure_of(transport, post(seen.url())) == "closed"


async def test_a_closed_port_fails_by_name() -> None:
    async with server(ACCEPTED) as seen:
        url, listed = seen.url(), seen.listed

    async with network(listed) as transport:
        assert await failure_of(transport, post(url)) == "connect"


async def test_an_unknown_name_fails_by_name() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    async with network(resolve=resolve) as transport:
        assert await failure_of(transport, post("https://council.example/inbox")) == "resolve"


async def test_a_name_without_addresses_fails_by_name() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return []

    async with network(resolve=resolve) as transport:
        assert await failure_of(transport, post("https://council.example/inbox")) == "resolve"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Evil": "a\r\nX-Injected: b"},
        {"X-Evil": "a\nb"},
        {"X-Evil\r\nX-Injected": "b"},
        {"X-Evil": "a\0b"},
        {"Host": "other.example"},
    ],
)
async def test_a_field_that_would_change_the_request_is_not_sent(headers: dict[str, str]) -> None:
    async with server(ACCEPTED) as seen, network(seen.listed) as transport:
        word = await failure_of(transport, OutgoingRequest("POST", seen.url(), headers, b"{}"))

    assert (word, seen.connections) == ("not-permitted", 0)


@pytest.mark.parametrize("method", ["HEAD", "CONNECT", "DELETE", "GET / HTTP/1.1\r\nX:"])
async def test_only_get_and_post_are_sent(method: str) -> None:
    async with server(ACCEPTED) as seen, network(seen.listed) as transport:
        word = await failure_of(transport, OutgoingRequest(method, seen.url(), {}, None))

    assert (word, seen.connections) == ("not-permitted", 0)


@pytest.mark.parametrize(
    "url",
    [
        "http://council.example/inbox",
        "https://council.example:8443/inbox",
        "https://user@council.example/inbox",
        "https://127.0.0.1/inbox",
        "https://[::1]/inbox",
        "https://localhost/inbox",
        "https://2130706433/inbox",
        "https://council.example./inbox",
        "https://a.example\\@b.example/",
        "https://council.example/\r\nX-Injected: b",
        "ftp://council.example/",
        "data:application/json,{}",
        "/inbox",
        "",
    ],
)
async def test_an_address_outside_the_policy_is_not_even_resolved(url: str) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with network(resolve=resolve) as transport:
        word = await failure_of(transport, post(url))

    assert (word, asked) == ("not-permitted", [])


async def test_the_transport_works_under_an_ordinary_httpx_client() -> None:
    async with server(ACCEPTED) as seen:
        lean = LeanTransport(listed=frozenset({seen.listed}))
        async with httpx.AsyncClient(transport=lean, trust_env=False) as client:
            response = await client.post(seen.url(), json={"id": 1})

    assert (response.status_code, response.text) == (202, "ok")
    assert b"Accept-Encoding: identity" in seen.requests[0]
    assert b"gzip" not in seen.requests[0]


async def test_its_failures_are_httpx_errors_with_a_word() -> None:
    lean = LeanTransport()
    with pytest.raises(httpx.TransportError) as failure:
        await lean.handle_async_request(httpx.Request("GET", "http://127.0.0.1:9/"))

    assert isinstance(failure.value, SendFailed)
    assert failure.value.word == "refused-address"
    await lean.aclose()


async def test_requests_on_the_wire_are_read_as_the_server_expects() -> None:
    async def echo_target(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ACCEPTED)
        second = await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(second) + second)
        await writer.drain()

    async with server(echo_target) as seen, network(seen.listed) as transport:
        await transport.send(post(seen.url()))
        got = await transport.send(OutgoingRequest("GET", seen.url("/actor"), {}, None))

    assert isinstance(got, OutgoingResponse)
    assert got.body.startswith(b"GET /actor HTTP/1.1\r\n")
    assert b"Content-Length" not in got.body


def test_the_policy_of_a_transport_needs_no_event_loop() -> None:
    assert NetworkTransport(Policy()).lean.connections.idle_count == 0
