"""How feeds write bytes and keys as text: one spelling for the same bytes, and nothing else is read."""

import base64
import binascii
import re
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol import keys

_HASH: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: object, *, length: int | None = None) -> bytes | None:
    """The bytes of base64url text without padding, of `length` bytes where that is given; None for any other value."""
    if not isinstance(text, str) or not text.isascii() or "=" in text or "+" in text or "/" in text:
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    # Only one spelling of the same bytes.
    return data if b64(data) == text and length in (None, len(data)) else None


def is_hash(text: object) -> bool:
    """Whether it is the base64url text of 32 bytes."""
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


@lru_cache(maxsize=4_096)
def _ed25519(text: str) -> Ed25519PublicKey | None:
    if len(text) > 60:
        return None
    try:
        key = keys.decode_multikey(text)
    except keys.BadKey:
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def read_key(text: object) -> Ed25519PublicKey | None:
    """The Ed25519 key of a `z6Mk…` text; None for anything else."""
    return _ed25519(text) if isinstance(text, str) else None
