"""Taking a bundle in: as a conversation without files or tables of its own, which says what to read and what to write.

First the file is judged as a whole, and until that is done nothing is written. Then its entries go, some at a time, where those
of a neighbour go that answers over the network: `federation.feeds.taking`. So it does not matter who made the file or who
carried it, in which order files come, or how often: what is held already changes nothing.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection

from federation.council import Council
from federation.feeds import applying, bundle_file, bundles, kept, taking
from federation.feeds.bundle_file import BundleFile, NotFit, open_bundle
from federation.feeds.catching_up import AT_ONCE
from federation.feeds.conversation import Read, Write
from federation.feeds.taking import Taken
from federation.rotation import keys_of
from protocol.feeds import bundle, chain
from protocol.feeds.bundle import PUBLIC, Manifest, Receipt
from protocol.feeds.entry import Entry, Kind, read_line
from protocol.feeds.flaw import Flaw, Flawed
from protocol.feeds.unfit import Fault, Unfit

MOST_BYTES_AT_ONCE: Final = 2_000_000
UNREADABLE: Final = "?"
MOST_KEYS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Judged:
    """A file whose frame, list of contents, signature and sums hold. What its entries are worth is told by themselves."""

    file: BundleFile
    manifest: Manifest
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class SetAside:
    """A feed of a council that we are not linked up with, and eight words of its root to compare with somebody there."""

    feed: str
    actor: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of a bundle. `taken` entries were new of `read`; `refused` says of which feeds something was not taken, and why.

    `maker_known`: it is by a council that we are linked up with, under its key. `behind`: feeds of our own that are longer in the
    file: our store is an old copy. `relations`: whom we know may have changed. `not_understood`: kept, but of no use here yet.
    """

    receipt: dict[str, Any]
    maker_known: bool
    read: int
    taken: int
    not_understood: int
    refused: tuple[tuple[str, str], ...]
    set_aside: tuple[SetAside, ...]
    behind: tuple[str, ...]
    relations: bool


Bringing = Generator[Write | Read, Any, Brought | Unfit]


def judge(file: BinaryIO) -> Judged | Unfit:
    """Judge a file as a whole: its frame, the manifest and who signed it, and the sum of every part. Raises OSError only."""
    opened = open_bundle(file)
    if isinstance(opened, Unfit):
        return opened
    try:
        manifest = bundle.judge_manifest(opened.whole(bundle_file.MANIFEST))
        if isinstance(manifest, Unfit):
            return manifest
        if opened.sums() != manifest.files:
            return Unfit(Fault.SUM, "A part of the file is not the one that its maker signed for.")
        receipts = bundle.read_receipts(opened.whole(bundle_file.RECEIPTS))
    except NotFit as error:
        return error.unfit
    return receipts if isinstance(receipts, Unfit) else Judged(opened, manifest, receipts)


@dataclass
class _Told:
    """What has come of it so far. `gaps`: feeds that do not follow what we hold; `holes`: those that are no unbroken run."""

    read: int = 0
    taken: int = 0
    held: int = 0
    relations: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    aside: dict[str, SetAside] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    gaps: set[str] = field(default_factory=set)
    holes: set[str] = field(default_factory=set)

    def note(self, taken: Taken) -> None:
        self.taken += taken.count
        self.held += len(taken.held)
        self.relations = self.relations or taken.relations
        if taken.behind:
            self.behind.add(taken.feed)
        if taken.flaw is not None and taken.flaw.flaw is Flaw.GAP:
            self.gaps.add(taken.feed)
        elif taken.flaw is not None:
            self.refused[taken.feed] = taken.flaw.flaw.value

    def is_done_with(self, feed: str) -> bool:
        return feed in self.refused or feed in self.aside or feed in self.behind


def bring_in(council: Council, judged: Judged, *, now: datetime) -> Bringing:
    """Take in what a judged file holds. Each `Write` is one step of the store. Raises OSError where the file cannot be read on.

    Refuses with NOT_FOR_US before anything is written, and with BROKEN where the file became another meanwhile; what was taken
    by then stays, as it would over a network that breaks off.
    """
    manifest, told = judged.manifest, _Told()
    if manifest.audience not in (PUBLIC, council.actor_id):
        return Unfit(Fault.NOT_FOR_US, "The file is for another council, and holds what is for that one only.")
    known: bool = yield Read(lambda c: _is_known(c, council, manifest))
    try:
        yield from _take_what_follows(council, judged, told)
        yield from _take_up_at_snapshots(council, judged, told)
        yield from _take_what_snapshots_list(council, judged, told)
    except NotFit as error:
        return error.unfit
    told.refused |= dict.fromkeys(told.gaps, Flaw.GAP.value)
    refused = tuple(sorted(told.refused.items()))
    heads = yield Read(lambda c: bundles.held_here(c, asker=manifest.maker if known else bundles.NOBODY))
    counts = {"read": told.read, "taken": told.taken, "set-aside": len(told.aside)}
    receipt = Receipt(manifest.id, council.actor_id, council.multibase, now, heads, counts, refused)
    return Brought(
        bundle.receipt_document(receipt, key=council.ed25519),
        known,
        told.read,
        told.taken,
        told.held,
        refused,
        tuple(told.aside[feed] for feed in sorted(told.aside)),
        tuple(sorted(told.behind)),
        told.relations,
    )


def _is_known(connection: Connection, council: Council, manifest: Manifest) -> bool:
    """Whether the maker is who it says. Whoever is not is a mere carrier, and is told only what everybody may know."""
    if manifest.maker != council.actor_id and not applying.listened_to(connection, manifest.maker):
        return False
    return manifest.key in {multibase for multibase, _ in keys_of(connection, council, manifest.maker).values()}


