"""Many councils whose feeds one neighbour carries: real roots, real signatures, written straight into the neighbour's tables."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from federation import outbox
from federation.council import Council
from federation.feeds import kept
from federation.moments import microseconds
from node.database import Store
from protocol.feeds import chain, entry
from protocol.feeds.entry import Entry, Kind
from schemas import activity
from tests import builders
from tests.builders import START
from tests.feeds.carrying import link, signed_roots

AT_ONCE = 500
LASTING = timedelta(days=60)

_ADVANCE = text("UPDATE feed SET seq = :seq, head = :head WHERE id = :id")
_MARK = text("INSERT INTO store_mark (id, store_id, made_at) VALUES (1, :store, :now)")


def publishers(count: int) -> Iterator[Council]:
    """Councils with keys of their own, the same each time."""
    return (builders.council(f"town{number}") for number in range(count))


def new_store(path: Path) -> Store:
    """An empty store in a file, as a server has it."""
    path.write_bytes(builders.database_template())
    return Store.open(path)


def link_up(store: Store, others: Iterable[Council]) -> None:
    """They are linked up with whoever's store it is."""

    def step(connection: Connection) -> None:
        for other in others:
            link(connection, other, now=START)

    store.write_now(step)


class Feed:
    """The public feed of one council, held by somebody else. `count` puts are added by `say`, each a record of its own."""

    def __init__(self, council: Council) -> None:
        self.council = council
        self.name = ""
        self._row = 0
        self._head: chain.Head | None = None
        self._said = 0

    def begin(self, connection: Connection) -> None:
        """Its genesis, as whoever takes it would write it."""
        line, opened = signed_roots(self.council)
        root = line[0]["statement"]
        made = self._entry(
            seq=1, kind=Kind.GENESIS, payload={"roots": line, "epoch": opened}, feed=_public(root), prev=None
        )
        begun = chain.begin(made)
        assert isinstance(begun, chain.Begun), begun
        self.name, self._head = made.header.feed, begun.head
        self._row = kept.begin_feed(connection, made, begun, ours=False, now=START)

    def say(self, connection: Connection, count: int) -> None:
        """Publish so many needs and offers."""
        run = [self._put() for _ in range(count)]
        kept.store_all(connection, run, feed_id=self._row, now=START, held={})
        last = run[-1]
        connection.execute(_ADVANCE, {"seq": last.header.seq, "head": last.id, "id": self._row})

    def _put(self) -> Entry:
        assert self._head is not None
        council, self._said = self.council, self._said + 1
        published = START + timedelta(seconds=self._said)
        note = builders.note(
            council, title=f"Thing {self._said}", published=published, ends_at=published + LASTING, words=_WORDS
        )
        made = activity.create(
            council.actor_id, council.new_activity_id(), note=note, audience="public", published=published
        )
        signed, _ = outbox.sign(council, made, now=published)
        head = self._head
        put = self._entry(
            seq=head.seq + 1,
            kind=Kind.PUT,
            payload=signed,
            feed=head.feed,
            prev=head.id,
            object=note["id"],
            expires=published + LASTING,
        )
        self._head = chain.Head(head.feed, head.epoch, put.header.seq, put.id, head.key)
        return put

    def _entry(self, **given: Any) -> Entry:
        salt = self.council.randomness.bytes(entry.SALT_BYTES)
        return entry.make(epoch=1, key=self.council.ed25519, salt=salt, **given)


_WORDS = "Wood, folding, for your assembly or your street party. Fetch them at the shed from six on; ask for the key next door."


def _public(first: dict[str, Any]) -> str:
    return entry.feed_name(entry.b64(hashlib.sha256(entry.canonical(first)).digest()), "public")


def carry(path: Path, *, councils: int, each: int, told: Callable[[int], None] = lambda done: None) -> None:
    """Fill a store with the feeds of so many councils, each with so many live records."""
    store = new_store(path)
    store.write_now(lambda c: c.execute(_MARK, {"store": "store of the crowd", "now": microseconds(START)}))
    for number, council in enumerate(publishers(councils)):
        feed = Feed(council)
        store.write_now(feed.begin)
        for at in range(0, each, AT_ONCE):
            some = min(AT_ONCE, each - at)
            store.write_now(lambda c, feed=feed, some=some: feed.say(c, some))  # type: ignore[misc]
        told(number)
    store.close()
    assert os.path.getsize(path) > 0
