"""Valid inputs that targets start from, made with real keys. Whatever was signed here is all that may ever be accepted."""

import json
from datetime import timedelta
from functools import cache
from typing import Any

from federation.feeds import questions
from protocol import digest
from protocol import keys as wire_keys
from protocol.canonical import canonical
from schemas import activity
from schemas.actor import council_actor, node_actor
from schemas.records import agreement_acts
from schemas.webfinger import jrd
from tests.builders import START, ed25519_key, multibase_of, note, rsa_key
from tests.builders import council as built
from tests.feeds.carrying import Town, all_linked
from tests.feeds.sticks import call, written
from tests.protocol.agreement import village
from tests.schemas import examples

BODY = b'{"type":"Create"}'
RIVERSIDE, HARBOUR = built("riverside"), built("harbour")


def as_bytes(*values: Any) -> list[bytes]:
    return [json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() for value in values]


@cache
def notes() -> list[dict[str, Any]]:
    """One of each kind of note, by Riverside."""
    return [
        note(RIVERSIDE),
        note(RIVERSIDE, direction="need", audience="neighbours", quantity=None),
        examples.an_offer(),
        examples.a_resolution(),
        examples.an_alert(),
        examples.an_alert(status="Exercise", audience="public", msg_type="Cancel", ended="over", updated=examples.NOW),
    ]


@cache
def activities() -> list[dict[str, Any]]:
    """What Riverside may say, without proofs."""
    us, them, at = RIVERSIDE.actor_id, HARBOUR.actor_id, START
    said = []
    for one in notes():
        audience: Any = "public" if _is_public(one) else "neighbours"
        number = RIVERSIDE.new_activity_id()
        said.append(activity.create(us, number, note=one, audience=audience, published=at))
    first = said[0]["object"]
    changed = {**first, "updated": "2026-03-02T10:00:00Z"}
    numbers = [RIVERSIDE.new_activity_id() for _ in range(8)]
    return [
        *said,
        activity.update(us, numbers[0], note=changed, audience="public", published=at),
        activity.delete(us, numbers[1], object_id=first["id"], audience="public", published=at),
        activity.peering_offer(RIVERSIDE.base_url, them, activity_id=numbers[2], published=at),
        activity.accept(us, numbers[3], object_id=f"{HARBOUR.base_url}/a/1", their_actor=them, published=at),
        activity.reject(us, numbers[4], object_id=f"{HARBOUR.base_url}/a/1", their_actor=them, published=at),
        activity.undo(us, numbers[5], object_id=numbers[2], their_actor=them, published=at),
        activity.update_actor(us, numbers[7], document=actor(), published=at),
        village.answer("riverside"),
        village.taken_back("riverside", village.answer("riverside")),
        {
            **activity.accept(us, numbers[6], object_id=f"{HARBOUR.base_url}/o/1", their_actor=them, published=at),
            "comarca:answer": "come",
        },
        *agreements(),
    ]


@cache
def agreements() -> list[dict[str, Any]]:
    """What Riverside may say to Harbour about a need of its own, and about one of Harbour's."""
    base, them, at, later = RIVERSIDE.base_url, HARBOUR.actor_id, START, START + timedelta(days=3)
    numbers = [f"{base}/a/{letter * 26}" for letter in "abcdefgh"]
    notes_of = [f"{base}/o/1", f"{HARBOUR.base_url}/o/1"]
    terms = {"their_actor": them, "ends_at": later, "published": at}
    asks = agreement_acts.offer(base, numbers[0], note_id=notes_of[0], amount="6", unit="fans", **terms)
    offers = agreement_acts.offer(base, numbers[1], note_id=notes_of[1], amount=None, unit=None, **terms)
    given = {**asks, "id": f"{HARBOUR.base_url}/a/2", "actor": them}
    accepts = agreement_acts.accept(base, numbers[2], given=given, agreement_id=numbers[3], published=at)
    about = {"offer_id": given["id"], "their_actor": them, "published": at}
    return [
        asks,
        offers,
        accepts,
        agreement_acts.reject(base, numbers[4], note_id=notes_of[0], available="4", unit=None, **about),
        agreement_acts.receipt(base, numbers[5], agreement_id=numbers[3], **about),
        *(
            agreement_acts.take_back(base, number, given=one, their_actor=them, published=at)
            for number, one in zip(numbers[6:], (asks, accepts), strict=True)
        ),
    ]


def _is_public(one: dict[str, Any]) -> bool:
    return any(str(name).endswith("#Public") for name in one["to"])


def documents() -> list[bytes]:
    odd = [0.1, -0.0, 1e300, 5e-324, 2**53 - 1, "\u20ac", "\U0001f600", {"\ufffd": 1, "\U00010000": 2}, [[[]]], True]
    return [*as_bytes(*activities()), *actors(), *as_bytes(odd), b'{"a":"\\u00e9\\ud83d\\ude00"}', b" [1, 2] "]


def actor() -> dict[str, Any]:
    """What Riverside says about itself."""
    them = RIVERSIDE
    return council_actor(
        them.base_url,
        them.name,
        summary="A valley",
        language="en",
        manually_approves=True,
        rsa_pem=them.rsa_pem,
        ed25519_multibase=them.multibase,
        place=examples.MILL_LANE,
    )


def actors() -> list[bytes]:
    theirs, them = actor(), RIVERSIDE
    rsa = wire_keys.encode_pem(rsa_key().public_key())
    return as_bytes(theirs, node_actor(them.base_url, them.host, rsa_pem=rsa), {**theirs, "publicKey": [rsa]})


