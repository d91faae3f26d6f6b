"""What browsers are asked to sign for passkeys (WebAuthn Level 2 section 13.4.3): which challenges are good, each of them once.

All in memory: after a restart none is good any more. This module must never take a challenge twice, nor one it did not make.
"""

import base64
import binascii
import hashlib
import hmac
import json
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from federation.ports import Randomness
from schemas.phrase import phrase
from schemas.refusal import Refusal

CHALLENGE_BYTES = 32
MOST_CHALLENGES = 1_000
SECONDS = 300.0


class Challenges:
    """What browsers have been asked to sign: each once, for five minutes, and for the member it was made for, if any.

    Anybody may ask to sign in, however often, so a challenge for that is not kept: it carries its own end, and our mark that
    we made it. Only those that were used up are kept, so that whoever asks without end pushes out nobody who is about to sign.
    """

    def __init__(self) -> None:
        self._out: OrderedDict[bytes, _Out] = OrderedDict()
        self._used: OrderedDict[bytes, float] = OrderedDict()
        self._key = b""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._out) + len(self._used)

    def new(self, randomness: Randomness, *, monotonic: float, member_id: int | None, handle: bytes = b"") -> bytes:
        """A fresh challenge. At the bound the oldest one ends. `handle`: the user handle that the new passkey gets."""
        if member_id is None:
            return self._marked(randomness, until=monotonic + SECONDS)
        challenge = randomness.bytes(CHALLENGE_BYTES)
        with self._lock:
            while self._out and (
                len(self._out) >= MOST_CHALLENGES or next(iter(self._out.values())).until <= monotonic
            ):
                self._out.popitem(last=False)
            self._out[challenge] = _Out(challenge, monotonic + SECONDS, member_id, handle)
        return challenge

    def take(self, credential: Mapping[str, Any], *, monotonic: float, member_id: int | None) -> "_Out":
        """The challenge that was answered, which then is over. Raises Refusal("passkey") for one that is not out."""
        challenge = _answered(credential)
        if member_id is None:
            return self._use_up(challenge, monotonic=monotonic)
        with self._lock:
            out = self._out.pop(challenge, None)
        if out is None or out.until <= monotonic or out.member_id != member_id:
            raise refused()
        return out

    def _marked(self, randomness: Randomness, *, until: float) -> bytes:
        """Eight octets of the moment at which it ends, eight of chance, and sixteen that nobody else can make."""
        with self._lock:
            self._key = self._key or randomness.bytes(CHALLENGE_BYTES)
        said = struct.pack(">d", until) + randomness.bytes(8)
        return said + self._mark(said)

    def _use_up(self, challenge: bytes, *, monotonic: float) -> "_Out":
        said, mark = challenge[:16], challenge[16:]
        if not self._key or not hmac.compare_digest(mark, self._mark(said)):
            raise refused()
        [until] = struct.unpack(">d", said[:8])
        with self._lock:
            if until <= monotonic or challenge in self._used:
                raise refused()
            while self._used and (len(self._used) >= MOST_CHALLENGES or next(iter(self._used.values())) <= monotonic):
                self._used.popitem(last=False)
            self._used[challenge] = until
        return _Out(challenge, until, None, b"")

    def _mark(self, said: bytes) -> bytes:
        return hmac.digest(self._key, b"comarca passkey 1\n" + said, hashlib.sha256)[:16]


@dataclass(frozen=True, slots=True)
class _Out:
    """A challenge that is out, until a moment of the monotonic clock."""

    challenge: bytes
    until: float
    member_id: int | None
    handle: bytes


def refused() -> Refusal:
    """The one answer to a passkey that signs nobody in, whatever is wrong with it."""
    return Refusal("passkey", sentence=phrase("That passkey did not work here. Try again, or use your sign-in link."))


def part_of(credential: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a browser's answer. Raises Refusal("passkey")."""
    part = credential.get(name)
    if not isinstance(part, Mapping):
        raise refused()
    return part


def bytes_of(text: object) -> bytes:
    """What base64url text stands for. Raises Refusal("passkey")."""
    if not isinstance(text, str):
        raise refused()
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise refused() from None


def _answered(credential: Mapping[str, Any]) -> bytes:
    """The challenge inside clientDataJSON (WebAuthn section 5.8.1)."""
    try:
        said = json.loads(bytes_of(part_of(credential, "response").get("clientDataJSON")))
    except ValueError:
        raise refused() from None
    return bytes_of(said.get("challenge") if isinstance(said, dict) else None)
