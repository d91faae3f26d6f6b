"""What must be so after a server was cut off: judged from outside, by what was witnessed, with plain SQL."""

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from protocol.feeds.coding import b64

Witnessed = list[dict[str, Any]]


def wrong(database: Path, said: Witnessed) -> list[str]:
    """Everything that is lost, doubled or broken in a database, by what was witnessed before; empty if nothing is."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as raw:
        raw.row_factory = sqlite3.Row
        found = [row[0] for row in raw.execute("PRAGMA integrity_check").fetchall() if row[0] != "ok"]
        found += [f"a row without its parent in {row[0]}" for row in raw.execute("PRAGMA foreign_key_check")]
        return [*found, *_arrivals(raw, said), *_places(raw, said), *_chains(raw), *_own_words(raw, said)]


def _of(said: Witnessed, what: str) -> Iterable[dict[str, Any]]:
    return (line for line in said if line["what"] == what)


def _arrivals(raw: sqlite3.Connection, said: Witnessed) -> list[str]:
    held = [row[0] for row in raw.execute("SELECT activity_id FROM received_activity")]
    lost = [
        f"202 for {line['activity']}, and it is lost" for line in _of(said, "arrived") if line["activity"] not in held
    ]
    doubled = [f"{one} is there twice" for one in set(held) if held.count(one) > 1]
    return lost + doubled


def _places(raw: sqlite3.Connection, said: Witnessed) -> list[str]:
    """Entries that somebody has taken from us, that we have taken, and lists that we have made: at their places."""
    held = defaultdict(list)
    for name, epoch, seq, entry_id in raw.execute(
        "SELECT f.name, e.epoch, e.seq, e.entry_id FROM feed_entry e JOIN feed f ON f.id = e.feed_id"
    ):
        held[name, epoch, seq].append(entry_id)
    found = [f"two entries at {place}" for place, ids in held.items() if len(ids) > 1]
    for what, word in (("handed", "handed out"), ("taken", "taken"), ("listed", "listed")):
        for line in _of(said, what):
            for name, epoch, seq, entry_id in line["entries"]:
                ids = held.get((name, epoch, seq), [])
                if ids != [entry_id]:
                    found.append(f"{word} {name} {epoch}/{seq} {entry_id}: now {ids}")
    return found


def _chains(raw: sqlite3.Connection) -> list[str]:
    """Each feed runs without a gap from its first entry to its head, each entry naming the one before."""
    found = []
    for feed in raw.execute("SELECT * FROM feed").fetchall():
        before, count = None, 0
        rows = raw.execute(
            "SELECT seq, entry_id, header FROM feed_entry WHERE feed_id = ? AND epoch = ? ORDER BY seq",
            (feed["id"], feed["epoch"]),
        )
        for count, row in enumerate(rows, start=1):
            header = orjson.loads(row["header"])
            if (row["seq"], header["seq"], header.get("prev")) != (count, count, before) or row["entry_id"] != _id(
                row["header"]
            ):
                found.append(f"{feed['name']} is broken at {row['seq']}")
            before = row["entry_id"]
        if (count, before) != (feed["seq"], feed["head"]):
            found.append(f"{feed['name']} ends at {count}, and says {feed['seq']}")
    return found


def _id(header: bytes) -> str:
    return b64(hashlib.sha256(header).digest())


def _own_words(raw: sqlite3.Connection, said: Witnessed) -> list[str]:
    """Each object of ours says what was last acknowledged, or what was being tried after that; never more often than tried."""
    found = []
    for object_id, allowed, least, most in _expected(said):
        rows = raw.execute(
            "SELECT kind, payload FROM feed_entry e JOIN feed f ON f.id = e.feed_id WHERE f.ours AND object_id = ? AND"
            " kind IN ('put', 'end') ORDER BY n",
            (object_id,),
        ).fetchall()
        if not least <= len(rows) <= most:
            found.append(f"{object_id} is {len(rows)} times in the feed, not {least} to {most} times")
        title = _title(rows[-1]) if rows else None
        if title not in allowed:
            found.append(f"{object_id} says {title!r} in the feed, not one of {allowed}")
        live = raw.execute("SELECT name FROM replica WHERE object_id = ? AND gone_at IS NULL", (object_id,)).fetchall()
        if [row[0] for row in live] != ([] if title is None else [title]):
            found.append(f"{object_id} says {title!r} in the feed, and {[row[0] for row in live]} in our own table")
    return found


def _title(row: sqlite3.Row) -> str | None:
    return orjson.loads(row["payload"])["object"]["name"] if row["kind"] == "put" and row["payload"] else None


def _expected(said: Witnessed) -> Iterable[tuple[str, list[str | None], int, int]]:
    """Each object of ours: what it may say, and how often it may and must stand in the feed."""
    done: dict[str, list[str | None]] = defaultdict(list)
    open_: dict[str, list[str | None]] = defaultdict(list)
    for line in said:
        if line["what"] == "trying said":
            open_[line["object"]].append(line["title"])
        elif line["what"] == "refused said":
            open_[line["object"]].pop()  # a fault says that nothing of it is there
        elif line["what"] == "said":
            done[line["object"]].append(line["title"])
            open_[line["object"]].clear()
    for object_id, trying in open_.items():
        acknowledged = done[object_id]
        yield object_id, [*(acknowledged[-1:] or [None]), *trying], len(acknowledged), len(acknowledged) + len(trying)


def not_as_the_neighbour_says(database: Path, neighbour: Any) -> list[str]:
    """Whether what is live here of a neighbour is just what is live there, each thing once."""
    live = "SELECT object_id, name FROM replica WHERE source = ? AND gone_at IS NULL ORDER BY object_id"
    actor = neighbour.council.actor_id
    there = [tuple(row) for row in neighbour.connection.exec_driver_sql(live, (actor,))]
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as raw:
        here = raw.execute(live, (actor,)).fetchall()
    return [] if here == there else [f"live there: {there}; here: {here}"]
