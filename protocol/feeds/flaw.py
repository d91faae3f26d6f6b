"""Why an entry, a root or a whole run of entries does not count. Words for logs, receipts and pages; never HTTP answers."""

from dataclasses import dataclass
from enum import StrEnum


class Flaw(StrEnum):
    """One word for each way in which carried data can be wrong."""

    SHAPE = "bad-shape"
    TOO_LARGE = "too-large"
    DIGEST = "bad-digest"
    SIGNATURE = "bad-signature"
    KEY = "wrong-key"
    CHAIN = "broken-chain"
    GAP = "gap"
    OTHER_FEED = "other-feed"
    FORK = "fork"
    ROOT = "bad-root"
    OLD_ROOT = "old-root"
    EPOCH = "bad-epoch"
    NOT_LIVE = "not-live"
    UNKNOWN = "unknown-council"


@dataclass(frozen=True, slots=True)
class Flawed:
    """What does not count, by one word and one sentence that holds nothing of its content."""

    flaw: Flaw
    sentence: str
