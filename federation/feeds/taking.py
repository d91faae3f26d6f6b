"""Taking what somebody carries: a run of entries is judged by its own chain, kept, and applied like what is pushed to us.

Nothing is trusted because of who brought it. What is not in order, or not by the council whose feed it is, leaves nothing
behind. An entry whose payload we cannot take is kept and given on all the same: the chain is whole, and a newer release
may understand it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, text

from federation.council import Council
from federation.feeds import applying, ending, forks, kept, own, vouching
from federation.moments import microseconds
from federation.rotation import keys_of
from protocol.feeds import chain
from protocol.feeds.chain import Begun, Head
from protocol.feeds.entry import Entry, Kind, judge_signature
from protocol.feeds.flaw import Flaw, Flawed

SAYING: Final = (Kind.PUT, Kind.END, Kind.MOVED)

_UNKNOWN: Final = Flawed(Flaw.UNKNOWN, "The feed is of a council that we are not linked up with.")
_OTHER_KEYS: Final = Flawed(Flaw.ROOT, "The feed is not by the keys that we know that council by.")
_OTHER_ROOT: Final = Flawed(Flaw.ROOT, "That council has other feeds here already.")
_NOT_HELD: Final = Flawed(Flaw.GAP, "The feed is not held here, and this is not its beginning.")
_NOT_LASTING: Final = Flawed(
    Flaw.GAP, "There is no snapshot to take the feed up at, or something else stands before it."
)


_ADVANCE = text("UPDATE feed SET seq = :seq, head = :head, key = :key, head_at = :now WHERE id = :id")
_LACKS = text("UPDATE feed SET lacks = :lacks WHERE id = :id")
_LACKING = text("SELECT name FROM feed WHERE lacks ORDER BY name")
_OTHERS = text("SELECT name FROM feed WHERE actor_id = :actor AND channel = :channel AND name <> :name")


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a run: how many entries were new, those whose payload was not taken, and why the rest does not count.

    `behind`: the run is of our own feed and goes beyond what we hold: this store is an old copy.
    """

    feed: str
    count: int = 0
    flaw: Flawed | None = None
    held: tuple[tuple[str, str], ...] = ()
    relations: bool = False
    behind: bool = False


def take(connection: Connection, council: Council, run: Sequence[Entry], *, now: datetime) -> Taken:
    """Take entries of one feed, oldest first, that may overlap what is held. Runs inside one step of the store."""
    name = run[0].header.feed
    row = kept.feed(connection, name)
    if row is not None and row["frozen_seq"] is not None and run[-1].header.epoch == row["epoch"]:
        return Taken(name, flaw=forks.STANDING)
    fresh = _not_held(connection, row, run, now=now)
    if isinstance(fresh, Flawed):
        return Taken(name, flaw=fresh)
    if not fresh:
        return Taken(name)
    if row is not None and row["ours"] and not own.muted(connection):
        return Taken(name, behind=_we_said_more(row, fresh))
    started = _start(connection, council, row, fresh[0])
    if isinstance(started, Flawed):
        return Taken(name, flaw=started)
    head, begun = started
    rest = fresh if begun is None else fresh[1:]
    after = chain.follow(rest, head)
    if isinstance(after, Flawed):
        return Taken(name, flaw=after)
    feed_id, actor = _place(connection, row, fresh[0], begun, now=now)
    held, relations = _apply_all(connection, council, rest, feed_id=feed_id, actor=actor, now=now)
    if rest:
        kept.store_all(connection, rest, feed_id=feed_id, now=now, held=held)
    connection.execute(_ADVANCE, _head(after, feed_id, now))
    ending.agree_with_the_list(connection, council, rest, feed_id=feed_id, actor=actor, now=now)
    return Taken(name, len(fresh), held=tuple(held.items()), relations=relations)


def _we_said_more(row: RowMapping, entries: Sequence[Entry]) -> bool:
    """Whether one of these proves that we ourselves have said more than this store holds: by our key, or by our roots.

    What somebody merely claims must never silence us.
    """
    for entry in entries:
        header = entry.header
        if (header.epoch, header.seq) <= (row["epoch"], row["seq"]):
            continue
        if header.epoch == row["epoch"] and header.key == row["key"] and judge_signature(entry) is None:
            return True
        if header.kind is Kind.GENESIS and header.epoch > row["epoch"]:
            return isinstance(chain.begin(entry, after=kept.head_of(row), known=kept.root_of(row)), Begun)
    return False


