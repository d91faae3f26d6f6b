"""A second opinion on everything that ten databases hold, which shares no line with what the servers take it in by.

Chains, hashes, signatures and proofs are worked out here from the papers alone (RFC 8785, FEP-8b32, FEDERATION.md), with the
`cryptography` and `rfc8785` packages. What does not hold is "forged". Nothing of node, federation, schemas or protocol may be
imported here.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ENTRY: Final = b"comarca entry 1\n"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519: Final = b"\xed\x01"


def verify(raw: sqlite3.Connection, keys: Mapping[str, str]) -> Iterator[str]:
    """What is wrong in one database. `keys`: actor id to its Ed25519 key as `z6Mk…`; nobody has changed theirs."""
    for feed in raw.execute("SELECT * FROM feed ORDER BY id").fetchall():
        yield from _chain(raw, feed, keys)
    for table in ("replica", "received_activity", "body"):
        rows = raw.execute(f"SELECT document FROM {table} WHERE length(document) > 0").fetchall()
        for row in rows:
            activity = json.loads(row["document"])
            because = proof_flaw(activity, keys)
            if because:
                yield f"{table}: {activity.get('id')}: {because}"


def _chain(raw: sqlite3.Connection, feed: sqlite3.Row, keys: Mapping[str, str]) -> Iterator[str]:
    before: tuple[int, str] | None = None
    rows = raw.execute("SELECT * FROM feed_entry WHERE feed_id = ? ORDER BY epoch, seq", (feed["id"],)).fetchall()
    for row in rows:
        at = f"feed of {feed['actor_id']} {feed['channel']} {row['seq']}"
        because = entry_flaw(
            row["header"], row["signature"], row["salt"], row["payload"], before=before, key=keys.get(feed["actor_id"])
        )
        if because:
            yield f"{at}: {because}"
        if identity(row["header"]) != row["entry_id"]:
            yield f"{at}: kept under another name than its own"
        before = row["seq"], row["entry_id"]
        if row["payload"] is not None and row["kind"] == "put":
            because = proof_flaw(json.loads(row["payload"]), keys)
            if because:
                yield f"{at}: payload: {because}"
    if before != (feed["seq"], feed["head"]):
        yield f"feed of {feed['actor_id']} {feed['channel']}: its head is not its last entry"


def entry_flaw(
    header: bytes,
    signature: bytes,
    salt: bytes | None,
    payload: bytes | None,
    *,
    before: tuple[int, str] | None,
    key: str | None,
) -> str | None:
    """What is wrong with one entry that follows `before` (number and id); None if nothing is."""
    said = json.loads(header)
    if rfc8785.dumps(said) != header:
        return "the header is not written canonically"
    if said["key"] != key:
        return "signed by a key that is not its council's"
    if not verified(said["key"], signature, ENTRY + header):
        return "the signature does not verify"
    if before is None and (said["seq"], said["prev"]) != (1, None):
        return "the first one is no beginning"
    if before is not None and (said["seq"], said["prev"]) != (before[0] + 1, before[1]):
        return "does not follow the one before"
    if payload is not None:
        words = rfc8785.dumps(json.loads(payload))
        if b64(hashlib.sha256((salt or b"") + words).digest()) != said["digest"]:
            return "the payload is another one"
    return None


def proof_flaw(activity: dict[str, Any], keys: Mapping[str, str]) -> str | None:
    """What is wrong with the eddsa-jcs-2022 proof of an activity, by the key of its actor; None if nothing is."""
    document = dict(activity)
    proof = document.pop("proof", None)
    actor = activity.get("actor")
    if not isinstance(proof, dict) or not isinstance(actor, str):
        return "no proof"
    key = keys.get(actor)
    if key is None:
        return f"by {actor}, whom nobody here knows"
    options = dict(proof)
    value = options.pop("proofValue", "")
    if proof.get("cryptosuite") != "eddsa-jcs-2022" or not proof.get("verificationMethod", "").startswith(f"{actor}#"):
        return "a proof by somebody else"
    hashed = hashlib.sha256(rfc8785.dumps(options)).digest() + hashlib.sha256(rfc8785.dumps(document)).digest()
    return None if verified(key, base58(value), hashed) else "the proof does not verify"


def identity(header: bytes) -> str:
    return b64(hashlib.sha256(header).digest())


def verified(multikey: str, signature: bytes, message: bytes) -> bool:
    raw = base58(multikey)
    if raw[:2] != _ED25519:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw[2:]).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def base58(text: str) -> bytes:
    """The bytes of `z…` text; none for any other."""
    if text[:1] != "z" or any(letter not in _BASE58 for letter in text[1:]):
        return b""
    digits = text[1:]
    number = 0
    for letter in digits:
        number = number * 58 + _BASE58.index(letter)
    zeros = len(digits) - len(digits.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
