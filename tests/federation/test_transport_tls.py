import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from federation.ports import OutgoingResponse, TransportFailure
from tests.federation.loopback import ACCEPTED, Seen, network, post, resolving, server


def serving(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


async def sent_to(seen: Seen, *, ca_file: Path | None) -> OutgoingResponse | TransportFailure:
    host = f"council.example:{seen.port}"
    async with network(host, resolve=resolving(council_example=["127.0.0.1"]), ca_file=ca_file) as transport:
        return await transport.send(post(f"https://{host}/inbox"))


async def test_a_good_chain_for_the_right_name_is_accepted_and_the_name_is_sent(
    authority: trustme.CA, ca_file: Path
) -> None:
    context = serving(authority, "council.example")
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    async with server(ACCEPTED, context=context) as seen:
        got = await sent_to(seen, ca_file=ca_file)

    assert got == OutgoingResponse(202, {"content-length": "2"}, b"ok")
    assert names == ["council.example"]


async def test_a_kept_connection_spares_the_second_handshake(authority: trustme.CA, ca_file: Path) -> None:
    async with server(ACCEPTED, context=serving(authority, "council.example")) as seen:
        host = f"council.example:{seen.port}"
        async with network(host, resolve=resolving(council_example=["127.0.0.1"]), ca_file=ca_file) as transport:
            for _ in range(3):
                await transport.send(post(f"https://{host}/inbox"))

    assert (seen.connections, len(seen.requests)) == (1, 3)


async def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, ca_file: Path) -> None:
    async with server(ACCEPTED, context=serving(authority, "other.example")) as seen:
        got = await sent_to(seen, ca_file=ca_file)

    assert isinstance(got, TransportFailure)
    assert (got.word, seen.requests) == ("certificate", [])


async def test_a_certificate_of_a_stranger_is_refused(ca_file: Path) -> None:
    async with server(ACCEPTED, context=serving(trustme.CA(), "council.example")) as seen:
        got = await sent_to(seen, ca_file=ca_file)

    assert isinstance(got, TransportFailure)
    assert (got.word, seen.requests) == ("certificate", [])


async def test_without_a_file_of_ones_own_the_systems_authorities_decide(authority: trustme.CA) -> None:
    async with server(ACCEPTED, context=serving(authority, "council.example")) as seen:
        got = await sent_to(seen, ca_file=None)

    assert isinstance(got, TransportFailure)
    assert (got.word, seen.requests) == ("certificate", [])


async def test_a_listed_host_is_verified_like_any_other(authority: trustme.CA, ca_file: Path) -> None:
    async with server(ACCEPTED, context=serving(authority, "other.example")) as seen:
        async with network(seen.listed, ca_file=ca_file) as transport:
            got = await transport.send(post(f"https://{seen.listed}/inbox"))

    assert isinstance(got, TransportFailure)
    assert got.word == "certificate"


async def test_a_server_that_speaks_no_tls_is_refused(ca_file: Path) -> None:
    def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    listening = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with listening:
        got = await sent_to(Seen(port=listening.sockets[0].getsockname()[1]), ca_file=ca_file)

    assert isinstance(got, TransportFailure)
    assert got.word == "tls"


async def test_old_tls_is_refused(authority: trustme.CA, ca_file: Path) -> None:
    context = serving(authority, "council.example")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")

    async with server(ACCEPTED, context=context) as seen:
        got = await sent_to(seen, ca_file=ca_file)

    assert isinstance(got, TransportFailure)
    assert got.word in {"tls", "connect"}  # an alert, or the peer hanging up on our offer
    assert seen.requests == []
