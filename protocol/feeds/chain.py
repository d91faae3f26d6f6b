"""Which entry follows which, and who may sign it.

A run is judged from the head that is held: hashes say that nothing is missing between it and the run's last entry, so one
signature for each key in it is enough (reliability.md 4.4). What is handed on without its neighbours in the chain is always
verified by itself: a carrier that spoils a signature must not make whoever took it in good faith a carrier of what nobody takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from protocol.feeds import roots
from protocol.feeds.coding import is_hash
from protocol.feeds.entry import Entry, Kind, judge_signature, read
from protocol.feeds.flaw import Flaw, Flawed
from protocol.feeds.roots import Root

_STANDING_ALONE = (Kind.KEY, Kind.SNAPSHOT, Kind.AUDIENCE)
_OTHER_FEED = Flawed(Flaw.OTHER_FEED, "The entry belongs to another feed.")
_EPOCH = Flawed(Flaw.EPOCH, "The entry is of an epoch that has not begun here, or that is over.")
_GAP = Flawed(Flaw.GAP, "An entry before this one is missing.")
_CHAIN = Flawed(Flaw.CHAIN, "The entry does not follow the one that is held.")
_KEY = Flawed(Flaw.KEY, "The entry is signed by another key than the one whose turn it is.")
_NO_GENESIS = Flawed(Flaw.SHAPE, "An epoch begins with its genesis.")
_NO_FORK = Flawed(Flaw.SHAPE, "The two entries do not prove a fork.")
_NOT_LIVE = Flawed(Flaw.NOT_LIVE, "The entry is not in its owner's newest snapshot.")


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a feed that is held: what the next one must follow, and whose key must sign it."""

    feed: str
    epoch: int
    seq: int
    id: str
    key: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A genesis that holds: whose feed it is, by which root, and the head after it."""

    head: Head
    actor: str
    root: Root


def begin(entry: Entry, *, after: Head | None = None, known: Root | None = None) -> Begun | Flawed:
    """Judge a genesis: its roots, its epoch signed by them, its own signature.

    `after` is the head of an earlier epoch that is held: the new one must come later. `known` is the newest root that is
    held: an older one is refused, and so is one of another line.
    """
    header = entry.header
    if header.kind is not Kind.GENESIS or entry.payload is None or set(entry.payload) != {"roots", "epoch"}:
        return _NO_GENESIS
    root = roots.judge_line(entry.payload["roots"])
    if isinstance(root, Flawed):
        return root
    if root.id != header.root or (known is not None and known.id != root.id):
        return Flawed(Flaw.ROOT, "The roots are not those that the feed is named by.")
    if known is not None and root.serial < known.serial:
        return Flawed(Flaw.OLD_ROOT, "There are newer roots than those that begin this epoch.")
    opened = roots.judge_epoch(entry.payload["epoch"], root)
    if isinstance(opened, Flawed):
        return opened
    if opened.epoch != header.epoch or (after is not None and header.epoch <= after.epoch):
        return _EPOCH
    if opened.key != header.key:
        return _KEY
    refused = judge_signature(entry)
    if refused is not None:
        return refused
    return Begun(Head(header.feed, header.epoch, 1, entry.id, header.key), opened.actor, root)


def follow(run: Sequence[Entry], head: Head) -> Head | Flawed:
    """The head after a run of entries that follows `head` without a gap, oldest first. None of it counts if it is refused.

    Refuses with GAP, CHAIN, KEY, SIGNATURE, OTHER_FEED, EPOCH. A genesis is never part of a run.
    """
    last: Entry | None = None
    for entry in run:
        refused = _judge_link(entry, head)
        if refused is not None:
            return refused
        key = head.key
        if entry.header.kind in _STANDING_ALONE:
            refused = judge_signature(entry)
            if refused is not None:
                return refused
        if entry.header.kind is Kind.KEY:
            assert entry.header.object is not None
            key = entry.header.object
        head = Head(head.feed, head.epoch, entry.header.seq, entry.id, key)
        last = entry
    refused = None if last is None or last.header.kind is Kind.KEY else judge_signature(last)
    return head if refused is None else refused


def _judge_link(entry: Entry, head: Head) -> Flawed | None:
    header = entry.header
    if header.feed != head.feed:
        return _OTHER_FEED
    if header.epoch != head.epoch:
        return _EPOCH
    if header.seq > head.seq + 1:
        return _GAP
    if header.seq != head.seq + 1 or header.prev != head.id:
        return _CHAIN
    return _KEY if header.key != head.key else None


def next_key(entry: Entry, *, head: Head) -> Head | Flawed:
    """The head's key after a lasting `key` entry whose neighbours in the chain were forgotten: it must be signed by the
    key that was in use, and come later. The chain itself is taken up again at the snapshot."""
    header = entry.header
    if header.feed != head.feed or header.epoch != head.epoch:
        return _OTHER_FEED
    if header.kind is not Kind.KEY or header.seq <= head.seq:
        return _CHAIN
    if header.key != head.key:
        return _KEY
    refused = judge_signature(entry)
    if refused is not None or header.object is None:
        return refused or _CHAIN
    return Head(head.feed, head.epoch, header.seq, entry.id, header.object)


Live = dict[str, tuple[int, str]]
"""What is live by a snapshot: object to the number and the id of its newest `put`."""


def at_snapshot(entry: Entry, *, head: Head) -> tuple[Head, Live] | Flawed:
    """Take the chain up at a snapshot signed by the key of `head`: the head after it, and what is live.

    For whoever comes after what lay before was forgotten, and for whoever was away longer than headers are kept.
    """
    header = entry.header
    if header.feed != head.feed or header.epoch != head.epoch:
        return _OTHER_FEED
    if header.kind is not Kind.SNAPSHOT or header.seq <= head.seq:
        return _CHAIN
    if header.key != head.key:
        return _KEY
    refused = judge_signature(entry)
    live = live_of(entry)
    if refused is not None or live is None:
        return refused or Flawed(Flaw.SHAPE, "The snapshot is no list of what is live.")
    return Head(head.feed, head.epoch, header.seq, entry.id, head.key), live


def live_of(entry: Entry) -> Live | None:
    """What a snapshot lists; None where it is no such list, or not sorted."""
    listed = (entry.payload or {}).get("live")
    if not isinstance(listed, list) or set(entry.payload or {}) != {"live"}:
        return None
    live: Live = {}
    before = ""
    for one in listed:
        if not isinstance(one, list) or len(one) != 3:
            return None
        name, seq, entry_id = one
        if not isinstance(name, str) or type(seq) is not int or not is_hash(entry_id) or name <= before:
            return None
        if not 1 <= seq < entry.header.seq:
            return None
        before = name
        live[name] = seq, entry_id
    return live


def judge_live(entry: Entry, *, live: Live) -> Flawed | None:
    """Whether an entry from before a snapshot is in it: being listed there is as good as being signed again."""
    header = entry.header
    listed = header.kind is Kind.PUT and header.object is not None
    return None if listed and live.get(header.object or "") == (header.seq, entry.id) else _NOT_LIVE


def snapshot_payload(live: Live) -> dict[str, Any]:
    """The payload of a snapshot: object, number and entry id, sorted by object."""
    return {"live": [[name, *live[name]] for name in sorted(live)]}


def readers_of(entry: Entry) -> list[str] | None:
    """Whom an `audience` entry names: actor ids, sorted; None where it is no such list."""
    readers = (entry.payload or {}).get("readers")
    if not isinstance(readers, list) or not all(isinstance(reader, str) for reader in readers):
        return None
    return readers if readers == sorted(set(readers)) else None


def fork_of(one: Entry, other: Entry) -> dict[str, Any] | Flawed:
    """The proof that two entries were signed for one place of a feed: their headers and signatures, without payloads."""
    a, b = one.header, other.header
    if (a.feed, a.epoch, a.seq, a.key) != (b.feed, b.epoch, b.seq, b.key) or one.id == other.id:
        return _NO_FORK
    refused = judge_signature(one) or judge_signature(other)
    if refused is not None:
        return refused
    first, second = sorted((one, other), key=lambda entry: entry.id)
    return {"one": _bare(first), "other": _bare(second)}


def _bare(entry: Entry) -> dict[str, Any]:
    whole = entry.wire()
    return {"header": whole["header"], "signature": whole["signature"]}


def judge_fork(proof: object) -> tuple[Entry, Entry] | Flawed:
    """The two entries of a fork proof that holds by itself. Whose feed it is, and that its key was theirs, the caller knows."""
    if not isinstance(proof, dict) or set(proof) != {"one", "other"}:
        return _NO_FORK
    found: list[Entry] = []
    for name in ("one", "other"):
        entry = _read_bare(proof[name])
        if isinstance(entry, Flawed):
            return entry
        found.append(entry)
    made = fork_of(found[0], found[1])
    if isinstance(made, Flawed):
        return made
    return found[0], found[1]


def _read_bare(value: object) -> Entry | Flawed:
    if not isinstance(value, dict) or set(value) != {"header", "signature"}:
        return _NO_FORK
    return read({**value, "salt": None, "payload": None}, bare=True)
