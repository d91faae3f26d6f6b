"""The keys that a council signs with: the pair in use, and those it has given up.

A pair is never replaced: changing keys adds the next one. What a retired pair has signed must stay checkable, so its public
half stays listed; its private half signs nothing but requests to an inbox that has not yet acknowledged the change.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from protocol import keys
from schemas.actor import RetiredKey


@dataclass(frozen=True)
class KeyPair:
    """One pair, counted from 1. `retired_at` is when the next one took its place, None for the one in use."""

    number: int
    rsa: RSAPrivateKey = field(repr=False)
    ed25519: Ed25519PrivateKey = field(repr=False)
    retired_at: datetime | None = None

    @cached_property
    def multibase(self) -> str:
        return keys.encode_multikey(self.ed25519.public_key())

    @cached_property
    def rsa_pem(self) -> str:
        return keys.encode_pem(self.rsa.public_key())


class Keyring:
    """All pairs of one council. Never changed, only replaced."""

    def __init__(self, pairs: Iterable[KeyPair]) -> None:
        """Raises ValueError unless exactly the newest is in use."""
        self._pairs = {pair.number: pair for pair in sorted(pairs, key=lambda pair: pair.number)}
        *retired, current = self._pairs.values()
        if current.retired_at is not None or any(pair.retired_at is None for pair in retired):
            raise ValueError("the newest pair is in use, and every other was retired")
        self.current = current
        self.first = next(iter(self._pairs.values()))
        self.retired = tuple(reversed(retired))

    @property
    def number(self) -> int:
        """That of the pair in use."""
        return self.current.number

    def pair(self, number: int) -> KeyPair:
        """The pair of that number; the one in use where there is none."""
        return self._pairs.get(number, self.current)

    @cached_property
    def listed(self) -> tuple[RetiredKey, ...]:
        """The retired keys as the actor document lists them, the newest first."""
        return tuple(
            RetiredKey(pair.number, pair.multibase, pair.retired_at)
            for pair in self.retired
            if pair.retired_at is not None
        )

    def followed_by(self, pair: KeyPair, *, at: datetime) -> "Keyring":
        """The same, with `pair` in use from `at` on."""
        before = self.current
        given_up = KeyPair(before.number, before.rsa, before.ed25519, at)
        return Keyring([*self.retired, given_up, pair])
