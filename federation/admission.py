"""The look at a request's head, before any of its body is read: who says it is speaking, and how much they may say.

Nothing here is proven yet. It spares us bodies that would be refused anyway, and holds everybody whom this council has not
accepted to the small size. It must never fetch, parse or believe anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from federation.council import Council
from federation.directory import Directory, Known
from federation.media_types import Media
from protocol import http_signature, ids
from protocol.peering import State
from protocol.verdict import Reason, Refused

STRANGERS = frozenset({State.NONE, State.DECLINED, State.ENDED})

_TOO_LARGE = Refused(Reason.TOO_LARGE, "The message is larger than this server takes.")
_TOO_LARGE_YET = Refused(
    Reason.TOO_LARGE, "The message is larger than this server takes from hosts that it is not linked up with."
)
_WRONG_TYPE = Refused(Reason.WRONG_TYPE, "An activity is sent as application/activity+json.")
_ENCODED = Refused(Reason.WRONG_TYPE, "A message is sent as it is, without compression.")


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whose message may be read on: `known` by the key that it names, None for strangers; `most` in bytes."""

    known: Known | None
    most: int


def admit(headers: Mapping[str, str], *, directory: Directory, council: Council) -> Admitted | Refused:
    """Whether a body may be read at all. Refuses TOO_LARGE, NO_SIGNATURE, BLOCKED, MALFORMED and WRONG_TYPE."""
    declared = _declared(headers.get("content-length", ""))
    if declared > council.rules.body:
        return _TOO_LARGE
    key_id = http_signature.key_id_of(headers)
    if key_id is None:
        return Refused(Reason.NO_SIGNATURE, "The request carries no signature that names its key.")
    try:
        if directory.blocks(key_id):
            return Refused(Reason.BLOCKED, "This server does not listen to that host.")
    except ids.BadAddress:
        return Refused(Reason.MALFORMED, "The key id is no address.")
    known = directory.of_key(key_id)
    if known is not None and known.standing in STRANGERS:
        known = None
    most = council.rules.body if known is not None and known.accepted else council.rules.unknown_body
    refused = too_large(declared, most=most, council=council)
    if refused is not None:
        return refused
    if headers.get("content-encoding", "identity").strip(" \t").lower() != "identity":
        return _ENCODED
    if not Media.ACTIVITY.fits(headers.get("content-type", "")):
        return _WRONG_TYPE
    return Admitted(known, most)


def too_large(size: int, *, most: int, council: Council) -> Refused | None:
    """The refusal of a body of `size` bytes where `most` may come."""
    if size <= most:
        return None
    return _TOO_LARGE if most >= council.rules.body else _TOO_LARGE_YET


def _declared(field: str) -> int:
    """Bytes as Content-Length says; 0 where it says nothing readable, since what really comes is counted anyway."""
    return int(field[:20]) if field.isascii() and field.isdigit() else 0