def _take_what_follows(council: Council, judged: Judged, told: _Told) -> Generator[Write | Read, Any, None]:
    """Every feed from the place where we stand, as far as the file holds it without a gap."""
    before, last = "", 0
    for run in _runs(_entries(judged, told), unbroken=True):
        feed = run[0].header.feed
        if feed != before:
            aside: SetAside | None = yield Read(partial(_set_aside, council=council, first=run[0]))
            if aside is not None:
                told.aside[feed] = aside
        elif run[0].header.seq != last + 1:
            told.holes.add(feed)
        before, last = feed, run[-1].header.seq
        if not told.is_done_with(feed) and feed not in told.gaps:
            told.note((yield Write(partial(taking.take, council=council, run=run))))


def _set_aside(connection: Connection, *, council: Council, first: Entry) -> SetAside | None:
    name = first.header.feed
    row = kept.feed(connection, name)
    if row is not None:
        actor, ours = row["actor_id"], bool(row["ours"])
    else:
        begun = chain.begin(first)
        if isinstance(begun, Flawed):
            return None
        actor, ours = begun.actor, begun.actor == council.actor_id
    if ours or row is not None or applying.concerns(connection, council, actor=actor, feed=name):
        return None
    return SetAside(name, actor, bundle.root_words(name))


def _take_up_at_snapshots(council: Council, judged: Judged, told: _Told) -> Generator[Write | Read, Any, None]:
    """Where what lies between is kept nowhere any more, a feed is taken up at its newest snapshot."""
    wanted = {feed for feed in told.gaps & told.holes if not told.is_done_with(feed)}
    for lasting in _lasting(judged, wanted):
        told.gaps.discard(lasting[0].header.feed)
        told.note((yield Write(partial(taking.take_snapshot, council=council, lasting=lasting))))


def _lasting(judged: Judged, wanted: set[str]) -> Iterator[list[Entry]]:
    """Of each of these feeds the genesis, the keys and the newest list of readers, then the newest snapshot after them."""
    for _, group in _by_feed(judged, wanted):
        found: list[Entry] = []
        lasts: dict[Kind, Entry] = {}
        keys: list[Entry] = []
        for entry in group:
            if entry.header.kind is Kind.KEY:
                keys.append(entry)
            elif entry.header.kind in (Kind.GENESIS, Kind.AUDIENCE):
                lasts[entry.header.kind] = entry
            elif entry.header.kind is Kind.SNAPSHOT:
                found = [*sorted((*lasts.values(), *keys), key=lambda one: one.header.seq), entry]
            if len(keys) > MOST_KEYS:
                found = []
                break
        if found and found[0].header.kind is Kind.GENESIS:
            yield found


def _take_what_snapshots_list(council: Council, judged: Judged, told: _Told) -> Generator[Write | Read, Any, None]:
    """What is live from before a snapshot and was not held, also where an earlier try broke off; then what follows it."""
    wanted = {feed for feed in told.holes - told.gaps if not told.is_done_with(feed)}
    for feed, group in _by_feed(judged, wanted):
        lacking, head = yield Read(partial(_lacks, name=feed))
        rest = (entry for entry in group if entry.header.seq > head or entry.header.seq in lacking)
        for is_after, part in groupby(rest, key=partial(_is_after, head=head)):
            how = taking.take if is_after else taking.take_live
            for run in _runs(part, unbroken=is_after):
                if not told.is_done_with(feed):
                    told.note((yield Write(partial(how, council=council, run=run))))


def _lacks(connection: Connection, *, name: str) -> tuple[set[int], int]:
    row = kept.feed(connection, name)
    return set(taking.missing_live(connection, name=name)[1]), 0 if row is None else row["seq"]


def _is_after(entry: Entry, *, head: int) -> bool:
    return entry.header.seq > head


def _by_feed(judged: Judged, wanted: set[str]) -> Iterator[tuple[str, Iterator[Entry]]]:
    """The entries of these feeds once more, those of one feed together."""
    if wanted:
        again = (entry for entry in _entries(judged, _Told()) if entry.header.feed in wanted)
        yield from groupby(again, key=lambda entry: entry.header.feed)


def _entries(judged: Judged, told: _Told) -> Iterator[Entry]:
    """The entries of the file that are where the list of contents has them, in their order. Raises NotFit."""
    listed = {one.feed: one for one in judged.manifest.heads}
    before = ("", 0, 0)
    for line in judged.file.lines():
        told.read += 1
        entry = read_line(line)
        if isinstance(entry, Flawed):
            told.refused[UNREADABLE] = entry.flaw.value
            continue
        header = entry.header
        place, one = (header.feed, header.epoch, header.seq), listed.get(header.feed)
        if one is None:
            told.refused[UNREADABLE] = Fault.NOT_LISTED.value
        elif header.epoch != one.epoch or not one.first <= header.seq <= one.last:
            told.refused[header.feed] = Fault.NOT_LISTED.value
        elif place <= before:
            told.refused[header.feed] = Fault.ORDER.value
        else:
            before = place
            yield entry


def _runs(entries: Iterable[Entry], *, unbroken: bool) -> Iterator[list[Entry]]:
    """Entries of one feed together, as many as are written in one step; `unbroken`: up to where a number is missing."""
    run: list[Entry] = []
    size = 0
    for entry in entries:
        header = entry.header
        if run:
            other = header.feed != run[-1].header.feed or (unbroken and header.seq != run[-1].header.seq + 1)
            if other or len(run) == AT_ONCE or size > MOST_BYTES_AT_ONCE:
                yield run
                run, size = [], 0
        run.append(entry)
        size += header.size
    if run:
        yield run
