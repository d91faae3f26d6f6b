"""An independent check of what nodes hold of feeds: bytes, hashes, signatures, chains, without a line of the code that took them.

What is accepted here and should not be is found from the papers alone (decisions.md 5b): nothing of `protocol.feeds` is used.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, text

_FEEDS = text("SELECT * FROM feed ORDER BY name")
_ENTRIES = text("SELECT * FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch ORDER BY seq")
_OTHER_EPOCHS = text("SELECT count(*) FROM feed_entry WHERE feed_id = :feed AND epoch <> :epoch")
STANDING_ALONE = ("genesis", "key", "snapshot", "audience")
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Verifier:
    """For all nodes of one world. `keys` are those that each council really has had, by its actor id."""

    def __init__(self, keys: Mapping[str, set[str]], wrong: Callable[[str], None]) -> None:
        self._keys = keys
        self._wrong = wrong
        self._signed: dict[bytes, bool] = {}

    def look_through(self, name: str, connection: Connection) -> None:
        """Tell what one node holds that it should never have taken."""
        for feed in connection.execute(_FEEDS).mappings():
            given = {"feed": feed["id"], "epoch": feed["epoch"]}
            rows = connection.execute(_ENTRIES, given).mappings().all()
            if connection.execute(_OTHER_EPOCHS, given).scalar_one():
                self._wrong(f"chain: {name} keeps an epoch of {feed['name']} that is over")
            for problem in self._problems(feed, rows):
                self._wrong(f"chain: {name} holds of {feed['actor_id']} ({feed['channel']}): {problem}")

    def _problems(self, feed: Mapping[str, Any], rows: Any) -> list[str]:
        if not rows or rows[0]["seq"] != 1 or (rows[-1]["seq"], rows[-1]["entry_id"]) != (feed["seq"], feed["head"]):
            return ["not from its beginning to its head"]
        found = [problem for row in rows for problem in self._of_one(feed, row)]
        genesis = json.loads(rows[0]["payload"])
        if not self._begins(feed, json.loads(rows[0]["header"]), genesis):
            found.append("a beginning that its roots never signed")
        lists = [row["seq"] for row in rows if row["kind"] == "snapshot"]
        key = genesis["epoch"]["statement"]["key"]
        for before, row in pairwise(rows):
            header = json.loads(row["header"])
            key = before["object_id"] if before["kind"] == "key" else key
            if header["key"] != key:
                found.append(f"{row['seq']} under a key whose turn it is not")
            if row["seq"] == before["seq"] + 1:
                if header["prev"] != before["entry_id"]:
                    found.append(f"{row['seq']} does not follow {before['seq']}")
            elif not lists or row["seq"] > lists[-1]:
                found.append(f"a gap before {row['seq']}")
        return found

    def _of_one(self, feed: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
        raw = row["header"]
        header, found = json.loads(raw), []
        if _written(header) != raw or _b64(hashlib.sha256(raw).digest()) != row["entry_id"]:
            found.append(f"{row['seq']} under another hash")
        if (header["feed"], header["epoch"], header["seq"]) != (feed["name"], row["epoch"], row["seq"]):
            found.append(f"{row['seq']} in another place than it names")
        # What else there is stands under the signature of whatever follows it: that chain is judged beside this.
        alone = row["kind"] in STANDING_ALONE or row["entry_id"] == feed["head"]
        if alone and not self._is_signed(header["key"], row["signature"], b"comarca entry 1\n" + raw):
            found.append(f"{row['seq']} that its key never signed")
        if feed["actor_id"] in self._keys and header["key"] not in self._keys[feed["actor_id"]]:
            found.append(f"{row['seq']} by a key that was never theirs")
        if row["payload"] is not None:
            words = row["salt"] + _written(json.loads(row["payload"]))
            if _b64(hashlib.sha256(words).digest()) != header["digest"]:
                found.append(f"{row['seq']} with other words than it was signed with")
        return found

    def _begins(self, feed: Mapping[str, Any], header: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
        """Whether the feed's name is its first root's hash, and that root has opened this epoch. Roots here are one statement."""
        [first], opened = said["roots"], said["epoch"]
        root, epoch = first["statement"], opened["statement"]
        named = _b64(hashlib.sha256(_written(root)).digest())
        signed = all(
            self._counts(document, domain, keys=root["keys"]) >= root["threshold"]
            for document, domain in ((first, b"comarca root 1\n"), (opened, b"comarca epoch 1\n"))
        )
        fits = (epoch["root"], epoch["epoch"], epoch["key"]) == (named, header["epoch"], header["key"])
        return signed and fits and feed["name"].partition("/")[0] == named and epoch["actor"] == feed["actor_id"]

    def _counts(self, document: Mapping[str, Any], domain: bytes, *, keys: list[str]) -> int:
        data = domain + _written(document["statement"])
        made = [(key, _unb64(signature)) for key, signature in document["signatures"] if key in keys]
        return len({key for key, signature in made if self._is_signed(key, signature, data)})

    def _is_signed(self, key: str, signature: bytes, data: bytes) -> bool:
        """Each signature once for all nodes: they hold the same ones."""
        name = hashlib.sha256(key.encode() + signature + data).digest()
        if name not in self._signed:
            try:
                Ed25519PublicKey.from_public_bytes(_of_multibase(key)).verify(signature, data)
                self._signed[name] = True
            except InvalidSignature:
                self._signed[name] = False
        return self._signed[name]


def _written(value: Any) -> bytes:
    """Canonical JSON, for what has no fractions in it and plain names."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _of_multibase(value: str) -> bytes:
    """The 32 bytes of a `z6Mk…` key: base58, after the two bytes that say Ed25519."""
    number = 0
    for sign in value[1:]:
        number = number * 58 + _ALPHABET.index(sign)
    return number.to_bytes(34, "big")[2:]
