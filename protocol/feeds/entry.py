"""One entry of a feed: a signed header around a payload that may be forgotten (decisions.md 5b).

header id = SHA-256(JCS(header)); signature = Ed25519 over `comarca entry 1\\n` ‖ JCS(header); digest = SHA-256(salt ‖
JCS(payload)). The header names nothing that could be guessed: once salt and payload are gone, its digest tells nothing.
Headers are closed (an unknown member is refused), payloads are open.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import keys, strict_json
from protocol.canonical import NotCanonical, canonical
from protocol.feeds.coding import b64, is_hash, read_key, unb64
from protocol.feeds.flaw import Flaw, Flawed
from protocol.verdict import Refused

VERSION: Final = 1
DOMAIN: Final = b"comarca entry 1\n"
SALT_BYTES: Final = 16
SIZE_STEP: Final = 1_024
"""Sizes are told in whole steps of so many bytes: an exact one would say more about a forgotten payload than it must."""

LONGEST_LINE: Final = 1_400_000
CHANNELS: Final = ("public", "region")
MAX_SEQ: Final = 2**53 - 1


class Kind(StrEnum):
    """What an entry does. `genesis` begins an epoch, `key` hands over to the next node key, `audience` names the readers.

    `moved`: the object is no longer in this feed, since its audience has changed; it is not over.
    """

    GENESIS = "genesis"
    KEY = "key"
    PUT = "put"
    END = "end"
    MOVED = "moved"
    SNAPSHOT = "snapshot"
    AUDIENCE = "audience"
    NOOP = "noop"


# Which members a kind has besides those that every header has.
_WITH_OBJECT: Final = frozenset({Kind.PUT, Kind.END, Kind.MOVED, Kind.KEY})
_WITH_PAYLOAD: Final = frozenset({Kind.GENESIS, Kind.PUT, Kind.SNAPSHOT, Kind.AUDIENCE})

_MEMBERS: Final = ("digest", "epoch", "expires", "feed", "key", "kind", "object", "prev", "seq", "size", "v")
_FEED: Final = re.compile(r"([A-Za-z0-9_-]{43})/(public|region)")
_HOUR: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:00:00Z")

_SHAPE = Flawed(Flaw.SHAPE, "The entry has not the closed shape of its kind.")
_TOO_LARGE = Flawed(Flaw.TOO_LARGE, "The entry is longer than any may be.")
_DIGEST = Flawed(Flaw.DIGEST, "The payload is not the one that the header names.")
_SIGNATURE = Flawed(Flaw.SIGNATURE, "The header is not signed by the key that it names.")


@dataclass(frozen=True, slots=True)
class Header:
    """What is chained and signed. `expires` is a whole hour; `object` an address, or the next key for `key`."""

    feed: str
    epoch: int
    seq: int
    prev: str | None
    key: str
    kind: Kind
    object: str | None
    digest: str | None
    size: int
    expires: datetime | None

    def wire(self) -> dict[str, Any]:
        """The members as they are hashed and signed; all of them are always there."""
        return {
            "v": VERSION,
            "feed": self.feed,
            "epoch": self.epoch,
            "seq": self.seq,
            "prev": self.prev,
            "key": self.key,
            "kind": self.kind.value,
            "object": self.object,
            "digest": self.digest,
            "size": self.size,
            "expires": None if self.expires is None else _written(self.expires),
        }

    @property
    def root(self) -> str:
        return self.feed.partition("/")[0]

    @property
    def channel(self) -> str:
        return self.feed.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry whose shape and digest hold; its signature and its place in the chain have still to be judged.

    `id` is the hash of its header. `payload` is None where it never had one, or where it was forgotten.
    """

    header: Header
    id: str
    signature: bytes
    salt: bytes | None
    payload: dict[str, Any] | None
    signed: bytes

    def wire(self) -> dict[str, Any]:
        """The line's JSON value."""
        return {
            "header": self.header.wire(),
            "signature": b64(self.signature),
            "salt": None if self.salt is None else b64(self.salt),
            "payload": self.payload,
        }


def feed_name(root: str, channel: str) -> str:
    """The name of one channel of a council. Raises ValueError for what is no root hash or no channel."""
    name = f"{root}/{channel}"
    if _FEED.fullmatch(name) is None:
        raise ValueError("a feed is named by a root and a channel")
    return name


def to_the_hour(moment: datetime) -> datetime:
    """The first whole hour at or after `moment`: nothing ends before its owner said, and no minute is told."""
    whole = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(hours=1)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:00:00Z")


