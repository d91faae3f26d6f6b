"""The root of a council: the keys that outlive its server, and what they alone may say.

A root statement lists keys and how many of them must sign. Its first one names the feeds for ever (`<root>` is its hash), so a
council keeps its feed when it moves house. A later one is signed by the old keys *and* by the new ones. Roots open epochs: they
say which node key signs from now on, at which address. Each key can be written down as 24 words.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import keys
from protocol.bip39 import BITS_PER_WORD, WORDS
from protocol.canonical import canonical
from protocol.feeds.coding import b64, is_hash, read_key, unb64
from protocol.feeds.flaw import Flaw, Flawed

ROOT_DOMAIN: Final = b"comarca root 1\n"
EPOCH_DOMAIN: Final = b"comarca epoch 1\n"
MOST_KEYS: Final = 9
MOST_STATEMENTS: Final = 100
SECRET_BYTES: Final = 32
WORD_COUNT: Final = 24

_ROOT = Flawed(Flaw.ROOT, "The roots do not follow each other, or are not signed by enough of their keys.")
_SHAPE = Flawed(Flaw.SHAPE, "The statement has not the closed shape of its kind.")
_EPOCH = Flawed(Flaw.EPOCH, "The epoch is not opened by these roots.")


@dataclass(frozen=True, slots=True)
class Root:
    """The newest statement of a line of roots. `id` is the hash of the first one, `last` that of this one."""

    id: str
    serial: int
    keys: tuple[str, ...]
    threshold: int
    last: str


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch as roots open it: the council's actor id, and the node key that signs its genesis."""

    epoch: int
    actor: str
    key: str


def statement(*, public: Iterable[str], threshold: int, after: Root | None = None) -> dict[str, Any]:
    """A root statement to be signed. `public` are `z6Mk…` keys; the next one follows `after`. Raises ValueError."""
    listed = sorted(set(public))
    if not 1 <= threshold <= len(listed) <= MOST_KEYS or not all(read_key(key) for key in listed):
        raise ValueError("a root has one to nine Ed25519 keys, and no more are needed than there are")
    return {
        "v": 1,
        "serial": 1 if after is None else after.serial + 1,
        "keys": listed,
        "threshold": threshold,
        "previous": None if after is None else after.last,
    }


def epoch_statement(root: Root, *, epoch: int, actor: str, key: str) -> dict[str, Any]:
    """What opens an epoch, to be signed by the roots."""
    return {"v": 1, "root": root.id, "serial": root.serial, "epoch": epoch, "actor": actor, "key": key}


def signed(said: dict[str, Any], by: Iterable[Ed25519PrivateKey], *, domain: bytes) -> dict[str, Any]:
    """A statement with the signatures of those keys, sorted by key. `domain` is ROOT_DOMAIN or EPOCH_DOMAIN."""
    data = domain + canonical(said)
    made = {keys.encode_multikey(key.public_key()): b64(keys.sign(key, data)) for key in by}
    return {"statement": said, "signatures": [[name, made[name]] for name in sorted(made)]}


