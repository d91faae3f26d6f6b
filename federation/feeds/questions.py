"""The four questions that one node asks another to catch up, and the shapes of their answers.

All are POSTs with a signed body, asked by a council that the other is linked up with, and safe to ask again. What comes back
are lines of JSON: the first says about the answer, every further one is an entry.
"""

from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field, StringConstraints

from federation.ports import OutgoingResponse
from protocol.feeds.entry import MAX_SEQ
from protocol.verdict import Refused
from schemas.base import WireModel

HELLO: Final = "/sync/hello"
HEADS: Final = "/sync/heads"
RANGES: Final = "/sync/ranges"
SNAPSHOTS: Final = "/sync/snapshots"
PATHS: Final = frozenset({HELLO, HEADS, RANGES, SNAPSHOTS})

LIVE: Final = "/sync/live"
"""Not to catch up, but asked in the same way: what is there now (federation.live)."""

SIGNED: Final = PATHS | {LIVE}

# Asked by whoever has lost its key, so these two need no signature (federation.feeds.reopening).
ROOTS: Final = "/sync/roots"
KEYS: Final = "/sync/keys"
UNSIGNED: Final = frozenset({ROOTS, KEYS})
LONGEST_UNSIGNED: Final = 65_536

MOST_RANGES: Final = 512
MOST_BYTES: Final = 1_000_000
"""An answer ends after the entry that takes it beyond so many bytes; `more` says that there is."""

LONGEST_ANSWER: Final = 8_000_000
LONGEST_QUESTION: Final = 262_144
MEDIA: Final = "application/x-ndjson"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}/(public|region)$")]
Sum = Annotated[str, StringConstraints(max_length=16_384, pattern=r"^[A-Za-z0-9_-]*$")]
Number = Annotated[int, Field(ge=0, le=MAX_SEQ)]


class Hello(WireModel):
    """Here we are: what was stored at you after number `after` of your store `store`? Without a store, from the beginning.
    After a store that is not yours, nothing but the sum: whoever names one holds much of it already.

    `heads`: the sum over all heads that we hold and you may see; if it is yours too, nothing need be sent. `reason` says whether we
    were away: then there may be news here as well. `lost`: our store is an old copy; what of ours came to you lately?
    """

    store: str = Field(default="", max_length=100)
    after: Number = 0
    heads: Sum = ""
    reason: Literal["boot", "online", "regular"] = "regular"
    lost: bool = False


class HeadsAsked(WireModel):
    """First the sum over everything; then, of the parts that differ, what stands in them."""

    heads: Sum
    parts: list[Annotated[int, Field(ge=0, lt=256)]] = Field(default_factory=list, max_length=256)
    leaves: Annotated[str, StringConstraints(max_length=200_000, pattern=r"^[A-Za-z0-9_-]*$")] = ""


class Range(WireModel):
    """Entries `first` to `last` of one epoch of a feed, both included."""

    feed: Name
    epoch: Number
    first: Number
    last: Number


class Ranges(WireModel):
    ranges: list[Range] = Field(max_length=MOST_RANGES)


class Snapshots(WireModel):
    """What lasts of these feeds: genesis, keys, the newest audience and the newest snapshot."""

    feeds: list[Name] = Field(max_length=64)


class RootsAsked(WireModel):
    """The roots of which council?"""

    actor: str = Field(max_length=2_048)


class Head(WireModel):
    """How far a feed is held, and whose it is."""

    feed: Name
    actor: str = Field(default="", max_length=2_048)
    epoch: Number
    seq: Number
    id: str = Field(max_length=43)


class About(WireModel):
    """The first line of every answer. Which members there are depends on the question.

    `gone`: feeds of which what was asked for is kept no more; their snapshot takes its place. `ahead`: so many of the entries are
    calls for help from further on, before those whose turn it is. `forks`: proofs for the feeds whose head is "forked".
    `yours`: the messages that came from whoever has lost them.
    """

    store: str = Field(default="", max_length=100)
    after: Number = 0
    more: bool = False
    same: bool = False
    sums: Sum = ""
    heads: list[Head] = Field(default_factory=list, max_length=20_000)
    gone: list[Name] = Field(default_factory=list, max_length=MOST_RANGES)
    ahead: int = Field(default=0, ge=0, le=1_000)
    forks: list[dict[str, Any]] = Field(default_factory=list, max_length=1_000)
    yours: list[dict[str, Any]] = Field(default_factory=list, max_length=1_000)


def answer_of(response: OutgoingResponse) -> tuple[About, list[bytes]] | str:
    """The first line of an answer, and its entries as they came; or the word for why it is none."""
    if response.status != 200:
        return f"status-{response.status}"
    first, *lines = response.body.split(b"\n")
    try:
        value: Any = orjson.loads(first)
    except orjson.JSONDecodeError:
        return "unreadable"
    about = About.read(value)
    if isinstance(about, Refused):
        return "unreadable"
    return about, [line for line in lines if line]
