"""What is wrong once the line is whole again: lost, doubled, otherwise, out of order, leaked, forged, not quiet, and by whom.

Works on what was read from ten databases and ten journals, so that its tests can plant what servers never should do.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import rfc8785

from tests.nemesis.oracle import GONE, Slip, version_in

SEEN_BY = {"public": "public", "neighbours": "neighbours"}


@dataclass(frozen=True, slots=True)
class Live:
    """One object as one council holds it."""

    source: str
    audience: str
    title: str
    digest: str


@dataclass
class Holding:
    """What one council holds. `order`: feed and number of entries in the order in which they were stored.

    `at_home`: the titles of its own slips, by its own table; `left`: what still waits somewhere, by name.
    """

    name: str
    actor: str
    linked: frozenset[str] = frozenset()
    live: dict[str, Live] = field(default_factory=dict)
    at_home: list[str] = field(default_factory=list)
    order: list[tuple[str, int, int]] = field(default_factory=list)
    region_feeds: frozenset[str] = frozenset()
    left: dict[str, int] = field(default_factory=dict)


_LIVE = (
    "SELECT object_id, source, audience, name, document FROM replica WHERE gone_at IS NULL"
    " AND (ends_at IS NULL OR ends_at > strftime('%s', 'now') * 1000000)"
)
_LEFT = {
    "deliveries waiting": "SELECT count(*) FROM delivery",
    "arrivals waiting": "SELECT count(*) FROM received_activity WHERE state <> 'applied'",
    "entries not taken": "SELECT count(*) FROM feed_entry WHERE held_because IS NOT NULL",
    "calls given up": "SELECT count(*) FROM given_up",
    "feeds forked": "SELECT count(*) FROM feed_fork",
    "feeds frozen": "SELECT count(*) FROM feed WHERE frozen_seq IS NOT NULL",
    "feeds with holes": "SELECT count(*) FROM feed WHERE lacks",
    "silent": "SELECT count(*) FROM store_mark WHERE muted_since IS NOT NULL",
}


def read(raw: sqlite3.Connection, *, name: str, actor: str, linked: frozenset[str]) -> Holding:
    """What is in one database. `linked`: the names of the councils that it is linked up with."""
    live = {
        row["object_id"]: Live(row["source"], row["audience"], row["name"], _digest(row["document"]))
        for row in raw.execute(_LIVE)
    }
    order = raw.execute(
        "SELECT f.name, e.epoch, e.seq FROM feed_entry e JOIN feed f ON f.id = e.feed_id ORDER BY e.n"
    ).fetchall()
    feeds = raw.execute("SELECT actor_id FROM feed WHERE channel = 'region'").fetchall()
    return Holding(
        name=name,
        actor=actor,
        linked=linked,
        live=live,
        at_home=[row["title"] for row in raw.execute("SELECT title FROM resource WHERE state <> 'closed'")],
        order=[tuple(row) for row in order],
        region_feeds=frozenset(row["actor_id"] for row in feeds),
        left={word: count for word, query in _LEFT.items() if (count := raw.execute(query).fetchone()[0])},
    )


@lru_cache(maxsize=20_000)
def _digest(document: bytes) -> str:
    return hashlib.sha256(rfc8785.dumps(json.loads(document))).hexdigest()


def state_hash(holding: Holding, *, of: str) -> str:
    """SHA-256 over sorted (object id, payload digest) of what is live of one council's."""
    rows = sorted([object_id, one.digest] for object_id, one in holding.live.items() if one.source == of)
    return hashlib.sha256(rfc8785.dumps(rows)).hexdigest()


def agreed(holdings: Sequence[Holding]) -> bool:
    """Whether everybody holds the same of everybody that they are linked up with, and nothing waits anywhere."""
    return not any(one.left for one in holdings) and not any(_otherwise(holdings))


