"""The number of a note and its secret phrase: for whoever asked without an account, on paper as on a screen.

A number is short, can be read aloud and says nothing about when it was given. A phrase is four words of our own lists
(32 bits): enough only because wrong tries are few, and kept only as a hash under the server's own key. This module must never
keep, log or return a phrase a second time. The private link of a note (130 bits) cannot be guessed; it is kept as a hash as well.
"""

import hashlib
import hmac
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation.ports import Randomness
from protocol import ids

FOLDER: Final = Path(__file__).parent / "phrases"
LANGUAGES: Final = ("en", "es")
ALPHABET: Final = "23456789CFGHJKMPQRVWX"
"""No vowels, so no words; nothing that looks like another sign on paper."""

SIGNS: Final = 6
WORDS: Final = 4
_CODE_BYTES: Final = 16


def new_code(randomness: Randomness) -> str:
    """A number for a note: six signs. Whoever keeps it looks whether it is taken."""
    number = int.from_bytes(randomness.bytes(_CODE_BYTES), "big")
    signs = []
    for _ in range(SIGNS):
        number, which = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[which])
    return "".join(signs)


def shown(code: str) -> str:
    """As people read it: "7KQ-M4T"."""
    return f"{code[: SIGNS // 2]}-{code[SIGNS // 2 :]}"


def read(typed: str) -> str | None:
    """The number however it was typed: small letters, with spaces or dashes; None for what cannot be one."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", typed).upper() if sign.isalnum())
    return plain if len(plain) == SIGNS and all(sign in ALPHABET for sign in plain) else None


@cache
def words_in(language: str) -> tuple[str, ...]:
    """The 256 words of a language; English where we have none of it."""
    known = language.partition("-")[0]
    path = FOLDER / f"{known if known in LANGUAGES else LANGUAGES[0]}.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())


def new_phrase(randomness: Randomness, language: str) -> str:
    """Four words, to be shown once."""
    return " ".join(words_in(language)[byte] for byte in randomness.bytes(WORDS))


def phrase_hash(code: str, typed: str, key: Ed25519PrivateKey) -> str:
    """What a phrase is compared by: the same whatever its case, accents and marks between words (hex HMAC-SHA256)."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", typed).casefold())
    letters = "".join(
        sign if sign.isalnum() else " " for sign in apart if not unicodedata.category(sign).startswith("M")
    )
    said = f"comarca phrase 1\n{code}\n{' '.join(letters.split())}"
    return hmac.digest(key.private_bytes_raw(), said.encode("utf-8", "replace"), hashlib.sha256).hex()


def new_link(randomness: Randomness) -> str:
    """The end of a private link (26 characters), to be shown once."""
    return ids.new_id(randomness.bytes(ids.ID_BYTES))


def link_hash(link: str, key: Ed25519PrivateKey) -> str:
    """What a private link is looked up by (hex HMAC-SHA256)."""
    said = f"comarca link 1\n{link}".encode("utf-8", "replace")
    return hmac.digest(key.private_bytes_raw(), said, hashlib.sha256).hex()


def fits(code: str, typed: str, kept: str | None, key: Ed25519PrivateKey) -> bool:
    """Whether this is the phrase of the note. The same work for a note without one, so that time tells nothing."""
    made = phrase_hash(code, typed, key)
    return hmac.compare_digest(made, kept if kept is not None else "0" * len(made)) and kept is not None
