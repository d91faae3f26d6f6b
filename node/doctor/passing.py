"""Does what others send arrive here as they sent it? Host, path, signed fields, large messages, through whatever stands in front.

The answers tell how each request arrived; the comparison is made here, by whoever sent it. The one message that goes to
our inbox undoes nothing: it is judged like any other, answered, and kept by nobody.
"""

from collections.abc import Mapping

import orjson

from federation.council import Council
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.signing import headers_for
from node.doctor import proxy
from node.doctor.asking import ACTIVITY, LARGE_BODY, Asked, Echo, arrival, ask, described, digest_of, json_of, target_of
from node.doctor.finding import Cure, Finding, State
from node.doctor.look import REQUEST_SECONDS, Look
from protocol import http_signature
from protocol.http_signature import Request
from protocol.verdict import Reason, Refused
from schemas.phrase import phrase

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
TOO_MANY = 429
_SMALL_BODY = b'{"type":"Note","content":"1 > 0 & caf\xc3\xa9"}'


async def host(look: Look) -> Finding | None:
    """Does the Host field arrive as it was sent? Every signature is judged against it."""
    came = await _here(look)
    if came is None:
        return None
    arrived = came.field("host")
    if arrived is not None and arrived.lower() == look.authority:
        words = phrase("Our name arrives at our server as it was asked for.")
        return Finding("Host", State.GOOD, words, f"Host arrives as {arrived}")
    words = phrase(
        "What stands in front of our server changes the name that was asked for. Nearby councils are refused."
    )
    detail = f"Host arrives as {arrived or 'nothing'} instead of {look.authority}: the proxy changes it"
    return Finding("Host", State.BROKEN, words, detail, proxy.HOST)


async def path(look: Look) -> Finding | None:
    """Do paths and questions arrive letter by letter? Signatures cover them as they were sent."""
    came = await arrival(look) if look.word is not None else None
    if came is None or came.here is None:
        return None
    sent = next(one.target for one in came.asked if one.echo is not None)
    if came.here.target == sent:
        return Finding(
            "Path",
            State.GOOD,
            phrase("Addresses arrive at our server as they were asked for."),
            "paths arrive unchanged",
        )
    words = phrase("What stands in front of our server rewrites addresses. Signed messages are refused.")
    return Finding("Path", State.BROKEN, words, f"{sent} arrives as {came.here.target}", proxy.TARGET)


async def signatures(look: Look) -> Finding | None:
    """Does a signed message arrive with all that was signed, in both schemes?"""
    if look.council is None or await _here(look) is None:
        return None
    changed: list[str] = []
    for scheme in ("cavage", "ed25519"):
        sent = _signed(look, look.council, scheme=scheme)
        got = await ask(look, "POST", sent, _SMALL_BODY)
        if got.echo is None:
            return _not_let_through(got)
        changed += _changed(sent, got.echo)
        if got.echo.digest != digest_of(_SMALL_BODY):
            words = phrase("What stands in front of our server changes messages on their way. They are refused.")
            return Finding(
                "Signatures", State.BROKEN, words, "the body of a message arrives changed", proxy.BODY_CHANGED
            )
        if not changed and not _holds(look, look.council, got.echo, scheme=scheme):
            words = phrase("A message that we signed ourselves does not hold any more when it arrives.")
            return Finding(
                "Signatures", State.BROKEN, words, f"our own {scheme} signature does not verify", proxy.TARGET
            )
    if not changed:
        words = phrase("Signed messages arrive whole.")
        return Finding("Signatures", State.GOOD, words, "signed fields arrive unchanged (cavage, RFC 9421)")
    words = phrase(
        "What stands in front of our server drops or changes what messages are signed with. They are refused."
    )
    names = sorted(set(changed))
    cures = proxy.HOST if names == ["host"] else proxy.TYPE_SENT if names == ["content-type"] else proxy.SIGNED
    return Finding("Signatures", State.BROKEN, words, f"changed or missing on arrival: {', '.join(names)}", cures)


