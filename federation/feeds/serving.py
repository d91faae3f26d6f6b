"""Answers to who catches up with us: any council's entries, to those who may read them.

Whoever asks is a council that we are linked up with. What it may not read does not exist for it: no head, no number, no name.
Everything here reads; nothing is remembered about who asked.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
from sqlalchemy import Connection, text

from federation.feeds import forks, kept, only_told
from federation.feeds.questions import MOST_BYTES, HeadsAsked, Hello, Range, Ranges, Snapshots
from protocol.feeds.coding import b64, unb64
from protocol.feeds.entry import Kind
from protocol.feeds.heads import Heads, Leaf
from protocol.verdict import Reason, Refused

MOST_ENTRIES: Final = 2_000
MOST_CALLS: Final = 50
MOST_FORKS: Final = 100
FORKED: Final = "forked"
"""Stands for the head of a feed that forked: all who know of that agree, whichever of its entries each of them holds."""


# Whoever asks sees what is public, what it is named for, and what is its own. The same words stand in each statement.
_HEADS = text(
    "SELECT f.name, f.epoch, f.seq, f.head, f.frozen_seq FROM feed f WHERE f.channel = 'public' OR f.actor_id = :asker"
    " OR EXISTS (SELECT 1 FROM feed_reader r WHERE r.feed_id = f.id AND r.actor_id = :asker)"
)
_CHANGES = text(
    "SELECT e.* FROM feed_entry e JOIN feed f ON f.id = e.feed_id WHERE e.n > :after AND f.actor_id <> :asker"
    " AND e.epoch = f.epoch AND e.seq <= coalesce(f.frozen_seq, e.seq) AND (f.channel = 'public'"
    " OR EXISTS (SELECT 1 FROM feed_reader r WHERE r.feed_id = f.id AND r.actor_id = :asker)) ORDER BY e.n LIMIT :most"
)
# Calls for help that are live, from further on than an answer reaches: they do not wait until everything before them has gone.
_CALLS = text(
    "SELECT e.* FROM replica c JOIN feed f ON f.actor_id = c.source JOIN feed_entry e ON e.feed_id = f.id"
    " AND e.object_id = c.object_id WHERE c.kind = 'alert' AND c.gone_at IS NULL AND e.kind = 'put' AND e.payload IS NOT NULL"
    " AND e.n > :after AND f.actor_id <> :asker AND e.epoch = f.epoch AND e.seq <= coalesce(f.frozen_seq, e.seq)"
    " AND (f.channel = 'public' OR EXISTS (SELECT 1 FROM feed_reader r WHERE r.feed_id = f.id AND r.actor_id = :asker))"
    " ORDER BY e.n DESC LIMIT :most"
)
_MAY_SEE = text(
    "SELECT f.* FROM feed f WHERE f.name = :name AND (f.channel = 'public' OR f.actor_id = :asker"
    " OR EXISTS (SELECT 1 FROM feed_reader r WHERE r.feed_id = f.id AND r.actor_id = :asker))"
)
_RANGE = text(
    "SELECT * FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND seq BETWEEN :first AND :last ORDER BY seq LIMIT :most"
)
_KEYS = text(
    "SELECT * FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND kind = 'key' AND seq < :before ORDER BY seq"
)
_AUDIENCE = text(
    "SELECT * FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND kind = 'audience' AND seq < :before"
    " ORDER BY seq DESC LIMIT 1"
)

Answer = tuple[dict[str, Any], list[bytes]]


def heads_for(connection: Connection, *, asker: str) -> Heads:
    """Every head that we hold and that the council `asker` may see."""
    rows = connection.execute(_HEADS, {"asker": asker})
    return Heads.of(
        Leaf(row.name, row.epoch, row.seq, row.head) if row.frozen_seq is None else Leaf(row.name, row.epoch, 0, FORKED)
        for row in rows
    )


def hello(connection: Connection, asked: Hello, *, asker: str) -> Answer:
    """What was stored here since, in the order in which it was stored: one round trip, as many bytes as there is news."""
    store = kept.store_id(connection) or ""
    told = {"yours": only_told.told_by(connection, actor=asker, most_bytes=MOST_BYTES)} if asked.lost else {}
    if asked.heads and unb64(asked.heads) == heads_for(connection, asker=asker).root():
        return {"store": store, "after": kept.last_number(connection), "same": True} | told, []
    if asked.store not in ("", store):
        # They hold most of it, from here before an old copy took its place, or from others: the heads tell what they lack.
        return {"store": store, "after": kept.last_number(connection), "sums": _sum(connection, asker)} | told, []
    after = asked.after if asked.store else 0
    rows = connection.execute(_CHANGES, {"after": after, "asker": asker, "most": MOST_ENTRIES + 1}).mappings()
    lines: list[bytes] = []
    size, more = 0, False
    for row in rows:
        if len(lines) == MOST_ENTRIES or size > MOST_BYTES:
            more = True
            break
        line = kept.line_of(row)
        lines.append(line)
        size += len(line)
        after = row["n"]
    about = {"store": store, "after": after, "more": more} | told
    if not more:  # over thousands of heads, the sum costs more than an answer: only with the last of the news
        return about | {"sums": _sum(connection, asker)}, lines
    given = {"after": after, "asker": asker, "most": MOST_CALLS}
    ahead = [kept.line_of(row) for row in connection.execute(_CALLS, given).mappings()]
    return about | {"ahead": len(ahead)}, ahead + lines


def _sum(connection: Connection, asker: str) -> str:
    return b64(heads_for(connection, asker=asker).root())


def heads(connection: Connection, asked: HeadsAsked, *, asker: str) -> Answer | Refused:
    """Whether both hold the same; if not, the sums of the parts, and then the heads that the other did not name."""
    ours, theirs = heads_for(connection, asker=asker), unb64(asked.heads)
    if theirs == ours.root():
        return {"same": True}, []
    if not asked.parts:
        return {"sums": b64(ours.sums())}, []
    named = unb64(asked.leaves)
    try:
        if named is None:
            raise ValueError("the heads are not base64url")
        found = ours.unknown_to(named, sorted(set(asked.parts)))
    except ValueError:
        return Refused(Reason.WRONG_SHAPE, "The list of heads cannot be read.")
    listed: list[dict[str, Any]] = []
    proofs: list[dict[str, Any]] = []
    for one in found:
        row = kept.feed(connection, one.feed)
        if row is None:
            continue
        seq = one.seq if one.id != FORKED else row["frozen_seq"]
        listed.append({"feed": one.feed, "actor": row["actor_id"], "epoch": one.epoch, "seq": seq, "id": one.id})
        proof = forks.proof(connection, row) if one.id == FORKED and len(proofs) < MOST_FORKS else None
        if proof is not None:
            proofs.append(proof)
    return {"heads": listed, "forks": proofs}, []


def ranges(connection: Connection, asked: Ranges, *, asker: str) -> Answer:
    """Entries by their places. `gone` names feeds whose first wanted entry is kept no more; `more` says to ask on."""
    lines: list[bytes] = []
    gone: list[str] = []
    size, more = 0, False
    for wanted in asked.ranges:
        if size > MOST_BYTES or len(lines) > MOST_ENTRIES:
            more = True
            break
        first = True
        for row in _entries(connection, wanted, asker=asker):
            if first and row["seq"] != wanted.first:
                gone.append(wanted.feed)
                break
            first = False
            line = kept.line_of(row)
            lines.append(line)
            size += len(line)
            if size > MOST_BYTES:
                more = True
                break
    return {"more": more, "gone": sorted(set(gone))}, lines


def _entries(connection: Connection, wanted: Range, *, asker: str) -> Iterator[Any]:
    row = connection.execute(_MAY_SEE, {"name": wanted.feed, "asker": asker}).mappings().first()
    if row is None or row["epoch"] != wanted.epoch:
        return
    given = {
        "feed": row["id"],
        "epoch": wanted.epoch,
        "first": wanted.first,
        "last": min(wanted.last, wanted.last if row["frozen_seq"] is None else row["frozen_seq"]),
        "most": MOST_ENTRIES,
    }
    before = None
    for found in connection.execute(_RANGE, given).mappings():
        # Only what stands without a gap: what follows one could not be judged.
        if before is not None and found["seq"] != before + 1:
            return
        before = found["seq"]
        yield found


def snapshots(connection: Connection, asked: Snapshots, *, asker: str) -> Answer:
    """What lasts of each feed, and its newest snapshot."""
    lines: list[bytes] = []
    size, more = 0, False
    for name in asked.feeds:
        row = connection.execute(_MAY_SEE, {"name": name, "asker": asker}).mappings().first()
        if row is None:
            continue
        if size > MOST_BYTES:
            more = True
            break
        for found in _lasting(connection, row):
            line = kept.line_of(found)
            lines.append(line)
            size += len(line)
    return {"more": more}, lines


def _lasting(connection: Connection, row: Any) -> Iterable[Any]:
    """Genesis, the keys and the audience before the newest snapshot, and that. What comes after it follows by its chain."""
    feed_id, epoch = row["id"], row["epoch"]
    snapshot = kept.newest(connection, feed_id=feed_id, epoch=epoch, kind=Kind.SNAPSHOT)
    before = row["seq"] + 1 if snapshot is None else snapshot["seq"]
    given = {"feed": feed_id, "epoch": epoch, "before": before}
    if snapshot is not None and row["frozen_seq"] is not None and snapshot["seq"] > row["frozen_seq"]:
        return ()  # it may be of the branch that others do not have
    found = [
        kept.at(connection, feed_id=feed_id, epoch=epoch, seq=1),
        *connection.execute(_KEYS, given).mappings(),
        connection.execute(_AUDIENCE, given).mappings().first(),
        snapshot,
    ]
    return sorted((one for one in found if one is not None), key=lambda one: one["seq"])


def body_of(answer: Answer) -> bytes:
    """An answer as it is sent: lines of JSON."""
    about, lines = answer
    return b"\n".join([orjson.dumps(about), *lines])
