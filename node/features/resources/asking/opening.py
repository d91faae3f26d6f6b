"""Who may open a note that was asked for without an account: by its number and phrase, by its private link, and for a while.

A wrong number and a wrong phrase are the same answer after the same work. Every try counts before it is judged, since a phrase
can be guessed (ADR 17). What a browser holds afterwards is no secret of the note: signed by us, good for half an hour and
for that one note, and gone with the browser. Nothing here is logged.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, Connection

from federation.tables import table_of
from node.features.resources import numbers
from node.features.resources.tables import Resource
from schemas.phrase import phrase
from schemas.refusal import Refusal

OPEN_FOR: Final = timedelta(minutes=30)
NO_NUMBER: Final = "222222"
"""What is hashed with where no number was typed, so that it takes as long."""

_RESOURCES: Final = table_of(Resource)
_MAC_SIGNS: Final = 43


def by_phrase(connection: Connection, number: str, typed: str, key: Ed25519PrivateKey) -> Resource:
    """The note with this number, for whoever has its phrase. Raises Refusal("wrong-phrase"), whichever of the two is wrong."""
    code = numbers.read(number) or NO_NUMBER
    row = _one(connection, _RESOURCES.c.code == code)
    if not numbers.fits(code, typed, None if row is None else row.phrase_hash, key) or row is None:
        raise Refusal(
            "wrong-phrase",
            "number",
            sentence=phrase("This number and this phrase open nothing. Look at your slip, and try again."),
        )
    return row


def by_link(connection: Connection, link: str, key: Ed25519PrivateKey) -> Resource:
    """The note behind a private link. Raises Refusal("wrong-link")."""
    row = _one(connection, _RESOURCES.c.link_hash == numbers.link_hash(link, key))
    if row is None:
        raise Refusal(
            "wrong-link",
            sentence=phrase("This link opens nothing any more. Its note is taken down, or its time is over."),
        )
    return row


def pass_for(row: Resource, key: Ed25519PrivateKey, *, now: datetime) -> str:
    """What a browser holds while this note is open in it."""
    until = int((now + OPEN_FOR).timestamp())
    return f"{row.code}.{until}.{_mac(row.code or '', until, row.link_hash or '', key)}"


def by_pass(connection: Connection, held: str | None, key: Ed25519PrivateKey, *, now: datetime) -> Resource | None:
    """The note that is open in a browser, None where none is, or no longer."""
    read = read_pass(held or "")
    if read is None:
        return None
    code, until, mac = read
    row = _one(connection, _RESOURCES.c.code == code)
    if row is None or row.link_hash is None or until <= now.timestamp():
        return None
    return row if hmac.compare_digest(mac, _mac(code, until, row.link_hash, key)) else None


def read_pass(held: str) -> tuple[str, int, str] | None:
    """Number, end (seconds since 1970) and signature in what a browser brought; None for anything that we never gave."""
    if not held.isascii() or held.count(".") != 2:
        return None
    code, until, mac = held.split(".")
    good = numbers.read(code) == code and until.isdecimal() and len(until) <= 12 and len(mac) == _MAC_SIGNS
    return (code, int(until), mac) if good else None


def _mac(code: str, until: int, link_hash: str, key: Ed25519PrivateKey) -> str:
    said = f"comarca open note 1\n{code}\n{until}\n{link_hash}".encode()
    return hmac.digest(key.private_bytes_raw(), said, hashlib.sha256).hex()[:_MAC_SIGNS]


def _one(connection: Connection, where: ColumnElement[bool]) -> Resource | None:
    values = connection.execute(_RESOURCES.select().where(where)).mappings().first()
    return None if values is None else Resource(**values)
