"""Faults that show before anything is understood: the bytes, the signature, the digest, the clock, the address, the key."""

import base64
from datetime import timedelta
from typing import Any

from protocol.digest import content_digest
from protocol.verdict import Reason
from tests import builders
from tests.two_nodes.letters import Letter, signed_9421, signed_cavage
from tests.two_nodes.outsiders import Scene
from tests.two_nodes.refusing import Cases, Pair

CASES = Cases()
HILLSIDE_INBOX = "https://hillside.example/inbox"
NO_DIGEST = base64.b64encode(bytes(64)).decode()


def rewritten(scene: Scene, old: bytes, new: bytes) -> Letter:
    """A proven Create whose bytes were changed before it was signed as a request."""
    body = scene.harbour.proven(scene.harbour.create())
    assert old in body
    return scene.harbour.post(body.replace(old, new, 1), scene.url)


def with_member(scene: Scene, raw: bytes) -> Letter:
    """The same with one more member, as raw bytes."""
    return rewritten(scene, b'"type":"Create"', b'"type":"Create","comarca:x":' + raw)


def nested(depth: int) -> list[Any]:
    """Lists inside each other; the activity around them is a level of its own."""
    found: list[Any] = []
    for _ in range(depth - 2):
        found = [found]
    return found


def signed(scene: Scene, **wanted: Any) -> Letter:
    """A Create by RFC 9421 with Ed25519, as `wanted`."""
    harbour = scene.harbour
    given: dict[str, Any] = {
        "url": scene.url,
        "key": harbour.council.ed25519,
        "key_id": harbour.council.ed25519_key_id,
        "created": scene.now,
    }
    return signed_9421(harbour.proven(harbour.create()), **given | wanted)


def old_style(scene: Scene, **wanted: Any) -> Letter:
    """A Create by draft-cavage-12 with RSA, as `wanted`."""
    harbour = scene.harbour
    given: dict[str, Any] = {
        "url": scene.url,
        "key": harbour.council.rsa,
        "key_id": harbour.council.rsa_key_id,
        "at": scene.now,
    }
    return signed_cavage(harbour.proven(harbour.create()), **given | wanted)


def readdressed(sent: Letter) -> Letter:
    return sent.having(host="riverside.example")


CASES.each(
    Reason.MALFORMED,
    {
        "JSON that breaks off": lambda s: s.harbour.post(s.harbour.proven(s.harbour.create())[:-1], s.url),
        "two documents": lambda s: s.harbour.post(s.harbour.proven(s.harbour.create()) * 2, s.url),
        "bytes that are no UTF-8": lambda s: rewritten(s, b"chairs", b"ch\xffirs"),
        "a byte order mark": lambda s: rewritten(s, b'{"@context"', b'\xef\xbb\xbf{"@context"'),
        "a list": lambda s: s.harbour.post(b"[" + s.harbour.proven(s.harbour.create()) + b"]", s.url),
        "a text": lambda s: s.harbour.post(b'"Create"', s.url),
        "nothing": lambda s: s.harbour.post(b"", s.url),
        "a number that is none": lambda s: with_member(s, b"NaN"),
        "an integer that nobody can count": lambda s: with_member(s, b"9007199254740993"),
        "an integer of a million digits": lambda s: with_member(s, b"9" * 1_000_000),
        "half of a surrogate pair": lambda s: with_member(s, b'"\\ud800"'),
        "a thousand and one items": lambda s: with_member(s, b"[" + b"1," * 1_000 + b"1]"),
        "more values than anybody says": lambda s: with_member(s, b"[" + (b"[" + b"1," * 999 + b"1],") * 20 + b"1]"),
        "a date that is none": lambda s: old_style(s, date="2026-03-02T09:00:00Z"),
        "a signature that cannot be read": lambda s: s.good().having(signature="sig1=:****:"),
        "another label than was announced": lambda s: s.good().having(
            signature=s.good().header("signature").replace("sig1", "sig2")
        ),
        "two signatures": lambda s: s.good().twice("signature"),
        "two dates": lambda s: s.good().twice("date"),
        "two hosts": lambda s: s.good().twice("host"),
        "two lengths": lambda s: s.good().twice("content-length"),
        "a key that is named by account": lambda s: signed(s, key_id="acct:council@harbour.example"),
        "a component that is covered twice": lambda s: s.good().having(
            signature_input=s.good().header("signature-input").replace('"date"', '"date" "date"')
        ),
        "a message that breaks off": lambda s: _broken(s.good()),
        "a whole address in place of a path": lambda s: _elsewhere(s.good(), "https://riverside.example/inbox"),
    },
)