def _not_held(
    connection: Connection, row: RowMapping | None, run: Sequence[Entry], *, now: datetime
) -> list[Entry] | Flawed:
    """What of a run is new here. What overlaps must be the very same."""
    if row is None:
        return list(run)
    fresh = []
    for entry in run:
        if (entry.header.epoch, entry.header.seq) > (row["epoch"], row["seq"]):
            fresh.append(entry)
        elif entry.header.epoch == row["epoch"]:
            flaw = forks.compare(connection, row, entry, now=now)
            if flaw is not None:
                return flaw
    return fresh


def _start(
    connection: Connection, council: Council, row: RowMapping | None, first: Entry
) -> tuple[Head, Begun | None] | Flawed:
    """The head that a run must follow: the one that is held, or that of the genesis it begins with."""
    head = None if row is None else kept.head_of(row)
    if first.header.kind is not Kind.GENESIS:
        return _NOT_HELD if head is None else (head, None)
    begun = chain.begin(first, after=head, known=None if row is None else kept.root_of(row))
    if isinstance(begun, Flawed):
        return begun
    flaw = None if row is not None and row["ours"] else _whose(connection, council, begun)
    return (begun.head, begun) if flaw is None else flaw


def _place(
    connection: Connection, row: RowMapping | None, first: Entry, begun: Begun | None, *, now: datetime
) -> tuple[int, str]:
    """The row that a run belongs to, made where it begins one: its id, and whose it is."""
    if begun is not None:
        ours = row is not None and bool(row["ours"])
        return kept.begin_feed(connection, first, begun, ours=ours, now=now), begun.actor
    assert row is not None
    return row["id"], row["actor_id"]


def _apply_all(
    connection: Connection, council: Council, run: Sequence[Entry], *, feed_id: int, actor: str, now: datetime
) -> tuple[dict[str, str], bool]:
    """Apply what a run says. Of one object only its newest word here: what was overtaken within the run tells nothing."""
    newest = {entry.header.object: entry.id for entry in run if entry.header.kind in SAYING}
    known = applying.look_up(connection, council, run, actor=actor)
    held: dict[str, str] = {}
    relations = False
    for entry in run:
        header = entry.header
        if header.kind is Kind.AUDIENCE and entry.payload is not None:
            readers = chain.readers_of(entry)
            if readers is None:
                held[entry.id] = Flaw.SHAPE.value
            else:
                kept.name_readers(connection, feed_id=feed_id, readers=readers)
                vouching.note(connection, voucher=actor, entry=entry)
        elif header.kind in SAYING and newest[header.object] == entry.id:
            because = applying.apply(connection, council, entry, actor=actor, known=known, now=now)
            if because is not None:
                held[entry.id] = because
            relations = relations or (known.linked and header.object == actor)
    return held, relations


def _head(head: Head, feed_id: int, now: datetime) -> dict[str, object]:
    return {"seq": head.seq, "head": head.id, "key": head.key, "now": microseconds(now), "id": feed_id}


def _whose(connection: Connection, council: Council, begun: Begun) -> Flawed | None:
    """Whether a feed that begins is of a council that we are linked up with, by a key that was compared or told of since; or
    is public, and by the root that linked councils vouch for. A later epoch must follow from that root, whatever its key."""
    name = begun.head.feed
    root, _, channel = name.partition("/")
    given = {"actor": begun.actor, "channel": channel, "name": name}
    if connection.execute(_OTHERS, given).first() is not None:
        return _OTHER_ROOT
    if not applying.listened_to(connection, begun.actor):
        return None if vouching.allows(connection, council, actor=begun.actor, feed=name) else _UNKNOWN
    if kept.feed(connection, name) is not None or kept.root_is_known(connection, root=root, actor=begun.actor):
        return None
    known = {multibase for multibase, _ in keys_of(connection, council, begun.actor).values()}
    return None if begun.head.key in known else _OTHER_KEYS


