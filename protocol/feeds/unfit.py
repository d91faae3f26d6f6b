"""Why a bundle on a stick, or a receipt for one, is not read. Words for people at a command line; never HTTP answers.

What is wrong with a single entry in it has words of its own: `protocol.feeds.flaw`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """One word for each way in which a bundle, or a receipt, can be unfit to be read."""

    NOT_A_BUNDLE = "not-a-bundle"
    TOO_LARGE = "too-large"
    TOO_TIGHT = "packed-too-tightly"
    TOO_MANY = "too-many-entries"
    NAME = "bad-name"
    TWICE = "name-twice"
    MISSING = "file-missing"
    ORDER = "wrong-order"
    NOT_A_FILE = "not-a-file"
    ENCRYPTED = "encrypted"
    METHOD = "bad-method"
    ZIP64 = "zip64"
    HEADERS = "headers-differ"
    EXTRA = "extra-bytes"
    BROKEN = "broken-data"
    MANIFEST = "bad-manifest"
    SIGNATURE = "bad-signature"
    SUM = "bad-sum"
    AUDIENCE = "wrong-audience"
    NOT_FOR_US = "not-for-us"
    NOT_LISTED = "not-listed"
    RECEIPT = "bad-receipt"


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why nothing is taken from a file, by one word and one sentence that holds nothing of its content."""

    fault: Fault
    sentence: str
