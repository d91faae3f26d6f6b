"""Requests as they go over the wire, made byte by byte: whatever can be wrong with one, a test can make wrong."""

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from federation.ports import OutgoingResponse
from protocol.digest import content_digest, sha256_digest
from protocol.keys import SigningKey, sign
from protocol.rfc9421 import signature_base
from protocol.signed_request import Request, authority_of, http_date, target_of

ACTIVITY_JSON = "application/activity+json"
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Letter:
    """One POST as it goes over the wire: header fields in their order, the body in parts.

    `broken`: the sender is gone after the last part; `stalls`: it is there, and says no more.
    """

    headers: Pairs
    parts: tuple[bytes, ...]
    target: str = "/inbox"
    method: str = "POST"
    broken: bool = False
    stalls: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    def header(self, name: str) -> str:
        return dict(self.headers)[name.lower()]

    def without(self, *names: str) -> "Letter":
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0] not in names))

    def having(self, **fields: str) -> "Letter":
        """With these fields in place of those that stood there; an underscore stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        return replace(self.without(*named), headers=(*self.without(*named).headers, *named.items()))

    def twice(self, name: str) -> "Letter":
        return replace(self, headers=(*self.headers, (name, self.header(name))))


def letter(headers: Mapping[str, str], body: bytes, *, target: str = "/inbox") -> Letter:
    given = {name.lower(): value for name, value in headers.items()}
    return Letter((*given.items(), ("content-length", str(len(body)))), (body,), target)


async def hand_over(application: Any, sent: Letter) -> OutgoingResponse:
    """A letter to an ASGI application, as a server would hand it over."""
    target, _, query = sent.target.partition("?")
    path = "/" + target.split("://", 1)[1].partition("/")[2] if "://" in target else target
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    last = len(sent.parts) - 1
    waiting = [
        {"type": "http.request", "body": part, "more_body": n < last or sent.broken or sent.stalls}
        for n, part in enumerate(sent.parts)
    ]
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not waiting and sent.stalls:
            await asyncio.Event().wait()
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answered.append(message)

    await application(scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in answered[0]["headers"]}
    return OutgoingResponse(answered[0]["status"], headers, b"".join(m.get("body", b"") for m in answered[1:]))


def signed_9421(
    body: bytes,
    *,
    url: str,
    key: SigningKey,
    key_id: str,
    created: datetime,
    covered: Sequence[str] = ("@method", "@target-uri", "content-digest", "content-type", "date"),
    algorithm: str | None = "ed25519",
    expires: datetime | None = None,
    **fields: str,
) -> Letter:
    """Signed by RFC 9421 over just what is named; `fields` take the place of the usual header fields."""
    headers = {
        "host": authority_of(url),
        "date": http_date(created),
        "content-digest": content_digest(body),
        "content-type": ACTIVITY_JSON,
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    names = " ".join(f'"{name}"' for name in covered)
    verbatim = f'({names});created={int(created.timestamp())};keyid="{key_id}"'
    if expires is not None:
        verbatim += f";expires={int(expires.timestamp())}"
    if algorithm is not None:
        verbatim += f';alg="{algorithm}"'
    base = signature_base(Request("POST", target_of(url), url, headers), covered=list(covered), verbatim=verbatim)
    assert isinstance(base, bytes)
    made = base64.b64encode(sign(key, base)).decode()
    headers |= {"signature-input": f"sig1={verbatim}", "signature": f"sig1=:{made}:"}
    return letter(headers, body, target=target_of(url))


def signed_cavage(
    body: bytes,
    *,
    url: str,
    key: SigningKey,
    key_id: str,
    at: datetime,
    covered: Sequence[str] = ("(request-target)", "host", "date", "digest", "content-type"),
    algorithm: str = "rsa-sha256",
    **fields: str,
) -> Letter:
    """Signed by draft-cavage-12 over just what is named; `fields` take the place of the usual header fields."""
    headers = {
        "host": authority_of(url),
        "date": http_date(at),
        "digest": sha256_digest(body),
        "content-type": ACTIVITY_JSON,
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    values = headers | {"(request-target)": f"post {target_of(url)}"}
    base = "\n".join(f"{name}: {values[name]}" for name in covered)
    made = base64.b64encode(sign(key, base.encode())).decode()
    headers["signature"] = f'keyId="{key_id}",algorithm="{algorithm}",headers="{" ".join(covered)}",signature="{made}"'
    return letter(headers, body, target=target_of(url))


def telling(sent: Letter, *, ours: Iterable[str]) -> set[str]:
    """What a refusal must not repeat: every value in the request that could be compared with something, and ours."""
    words = " ".join([*(value for _, value in sent.headers), sent.body.decode("latin-1"), *ours])
    for mark in '"=,;()<>[]{}#':
        words = words.replace(mark, " ")
    return {word for word in words.split() if len(word) >= 8 and (any(c.isdigit() for c in word) or "://" in word)}
