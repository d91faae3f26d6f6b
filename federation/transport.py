"""The one way out to other nodes: deliveries, documents, keys, WebFinger, all of it (S23).

The only module that imports httpx. `LeanTransport` is an httpx transport over asyncio and httptools, because the stock pool
looks at every idle connection for every request; `NetworkTransport` is the engine's `Transport` port on top of it. Neither
follows redirects, reads proxy settings, decompresses, or sends a request to an address that was not judged.
"""

import asyncio
import re
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx

from federation.connection import ExchangeFailed
from federation.connections import Connections, Origin, Resolver, resolve_by_system
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.response_reader import Answer
from protocol.ids import BadAddress, Policy, origin_of

TOTAL_SECONDS: Final = 10.0
MAX_RESPONSE: Final = 1_048_576

_AUTHORITY_END: Final = re.compile("[/?]")
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
_METHODS: Final = frozenset({"GET", "POST"})
# The transport frames the message and asks for plain bytes, whatever its caller thinks.
_OURS: Final = frozenset(
    {
        b"accept-encoding",
        b"connection",
        b"content-length",
        b"expect",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


class SendFailed(httpx.TransportError):
    """No whole answer. `word` and `detail` as in `TransportFailure`."""

    def __init__(self, word: str, detail: str) -> None:
        super().__init__(detail)
        self.word = word
        self.detail = detail


class SendTimedOut(SendFailed, httpx.TimeoutException):
    """The total deadline passed, or no connection was made in its part of it."""


class LeanTransport(httpx.AsyncBaseTransport):
    """GET and POST over HTTP/1.1 with kept connections; one TLS context, made when the first https origin is met.

    Request extensions: `timeout` {"total": seconds} is one deadline for everything from resolving to the last byte;
    `max_response` is in bytes, of the body as sent; `target` is the request target where it has to be exact bytes.
    `ca_file` takes the place of the system's certificates.
    """

    def __init__(
        self,
        *,
        listed: frozenset[str] = frozenset(),
        resolve: Resolver = resolve_by_system,
        ca_file: Path | None = None,
        per_origin: int = 4,
        in_all: int = 2_000,
        idle_seconds: float = 50.0,
    ) -> None:
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None
        self.connections = Connections(
            resolve=resolve,
            listed=listed,
            ssl_context=self._ssl_context,
            per_origin=per_origin,
            in_all=in_all,
            idle_seconds=idle_seconds,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` once; the answer's body is read already, and raw. Raises SendFailed."""
        url, extensions = request.url, request.extensions
        secure = url.scheme == "https"
        origin = Origin(secure, url.raw_host.decode("ascii"), url.port or (443 if secure else 80))
        written = _written(request, await request.aread())
        total = (extensions.get("timeout") or {}).get("total") or TOTAL_SECONDS
        try:
            async with asyncio.timeout(total):
                answer = await self._answer(origin, written, max_response=extensions.get("max_response", MAX_RESPONSE))
        except TimeoutError:
            raise SendTimedOut("timeout", f"{origin.host} did not answer within {total:g} s") from None
        except ExchangeFailed as failed:
            kind = SendTimedOut if failed.word == "timeout" else SendFailed
            raise kind(failed.word, failed.detail) from failed
        # A stream rather than `content`: httpx would decompress content, and a small answer may expand without bound.
        return httpx.Response(answer.status, headers=answer.headers, stream=httpx.ByteStream(answer.body))

    async def aclose(self) -> None:
        await self.connections.aclose()

    async def _answer(self, origin: Origin, written: bytes, *, max_response: int) -> Answer:
        connection = self.connections.kept(origin)
        if connection is not None:
            try:
                answer = await connection.exchange(written, max_response=max_response)
            except ExchangeFailed as failed:
                # Only the race with the peer's idle limit is tried again, once, and never on a second kept connection.
                if not failed.unanswered:
                    raise
            else:
                self.connections.keep(origin, connection)
                return answer
        connection = await self.connections.opened(origin)
        answer = await connection.exchange(written, max_response=max_response)
        self.connections.keep(origin, connection)
        return answer

    def _ssl_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._ca_file)
            self._context.set_alpn_protocols(["http/1.1"])
        return self._context


def _written(request: httpx.Request, body: bytes) -> bytes:
    """The bytes of a request. Raises SendFailed where they would say something else than the caller meant."""
    url = request.url
    if request.method not in _METHODS or url.scheme not in {"http", "https"} or not url.raw_host:
        raise SendFailed("not-permitted", "only GET and POST to http and https addresses")
    netloc = url.netloc
    target: bytes = request.extensions.get("target", url.raw_path)
    lines = [request.method.encode("ascii") + b" " + target + b" HTTP/1.1", b"Host: " + netloc]
    for name, value in request.headers.raw:
        lower = name.lower()
        if lower == b"host":
            if value.lower() != netloc:
                raise SendFailed("not-permitted", "the Host field names another host than the address")
        elif lower not in _OURS:
            lines.append(name + b": " + value)
    lines.append(b"Accept-Encoding: identity")
    if body or request.method == "POST":
        lines.append(b"Content-Length: %d" % len(body))
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or b"\0" in head:
        raise SendFailed("not-permitted", "a field of the request holds a line break")
    return head + b"\r\n\r\n" + body


class NetworkTransport:
    """`federation.ports.Transport` over the real network. The policy is asked before anything is resolved.

    Its listed hosts are those that may be on loopback or at private addresses.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        resolve: Resolver = resolve_by_system,
        ca_file: Path | None = None,
        user_agent: str = "Comarca",
        per_origin: int = 4,
        in_all: int = 2_000,
        idle_seconds: float = 50.0,
    ) -> None:
        self._policy = policy
        self._user_agent = user_agent
        self.lean = LeanTransport(
            listed=policy.plain_hosts,
            resolve=resolve,
            ca_file=ca_file,
            per_origin=per_origin,
            in_all=in_all,
            idle_seconds=idle_seconds,
        )

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse | TransportFailure:
        """Send once and read the whole answer; every failure is a value, with one of these words:

        not-permitted, resolve, refused-address, connect, tls, certificate, timeout, closed, protocol, too-large.
        """
        parsed = _parsed(request.url) if self._policy.permits(request.url) else None
        if parsed is None:
            return TransportFailure("not-permitted", f"{request.url[:200]!r} is not an address this node may send to")
        url, target = parsed
        headers = {"User-Agent": self._user_agent, **request.headers}
        outgoing = httpx.Request(
            request.method,
            url,
            headers=headers,
            stream=httpx.ByteStream(request.body or b""),
            extensions={"timeout": {"total": request.timeout}, "max_response": request.max_response, "target": target},
        )
        try:
            response = await self.lean.handle_async_request(outgoing)
        except SendFailed as failed:
            return TransportFailure(failed.word, failed.detail)
        assert isinstance(response.stream, httpx.ByteStream)
        return OutgoingResponse(response.status_code, _joined(response.headers.raw), b"".join(response.stream))

    async def aclose(self) -> None:
        """Close all connections, also those under way: their senders are told "closed"."""
        await self.lean.aclose()


@lru_cache(maxsize=4_096)
def _parsed(address: str) -> tuple[httpx.URL, bytes] | None:
    """The address as httpx reads it, and its request target.

    None unless httpx finds the origin that the policy has judged: two parsers, one host. The target is taken as written,
    since httpx tidies paths and a signature covers them as they were.
    """
    try:
        url = httpx.URL(address)
        if url.userinfo or f"{url.scheme}://{url.netloc.decode('ascii')}" != origin_of(address):
            return None
    except (httpx.InvalidURL, BadAddress, UnicodeError):
        return None
    rest = address.partition("#")[0].split("://", 1)[1]
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    target = quote(rest[len(authority) :], safe=_ASCII)
    return url, (target if target.startswith("/") else f"/{target}").encode("ascii")


def _joined(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Fields by lower-case name, repeated ones joined as RFC 9110 section 5.3 says."""
    fields: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields
