"""Words that let somebody in: tokens for addresses and cookies, and codes that can be read aloud and typed from paper.

Both come from the randomness port and cannot be guessed, so a slow hash would protect nothing: kept is their SHA-256. This
module must never keep, log or return one a second time.
"""

import base64
import hashlib

from federation.ports import Randomness

TOKEN_BYTES = 32
CODE_BYTES = 15
_GROUP = 4
# What is easily taken for a letter of the alphabet on paper (RFC 4648 base32 has no 0, 1, 8 and 9).
_MEANT = str.maketrans({"0": "o", "1": "l", "8": "b", "-": None, " ": None, "\u00a0": None, "–": None, "\u2011": None})


def new_token(randomness: Randomness) -> str:
    """256 bits in base64url."""
    return base64.urlsafe_b64encode(randomness.bytes(TOKEN_BYTES)).rstrip(b"=").decode("ascii")


def new_code(randomness: Randomness) -> str:
    """120 bits in small letters and digits, six groups of four: "k3fa-…"."""
    letters = base64.b32encode(randomness.bytes(CODE_BYTES)).decode("ascii").lower()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def code_hash(typed: str) -> str:
    """The hash of a code however it was typed: in large letters, without its dashes, with a nought for an o."""
    return token_hash(typed.strip().lower().translate(_MEANT))