def addresses() -> list[bytes]:
    return [
        b"https://riverside.example/council#ed25519-key",
        b"https://xn--bcher-kva.example:8443/a?b=c#d",
        "https://bücher.example/ö".encode(),
        b"http://127.0.0.1:8101/council",
        b"https://[2001:db8::1]:443/o/1",
        b"http://localhost/",
        b"https://riverside.example?x",
        b"::ffff:10.0.0.1",
        b"2130706433",
    ]


def moments() -> list[bytes]:
    return [
        b"2026-03-02T09:00:00Z",
        b"2026-03-02T09:00:00.123456789+05:30",
        b"0001-01-01T00:00:00Z",
        b"9999-12-31T23:59:59Z",
        b"Mon, 02 Mar 2026 09:00:00 GMT",
        b"Mon, 02 Mar 2026 09:00:00 +0130",
        b"120",
        b"tonight",
        b"2026-03-02",
        b"2026-03-02T21:30",
    ]


def keys() -> list[bytes]:
    public = rsa_key().public_key()
    return [
        multibase_of(ed25519_key()).encode(),
        wire_keys.encode_multikey(public).encode(),
        wire_keys.encode_pem(public).encode(),
        wire_keys.encode_pem(ed25519_key().public_key()).encode(),
        b"z3u2en7t5LR2WtQH5PfFqMqwVHgeXouLzo6haApm8XHqvjxq",
        b"A" * 42 + b"E",
    ]


def media_types() -> list[bytes]:
    return [
        b"application/activity+json; charset=utf-8",
        b'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
        b'Application/LD+JSON ;profile="a \\"b\\" https://www.w3.org/ns/activitystreams"; q=1',
        b"application/jrd+json",
    ]


def digests() -> list[bytes]:
    both = [digest.sha256_digest(BODY), digest.content_digest(BODY)]
    return [*(one.encode() for one in both), f"SHA-512=AAAA,{both[0]}".encode(), f"sha-512=:AAAA:, {both[1]}".encode()]


def markup() -> list[bytes]:
    return [
        *(str(one["content"]).encode() for one in notes()),
        b"<!-- c --><p class='a > b'>one<br/>two</p><script>if (a < b) {}</script><style>p{}</style>",
        b"<template><p>no</p></template>&lt;p&gt;&#8364;&#x20ac;&amp;<![CDATA[x]]></",
    ]


def places() -> list[bytes]:
    cells = ["8f2830828052d25", "87394460bffffff", "877ffffffffffff", "80f3fffffffffff"]
    return [
        b"41.39, 2.17",
        "41°24'12.2\"N 2°10'26.5\"E".encode(),
        b"https://www.openstreetmap.org/?mlat=41.39&mlon=2.17#map=15/41.39/2.17",
        *as_bytes(cells, {"type": "Place", "name": "Mill Lane", "comarca:cell": cells[1], "latitude": 41.4}),
        b"87394460bffffff",
    ]


def discoveries() -> list[bytes]:
    ours: list[Any] = [jrd(RIVERSIDE.base_url, RIVERSIDE.host, whose=whose) for whose in ("council", "actor")]
    return as_bytes(*ours, {"type": "about:blank", "reason": "blocked"})


@cache
def towns() -> tuple[Town, Town]:
    """Two linked towns, of which the first has said something in both channels."""
    riverside, hilltop = all_linked("riverside", "hilltop")
    gone = riverside.publish("Thing that goes")
    for number in range(4):
        riverside.publish(f"Thing {number}", audience="public" if number % 2 else "neighbours")
    riverside.withdraw(gone)
    riverside.snapshot()
    call(riverside, "Flood")
    riverside.change_keys(2)
    riverside.publish("Thing after the change")
    return riverside, hilltop


@cache
def answers() -> dict[str, list[bytes]]:
    """What Riverside answers to questions of Hilltop, and the questions, by their paths."""
    riverside, hilltop = towns()
    feeds = [row[0] for row in riverside.connection.exec_driver_sql("SELECT name FROM feed WHERE ours ORDER BY name")]
    ranges = [{"feed": name, "epoch": 1, "first": 1, "last": 1_000} for name in feeds]
    asked: dict[str, list[Any]] = {
        questions.HELLO: [{}, {"store": "store of riverside", "after": 3, "heads": "A" * 43, "reason": "boot"}],
        questions.HEADS: [{"heads": ""}, {"heads": "A" * 43, "parts": list(range(256)), "leaves": "AAAAAAAA"}],
        questions.RANGES: [{"ranges": ranges}],
        questions.SNAPSHOTS: [{"feeds": feeds}],
    }
    found: dict[str, list[bytes]] = {"questions": [canonical([path, one]) for path in asked for one in asked[path]]}
    for path, said in asked.items():
        bodies = [canonical(one) for one in said]
        found[path] = [riverside.answer(path, body, asker=hilltop.council.actor_id).body for body in bodies]
    return found


@cache
def lines() -> list[bytes]:
    """Entries of every kind."""
    found = answers()
    whole = b"\n".join(found[questions.RANGES] + found[questions.SNAPSHOTS]).split(b"\n")
    return sorted({line for line in whole if line.startswith(b'{"header"')})


@cache
def bundles() -> list[bytes]:
    riverside, hilltop = towns()
    return [written(riverside), written(riverside, reader=hilltop)]
