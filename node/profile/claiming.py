"""Claiming a server that nobody has claimed: a secret in a link, good once and for a day, kept as its SHA-256.

Only folders that were made to be claimed have the row; one without it is never up for taking. The secret is handed out
once, to the terminal, and must never be logged, stored or returned again.
"""

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from federation.ports import Randomness
from federation.tables import table_of
from node.database import Store
from node.profile.tables import ONLY, Claim
from schemas.phrase import phrase
from schemas.refusal import Refusal

LIFE: Final = timedelta(hours=24)
SECRET_BYTES: Final = 20
LETTERS: Final = 28  # of 32: 140 bits, seven groups of four
_GROUP: Final = 4
_ALPHABET: Final = frozenset("abcdefghijklmnopqrstuvwxyz234567")
# No digit looks like a letter of the alphabet without meaning it (RFC 4648 section 6).
_MISREAD: Final = str.maketrans("018", "olb")

_CLAIM = table_of(Claim)
_WAITING = select(_CLAIM.c.id).where(_CLAIM.c.id == ONLY, _CLAIM.c.claimed_at.is_(None))


class Claimed:
    """Whether a store's council has been claimed. Once it has, that is not asked again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.known = False

    def __call__(self) -> bool:
        if not self.known:
            with self._store.reading() as connection:
                self.known = not waits(connection)
        return self.known


def waits(connection: Connection) -> bool:
    """Whether this folder waits to be claimed."""
    return connection.execute(_WAITING).first() is not None


def make_claimable(connection: Connection) -> None:
    """A new folder waits from now on. Only for one without members."""
    connection.execute(_CLAIM.insert().values(id=ONLY))


def new_secret(connection: Connection, *, now: datetime, randomness: Randomness) -> str:
    """The words of a fresh link, in groups; the link before it ends. Raises Refusal "claimed"."""
    letters = base64.b32encode(randomness.bytes(SECRET_BYTES)).decode("ascii").lower()[:LETTERS]
    waiting = _CLAIM.update().where(_CLAIM.c.id == ONLY, _CLAIM.c.claimed_at.is_(None))
    changed = connection.execute(waiting.values(secret_hash=_hash(letters), expires_at=now + LIFE))
    if not changed.rowcount:
        raise Refusal("claimed", sentence="This council has been claimed already, so there is no such link any more.")
    return "-".join(letters[at : at + _GROUP] for at in range(0, LETTERS, _GROUP))


def secret_in(pasted: str) -> str:
    """The secret in what was pasted or typed: the whole link, or the groups after its #, however they are written."""
    letters = pasted.rpartition("#")[2].lower().translate(_MISREAD)
    return "".join(letter for letter in letters if letter in _ALPHABET)


def is_open(connection: Connection, *, secret: str, now: datetime) -> bool:
    """Whether these words would claim at this moment. Reads only, and spends nothing."""
    good = _WAITING.where(_CLAIM.c.secret_hash == _hash(secret), _CLAIM.c.expires_at > now)
    return connection.execute(good).first() is not None


def spend(connection: Connection, *, secret: str, now: datetime) -> None:
    """Claim with these words. One statement, so of two at once one wins.

    Raises Refusal("claim") whether they were used, have run out or never were.
    """
    claimed = connection.execute(
        _CLAIM.update()
        .where(
            _CLAIM.c.id == ONLY,
            _CLAIM.c.claimed_at.is_(None),
            _CLAIM.c.secret_hash == _hash(secret),
            _CLAIM.c.expires_at > now,
        )
        .values(claimed_at=now, secret_hash=None, expires_at=None)
    )
    if not claimed.rowcount:
        raise not_open()


def not_open() -> Refusal:
    """The one answer to words that claim nothing, whatever is wrong with them."""
    sentence = phrase("This link is not the newest one, or its day is over. Start the server anew for a fresh one.")
    return Refusal("claim", "code", sentence=sentence)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
