"""What a fetched document has to be before anything in it is believed: the rules, without the fetching.

Pure: it reads documents and compares ids, and must never fetch one. S3 (key and owner name each other) stands here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from protocol.ids import same_origin
from protocol.keys import BadKey, PublicKey, decode_multikey, decode_pem

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a document is not believed; `word` is from a bounded set, `detail` for our own log."""

    word: str
    detail: str


def document_id(document: Document) -> str | None:
    """The document's own id, None when it names none that could be fetched."""
    found = document.get("id")
    return found if isinstance(found, str) and found and "#" not in found else None


def owner_of(document: Document) -> str | None:
    """The actor that a standalone key document says it belongs to, None when it is no key document.

    A document with both `owner` and `controller` has to name one actor in them.
    """
    if "publicKeyPem" not in document and "publicKeyMultibase" not in document:
        return None
    named = {document[member] for member in ("owner", "controller") if isinstance(document.get(member), str)}
    return named.pop() if len(named) == 1 else None


def listed_key(actor: Document, key_id: str, *, standalone: Document | None = None) -> PublicKey | Unfit:
    """The key that `actor`, fetched from its own id, lists under exactly `key_id`.

    `publicKey` (one or several) and `assertionMethod` (FEP-521a) count. A key listed by address alone is read from
    `standalone`, the document at that address; a key listed in full has to be the one that `standalone` holds.
    """
    actor_id = document_id(actor)
    if actor_id is None or not same_origin(actor_id, key_id):
        return Unfit("foreign-key", "key and actor have different origins")
    listings = [entry for entry in _listings(actor) if entry == key_id or _id(entry) == key_id]
    if len(listings) != 1:
        return Unfit("unlisted-key", "the actor does not list the key exactly once")
    listing = standalone if isinstance(listings[0], str) else listings[0]
    if listing is None:
        return Unfit("unlisted-key", "the actor lists the key by its address, where there is no key document")
    key = _read(listing, actor_id=actor_id)
    if isinstance(key, Unfit) or standalone is None or standalone is listing:
        return key
    return key if key == _read(standalone, actor_id=actor_id) else Unfit("other-key", "two documents, two keys")


def _listings(actor: Document) -> Iterator[Any]:
    for member in ("publicKey", "assertionMethod"):
        found = actor.get(member)
        yield from found if isinstance(found, list) else [found]


def _id(entry: Any) -> Any:
    return entry.get("id") if isinstance(entry, dict) else None


def _read(listing: Document, *, actor_id: str) -> PublicKey | Unfit:
    owners = [listing[member] for member in ("owner", "controller") if member in listing]
    if not owners or any(owner != actor_id for owner in owners):
        return Unfit("foreign-key", "the key names another owner")
    pem, multibase = listing.get("publicKeyPem"), listing.get("publicKeyMultibase")
    try:
        if isinstance(pem, str) and multibase is None:
            return decode_pem(pem)
        if isinstance(multibase, str) and pem is None:
            return decode_multikey(multibase)
    except BadKey as error:
        return Unfit("bad-key", str(error))
    return Unfit("bad-key", "a key is given in one form, PEM or multibase")
