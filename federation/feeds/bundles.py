"""Writing a bundle: what one council, or anybody, may read of what is held here, for somebody to carry by hand.

The same rows and the same rule as for a neighbour that asks over the network: what a reader may not see does not exist for
it. Runs on one snapshot of the tables; nothing is remembered about who was given what.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final

import orjson
from sqlalchemy import Connection, RowMapping, text

from federation.council import Council
from federation.feeds import bundle_file, kept, serving
from federation.feeds.bundle_page import MOST_CALLS, Call, Cover, alerts_page, readme
from federation.moments import microseconds
from protocol.canonical import canonical
from protocol.feeds import bundle
from protocol.feeds.bundle import PUBLIC, Carried, Held, Manifest, Sum
from protocol.feeds.coding import b64
from protocol.feeds.unfit import Unfit
from protocol.verdict import Refused
from schemas.records.alert import MessageType, read_alert

AT_ONCE: Final = 50
NOBODY: Final = ""
"""In place of a reader's actor id: whoever is not told apart, and sees what is public."""

MOST_ENTRY_BYTES: Final = bundle_file.MOST_BYTES - sum(bundle_file.LARGEST.values())

# Whoever reads sees what is public, what it is named for, and what is its own, as in `serving`.
_SEEN: Final = (
    "(f.channel = 'public' OR (:reader <> '' AND (f.actor_id = :reader"
    " OR EXISTS (SELECT 1 FROM feed_reader r WHERE r.feed_id = f.id AND r.actor_id = :reader))))"
)
_FEEDS = text(f"SELECT f.* FROM feed f WHERE {_SEEN} ORDER BY f.name")  # noqa: S608  both halves stand above
_SPAN = text(
    "SELECT count(*) AS many, min(seq) AS lowest, max(seq) AS highest FROM feed_entry"
    " WHERE feed_id = :feed AND epoch = :epoch AND seq > :after"
)
_PAGE = text(
    "SELECT * FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND seq > :after ORDER BY seq LIMIT :most"
)
_CALLS = text(
    "SELECT e.payload, f.actor_id, p.name FROM feed_entry e JOIN feed f ON f.id = e.feed_id"  # noqa: S608  likewise
    " JOIN replica c ON c.object_id = e.object_id AND c.source = f.actor_id LEFT JOIN peer p ON p.actor_id = f.actor_id"
    f" WHERE c.kind = 'alert' AND c.gone_at IS NULL AND c.ends_at > :now AND e.epoch = f.epoch AND e.kind = 'put'"
    f" AND e.payload IS NOT NULL AND {_SEEN} ORDER BY c.published DESC, e.n LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the manifest, how many entries and live calls, and how many feeds were left for the next file."""

    manifest: Manifest
    entries: int
    calls: int
    left_out: int


@dataclass
class _Carrying:
    """What went in so far."""

    heads: list[Carried]
    entries: int = 0
    size: int = 0
    left_out: int = 0

    def is_full(self) -> bool:
        return self.size >= MOST_ENTRY_BYTES - 2_000_000 or self.entries >= bundle_file.MOST_ENTRIES


def export(
    connection: Connection,
    council: Council,
    file: BinaryIO,
    *,
    now: datetime,
    reader: str | None = None,
    since: Iterable[Held] = (),
    receipts: Sequence[Mapping[str, Any]] = (),
) -> Written:
    """Write a bundle to `file`, which can be written at any place: for everyone, or for the one council `reader`.

    `since`: how far its reader holds things already, from a receipt or from the `wants` of a bundle; only what follows is
    written. `receipts` are signed ones to carry along. Runs where nothing is written meanwhile (`Store.reading`). Raises
    ValueError for receipts that are none, OSError as the file does.
    """
    asker = NOBODY if reader is None else reader
    held = {one.feed: one for one in since}
    number = b64(council.randomness.bytes(bundle.ID_BYTES))
    calls = list(_calls(connection, council, asker=asker, now=now))
    cover = Cover(council.name, council.actor_id, now, council.language, reader)
    carried = orjson.dumps(list(receipts))
    if isinstance(bundle.read_receipts(carried), Unfit):
        raise ValueError("these are no receipts")
    said: list[Manifest] = []
    going = _Carrying([])

    def parts(sums: Mapping[str, Sum]) -> Iterator[tuple[str, Iterable[bytes]]]:
        nonlocal going
        going = _Carrying([])
        yield bundle_file.README, [readme(cover).encode()]
        yield bundle_file.ALERTS, [alerts_page(cover, calls).encode()]
        yield bundle_file.RECEIPTS, [carried]
        yield bundle_file.ENTRIES, _lines(connection, asker=asker, since=held, going=going)
        manifest = Manifest(
            number,
            now,
            council.actor_id,
            council.multibase,
            PUBLIC if reader is None else reader,
            tuple(going.heads),
            held_here(connection, asker=asker),
            dict(sums),
        )
        said[:] = [manifest]
        yield bundle_file.MANIFEST, [canonical(bundle.manifest_document(manifest, key=council.ed25519))]

    bundle_file.write_bundle(file, parts)
    return Written(said[0], going.entries, min(len(calls), MOST_CALLS), going.left_out)


def held_here(connection: Connection, *, asker: str) -> tuple[Held, ...]:
    """How far we hold every feed that `asker` may see, sorted."""
    heads = serving.heads_for(connection, asker=asker)
    leaves = sorted(leaf for part in heads.parts.values() for leaf in _places(part))
    return tuple(Held(*leaf) for leaf in leaves[: bundle.MOST_FEEDS])


def _places(leaves: Iterable[Any]) -> Iterator[tuple[str, int, int]]:
    return ((leaf.feed, leaf.epoch, leaf.seq) for leaf in leaves)


def _lines(connection: Connection, *, asker: str, since: Mapping[str, Held], going: _Carrying) -> Iterator[bytes]:
    """The lines of all feeds that the reader lacks something of, sorted by feed, epoch and number."""
    for row in connection.execute(_FEEDS, {"reader": asker}).mappings().all():
        after = _after(connection, row, since.get(row["name"]))
        if after is None:
            continue
        if going.is_full() or len(going.heads) == bundle.MOST_FEEDS:
            going.left_out += 1
            continue
        first, last, last_id = 0, 0, ""
        for entry in _entries(connection, row, after=after):
            line = kept.line_of(entry) + b"\n"
            first, last, last_id = first or entry["seq"], entry["seq"], entry["entry_id"]
            going.entries, going.size = going.entries + 1, going.size + len(line)
            yield line
            if going.is_full():
                break
        going.heads.append(Carried(row["name"], row["epoch"], first, last, last_id))
        going.left_out += last < row["seq"]


def _after(connection: Connection, row: RowMapping, held: Held | None) -> int | None:
    """The number after which a reader lacks entries of a feed; None where it lacks none.

    Where not all of them are kept any more, it is 0: from the beginning, with the snapshot that the feed is taken up at.
    """
    if held is not None and (held.epoch, held.seq) >= (row["epoch"], row["seq"]):
        return None
    after = held.seq if held is not None and held.epoch == row["epoch"] else 0
    span = connection.execute(_SPAN, {"feed": row["id"], "epoch": row["epoch"], "after": after}).one()
    if span.many == 0:
        return None
    return after if (span.lowest, span.many) == (after + 1, span.highest - after) else 0


def _entries(connection: Connection, row: RowMapping, *, after: int) -> Iterator[RowMapping]:
    """The entries of a feed that are kept, a page at a time: a reader of this never holds more than that."""
    while True:
        given = {"feed": row["id"], "epoch": row["epoch"], "after": after, "most": AT_ONCE}
        page = connection.execute(_PAGE, given).mappings().all()
        yield from page
        if len(page) < AT_ONCE:
            return
        after = page[-1]["seq"]


def _calls(connection: Connection, council: Council, *, asker: str, now: datetime) -> Iterator[Call]:
    """The calls for help that are live and that the reader may see, the newest first; one more than a page shows."""
    given = {"reader": asker, "now": microseconds(now), "most": MOST_CALLS + 1}
    for row in connection.execute(_CALLS, given):
        payload = orjson.loads(row.payload)
        note = read_alert(payload.get("object"))
        if isinstance(note, Refused) or note.end_time <= now or note.alert.msg_type is MessageType.CANCEL:
            continue
        own = row.actor_id == council.actor_id
        yield Call(note, council.name if own else row.name or row.actor_id)
