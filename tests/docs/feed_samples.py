"""The samples of feeds and of catching up, with fixed keys, salts and times."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from federation.feeds import questions
from protocol.feeds import chain, entry, roots
from protocol.feeds.coding import b64
from protocol.feeds.entry import Entry, Kind
from protocol.feeds.heads import Heads, Leaf
from schemas.live import LiveAbout, LiveQuestion
from tests.builders import council, ed25519_key, multibase_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RIVERSIDE = council("riverside")
OBJECT = f"{RIVERSIDE.base_url}/o/{'a' * 26}"


def _salt(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()[: entry.SALT_BYTES]


@cache
def _chain() -> tuple[Entry, Entry, Entry, Entry]:
    """Genesis, an offer, its end, and the snapshot after it."""
    root_key = ed25519_key("root of riverside")
    line = [
        roots.signed(
            roots.statement(public=[multibase_of(root_key)], threshold=1), [root_key], domain=roots.ROOT_DOMAIN
        )
    ]
    root = roots.judge_line(line)
    assert isinstance(root, roots.Root)
    said = roots.epoch_statement(root, epoch=1, actor=RIVERSIDE.actor_id, key=RIVERSIDE.multibase)
    opened = roots.signed(said, [root_key], domain=roots.EPOCH_DOMAIN)
    feed = entry.feed_name(root.id, "public")

    def make(seq: int, before: Entry | None, kind: Kind, **given: Any) -> Entry:
        prev = None if before is None else before.id
        salt = _salt(kind.value) if "payload" in given else None
        return entry.make(feed=feed, epoch=1, seq=seq, prev=prev, kind=kind, key=RIVERSIDE.ed25519, salt=salt, **given)

    genesis = make(1, None, Kind.GENESIS, payload={"roots": line, "epoch": opened})
    offer = {"type": "Create", "id": f"{RIVERSIDE.base_url}/a/{'b' * 26}", "actor": RIVERSIDE.actor_id, "object": "…"}
    put = make(2, genesis, Kind.PUT, object=OBJECT, payload=offer, expires=NOW + timedelta(days=14))
    end = make(3, put, Kind.END, object=OBJECT)
    return genesis, put, end, make(4, end, Kind.SNAPSHOT, payload=chain.snapshot_payload({}))


def _hello() -> dict[str, Any]:
    head = _chain()[3]
    leaf = Leaf(head.header.feed, 1, head.header.seq, head.id)
    asked = questions.Hello(store="3vQ0c2lB9mUqkX1d", after=17, heads=b64(Heads.of([leaf]).root()), reason="boot")
    return asked.wire()


def _ranges() -> dict[str, Any]:
    wanted = questions.Range(feed=_chain()[0].header.feed, epoch=1, first=2, last=4)
    return questions.Ranges(ranges=[wanted]).wire()


def _live() -> dict[str, Any]:
    return LiveQuestion(kind="resource", category="tools", direction="offer", cell="86394460fffffff").wire()


def _live_about() -> dict[str, Any]:
    return LiveAbout(as_of=NOW, count=3).wire()


def _wire(nth: int) -> Callable[[], Any]:
    return _chain()[nth].wire


DOCUMENTS: Mapping[str, Callable[[], Any]] = {
    "feed-genesis": _wire(0),
    "feed-put": _wire(1),
    "feed-end": _wire(2),
    "feed-snapshot": _wire(3),
    "sync-hello": _hello,
    "sync-ranges": _ranges,
    "sync-live": _live,
    "live-about": _live_about,
}
