"""The links in letters: one confirms an address, one stops all letters to it. Nothing about either is stored.

Each is a keyed hash over what it is good for, so that whoever can read a letter at an address is the only one who has its links.
They outlast a change of the server's keys. Neither link signs anybody in or shows anything.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PATH: Final = "/letters"
GOOD_FOR: Final = timedelta(days=3)
STOP: Final = "stop"
LONGEST: Final = 120
_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Confirming:
    """What a link to confirm says of itself: whose address (`note-…`, `member-…`), until when, and the proof."""

    whose: str
    until: datetime
    proof: str


def of_note(resource_id: int) -> str:
    return f"note-{resource_id}"


def of_member(member_id: int) -> str:
    return f"member-{member_id}"


def confirm_token(key: Ed25519PrivateKey, *, whose: str, address: str, now: datetime) -> str:
    """The last part of a link that confirms this address for this note or neighbour, good for three days."""
    until = int((now + GOOD_FOR).timestamp())
    return f"{whose}.{until}.{_proof(key, 'confirm', whose, str(until), address)}"


def stop_token(key: Ed25519PrivateKey, *, address: str) -> str:
    """The last part of the link that stops letters to this address, however it is written."""
    return f"{STOP}.{_proof(key, STOP, address.lower())}"


def read_confirm(token: str) -> Confirming | None:
    """What a link claims, None for what is no such link. `proves` judges it."""
    parts = token.split(".") if len(token) <= LONGEST and token.isascii() else []
    if len(parts) != 3 or not parts[1].isdecimal() or len(parts[1]) > 11:
        return None
    return Confirming(parts[0], datetime.fromtimestamp(int(parts[1]), UTC), parts[2])


def proves(key: Ed25519PrivateKey, claimed: Confirming, *, address: str, now: datetime) -> bool:
    """Whether the link was made for this address and its time has not run out."""
    made = _proof(key, "confirm", claimed.whose, str(int(claimed.until.timestamp())), address)
    return _same(made, claimed.proof) and now < claimed.until


def stops(key: Ed25519PrivateKey, token: str, *, address: str) -> bool:
    """Whether this is the link that stops letters to this address."""
    return _same(stop_token(key, address=address), token)


def _same(made: str, given: str) -> bool:
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "replace"))


def _proof(key: Ed25519PrivateKey, *said: str) -> str:
    made = hmac.digest(key.private_bytes_raw(), "\n".join(("comarca letter 1", *said)).encode(), hashlib.sha256)
    return base64.b32encode(made[:_BYTES]).decode().rstrip("=").lower()