def padded(size: int) -> int:
    """`size` bytes in whole steps."""
    return -(-size // SIZE_STEP) * SIZE_STEP


def payload_digest(salt: bytes, payload: Mapping[str, Any]) -> tuple[str, int]:
    """The digest of a payload under its salt, and its size as headers tell it. Raises NotCanonical."""
    words = canonical(payload)
    return b64(hashlib.sha256(salt + words).digest()), padded(len(words))


def make(
    *,
    feed: str,
    epoch: int,
    seq: int,
    prev: str | None,
    kind: Kind,
    key: Ed25519PrivateKey,
    object: str | None = None,
    payload: dict[str, Any] | None = None,
    salt: bytes | None = None,
    expires: datetime | None = None,
) -> Entry:
    """A signed entry. `salt` is 16 random bytes, given with a payload and only then.

    Raises:
        ValueError: the members do not fit the kind.
        NotCanonical: the payload has no canonical form.
    """
    digest, size = (None, 0) if payload is None or salt is None else payload_digest(salt, payload)
    header = Header(
        feed=feed,
        epoch=epoch,
        seq=seq,
        prev=prev,
        key=keys.encode_multikey(key.public_key()),
        kind=kind,
        object=object,
        digest=digest,
        size=size,
        expires=None if expires is None else to_the_hour(expires),
    )
    if _read_header(header.wire()) != header or (payload is None) != (salt is None):
        raise ValueError(f"the members do not fit an entry of kind {kind.value!r}")
    signed = canonical(header.wire())
    return Entry(header, _id(signed), keys.sign(key, DOMAIN + signed), salt, payload, signed)


def _id(signed: bytes) -> str:
    return b64(hashlib.sha256(signed).digest())


def read_line(line: bytes) -> Entry | Flawed:
    """The entry in one line of NDJSON, its shape and its digest judged. Never raises."""
    if len(line) > LONGEST_LINE:
        return _TOO_LARGE
    value = strict_json.parse(line, max_array=10_000, max_nodes=60_000)
    if isinstance(value, Refused):
        return _SHAPE
    return read(value)


def read(value: object, *, bare: bool = False) -> Entry | Flawed:
    """The entry in a JSON value that was parsed strictly. `bare`: a genesis too may lack its payload. Never raises."""
    if not isinstance(value, dict) or set(value) != {"header", "signature", "salt", "payload"}:
        return _SHAPE
    header, signature = _read_header(value["header"]), unb64(value["signature"], length=64)
    salt, payload = value["salt"], value["payload"]
    if header is None or signature is None or not (payload is None or isinstance(payload, dict)):
        return _SHAPE
    salted = unb64(salt, length=SALT_BYTES)
    if (salted is None) != (payload is None) or (salt is not None and salted is None):
        return _SHAPE
    if payload is None:
        if header.kind is Kind.GENESIS and not bare:
            return _SHAPE
    elif header.digest is None:
        return _SHAPE
    else:
        assert salted is not None
        try:
            if payload_digest(salted, payload) != (header.digest, header.size):
                return _DIGEST
        except NotCanonical:
            return _DIGEST
    signed = canonical(value["header"])
    return Entry(header, _id(signed), signature, salted, payload, signed)


def _read_header(value: object) -> Header | None:
    if not isinstance(value, dict) or tuple(sorted(value)) != _MEMBERS or value["v"] != VERSION:
        return None
    epoch, seq, size = value["epoch"], value["seq"], value["size"]
    if not all(type(number) is int for number in (value["v"], epoch, seq, size)):
        return None
    if not (1 <= epoch <= MAX_SEQ and 1 <= seq <= MAX_SEQ and 0 <= size <= LONGEST_LINE and size % SIZE_STEP == 0):
        return None
    feed, key, expires = value["feed"], value["key"], value["expires"]
    if not isinstance(feed, str) or _FEED.fullmatch(feed) is None or read_key(key) is None:
        return None
    try:
        kind = Kind(value["kind"])
    except ValueError:
        return None
    moment = _hour(expires)
    if (moment is None) != (expires is None):
        return None
    header = Header(feed, epoch, seq, value["prev"], key, kind, value["object"], value["digest"], size, moment)
    return header if _fits(header) else None


def _fits(header: Header) -> bool:
    first = header.seq == 1
    if (header.kind is Kind.GENESIS) is not first or (header.prev is None) is not first:
        return False
    if not first and not is_hash(header.prev):
        return False
    with_payload = header.kind in _WITH_PAYLOAD
    if with_payload is not is_hash(header.digest) or with_payload is not (header.size > 0):
        return False
    if not with_payload and header.digest is not None:
        return False
    if header.kind not in _WITH_OBJECT:
        return header.object is None and header.expires is None
    if not isinstance(header.object, str) or not 1 <= len(header.object) <= 2_048:
        return False
    if header.kind is Kind.KEY:
        return read_key(header.object) is not None and header.object != header.key and header.expires is None
    return (header.kind is Kind.PUT) is (header.expires is not None)


def _hour(text: object) -> datetime | None:
    if not isinstance(text, str) or _HOUR.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def judge_signature(entry: Entry) -> Flawed | None:
    """Whether the header is signed by the key that it names. Whether that key may sign is told by the chain."""
    key = read_key(entry.header.key)
    if key is None or not keys.verify(key, entry.signature, DOMAIN + entry.signed):
        return _SIGNATURE
    return None