def cosigned(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two copies of one signed statement, with the signatures of both. Raises ValueError where they differ."""
    if one["statement"] != other["statement"]:
        raise ValueError("these are not signatures of the same statement")
    made = dict(map(tuple, one["signatures"])) | dict(map(tuple, other["signatures"]))
    return {"statement": one["statement"], "signatures": [[name, made[name]] for name in sorted(made)]}


def id_of(said: dict[str, Any]) -> str:
    """The hash of a root statement."""
    return b64(hashlib.sha256(canonical(said)).digest())


def judge_line(line: object) -> Root | Flawed:
    """The newest of a whole line of signed root statements, from the first on. Never raises."""
    if not isinstance(line, list) or not 1 <= len(line) <= MOST_STATEMENTS:
        return _SHAPE
    root: Root | None = None
    for document in line:
        after = judge_next(document, root)
        if isinstance(after, Flawed):
            return after
        root = after
    assert root is not None
    return root


def judge_next(document: object, before: Root | None) -> Root | Flawed:
    """A signed root statement that follows `before`, or that is the first: signed by the old keys, and by its own."""
    said = _statement_of(document, {"v", "serial", "keys", "threshold", "previous"})
    if said is None:
        return _SHAPE
    listed, threshold, serial = said["keys"], said["threshold"], said["serial"]
    if not isinstance(listed, list) or not all(read_key(key) for key in listed) or listed != sorted(set(listed)):
        return _SHAPE
    if type(threshold) is not int or type(serial) is not int or not 1 <= threshold <= len(listed) <= MOST_KEYS:
        return _SHAPE
    own = id_of(said)
    first = before is None
    if (serial, said["previous"]) != ((1, None) if before is None else (before.serial + 1, before.last)):
        return _ROOT
    signers = _signers(document, said, ROOT_DOMAIN)
    if len(signers & set(listed)) < threshold:
        return _ROOT
    if before is not None and len(signers & set(before.keys)) < before.threshold:
        return _ROOT
    return Root(own if first or before is None else before.id, serial, tuple(listed), threshold, own)


def judge_epoch(document: object, root: Root) -> Epoch | Flawed:
    """An epoch that is opened by enough keys of `root`."""
    said = _statement_of(document, {"v", "root", "serial", "epoch", "actor", "key"})
    if said is None:
        return _SHAPE
    epoch, actor, key = said["epoch"], said["actor"], said["key"]
    if type(epoch) is not int or epoch < 1 or not isinstance(actor, str) or read_key(key) is None:
        return _SHAPE
    if len(actor) > 2_048 or not is_hash(said["root"]) or (said["root"], said["serial"]) != (root.id, root.serial):
        return _EPOCH
    if len(_signers(document, said, EPOCH_DOMAIN) & set(root.keys)) < root.threshold:
        return _EPOCH
    return Epoch(epoch, actor, key)


def _statement_of(document: object, members: set[str]) -> dict[str, Any] | None:
    if not isinstance(document, dict) or set(document) != {"statement", "signatures"}:
        return None
    said, made = document["statement"], document["signatures"]
    if not isinstance(said, dict) or set(said) != members or said["v"] != 1 or type(said["v"]) is not int:
        return None
    return said if isinstance(made, list) and len(made) <= 2 * MOST_KEYS else None


def _signers(document: Any, said: dict[str, Any], domain: bytes) -> set[str]:
    """Whose signatures over the statement hold. One that does not hold counts for nothing, and harms nothing."""
    data = domain + canonical(said)
    found = set()
    for pair in document["signatures"]:
        if not isinstance(pair, list) or len(pair) != 2:
            continue
        key, signature = read_key(pair[0]), unb64(pair[1], length=64)
        if key is not None and signature is not None and keys.verify(key, signature, data):
            found.add(pair[0])
    return found


def key_of_words(words: Sequence[str]) -> Ed25519PrivateKey:
    """The root key that 24 words stand for. Raises ValueError: another number of words, an unknown word, a wrong sum."""
    lowered = [word.strip().lower() for word in words]
    if len(lowered) != WORD_COUNT:
        raise ValueError(f"recovery words are {WORD_COUNT}; these are {len(lowered)}")
    number = 0
    for word in lowered:
        if word not in _PLACES:
            raise ValueError(f"{word[:20]!r} is none of the words")
        number = (number << BITS_PER_WORD) | _PLACES[word]
    secret = (number >> 8).to_bytes(SECRET_BYTES, "big")
    if hashlib.sha256(secret).digest()[0] != number & 0xFF:
        raise ValueError("the words do not belong together: one was misread, or two changed places")
    return Ed25519PrivateKey.from_private_bytes(secret)


def words_of_key(key: Ed25519PrivateKey) -> tuple[str, ...]:
    """The 24 words of a root key, the last holding a sum of all (as BIP 39 writes 256 bits)."""
    secret = key.private_bytes_raw()
    number = (int.from_bytes(secret, "big") << 8) | hashlib.sha256(secret).digest()[0]
    shifts = range((WORD_COUNT - 1) * BITS_PER_WORD, -1, -BITS_PER_WORD)
    return tuple(WORDS[(number >> shift) & 0x7FF] for shift in shifts)


_PLACES: Final = {word: place for place, word in enumerate(WORDS)}
