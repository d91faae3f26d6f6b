"""Calls for help do not wait until everything before them has gone: whoever was away long hears of them first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from federation.council import Council
from federation.feeds import applying, kept
from protocol.feeds.entry import Entry, Kind, judge_signature


def take_ahead(connection: Connection, council: Council, calls: Sequence[Entry], *, now: datetime) -> int:
    """Apply calls for help from beyond what is held of their feeds: each is signed by itself, by the key in use there.

    They are not kept: they come again in their place, and are applied again. Returns how many were applied.
    """
    count = 0
    for entry in calls:
        header = entry.header
        row = kept.feed(connection, header.feed)
        if row is None or row["ours"] or row["frozen_seq"] is not None or header.kind is not Kind.PUT:
            continue
        if (header.epoch, header.key) != (row["epoch"], row["key"]) or header.seq <= row["seq"]:
            continue
        actor = row["actor_id"]
        known = applying.look_up(connection, council, [entry], actor=actor)
        if judge_signature(entry) is not None or not known.linked:
            continue
        because = applying.apply(connection, council, entry, actor=actor, known=known, now=now)
        count += because is None
    return count
