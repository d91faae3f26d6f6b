"""Targets: signed requests, proofs, and whole letters of a council that we are linked up with, from the bytes to the tables.

What was signed is what the samples hold. Nothing else may ever be accepted, whatever is changed in it.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection

from federation import arrivals, inbox
from federation.content import judge_offer
from federation.council import Council
from federation.directory import Directory
from federation.documents import Unfit, listed_key, owner_of
from federation.introductions import Introduction, usable
from federation.keeping import STORED, Arrival, keep_checked
from federation.renaming import is_renaming, shape_of_renaming
from federation.signing import headers_for
from node.app import kinds_of
from node.installed import FEATURES
from protocol import http_signature, rfc9421, strict_json
from protocol.canonical import NotCanonical, canonical
from protocol.http_signature import Claim, Request
from protocol.ids import BadAddress, origin_of
from protocol.proof import add_proof, judge_proof, proof_of
from protocol.verdict import Accepted, Refused
from schemas.actor import TheirActor
from tests.builders import START, write
from tests.feeds.carrying import Town
from tests.fuzz import samples
from tests.fuzz.registry import target
from tests.fuzz.texts import text_of
from tests.protocol import signing
from tests.protocol.samples import OUR_HOST, OUR_ORIGIN, SECONDS
from tests.protocol.samples import request as arrived


def _lines(headers: dict[str, str], target_: str = "/inbox", method: str = "POST") -> bytes:
    return "\n".join([f"{method} {target_}", *(f"{name.lower()}: {value}" for name, value in headers.items())]).encode()


@cache
def _signed() -> list[bytes]:
    return [
        *(_lines(signing.signed(scheme, key)) for scheme in signing.SIGNERS for key in signing.KEYS),
        _lines(signing.signed("rfc9421", "ed25519", method="GET", body=None), method="GET"),
    ]


def _request(data: bytes) -> Request:
    first, *rest = text_of(data).split("\n")
    method, _, path = first.partition(" ")
    named = [line.partition(": ") for line in rest]
    headers: dict[str, str] = {}
    for name, _, value in named:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    twice = frozenset(name for name in headers if sum(one[0] == name for one in named) > 1)
    return Request(method, path, OUR_ORIGIN + path, headers, twice)


@cache
def _genuine() -> frozenset[bytes]:
    bases = set()
    for data in _signed():
        request = _request(data)
        claim = http_signature.read_claim(request, now=SECONDS, our_host=OUR_HOST, has_body=request.method == "POST")
        assert isinstance(claim, Claim), claim
        bases.add(claim.base)
    return frozenset(bases)


@target(_signed, runs=900)
def signed_requests(data: bytes) -> None:
    """A claim is read or refused; the cheap look at its key finds the same key; nothing that was not signed is accepted."""
    request = _request(data)
    key_id = http_signature.key_id_of(request.headers)
    try:
        origin_of(request.url)
    except BadAddress:
        return  # refused before anything is judged (federation.reception)
    for has_body in (True, False):
        claim = http_signature.read_claim(request, now=SECONDS, our_host=OUR_HOST, has_body=has_body)
        if isinstance(claim, Refused):
            continue
        assert key_id == claim.key_id
        for key, _ in signing.KEYS.values():
            if isinstance(http_signature.judge_claim(claim, key.public_key()), Accepted):
                assert claim.base in _genuine()


@target(
    lambda: [line.partition(b": ")[2] for data in _signed() for line in data.split(b"\n") if b"signature-input" in line]
)
def signature_inputs(data: bytes) -> None:
    """A Signature-Input field is taken apart or refused, and what is signed of it is what stood there."""
    text = text_of(data)
    given = rfc9421.read_input(text)
    if not isinstance(given, Refused):
        assert text == f"{given.label}={given.verbatim}"
        request = arrived({"Date": "Sun, 22 Nov 2026 03:35:30 GMT"})
        base = rfc9421.signature_base(request, covered=given.covered, verbatim=given.verbatim)
        assert isinstance(base, Refused) or base.isascii()


def _proved(document: dict[str, Any]) -> dict[str, Any]:
    them = samples.RIVERSIDE
    return add_proof(document, key=them.ed25519, method=them.ed25519_key_id, created=START)


@cache
def _proofs() -> list[bytes]:
    return samples.as_bytes(*map(_proved, samples.activities()))


@cache
def _said() -> frozenset[bytes]:
    return frozenset(canonical({k: v for k, v in one.items() if k != "proof"}) for one in samples.activities())


@target(_proofs, runs=500)
def proofs(data: bytes) -> None:
    """A proof holds for what was said with it, and for nothing else."""
    document = strict_json.parse(data)
    if not isinstance(document, dict):
        return
    if isinstance(judge_proof(document, samples.RIVERSIDE.ed25519.public_key(), now=START), Accepted):
        assert not isinstance(proof_of(document), Refused)
        assert canonical({k: v for k, v in document.items() if k not in ("proof", "signature")}) in _said()


@target(samples.actors, runs=400)
def actors(data: bytes) -> None:
    """Anybody's actor, read for whom it is: its keys are of its own origin, and each is read or passed over."""
    document = strict_json.parse(data)
    if not isinstance(document, dict):
        return
    owner_of(document)
    listed = [one for one in (document.get("publicKey"), document.get("assertionMethod")) if one is not None]
    for entry in (part for one in listed for part in (one if isinstance(one, list) else [one])):
        key_id = entry.get("id") if isinstance(entry, dict) else entry
        if isinstance(key_id, str):
            found = listed_key(document, key_id, standalone=entry if isinstance(entry, dict) else None)
            assert isinstance(found, Unfit) or document["id"]
    actor = TheirActor.read(document)
    if isinstance(actor, Refused):
        return
    assert actor.retired_keys() is not None and actor.implements_rfc9421_ed25519 in (True, False)
    usable(Introduction.of(actor))
    if is_renaming({"type": "Update", "actor": actor.id, "object": document}):
        shape_of_renaming({"type": "Update", "actor": actor.id, "object": document})


