"""The one list of wire refusals, and what a judge returns.

Never carries what was compared: a sender that is refused learns one reason word and one sentence, no secrets and no values.
"""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a request from another node was refused; the value is the word on the wire, `.status` its HTTP status."""

    MALFORMED = "malformed"
    DUPLICATE_KEY = "duplicate-key"
    TOO_DEEP = "too-deep"
    NO_SIGNATURE = "no-signature"
    BAD_SIGNATURE = "bad-signature"
    BAD_DIGEST = "bad-digest"
    STALE = "stale"
    WRONG_TARGET = "wrong-target"
    UNKNOWN_KEY = "unknown-key"
    BAD_PROOF = "bad-proof"
    BLOCKED = "blocked"
    UNKNOWN_PEER = "unknown-peer"
    NOT_OWNER = "not-owner"
    WRONG_AUDIENCE = "wrong-audience"
    ID_REUSED = "id-reused"
    OTHER_TEXT = "other-text"
    OTHER_TERMS = "other-terms"
    TOO_MANY = "too-many"
    TOO_LARGE = "too-large"
    WRONG_TYPE = "wrong-type"
    WRONG_SHAPE = "wrong-shape"
    TOO_FAST = "too-fast"
    FULL = "full"
    BUSY = "busy"

    @property
    def status(self) -> int:
        """HTTP status of this refusal."""
        return _STATUS[self]


_WORDS_BY_STATUS = {
    400: (Reason.MALFORMED, Reason.DUPLICATE_KEY, Reason.TOO_DEEP),
    401: (
        Reason.NO_SIGNATURE,
        Reason.BAD_SIGNATURE,
        Reason.BAD_DIGEST,
        Reason.STALE,
        Reason.WRONG_TARGET,
        Reason.UNKNOWN_KEY,
        Reason.BAD_PROOF,
    ),
    403: (Reason.BLOCKED, Reason.UNKNOWN_PEER, Reason.NOT_OWNER, Reason.WRONG_AUDIENCE),
    409: (Reason.ID_REUSED, Reason.OTHER_TEXT, Reason.OTHER_TERMS, Reason.TOO_MANY),
    413: (Reason.TOO_LARGE,),
    415: (Reason.WRONG_TYPE,),
    422: (Reason.WRONG_SHAPE,),
    429: (Reason.TOO_FAST,),
    503: (Reason.BUSY,),
    507: (Reason.FULL,),
}
_STATUS = {reason: status for status, reasons in _WORDS_BY_STATUS.items() for reason in reasons}


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is refused: one reason word and one sentence that is safe to show to its sender."""

    reason: Reason
    sentence: str


@dataclass(frozen=True, slots=True)
class NeedsKey:
    """A request that cannot be judged before the key with this id has been fetched."""

    key_id: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A judge found nothing to refuse and has nothing else to say."""


ACCEPTED = Accepted()
