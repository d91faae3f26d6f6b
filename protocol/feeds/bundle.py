"""What a bundle on a stick says of itself, and the receipt that goes back: shapes, and who signed them.

A bundle carries entries by hand. Its maker is only a carrier: what the entries are worth is told by their own chains. The
maker's signature says that nothing was changed on the way, and the maker's heads make the way back short. Sources:
background/protocol.md 5.7, background/reliability.md 4.7. No files here: the container is `federation.feeds.bundle_file`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import ids, keys, strict_json
from protocol.bip39 import words_for
from protocol.canonical import canonical
from protocol.feeds.coding import b64, is_hash, read_key, unb64
from protocol.feeds.entry import MAX_SEQ
from protocol.feeds.unfit import Fault, Unfit
from protocol.verdict import Refused

VERSION: Final = 1
BUNDLE_DOMAIN: Final = b"comarca bundle 1\n"
RECEIPT_DOMAIN: Final = b"comarca receipt 1\n"
ID_BYTES: Final = 16
PUBLIC: Final = "public"
MOST_FEEDS: Final = 20_000
LONGEST_RECEIPT: Final = 4_000_000
MOST_RECEIPTS: Final = 20
ROOT_WORDS: Final = 8

_MANIFEST: Final = {"v", "id", "made", "maker", "key", "audience", "heads", "wants", "files", "signature"}
_RECEIPT: Final = {"v", "bundle", "by", "key", "at", "heads", "counts", "refused", "signature"}
_FEED: Final = re.compile(r"[A-Za-z0-9_-]{43}/(public|region)")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,39}")
_WORD: Final = re.compile(r"[a-z][a-z-]{0,39}")


_BAD_MANIFEST = Unfit(Fault.MANIFEST, "The list of contents has not the closed shape that it must have.")
_BAD_RECEIPT = Unfit(Fault.RECEIPT, "The receipt has not the closed shape that it must have.")
_UNSIGNED = Unfit(Fault.SIGNATURE, "It is not signed by the key that it names: something in it was changed.")
_TO_OTHERS = Unfit(Fault.AUDIENCE, "A file for everyone holds what is for nearby councils only.")


@dataclass(frozen=True, slots=True)
class Carried:
    """What a bundle holds of one feed: from entry `first` to entry `last`, whose id is `id`."""

    feed: str
    epoch: int
    first: int
    last: int
    id: str


@dataclass(frozen=True, slots=True)
class Held:
    """How far somebody holds a feed."""

    feed: str
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class Sum:
    """A file inside a bundle: its size in bytes, and the base64url SHA-256 of it."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself. `audience` is "public" or the one council that it is for; `wants` what its maker holds."""

    id: str
    made: datetime
    maker: str
    key: str
    audience: str
    heads: tuple[Carried, ...]
    wants: tuple[Held, ...]
    files: Mapping[str, Sum]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a bundle at one council: how far it now holds what the maker may see, counts, and what was refused."""

    bundle: str
    by: str
    key: str
    at: datetime
    heads: tuple[Held, ...]
    counts: Mapping[str, int]
    refused: tuple[tuple[str, str], ...]


def manifest_document(said: Manifest, *, key: Ed25519PrivateKey) -> dict[str, Any]:
    """A manifest with the signature of its maker. Raises ValueError where it would not be read again."""
    document = {
        "v": VERSION,
        "id": said.id,
        "made": _written(said.made),
        "maker": said.maker,
        "key": said.key,
        "audience": said.audience,
        "heads": [[one.feed, one.epoch, one.first, one.last, one.id] for one in said.heads],
        "wants": [[one.feed, one.epoch, one.seq] for one in said.wants],
        "files": {name: {"size": one.size, "sha256": one.sha256} for name, one in said.files.items()},
    }
    document["signature"] = b64(keys.sign(key, BUNDLE_DOMAIN + canonical(document)))
    unfit = judge_manifest(canonical(document))
    if isinstance(unfit, Unfit):
        raise ValueError(unfit.sentence)
    return document


def receipt_document(said: Receipt, *, key: Ed25519PrivateKey) -> dict[str, Any]:
    """A receipt with the signature of whoever took the bundle. Raises ValueError where it would not be read again."""
    document = {
        "v": VERSION,
        "bundle": said.bundle,
        "by": said.by,
        "key": said.key,
        "at": _written(said.at),
        "heads": [[one.feed, one.epoch, one.seq] for one in said.heads],
        "counts": dict(said.counts),
        "refused": [list(one) for one in said.refused],
    }
    document["signature"] = b64(keys.sign(key, RECEIPT_DOMAIN + canonical(document)))
    unfit = judge_receipt(document)
    if isinstance(unfit, Unfit):
        raise ValueError(unfit.sentence)
    return document


def judge_manifest(raw: bytes) -> Manifest | Unfit:
    """The manifest in the bytes of `manifest.json`, its shape and its signature judged. Never raises.

    Refuses with MANIFEST (also bytes that are not the canonical ones), SIGNATURE, and AUDIENCE where it is for everyone and
    lists a feed for nearby councils. The maker may be anybody: the key is the one that it names itself.
    """
    value = strict_json.parse(raw, max_depth=8, max_array=MOST_FEEDS, max_nodes=12 * MOST_FEEDS, max_string=4_096)
    if not _is_closed(value, _MANIFEST) or canonical(value) != raw:
        return _BAD_MANIFEST
    heads, wants, files = _carried_in(value["heads"]), _held_in(value["wants"]), _sums_in(value["files"])
    made, audience = _moment_in(value["made"]), value["audience"]
    if heads is None or wants is None or files is None or made is None or unb64(value["id"], length=ID_BYTES) is None:
        return _BAD_MANIFEST
    if not _is_actor(value["maker"]) or not (audience == PUBLIC or _is_actor(audience)):
        return _BAD_MANIFEST
    if not _is_signed(value, domain=BUNDLE_DOMAIN):
        return _UNSIGNED
    named = [one.feed for one in heads] + [one.feed for one in wants]
    if audience == PUBLIC and any(feed.endswith("/region") for feed in named):
        return _TO_OTHERS
    return Manifest(value["id"], made, value["maker"], value["key"], audience, heads, wants, files)


def judge_receipt(value: object) -> Receipt | Unfit:
    """The receipt in a JSON value that was parsed strictly, its shape and its signature judged. Never raises."""
    if not _is_closed(value, _RECEIPT):
        return _BAD_RECEIPT
    heads, counts, refused = _held_in(value["heads"]), value["counts"], _refused_in(value["refused"])
    at = _moment_in(value["at"])
    if heads is None or refused is None or at is None or unb64(value["bundle"], length=ID_BYTES) is None:
        return _BAD_RECEIPT
    if not _is_actor(value["by"]) or not isinstance(counts, dict) or len(counts) > 20:
        return _BAD_RECEIPT
    if not all(_WORD.fullmatch(name) and _is_count(number) for name, number in counts.items()):
        return _BAD_RECEIPT
    if not _is_signed(value, domain=RECEIPT_DOMAIN):
        return _UNSIGNED
    return Receipt(value["bundle"], value["by"], value["key"], at, heads, counts, refused)


def read_receipt(raw: bytes) -> Receipt | Unfit:
    """The receipt in the bytes of a file. Never raises."""
    found = _parsed_receipts(raw)
    return found if isinstance(found, Unfit) else judge_receipt(found)


def read_receipts(raw: bytes) -> tuple[Receipt, ...] | Unfit:
    """The receipts in the bytes of `receipts.json`. Never raises."""
    found = _parsed_receipts(raw)
    if isinstance(found, Unfit):
        return found
    if not isinstance(found, list) or len(found) > MOST_RECEIPTS:
        return _BAD_RECEIPT
    receipts = [judge_receipt(one) for one in found]
    unfit = next((one for one in receipts if isinstance(one, Unfit)), None)
    return unfit or tuple(one for one in receipts if isinstance(one, Receipt))


def _parsed_receipts(raw: bytes) -> object | Unfit:
    if len(raw) > LONGEST_RECEIPT:
        return Unfit(Fault.TOO_LARGE, "The receipt is longer than any may be.")
    value = strict_json.parse(raw, max_depth=8, max_array=MOST_FEEDS, max_nodes=12 * MOST_FEEDS, max_string=4_096)
    return _BAD_RECEIPT if isinstance(value, Refused) else value


def root_words(feed: str) -> tuple[str, ...]:
    """Eight words for the first 88 bits of the root that a feed is named by, to compare by voice. Raises ValueError."""
    root = unb64(feed.partition("/")[0], length=32)
    if root is None:
        raise ValueError("a feed is named by a root and a channel")
    return words_for(root, count=ROOT_WORDS)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_closed(value: object, members: set[str]) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and set(value) == members and type(value["v"]) is int and value["v"] == VERSION


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number <= MAX_SEQ


def _is_place(feed: object, *numbers: object) -> bool:
    counted = all(type(number) is int and 1 <= number <= MAX_SEQ for number in numbers)
    return counted and isinstance(feed, str) and _FEED.fullmatch(feed) is not None


def _is_actor(text: object) -> bool:
    if not isinstance(text, str) or len(text) > 2_048 or not text.isprintable():
        return False
    try:
        return text.startswith(f"{ids.origin_of(text)}/")
    except ids.BadAddress:
        return False


def _moment_in(value: object) -> datetime | None:
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _rows(value: object, *, width: int) -> list[list[Any]] | None:
    """Rows of a list, sorted and each feed once: there is one spelling for what a side holds."""
    if not isinstance(value, list) or not all(isinstance(row, list) and len(row) == width for row in value):
        return None
    names = [row[0] for row in value]
    if len(value) > MOST_FEEDS or not all(isinstance(name, str) for name in names):
        return None
    return value if names == sorted(set(names)) else None


def _carried_in(value: object) -> tuple[Carried, ...] | None:
    rows = _rows(value, width=5)
    if rows is None or not all(_is_place(*row[:4]) and row[2] <= row[3] and is_hash(row[4]) for row in rows):
        return None
    return tuple(Carried(*row) for row in rows)


def _held_in(value: object) -> tuple[Held, ...] | None:
    rows = _rows(value, width=3)
    return None if rows is None or not all(_is_place(*row) for row in rows) else tuple(Held(*row) for row in rows)


def _sums_in(value: object) -> dict[str, Sum] | None:
    if not isinstance(value, dict) or len(value) > 20 or not all(_NAME.fullmatch(name) for name in value):
        return None
    for one in value.values():
        if not isinstance(one, dict) or set(one) != {"size", "sha256"}:
            return None
        if not is_hash(one["sha256"]) or not _is_count(one["size"]):
            return None
    return {name: Sum(one["size"], one["sha256"]) for name, one in value.items()}


def _refused_in(value: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, list) or len(value) > MOST_FEEDS + 1:
        return None
    for row in value:
        if not isinstance(row, list) or len(row) != 2 or not all(isinstance(word, str) for word in row):
            return None
        if not (row[0] == "?" or _is_place(row[0])) or _WORD.fullmatch(row[1]) is None:
            return None
    return tuple((feed, word) for feed, word in value)


def _is_signed(value: dict[str, Any], *, domain: bytes) -> bool:
    key, signature = read_key(value["key"]), unb64(value["signature"], length=64)
    if key is None or signature is None:
        return False
    said = {name: member for name, member in value.items() if name != "signature"}
    return keys.verify(key, signature, domain + canonical(said))
