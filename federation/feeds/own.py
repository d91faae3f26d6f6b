"""Our own feeds: what we publish is appended in the very step that publishes it, so nothing is said without standing there.

One feed for what is public and one for what is for nearby councils. A council whose feeds have not begun (their roots were
never made) publishes all the same, by push alone.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, RowMapping, text

from federation.council import Council
from federation.feeds import kept, vouching
from federation.moments import from_microseconds, microseconds, read_time
from protocol.feeds import chain, entry, roots
from protocol.feeds.entry import Entry, Kind
from protocol.peering import State
from protocol.proof import add_proof

LONGEST: Final = timedelta(days=90)
RENEWED_BEFORE: Final = timedelta(days=30)
SNAPSHOT_EVERY: Final = timedelta(days=1)
SNAPSHOT_AFTER: Final = 500
CHANNEL: Final = {"public": "public", "neighbours": "region"}
AUDIENCE: Final = {channel: audience for audience, channel in CHANNEL.items()}

_OURS = text("SELECT * FROM feed WHERE ours AND channel = :channel")
_MUTED = text("SELECT 1 FROM store_mark WHERE muted_since IS NOT NULL")
_MARK = text(
    "INSERT INTO store_mark (id, store_id, made_at) VALUES (1, :store_id, :now)"
    " ON CONFLICT (id) DO UPDATE SET store_id = excluded.store_id, made_at = excluded.made_at, muted_since = NULL"
)
_LIVE = text(
    "SELECT object_id, audience, document, ends_at FROM replica WHERE source = :us AND gone_at IS NULL"
    " AND (ends_at IS NULL OR ends_at > :now) ORDER BY updated, id"
)
_SAID = text(
    "SELECT object_id, payload, expires_at FROM feed_entry WHERE feed_id = :feed AND epoch = :epoch AND kind = 'put'"
    " AND payload IS NOT NULL AND expires_at > :now AND object_id LIKE :ours ORDER BY seq"
)
_READERS = text("SELECT actor_id FROM peer WHERE state = :accepted ORDER BY actor_id")
_NAMED = text("SELECT actor_id FROM feed_reader WHERE feed_id = :feed ORDER BY actor_id")
_ADVANCE = text("UPDATE feed SET seq = :seq, head = :head, key = :key, head_at = :now WHERE id = :id")
# Our word on ourselves has no replica, and must not run out: whoever slept through a change of keys learns of it here.
_REPUT = text(
    "SELECT e.object_id, e.payload, r.ends_at FROM feed_entry e LEFT JOIN replica r ON r.object_id = e.object_id"
    " WHERE e.feed_id = :feed AND e.epoch = :epoch AND e.kind = 'put' AND e.payload IS NOT NULL AND e.expires_at < :before"
    " AND (e.object_id = :us OR (r.gone_at IS NULL AND r.source = :us AND (r.ends_at IS NULL OR r.ends_at > :before)))"
    " ORDER BY e.seq"
)


def begun(connection: Connection) -> bool:
    """Whether our feeds stand."""
    return connection.execute(_OURS, {"channel": "public"}).first() is not None


def muted(connection: Connection) -> bool:
    """Whether this store may be an old copy, and says nothing."""
    return connection.execute(_MUTED).first() is not None


def may_sign(connection: Connection, council: Council) -> bool:
    """Whether the keys whose turn it is in our feeds are here."""
    rows = [ours(connection, channel) for channel in entry.CHANNELS]
    held = {pair.multibase for pair in (council.keyring.current, *council.keyring.retired)}
    return all(row is None or row["key"] in held for row in rows)


def begin(
    connection: Connection,
    council: Council,
    *,
    line: list[dict[str, Any]],
    epoch: dict[str, Any],
    store_id: str,
    now: datetime,
    itself: dict[str, Any] | None = None,
) -> None:
    """Begin both feeds, or their next epoch, with all that is live of ours.

    `line` are the signed root statements, `epoch` the signed epoch that names the node key in use; `itself` is an Update of our
    actor, which tells those who follow the roots all of our new keys. Raises ValueError where roots or epoch do not hold, or do
    not name that key and us.
    """
    answers = {channel: _answers(connection, council, channel, now=now) for channel in entry.CHANNELS}
    for channel in entry.CHANNELS:
        _begin_one(connection, council, channel, line=line, epoch=epoch, now=now)
    connection.execute(_MARK, {"store_id": store_id, "now": microseconds(now)})
    if itself is not None:
        signed = add_proof(itself, key=council.ed25519, method=council.ed25519_key_id, created=now)
        put(connection, council, audience="public", object_id=council.actor_id, payload=signed, ends=None, now=now)
    name_readers(connection, council, now=now)
    for row in connection.execute(_LIVE, {"us": council.actor_id, "now": microseconds(now)}).all():
        payload, ends = orjson.loads(row.document), row.ends_at
        until = now + LONGEST if ends is None else from_microseconds(ends)
        put(connection, council, audience=row.audience, object_id=row.object_id, payload=payload, ends=until, now=now)
    for channel, said in answers.items():
        for object_id, document, expires in said:
            payload, until = orjson.loads(document), from_microseconds(expires)
            audience = AUDIENCE[channel]
            put(connection, council, audience=audience, object_id=object_id, payload=payload, ends=until, now=now)


def _answers(connection: Connection, council: Council, channel: str, *, now: datetime) -> list[tuple[str, bytes, int]]:
    """Our answers to records of others, which stand in the feed alone: the next epoch says them anew."""
    row = ours(connection, channel)
    if row is None:
        return []
    ours_alone = f"{council.base_url}/a/%"
    given = {"feed": row["id"], "epoch": row["epoch"], "ours": ours_alone, "now": microseconds(now)}
    return [tuple(found) for found in connection.execute(_SAID, given)]


def _begin_one(
    connection: Connection, council: Council, channel: str, *, line: list[Any], epoch: dict[str, Any], now: datetime
) -> None:
    row = ours(connection, channel)
    root = roots.judge_line(line)
    if not isinstance(root, roots.Root):
        raise ValueError(root.sentence)
    genesis = entry.make(
        feed=entry.feed_name(root.id, channel),
        epoch=epoch["statement"]["epoch"],
        seq=1,
        prev=None,
        kind=Kind.GENESIS,
        key=council.ed25519,
        payload={"roots": line, "epoch": epoch},
        salt=council.randomness.bytes(entry.SALT_BYTES),
    )
    held = None if row is None else kept.head_of(row)
    started = chain.begin(genesis, after=held, known=None if row is None else kept.root_of(row))
    if not isinstance(started, chain.Begun):
        raise ValueError(started.sentence)
    if started.actor != council.actor_id:
        raise ValueError("the epoch is opened for another council")
    kept.begin_feed(connection, genesis, started, ours=True, now=now)


def put(
    connection: Connection,
    council: Council,
    *,
    audience: str,
    object_id: str,
    payload: dict[str, Any],
    ends: datetime | None,
    now: datetime,
) -> Entry | None:
    """Say in our feed what was just published; what stood there on the same object is forgotten. None before feeds began."""
    until = min(now + LONGEST, now + LONGEST if ends is None else ends)
    channel = CHANNEL[audience]
    return _append(
        connection, council, channel, kind=Kind.PUT, object_id=object_id, payload=payload, expires=until, now=now
    )


def end(connection: Connection, council: Council, *, audience: str, object_id: str, now: datetime) -> Entry | None:
    """Say in our feed that an object is no more; its payload is forgotten."""
    return _append(connection, council, CHANNEL[audience], kind=Kind.END, object_id=object_id, now=now)


def move_away(
    connection: Connection, council: Council, *, audience: str, object_id: str, now: datetime
) -> Entry | None:
    """Say in one feed that an object is no longer in it, before it is put into the other."""
    return _append(connection, council, CHANNEL[audience], kind=Kind.MOVED, object_id=object_id, now=now)


def hand_over(connection: Connection, council: Council, *, to: str, by: Ed25519PrivateKey, now: datetime) -> None:
    """The next entry will be signed by `to` (`z6Mk…`); this one is by the key before it."""
    for channel in entry.CHANNELS:
        _append(connection, council, channel, kind=Kind.KEY, object_id=to, now=now, by=by)


def name_readers(connection: Connection, council: Council, *, now: datetime) -> Entry | None:
    """Say in the region feed who may read it, where that has changed: the councils that we are linked up with.

    Beside them stand the roots of their feeds, as far as they are held here (federation.feeds.vouching).
    """
    row = ours(connection, "region")
    if row is None or muted(connection):
        return None
    readers = list(connection.execute(_READERS, {"accepted": State.ACCEPTED.value}).scalars())
    named = list(connection.execute(_NAMED, {"feed": row["id"]}).scalars())
    vouched = vouching.said(connection)
    if readers == named and row["seq"] > 1 and vouched == vouching.noted(connection, voucher=council.actor_id):
        return None
    payload = {"readers": readers, "vouched": vouched}
    made = _append(connection, council, "region", kind=Kind.AUDIENCE, payload=payload, now=now)
    kept.name_readers(connection, feed_id=row["id"], readers=readers)
    if made is not None:
        vouching.note(connection, voucher=council.actor_id, entry=made)
    return made


def snapshot(connection: Connection, council: Council, *, now: datetime) -> int:
    """Renew what would soon run out though it is live, then list what is live, in each feed. Returns how many were renewed.

    An object that is in no newer snapshot of its owner is dead, whatever somebody who was away brings back.
    """
    renewed = 0
    for channel in entry.CHANNELS:
        row = ours(connection, channel)
        if row is None or muted(connection):
            continue
        before = microseconds(now + RENEWED_BEFORE)
        given = {"feed": row["id"], "epoch": row["epoch"], "before": before, "us": council.actor_id}
        for stale in connection.execute(_REPUT, given).all():
            ends = None if stale.ends_at is None else from_microseconds(stale.ends_at)
            until = min(now + LONGEST, now + LONGEST if ends is None else ends)
            at, payload = stale.object_id, orjson.loads(stale.payload)
            _append(connection, council, channel, kind=Kind.PUT, object_id=at, payload=payload, expires=until, now=now)
            renewed += 1
        live = kept.live(connection, feed_id=row["id"], epoch=row["epoch"], now=now)
        _append(connection, council, channel, kind=Kind.SNAPSHOT, payload=chain.snapshot_payload(live), now=now)
    return renewed


def snapshot_is_due(connection: Connection, *, now: datetime) -> bool:
    """Whether a day has passed since the last one, or five hundred entries."""
    row = ours(connection, "public")
    if row is None or muted(connection):
        return False
    for channel in entry.CHANNELS:
        row = ours(connection, channel)
        if row is None:
            return False
        last = kept.newest(connection, feed_id=row["id"], epoch=row["epoch"], kind=Kind.SNAPSHOT)
        if last is None or row["seq"] - last["seq"] >= SNAPSHOT_AFTER:
            return True
        if from_microseconds(last["stored_at"]) < now - SNAPSHOT_EVERY:
            return True
    return False


def ends_of(note: Any) -> datetime | None:
    """When a note ends, if it says so."""
    return read_time(note["endTime"]) if isinstance(note, dict) and note.get("endTime") else None


def ours(connection: Connection, channel: str) -> RowMapping | None:
    """The row of our own feed for a channel; None before the feeds began."""
    return connection.execute(_OURS, {"channel": channel}).mappings().first()


def _append(
    connection: Connection,
    council: Council,
    channel: str,
    *,
    kind: Kind,
    now: datetime,
    object_id: str | None = None,
    payload: dict[str, Any] | None = None,
    expires: datetime | None = None,
    by: Ed25519PrivateKey | None = None,
) -> Entry | None:
    row = ours(connection, channel)
    # An old copy says nothing: it will, from its tables, once it knows again what it once said (federation.feeds.muting).
    if row is None or muted(connection):
        return None
    key_in_turn = by or _key_for(council, row["key"])
    if key_in_turn is None:
        return None
    made = entry.make(
        feed=row["name"],
        epoch=row["epoch"],
        seq=row["seq"] + 1,
        prev=row["head"],
        kind=kind,
        key=key_in_turn,
        object=object_id,
        payload=payload,
        salt=None if payload is None else council.randomness.bytes(entry.SALT_BYTES),
        expires=expires,
    )
    kept.store(connection, made, feed_id=row["id"], now=now)
    key = object_id if kind is Kind.KEY else row["key"]
    given = {"seq": made.header.seq, "head": made.id, "key": key, "now": microseconds(now), "id": row["id"]}
    connection.execute(_ADVANCE, given)
    return made


def _key_for(council: Council, multibase: str) -> Ed25519PrivateKey | None:
    """The key whose turn it is. None for a server that has not noticed yet that the keys were changed: it appends in a moment
    what it says until then (federation.feeds.reconciling)."""
    pair = next((p for p in (council.keyring.current, *council.keyring.retired) if p.multibase == multibase), None)
    return None if pair is None else pair.ed25519