async def inbox(look: Look) -> Finding | None:
    """Is a signed message to the inbox judged by us, and not by what stands in front?"""
    if look.council is None or await _here(look) is None:
        return None
    body = _undoing_nothing(look.council)
    target = f"{look.url}/inbox"
    headers = headers_for(look.council, scheme="ed25519", method="POST", url=target, body=body, now=look.clock.now())
    got = await look.transport.send(OutgoingRequest("POST", target, headers, body, timeout=REQUEST_SECONDS))
    if isinstance(got, TransportFailure):
        words = phrase("A message to our server gets no answer.")
        return Finding(
            "Inbox", State.BROKEN, words, f"POST /inbox: {got.word} ({got.detail})", proxy.upstream_cures(look.upstream)
        )
    said = json_of(got.body)
    if got.status == 202 and isinstance(said, dict) and said.get("result") == "nothing-done":
        words = phrase("Messages from nearby councils can arrive.")
        return Finding("Inbox", State.GOOD, words, "the inbox takes a signed message")
    return _refused(got, said)


async def large(look: Look) -> Finding | None:
    """Does a message of the size that we take arrive whole?"""
    if await _here(look) is None:
        return None
    size = min(LARGE_BODY, look.settings.limits.body)
    body = b"x" * size
    got = await ask(look, "POST", {"Content-Type": "application/octet-stream"}, body)
    if got.echo is not None and (got.echo.size, got.echo.digest) == (size, digest_of(body)):
        words = phrase("Long messages arrive whole.")
        return Finding("Large", State.GOOD, words, f"{size // 1000} kB arrive whole")
    if got.answer is not None and got.answer.status in _REDIRECTS:
        return _sent_on("Large", got.answer)
    if got.answer is not None and got.answer.status == TOO_MANY:
        return _busy("Large")
    words = phrase(
        "Long messages from nearby councils do not arrive: something in front of our server turns them away."
    )
    what = described(got.answer) if got.answer is not None else f"{got.failure.word if got.failure else 'no answer'}"
    return Finding("Large", State.BROKEN, words, f"{size // 1000} kB are answered {what}, and not by us", proxy.BODY)


async def streams(look: Look) -> Finding | None:
    """Does what is sent bit by bit arrive bit by bit?"""
    came = await _here(look)
    if came is None or came.field("accept") != ACTIVITY:
        return None  # the check of the actor says what is wrong
    # A body of one byte is more than is allowed here: the transport says so the moment that it comes.
    first = await _live(look, most=0, seconds=REQUEST_SECONDS)
    words = phrase("Pages that change by themselves show changes late. A plain reload still works.")
    if isinstance(first, TransportFailure) and first.word == "timeout":
        detail = f"/wall/live sends nothing within {REQUEST_SECONDS:g} s: the proxy holds it back"
        return Finding("Streams", State.LOOK, words, detail, proxy.STREAMS)
    whole = await _live(look, most=65_536, seconds=1.0)
    if isinstance(whole, TransportFailure) and whole.word == "timeout":
        words = phrase("Pages that change by themselves do so at once.")
        return Finding("Streams", State.GOOD, words, "/wall/live is not held back")
    if isinstance(whole, OutgoingResponse) and whole.status == 404:
        return Finding("Streams", State.LOOK, words, "/wall/live is not there", (Cure(phrase("Upgrade the server")),))
    what = described(whole) if isinstance(whole, OutgoingResponse) else whole.word
    return Finding("Streams", State.LOOK, words, f"/wall/live answers {what}", proxy.STREAMS)


async def _live(look: Look, *, most: int, seconds: float) -> OutgoingResponse | TransportFailure:
    headers = {"Accept": "text/event-stream"}
    request = OutgoingRequest("GET", f"{look.url}/wall/live", headers, None, timeout=seconds, max_response=most)
    return await look.transport.send(request)


async def _here(look: Look) -> Echo | None:
    """How a plain request arrived, None where none does: then there is nothing to compare."""
    return (await arrival(look)).here if look.word is not None else None


