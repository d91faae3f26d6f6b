"""Every refused range (S22), by every way an address can come in (S21, S23)."""

import asyncio
from collections.abc import Sequence

import pytest

from federation.fetch import FetchFailed, fetch_document
from federation.media_types import Media
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.transport import NetworkTransport
from tests.federation.loopback import ACCEPTED, network, post, resolving, server
from tests.federation.ranges import GLOBAL, REFUSED, REFUSED_TO_ALL

COUNCIL = "https://council.example/actor"


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a connection is tried to; none of these tries leaves the process."""
    tried: list[str] = []

    async def create_connection(loop: object, factory: object, host: str, port: int, **options: object) -> None:
        tried.append(host)
        raise ConnectionRefusedError("recorded")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", create_connection)
    return tried


async def word_of(transport: NetworkTransport, url: str = COUNCIL) -> str:
    got = await transport.send(OutgoingRequest("GET", url, {}, None))
    assert isinstance(got, TransportFailure)
    return got.word


@pytest.mark.parametrize("ip", REFUSED)
async def test_a_name_that_leads_there_is_not_connected_to(ip: str, dialled: list[str]) -> None:
    async with network(resolve=resolving(council_example=[ip])) as transport:
        assert await word_of(transport) == "refused-address"

    assert dialled == []


@pytest.mark.parametrize("ip", REFUSED)
@pytest.mark.parametrize("refused_first", [True, False])
async def test_one_refused_address_among_good_ones_refuses_the_name(
    ip: str, refused_first: bool, dialled: list[str]
) -> None:
    addresses = [ip, *GLOBAL] if refused_first else [*GLOBAL, ip]
    async with network(resolve=resolving(council_example=addresses)) as transport:
        assert await word_of(transport) == "refused-address"

    assert dialled == []


@pytest.mark.parametrize("ip", REFUSED)
async def test_the_address_itself_is_no_permitted_url(ip: str, dialled: list[str]) -> None:
    host = f"[{ip}]" if ":" in ip else ip
    async with network() as transport:
        assert await word_of(transport, f"https://{host}/actor") == "not-permitted"

    assert dialled == []


@pytest.mark.parametrize("ip", REFUSED_TO_ALL)
async def test_listing_an_address_opens_loopback_and_private_only(ip: str, dialled: list[str]) -> None:
    host = f"[{ip}]" if ":" in ip else ip
    async with network(host) as transport:
        assert await word_of(transport, f"http://{host}/actor") in {"refused-address", "not-permitted"}

    assert dialled == []


@pytest.mark.parametrize("ip", REFUSED_TO_ALL)
async def test_listing_a_name_opens_loopback_and_private_only(ip: str, dialled: list[str]) -> None:
    async with network("council.example", resolve=resolving(council_example=[ip])) as transport:
        assert await word_of(transport) == "refused-address"

    assert dialled == []


@pytest.mark.parametrize("ip", ["127.0.0.1", "10.1.2.3", "fd00::1"])
async def test_a_listed_name_may_be_at_home(ip: str, dialled: list[str]) -> None:
    async with network("council.example", resolve=resolving(council_example=[ip])) as transport:
        assert await word_of(transport) == "connect"

    assert dialled == [ip]


@pytest.mark.parametrize("listed", ["council.example:8443", "other.example", "example"])
async def test_listing_one_host_or_port_does_not_exempt_another(listed: str, dialled: list[str]) -> None:
    async with network(listed, resolve=resolving(council_example=["127.0.0.1"])) as transport:
        assert await word_of(transport) == "refused-address"

    assert dialled == []


@pytest.mark.parametrize("ip", REFUSED)
async def test_a_redirect_that_leads_there_is_not_followed(ip: str, dialled: list[str]) -> None:
    async with network(resolve=resolving(inner_example=[ip])) as transport:
        got = await fetch_document(
            FirstHopRedirects(transport, "https://inner.example/x"),
            "https://front.example/.well-known/webfinger",
            sign=None,
            accept=Media.WEBFINGER,
            cross_origin=True,
        )

    assert isinstance(got, FetchFailed)
    assert got.word == "refused-address"
    assert dialled == []


class FirstHopRedirects:
    def __init__(self, behind: NetworkTransport, location: str) -> None:
        self._behind = behind
        self._location = location

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse | TransportFailure:
        if request.url.startswith("https://front.example/"):
            return OutgoingResponse(302, {"location": self._location}, b"")
        return await self._behind.send(request)


@pytest.mark.parametrize("ip", REFUSED)
async def test_a_name_that_changes_its_answer_gains_nothing(ip: str, dialled: list[str]) -> None:
    answers = [["1.1.1.1"], [ip]]
    asked = 0

    async def rebinding(host: str, port: int) -> Sequence[str]:
        nonlocal asked
        asked += 1
        return answers[min(asked, 2) - 1]

    async with network(resolve=rebinding) as transport:
        first = await word_of(transport)
        after_first = (asked, list(dialled))
        second = await word_of(transport)

    assert (first, after_first) == ("connect", (1, ["1.1.1.1"]))
    assert second == "refused-address"
    assert dialled == ["1.1.1.1"]


async def test_no_more_than_four_addresses_of_one_name_are_tried(dialled: list[str]) -> None:
    many = [f"1.1.1.{last}" for last in range(1, 100)]
    async with network(resolve=resolving(council_example=many)) as transport:
        assert await word_of(transport) == "connect"

    assert dialled == many[:4]


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with server(ACCEPTED) as seen:
        listed = f"council.example:{seen.port}"
        async with network(listed, resolve=resolving(council_example=["127.0.0.2", "127.0.0.1"])) as transport:
            got = await transport.send(post(f"http://{listed}/inbox"))

    assert isinstance(got, OutgoingResponse)
    assert b"Host: " + listed.encode() in seen.requests[0]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(ACCEPTED) as seen, server(ACCEPTED) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        async with network(seen.listed) as transport:
            await transport.send(post(seen.url()))

    assert (seen.connections, proxy.connections) == (1, 0)
