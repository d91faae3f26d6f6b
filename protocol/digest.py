"""Digests of request bodies: `Digest` of the cavage era (RFC 3230) and `Content-Digest` (RFC 9530).

Always over the raw bytes as received, before any parsing. Never says which byte differed, and compares in constant time.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable

from protocol.verdict import ACCEPTED, Accepted, Reason, Refused

_BROKEN = Refused(Reason.BAD_DIGEST, "The digest header cannot be read.")
_NO_SHA_256 = Refused(Reason.BAD_DIGEST, "The digest header lists no SHA-256 digest.")
_DIFFERENT = Refused(Reason.BAD_DIGEST, "The digest header does not match the body.")
_MAX_HEADER = 2048
_HASHES = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
_OLD_MEMBER = re.compile(r"([A-Za-z0-9_-]+)=([A-Za-z0-9+/]+={0,2})")
_MEMBER = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):")


def sha256_digest(body: bytes) -> str:
    """The value of a `Digest` header: `SHA-256=<base64>`."""
    return f"SHA-256={_base64_sha256(body)}"


def content_digest(body: bytes) -> str:
    """The value of a `Content-Digest` header (RFC 9530 section 2): `sha-256=:<base64>:`."""
    return f"sha-256=:{_base64_sha256(body)}:"


def _base64_sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def judge_digest(header: str, body: bytes) -> Accepted | Refused:
    """Whether a received `Digest` header belongs to the body: SHA-256 must be listed, SHA-512 must match where listed."""
    return _judge(header, body, member=_OLD_MEMBER)


def judge_content_digest(header: str, body: bytes) -> Accepted | Refused:
    """Whether a received `Content-Digest` header belongs to the body: sha-256 must be listed, sha-512 match where listed."""
    return _judge(header, body, member=_MEMBER)


def _judge(header: str, body: bytes, *, member: re.Pattern[str]) -> Accepted | Refused:
    if len(header) > _MAX_HEADER:
        return _BROKEN
    listed = _listed(header.split(","), member=member)
    if listed is None:
        return _BROKEN
    if "sha-256" not in listed:
        return _NO_SHA_256
    matches = [hmac.compare_digest(value, _HASHES[name](body).digest()) for name, value in listed.items()]
    return ACCEPTED if all(matches) else _DIFFERENT


def _listed(members: Iterable[str], *, member: re.Pattern[str]) -> dict[str, bytes] | None:
    """The digests of known algorithms by lowercase name; None when a member is broken or an algorithm is listed twice."""
    names: set[str] = set()
    listed: dict[str, bytes] = {}
    for text in members:
        match = member.fullmatch(text.strip(" \t"))
        if match is None:
            return None
        name = match[1].lower()
        if name in names:
            return None
        names.add(name)
        if name in _HASHES:
            try:
                listed[name] = base64.b64decode(match[2], validate=True)
            except binascii.Error:
                return None
    return listed