def _signed(look: Look, council: Council, *, scheme: str) -> dict[str, str]:
    assert look.word is not None
    url = look.url + target_of(look.word)
    return headers_for(council, scheme=scheme, method="POST", url=url, body=_SMALL_BODY, now=look.clock.now())


def _changed(sent: Mapping[str, str], came: Echo) -> list[str]:
    """The fields that did not arrive as they were sent."""
    return [name.lower() for name, value in sent.items() if (came.field(name) or "").strip() != value]


def _holds(look: Look, council: Council, came: Echo, *, scheme: str) -> bool:
    headers = {name: ", ".join(values) for name, values in came.fields.items()}
    arrived = Request(came.method, came.target, look.url + came.target, headers)
    now = int(look.clock.now().timestamp())
    claim = http_signature.read_claim(arrived, now=now, our_host=look.authority, has_body=True)
    if isinstance(claim, Refused):
        return False
    key = council.ed25519.public_key() if scheme == "ed25519" else council.rsa.public_key()
    return not isinstance(http_signature.judge_claim(claim, key), Refused)


def _undoing_nothing(council: Council) -> bytes:
    """An Undo of something that never was, by ourselves: read, judged, answered 202, and dropped."""
    activity = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": council.new_activity_id(),
        "type": "Undo",
        "actor": council.actor_id,
        "object": council.new_activity_id(),
    }
    return orjson.dumps(activity)


def _refused(got: OutgoingResponse, said: object) -> Finding:
    words = phrase("Our server refuses what nearby councils send, because it does not arrive as they sent it.")
    if got.status in _REDIRECTS:
        return _sent_on("Inbox", got)
    kind = got.headers.get("content-type", "").partition(";")[0].strip()
    reason = said.get("reason") if isinstance(said, dict) and kind == "application/problem+json" else None
    if reason is None:
        words = phrase("Messages to our server are answered by something else.")
        cures = proxy.cures("no `limit_except` and no `deny` for POST", "no `method` matcher and no `respond` for POST")
        return Finding("Inbox", State.BROKEN, words, f"POST /inbox answers {described(got)}", cures)
    cures = {
        Reason.WRONG_TYPE.value: proxy.TYPE_SENT,
        Reason.WRONG_TARGET.value: proxy.HOST,
        Reason.TOO_LARGE.value: proxy.BODY,
        Reason.BAD_DIGEST.value: proxy.BODY_CHANGED,
        Reason.STALE.value: (Cure(phrase("Set the clock by a time service"), "timedatectl set-ntp true"),),
        Reason.FULL.value: (Cure(phrase("Make room on the disk"), "df -h"),),
        Reason.BUSY.value: (Cure(phrase("See what the log says"), "journalctl -u comarca"),),
        Reason.BLOCKED.value: (Cure(phrase("We have blocked ourselves"), "comarca peers unblock DIR …"),),
    }.get(str(reason), proxy.SIGNED)
    return Finding("Inbox", State.BROKEN, words, f"our own signed message is refused as {str(reason)[:40]}", cures)


def _not_let_through(got: Asked) -> Finding:
    if got.answer is not None and got.answer.status in _REDIRECTS:
        return _sent_on("Signatures", got.answer)
    if got.answer is not None and got.answer.status == TOO_MANY:
        return _busy("Signatures")
    words = phrase("Messages to our server are answered by something else.")
    what = described(got.answer) if got.answer is not None else got.failure.word if got.failure else "nothing"
    cures = proxy.cures("no `limit_except` and no `deny` for POST", "no `method` matcher and no `respond` for POST")
    return Finding("Signatures", State.BROKEN, words, f"a POST answers {what}, and not by us", cures)


def _sent_on(name: str, got: OutgoingResponse) -> Finding:
    words = phrase("Messages to our server are sent on to another address, which nearby councils do not follow.")
    return Finding(name, State.BROKEN, words, f"a POST answers {described(got)}", proxy.REDIRECT)


def _busy(name: str) -> Finding:
    words = phrase("Our server was asked too much at once to be looked at whole.")
    return Finding(name, State.LOOK, words, "too many requests just now", (Cure(phrase("Look again in a minute")),))
