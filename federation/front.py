"""The raw ASGI front: both inboxes and the documents that other servers ask for, before any framework.

A framework's route would cost more than a signature check. What is not named here goes on to the inner application
untouched. It must never trust a forwarded header: what our address is, our configuration says.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from federation.council import Council
from federation.feeds import questions
from federation.feeds.answers import Answers
from federation.hearing import Hearing
from federation.reception import Answer, Reception, Room, body_of
from federation.served import JSON, Document, Served
from protocol.http_signature import Request
from protocol.verdict import Refused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

INBOXES = frozenset({"/inbox", "/council/inbox"})
BODIES_AT_ONCE = 64
"""So many of the longest bodies may be held unfinished; small ones fit in by the thousand."""

PROBLEM = b"application/problem+json"
NO_STORE = (b"cache-control", b"private, no-store")
_ACCEPT_SIGNATURE = b'sig1=("@method" "@target-uri" "content-digest");created;keyid'


class Front:
    """An ASGI application in front of another."""

    def __init__(
        self,
        inner: Application,
        *,
        council: Council,
        reception: Reception,
        served: Served,
        hearing: Hearing,
        answers: Answers,
        body_deadline: float,
    ) -> None:
        self._inner = inner
        self._council = council
        self._reception = reception
        self._served = served
        self._hearing = hearing
        self._answers = answers
        self._body_deadline = body_deadline
        self._room = Room(BODIES_AT_ONCE * council.rules.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        if path in INBOXES:
            if method == "POST":
                await self._receive(scope, receive, send)
            else:
                await _send_refused(send, 405, "malformed", "An inbox takes POST only.", extra=[(b"allow", b"POST")])
            return
        if path in questions.SIGNED or path in questions.UNSIGNED:
            await self._answer(scope, receive, send, path)
            return
        if method in ("GET", "HEAD"):
            document = await self._document(scope, path)
            if document is not None:
                await _send_document(send, document, head=method == "HEAD")
                return
        await self._inner(scope, receive, send)

    async def _receive(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self.request_of(scope)
        admitted = self._reception.admit(request)
        if isinstance(admitted, Refused):
            await self._send_unread(send, admitted)
            return
        with self._room.share() as take:
            body = await body_of(receive, most=admitted.most, seconds=self._body_deadline, take=take)
            if isinstance(body, Refused):
                await self._send_unread(send, body)
            else:
                await _send_answer(send, await self._reception.receive(request, body))

    async def _answer(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """A question of a council that catches up with us."""
        if scope["method"] != "POST":
            await _send_refused(send, 405, "malformed", "A question is a POST.", extra=[(b"allow", b"POST")])
            return
        request, unsigned = self.request_of(scope), path in questions.UNSIGNED
        found: bytes | Refused | None = None if unsigned else self._answers.admit(request.headers)
        if found is None:
            with self._room.share() as take:
                most = questions.LONGEST_UNSIGNED if unsigned else questions.LONGEST_QUESTION
                body = await body_of(receive, most=most, seconds=self._body_deadline, take=take)
            if isinstance(body, Refused):
                found = body
            elif unsigned:
                found = await self._answers.answer_unsigned(path, body)
            else:
                found = await self._answers.answer(request, path, body)
        if isinstance(found, Refused):
            await _send_refused(send, found.reason.status, found.reason.value, found.sentence, extra=[])
            return
        headers = [(b"content-type", questions.MEDIA.encode()), (b"content-length", str(len(found)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": [*headers, NO_STORE]})
        await send({"type": "http.response.body", "body": found})

    async def _send_unread(self, send: Send, refused: Refused) -> None:
        answer = Answer(refused=refused)
        self._reception.count(answer)
        await _send_answer(send, answer)

    def request_of(self, scope: Scope) -> Request:
        """The request as signatures see it: its address as we are configured, its header fields joined by name."""
        target = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("latin-1")
        headers: dict[str, str] = {}
        repeated: set[str] = set()
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if name in headers:
                repeated.add(name)
                headers[name] += ", " + value
            else:
                headers[name] = value
        return Request(scope["method"], target, self._council.base_url + target, headers, frozenset(repeated))

    async def _document(self, scope: Scope, path: str) -> Document | None:
        """The document that another server asks for, or None where a page is wanted."""
        served = self._served
        if path == "/.well-known/webfinger":
            query = parse_qs(scope["query_string"].decode("latin-1"))
            return served.webfinger(query.get("resource", [""])[0])
        if path == "/.well-known/comarca":
            await self._hearing.hear(self.request_of(scope))
            return served.cached[path]
        if path in served.cached:
            if path == "/council" and not _wants_activity(scope):
                return Document(303, b"", JSON, location=self._council.base_url + "/")
            return served.cached[path]
        if path.startswith("/council/"):
            return await served.collection(path)
        if path.startswith("/a/"):
            return await served.activity(path, audiences=await self._audiences(scope))
        if path.startswith("/o/") and path.count("/") == 2 and _wants_activity(scope):
            return await served.object(path, audiences=await self._audiences(scope))
        return None

    async def _audiences(self, scope: Scope) -> tuple[str, ...]:
        """Whoever asks gets what is public; a council that we are linked up with, and that signs, what is for neighbours too."""
        known = self._hearing.who_signed(self.request_of(scope))
        return ("public", "neighbours") if known is not None and known.accepted else ("public",)


def _wants_activity(scope: Scope) -> bool:
    """Whether the Accept header asks for ActivityPub rather than for a page; the first of the two that it names wins."""
    accept = next((v.decode("latin-1").lower() for n, v in scope["headers"] if n == b"accept"), "")
    for part in accept.split(","):
        media = part.partition(";")[0].strip()
        if media in ("application/activity+json", "application/ld+json"):
            return True
        if media in ("text/html", "application/xhtml+xml"):
            return False
    return False


async def _send_document(send: Send, document: Document, *, head: bool) -> None:
    headers = [
        (b"content-type", document.media_type),
        (b"content-length", str(len(document.body)).encode()),
        (b"vary", b"Accept, Signature"),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", document.cache),
    ]
    if document.location is not None:
        headers.append((b"location", document.location.encode()))
    if document.cors:
        headers.append((b"access-control-allow-origin", b"*"))
    await send({"type": "http.response.start", "status": document.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else document.body})


async def _send_answer(send: Send, answer: Answer) -> None:
    if answer.refused is None:
        body = orjson.dumps({"result": answer.result})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    extra = [(b"retry-after", str(answer.retry_after).encode())] if answer.retry_after is not None else []
    if answer.status == 401:
        extra.append((b"accept-signature", _ACCEPT_SIGNATURE))
    refused = answer.refused
    await _send_refused(send, answer.status, refused.reason.value, refused.sentence, extra=extra)


async def _send_refused(
    send: Send, status: int, reason: str, sentence: str, *, extra: list[tuple[bytes, bytes]]
) -> None:
    """problem+json (RFC 9457) with the reason word, and nothing of what was compared."""
    body = orjson.dumps(
        {"type": "about:blank", "title": reason, "status": status, "detail": sentence, "reason": reason}
    )
    headers = [(b"content-type", PROBLEM), (b"content-length", str(len(body)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