def _broken(sent: Letter) -> Letter:
    return Letter(sent.headers, (sent.body[:100],), broken=True)


def _elsewhere(sent: Letter, target: str) -> Letter:
    return Letter(sent.headers, sent.parts, target)


CASES.each(
    Reason.DUPLICATE_KEY,
    {
        "the verb twice": lambda s: rewritten(s, b'"type":"Create"', b'"type":"Create","type":"Create"'),
        "the actor twice, further in": lambda s: rewritten(s, b'"type":"Note"', b'"type":"Note","type":"Note"'),
        "a key that is the same once it is read": lambda s: rewritten(
            s, b'"type":"Create"', b'"type":"Create","\\u0074ype":"Delete"'
        ),
    },
)
CASES.each(Reason.TOO_DEEP, {"ten thousand brackets": lambda s: with_member(s, b"[" * 10_000 + b"]" * 10_000)})


@CASES.of(Reason.TOO_DEEP, "one level more than is read")
async def _one_level_more(scene: Scene) -> Pair:
    deepest = scene.harbour.create() | {"comarca:x": nested(32)}
    return Pair(scene.says(deepest | {"comarca:x": nested(33)}), scene.says(deepest))


CASES.each(
    Reason.NO_SIGNATURE,
    {
        "none at all": lambda s: s.good().without("signature", "signature-input"),
        "announced only": lambda s: s.good().without("signature"),
        "by nobody": lambda s: s.good().having(signature_input='sig1=("@method");created=1'),
        "of the old kind, by nobody": lambda s: old_style(s).having(signature='algorithm="hs2019",signature="AAAA"'),
    },
)


def _flipped(sent: Letter) -> Letter:
    made = bytearray(base64.b64decode(sent.header("signature")[6:-1]))
    made[7] ^= 1
    return sent.having(signature=f"sig1=:{base64.b64encode(bytes(made)).decode()}:")


