"""Six words for one council's key, to be compared by voice with somebody there. Says nothing about whether they agree."""

import hashlib
from typing import Final

from protocol.bip39 import words_for
from protocol.canonical import canonical

WORD_COUNT: Final = 6
_PREFIX: Final = b"comarca key 1\n"


def key_words(actor: str, key: str) -> tuple[str, ...]:
    """Six BIP 39 words: the first 66 bits of SHA-256 over a prefix and the canonical JSON of `[actor id, multibase key]`.

    Raises NotCanonical (a ValueError) for texts with half a surrogate pair.
    """
    return words_for(hashlib.sha256(_PREFIX + canonical([actor, key])).digest(), count=WORD_COUNT)