def take_snapshot(connection: Connection, council: Council, lasting: Sequence[Entry], *, now: datetime) -> Taken:
    """Take a feed up at its newest snapshot, where what lies between is kept nowhere any more.

    `lasting`: genesis first, then keys in their order, the newest audience, the snapshot last. What we hold of that council and
    that is not listed is over.
    """
    name, genesis = lasting[0].header.feed, lasting[0]
    row = kept.feed(connection, name)
    if row is not None and row["ours"] and not own.muted(connection):
        return Taken(name, behind=_we_said_more(row, lasting))
    if row is not None and row["frozen_seq"] is not None and genesis.header.epoch == row["epoch"]:
        return Taken(name, flaw=forks.STANDING)
    held_already = row is not None and genesis.header.epoch == row["epoch"]
    started = (
        (kept.head_of(row), None) if row is not None and held_already else _start(connection, council, row, genesis)
    )
    if isinstance(started, Flawed):
        return Taken(name, flaw=started)
    before, begun = started
    rest = [one for one in lasting if (one.header.epoch, one.header.seq) > (before.epoch, before.seq)]
    at = _at_snapshot(rest, before)
    if isinstance(at, Flawed):
        return Taken(name, flaw=at)
    after, live = at
    feed_id, actor = _place(connection, row, genesis, begun, now=now)
    held, _ = _apply_all(connection, council, rest, feed_id=feed_id, actor=actor, now=now)
    kept.store_all(connection, rest, feed_id=feed_id, now=now, held=held)
    connection.execute(_ADVANCE, _head(after, feed_id, now))
    connection.execute(_LACKS, {"id": feed_id, "lacks": True})
    channel = after.feed.partition("/")[2]
    ending.end_what_is_not_listed(connection, council, actor=actor, channel=channel, live=live, now=now)
    return Taken(name, len(rest))


def _at_snapshot(rest: Sequence[Entry], head: Head) -> tuple[Head, chain.Live] | Flawed:
    """Follow the keys to the snapshot, which is the last of what lasts."""
    for entry in rest[:-1]:
        if entry.header.kind is Kind.KEY:
            after = chain.next_key(entry, head=head)
            if isinstance(after, Flawed):
                return after
            head = after
        elif (
            entry.header.kind is not Kind.AUDIENCE or entry.header.key != head.key or judge_signature(entry) is not None
        ):
            return _NOT_LASTING
    return chain.at_snapshot(rest[-1], head=head) if rest else _NOT_LASTING


def take_live(connection: Connection, council: Council, run: Sequence[Entry], *, now: datetime) -> Taken:
    """Take entries that the newest snapshot of their feed lists, from before it: in any order, as many as there are."""
    name = run[0].header.feed
    row = kept.feed(connection, name)
    snapshot = (
        None if row is None else kept.newest(connection, feed_id=row["id"], epoch=row["epoch"], kind=Kind.SNAPSHOT)
    )
    if row is None or snapshot is None:
        return Taken(name, flaw=Flawed(Flaw.NOT_LIVE, "There is no snapshot here that could list it."))
    live = chain.live_of(kept.entry_of(snapshot)) or {}
    fresh = []
    for entry in run:
        flaw = chain.judge_live(entry, live=live)
        if flaw is not None:
            return Taken(name, flaw=flaw)
        held = kept.at(connection, feed_id=row["id"], epoch=entry.header.epoch, seq=entry.header.seq)
        if held is None and entry.payload is not None:
            fresh.append(entry)
    if not fresh:
        return Taken(name)
    held_back, relations = _apply_all(connection, council, fresh, feed_id=row["id"], actor=row["actor_id"], now=now)
    kept.store_all(connection, fresh, feed_id=row["id"], now=now, held=held_back)
    return Taken(name, len(fresh), held=tuple(held_back.items()), relations=relations)


def missing_live(connection: Connection, *, name: str) -> tuple[int, list[int]]:
    """The epoch of a feed, and the numbers of what its newest snapshot lists and we do not hold, in order."""
    row = kept.feed(connection, name)
    if row is None:
        return 0, []
    snapshot = kept.newest(connection, feed_id=row["id"], epoch=row["epoch"], kind=Kind.SNAPSHOT)
    if snapshot is None:
        return row["epoch"], []
    live = chain.live_of(kept.entry_of(snapshot)) or {}
    held = kept.numbers(connection, feed_id=row["id"], epoch=row["epoch"], before=snapshot["seq"])
    return row["epoch"], sorted({seq for seq, _ in live.values()} - held)


def lacking(connection: Connection) -> list[str]:
    """Feeds that were taken up at a snapshot, and of which not all is held that it lists."""
    return list(connection.execute(_LACKING).scalars())


def note_whole(connection: Connection, *, name: str, now: datetime) -> None:
    """All that a feed's snapshot lists is held, or nobody has it any more."""
    row = kept.feed(connection, name)
    if row is not None:
        connection.execute(_LACKS, {"id": row["id"], "lacks": False})