CASES.each(
    Reason.BAD_SIGNATURE,
    {
        "another's key": lambda s: signed(s, key=s.hillside.council.ed25519),
        "another's key, old style": lambda s: old_style(s, key=builders.rsa_key(1 + (sum(b"harbour") + 1) % 3)),
        "one bit": lambda s: _flipped(s.good()),
        "a covered field that was changed": lambda s: s.good().having(
            content_type='application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
        ),
        "the name of the other key's algorithm": lambda s: signed(s, algorithm="rsa-v1_5-sha256"),
        "the name of a shared secret": lambda s: signed(s, algorithm="hmac-sha256"),
        "the name of a shared secret, old style": lambda s: old_style(s, algorithm="hmac-sha256"),
        "Ed25519 that calls itself RSA": lambda s: old_style(
            s, key=s.harbour.council.ed25519, key_id=s.harbour.council.ed25519_key_id, algorithm="rsa-sha256"
        ),
        "a digest that is not covered": lambda s: signed(s, covered=("@method", "@target-uri", "date")),
        "a target that is not covered": lambda s: signed(s, covered=("@method", "content-digest")),
        "half of a target": lambda s: signed(s, covered=("@method", "@authority", "@path", "content-digest")),
        "a method that is not covered": lambda s: signed(s, covered=("@target-uri", "content-digest")),
        "a digest that is covered and missing": lambda s: s.good().without("content-digest"),
        "a digest that is not covered, old style": lambda s: old_style(s, covered=("(request-target)", "host", "date")),
        "a target that is not covered, old style": lambda s: old_style(s, covered=("host", "date", "digest")),
        "a host that is not covered": lambda s: old_style(s, covered=("(request-target)", "date", "digest")),
        "a time that is not covered": lambda s: old_style(s, covered=("(request-target)", "host", "digest")),
        "captured for another node and readdressed": lambda s: readdressed(signed(s, url=HILLSIDE_INBOX)),
        "captured and readdressed, old style": lambda s: readdressed(old_style(s, url=HILLSIDE_INBOX)),
        "meant for the council's own inbox": lambda s: _elsewhere(s.good(), "/council/inbox"),
        "a query that was added": lambda s: _elsewhere(s.good(), "/inbox?page=1"),
        "a path written in another way": lambda s: _elsewhere(s.good(), "/%69nbox"),
    },
)
CASES.each(
    Reason.BAD_DIGEST,
    {
        "a body that was changed": lambda s: _swapped(s.good(), b"Ten folding", b"Six folding"),
        "a body that was changed, old style": lambda s: _swapped(old_style(s), b"Ten folding", b"Six folding"),
        "a body that was lengthened": lambda s: _swapped(s.good(), b'"type":"Create"', b'"type":"Create" '),
        "only a digest that nobody knows": lambda s: signed(s, content_digest="unixsum=:AAAA:"),
        "a digest that cannot be read": lambda s: signed(s, content_digest="sha-256=AAAA"),
        "a second digest that is wrong": lambda s: _second_digest(s, f"sha-512=:{NO_DIGEST}:"),
    },
)


def _swapped(sent: Letter, old: bytes, new: bytes) -> Letter:
    assert old in sent.body
    body = sent.body.replace(old, new, 1)
    return Letter(sent.headers, (body,)).having(content_length=str(len(body)))


def _second_digest(scene: Scene, second: str) -> Letter:
    body = scene.harbour.proven(scene.harbour.create())
    harbour = scene.harbour.council
    return signed_9421(
        body,
        url=scene.url,
        key=harbour.ed25519,
        key_id=harbour.ed25519_key_id,
        created=scene.now,
        content_digest=f"{content_digest(body)}, {second}",
    )


CASES.each(
    Reason.STALE,
    {
        "signed 66 minutes ago": lambda s: signed(s, created=s.now - timedelta(minutes=66)),
        "signed 61 minutes ahead": lambda s: signed(s, created=s.now + timedelta(minutes=61)),
        "past its own end by an hour": lambda s: signed(s, expires=s.now - timedelta(minutes=60, seconds=1)),
        "dated 66 minutes ago": lambda s: old_style(s, at=s.now - timedelta(minutes=66)),
        "dated 61 minutes ahead": lambda s: old_style(s, at=s.now + timedelta(minutes=61)),
        "proven 91 days ago": lambda s: s.harbour.post(
            s.harbour.proven(s.harbour.create(), created=s.now - timedelta(days=91)), s.url
        ),
    },
)
CASES.each(
    Reason.WRONG_TARGET,
    {
        "captured for another node": lambda s: signed(s, url=HILLSIDE_INBOX),
        "captured for another node, old style": lambda s: old_style(s, url=HILLSIDE_INBOX),
        "no host": lambda s: s.good().without("host"),
        "our name at another port": lambda s: s.good().having(host="riverside.example:8443"),
        "our name before another": lambda s: s.good().having(host="riverside.example.hillside.example"),
    },
)


@CASES.of(Reason.STALE, "at the edge of what clocks may differ by")
async def _at_the_edge(scene: Scene) -> Pair:
    edge = scene.now - timedelta(minutes=65)
    return Pair(signed(scene, created=edge - timedelta(seconds=1)), signed(scene, created=edge))