def wrong(holdings: Sequence[Holding], slips: Mapping[str, Sequence[Slip]]) -> list[str]:
    """Everything that must not be, in words that begin with what kind of wrong it is."""
    found: list[str] = []
    for one in holdings:
        found += _not_as_acknowledged(one, holdings, slips.get(one.name, ()))
        found += _doubled(one)
        found += _out_of_order(one)
        found += _leaked(one, holdings)
        found += [f"not quiet: {one.name}: {count} {word}" for word, count in one.left.items()]
    return [*found, *_otherwise(holdings)]


def _otherwise(holdings: Sequence[Holding]) -> Iterator[str]:
    by_name = {one.name: one for one in holdings}
    for one in holdings:
        for name in sorted(one.linked & by_name.keys()):
            other = by_name[name]
            if state_hash(one, of=other.actor) != state_hash(other, of=other.actor):
                mine, theirs = (
                    {i: o.digest for i, o in holder.live.items() if o.source == other.actor} for holder in (one, other)
                )
                lacks = sorted(other.live[i].title for i in theirs.keys() - mine.keys())
                beyond = sorted(one.live[i].title for i in mine.keys() - theirs.keys())
                changed = sorted(one.live[i].title for i in mine.keys() & theirs.keys() if mine[i] != theirs[i])
                yield f"otherwise: {one.name} of {other.name}: lacks {lacks}, has beyond {beyond}, has others {changed}"


def _not_as_acknowledged(one: Holding, holdings: Sequence[Holding], slips: Sequence[Slip]) -> Iterator[str]:
    """Every slip stands in a version that it may have: on its own wall, and at each council that it is for."""
    readers = [other for other in holdings if one.name in other.linked]
    for slip in slips:
        at_home = _versions(one.at_home, slip)
        yield from _judged(slip, at_home, one.name)
        if slip.audience in SEEN_BY:
            for holder in (one, *readers):
                titles = [live.title for live in holder.live.values() if live.source == one.actor]
                yield from _judged(slip, _versions(titles, slip), holder.name)


def _judged(slip: Slip, found: set[int], where: str) -> Iterator[str]:
    if not (found or {GONE}) <= slip.may_be:
        shown = sorted(found) or "nothing"
        word = "lost" if not found or max(found) < max(slip.may_be) else "otherwise"
        yield f"{word}: {slip.name} at {where}: {shown} is there, of {sorted(slip.may_be)}"


def _versions(titles: Sequence[str], slip: Slip) -> set[int]:
    return {known[1] for title in titles if (known := version_in(title)) and known[0] == slip.name}


def _doubled(one: Holding) -> Iterator[str]:
    live = Counter(known[0] for o in one.live.values() if (known := version_in(o.title)))
    home = Counter(known[0] for title in one.at_home if (known := version_in(title)))
    for name in sorted({name for names in (live, home) for name, count in names.items() if count > 1}):
        yield f"doubled: {name} at {one.name}"


def _out_of_order(one: Holding) -> Iterator[str]:
    last: dict[str, tuple[int, int]] = {}
    for feed, epoch, seq in one.order:
        before = last.get(feed, (epoch, 0))
        if (epoch, seq) != (before[0], before[1] + 1) and (seq != 1 or epoch <= before[0]):
            yield f"out of order: {one.name}: entry {seq} after {before[1]} of {feed}"
        last[feed] = epoch, seq


def _leaked(one: Holding, holdings: Sequence[Holding]) -> Iterator[str]:
    names = {other.actor: other.name for other in holdings}
    for object_id, live in sorted(one.live.items()):
        author = names.get(live.source)
        # What is public goes on from one to the next, to councils that the author never met.
        if live.audience != "public" and author != one.name and author not in one.linked:
            yield f"leaked: {one.name} holds {live.title or object_id} of {author}, with whom it is not linked up"
    for actor in sorted(one.region_feeds):
        author = names.get(actor)
        if author != one.name and author not in one.linked:
            yield f"leaked: {one.name} holds the feed for neighbours of {author}"