@dataclass
class _Reader:
    """Harbour, which is linked up with Riverside and understands everything that a server of today does."""

    town: Town
    council: Council
    directory: Directory

    def judge(self, body: bytes) -> inbox.Judgement:
        url = f"{self.council.base_url}/inbox"
        headers = headers_for(samples.RIVERSIDE, scheme="ed25519", method="POST", url=url, body=body, now=START)
        request = Request("POST", "/inbox", url, {name.lower(): value for name, value in headers.items()})
        return inbox.judge(request, body, directory=self.directory, council=self.council, now=START)


@cache
def _reader() -> _Reader:
    town = Town("harbour").begin()
    town.council.kinds = kinds_of(FEATURES)
    town.council.acts = tuple(act for feature in FEATURES for act in feature.acts)
    riverside = Town("riverside")
    riverside.council = samples.RIVERSIDE
    town.knows(riverside)
    return _Reader(town, town.council, Directory.load(town.connection))


class _Undo(Exception):
    """Ends a step so that nothing of it stays."""


def _keep_and_apply(connection: Connection, arrival: Arrival, council: Council) -> None:
    kept = keep_checked(connection, arrival)
    if kept == STORED:
        done = arrivals.apply_waiting(connection, council, now=START)
        assert done.held == (), done.held
    raise _Undo


@target(lambda: samples.as_bytes(*samples.activities()), runs=600)
def letters(data: bytes) -> None:
    """Whatever a linked council signs is refused, dropped, or applied: nothing that was taken fails to be applied.

    Each letter is signed and proved anew, so that it is judged to the end.
    """
    document = strict_json.parse(data)
    if isinstance(document, dict):
        judge_offer(document, council=_reader().council)
        with suppress(NotCanonical):
            data = orjson.dumps(_proved(document))
    reader = _reader()
    judged = reader.judge(data)
    if isinstance(judged, Arrival):
        assert judged.actor_id == samples.RIVERSIDE.actor_id
        with suppress(_Undo):
            write(reader.town.connection, lambda c: _keep_and_apply(c, judged, reader.council))
