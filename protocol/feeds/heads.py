"""Comparing what two nodes hold, in at most two questions: one sum over all heads, then sums over 256 parts of them.

The parts are by the first byte of SHA-256(feed name), so both sides divide alike. Sums are plain hashes over sorted leaves: a
publisher that chooses its own entries cannot make two different sets look alike (reliability.md 4.3). Five thousand feeds in
step cost one hash; a hundred that changed cost the sums of the parts and the leaves of those that differ.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

PARTS: Final = 256
SUM_BYTES: Final = 8
LEAF_BYTES: Final = 6
_OF_NOTHING: Final = hashlib.sha256().digest()


@dataclass(frozen=True, slots=True)
class Leaf:
    """One head as it is compared: the feed, and how far it is held."""

    feed: str
    epoch: int
    seq: int
    id: str


def part_of(feed: str) -> int:
    """Which of the parts a feed belongs to."""
    return hashlib.sha256(feed.encode()).digest()[0]


def _hash(leaf: Leaf) -> bytes:
    return hashlib.sha256(f"{leaf.feed}\n{leaf.epoch}\n{leaf.seq}\n{leaf.id}".encode()).digest()


@dataclass(frozen=True)
class Heads:
    """All heads that one side holds and the other may see, divided into parts."""

    parts: Mapping[int, tuple[Leaf, ...]]

    @classmethod
    def of(cls, leaves: Iterable[Leaf]) -> "Heads":
        parts: dict[int, list[Leaf]] = {}
        for leaf in leaves:
            parts.setdefault(part_of(leaf.feed), []).append(leaf)
        return cls({part: tuple(sorted(found, key=lambda leaf: leaf.feed)) for part, found in parts.items()})

    def root(self) -> bytes:
        """One sum over everything: 32 bytes."""
        return hashlib.sha256(b"".join(self._whole_sums)).digest()

    @cached_property
    def _whole_sums(self) -> tuple[bytes, ...]:
        return tuple(self._whole_sum(part) if part in self.parts else _OF_NOTHING for part in range(PARTS))

    def _whole_sum(self, part: int) -> bytes:
        return hashlib.sha256(b"".join(_hash(leaf) for leaf in self.parts[part])).digest()

    def sums(self) -> bytes:
        """The sum of each part, shortened: 256 times 8 bytes."""
        return b"".join(whole[:SUM_BYTES] for whole in self._whole_sums)

    def differing(self, theirs: bytes) -> list[int]:
        """The parts whose sums are not those of the other side. Raises ValueError for anything but 256 sums."""
        ours = self.sums()
        if len(theirs) != len(ours):
            raise ValueError("the sums of 256 parts were expected")
        return [
            part
            for part in range(PARTS)
            if ours[part * SUM_BYTES : (part + 1) * SUM_BYTES] != theirs[part * SUM_BYTES : (part + 1) * SUM_BYTES]
        ]

    def leaves(self, parts: Sequence[int]) -> bytes:
        """What stands in these parts, each head shortened to 6 bytes."""
        return b"".join(_hash(leaf)[:LEAF_BYTES] for part in parts for leaf in self.parts.get(part, ()))

    def unknown_to(self, theirs: bytes, parts: Sequence[int]) -> list[Leaf]:
        """The heads of these parts that the other side did not name. Raises ValueError for a broken list."""
        if len(theirs) % LEAF_BYTES:
            raise ValueError("a list of shortened heads was expected")
        named = {theirs[at : at + LEAF_BYTES] for at in range(0, len(theirs), LEAF_BYTES)}
        return [leaf for part in parts for leaf in self.parts.get(part, ()) if _hash(leaf)[:LEAF_BYTES] not in named]
