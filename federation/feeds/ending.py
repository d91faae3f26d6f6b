"""What a council's newest list of what is live says of all that it leaves out: that is over, whatever somebody brings back.

Two ways lead to a list. Whoever takes a feed up at its snapshot knows nothing of what lay before. Whoever follows the chain has
seen every end that it tells; but what was pushed to us, and never came to stand in the chain, has no end there, and no newer
word: a server that was put back from an old copy knows nothing of what it said after it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import orjson
from sqlalchemy import Connection, text

from federation.council import Council
from federation.feeds import applying, gone, kept, own, recovering
from federation.moments import microseconds
from protocol.feeds import chain
from protocol.feeds.entry import Entry, Kind

AHEAD_OF_ITS_ENTRY: Final = timedelta(days=1)
"""A push may be here before its entry, and a carrier may lag: what came within so long is not judged by a list."""

_SOURCES = text(
    "SELECT object_id FROM replica WHERE source = :actor AND audience = :audience AND gone_at IS NULL"
    " AND (:before IS NULL OR received_at < :before) ORDER BY id"
)
# Mostly the very same bytes: only what differs is read.
_OTHERWISE = text(
    "SELECT e.object_id, e.payload, r.document FROM feed_entry e JOIN replica r ON r.object_id = e.object_id"
    " WHERE e.feed_id = :feed AND e.kind = 'put' AND e.payload IS NOT NULL AND e.payload <> r.document"
    " AND r.source = :actor AND r.audience = :audience AND r.gone_at IS NULL AND r.received_at < :before ORDER BY e.seq"
)
_SAID = text(
    "SELECT e.* FROM feed_entry e JOIN feed f ON f.id = e.feed_id AND f.epoch = e.epoch WHERE f.actor_id = :actor"
    " AND e.object_id = :object AND e.kind = 'put' AND e.payload IS NOT NULL ORDER BY e.n DESC LIMIT 1"
)


def end_what_is_not_listed(
    connection: Connection, council: Council, *, actor: str, channel: str, live: chain.Live, now: datetime
) -> None:
    """After a feed was taken up at a snapshot: what is held of its council, and is not in `live`, goes."""
    ours = actor == council.actor_id
    for object_id in _held(connection, actor=actor, channel=channel, before=None):
        if object_id in live:
            continue
        if not ours:
            gone.drop(connection, council, object_id=object_id, actor=actor, channel=channel, now=now)
        elif kept.was_said(connection, object_id=object_id):
            # What an old copy of ours has published while it was silent was never in the feed, and will be said.
            recovering.lapse(connection, council, object_id=object_id, channel=channel, now=now)


def agree_with_the_list(
    connection: Connection, council: Council, run: Sequence[Entry], *, feed_id: int, actor: str, now: datetime
) -> None:
    """After a run was followed: what its newest snapshot does not list, and no entry after that says, goes; and what it lists
    with other words than ours is what it says. What was taken back stays so."""
    place = max((place for place, one in enumerate(run) if one.header.kind is Kind.SNAPSHOT), default=None)
    if place is None or actor == council.actor_id:
        return
    live = chain.live_of(run[place])
    if live is None:
        return
    said = {*live, *(one.header.object for one in run[place:] if one.header.kind is Kind.PUT)}
    channel, before = run[place].header.channel, now - AHEAD_OF_ITS_ENTRY
    overtaken = [one for one in _held(connection, actor=actor, channel=channel, before=before) if one not in said]
    given = {"feed": feed_id, "actor": actor, "audience": own.AUDIENCE[channel], "before": microseconds(before)}
    for row in connection.execute(_OTHERWISE, given).all():
        if orjson.loads(row.document)["id"] != orjson.loads(row.payload)["id"]:
            overtaken.append(row.object_id)
    for object_id in overtaken:
        gone.drop(connection, council, object_id=object_id, actor=actor, channel=channel, now=now)
        _put_what_is_said(connection, council, object_id=object_id, actor=actor, now=now)


def _put_what_is_said(connection: Connection, council: Council, *, object_id: str, actor: str, now: datetime) -> None:
    """The word on an object that stands in its owner's feeds, in whichever of them, in place of one that stands nowhere."""
    row = connection.execute(_SAID, {"actor": actor, "object": object_id}).mappings().first()
    if row is not None:
        listed = kept.entry_of(row)
        known = applying.look_up(connection, council, [listed], actor=actor)
        applying.apply(connection, council, listed, actor=actor, known=known, now=now)


def _held(connection: Connection, *, actor: str, channel: str, before: datetime | None) -> list[str]:
    until = None if before is None else microseconds(before)
    given = {"actor": actor, "audience": own.AUDIENCE[channel], "before": until}
    return list(connection.execute(_SOURCES, given).scalars())
