"""Bringing our feeds to what our tables say, where something was published that could not be appended at once.

That is so while an old copy is mute, and for the moment in which a server has not noticed yet that its keys were changed.
"""

from datetime import datetime

import orjson
from sqlalchemy import Connection, text

from federation.council import Council
from federation.feeds import kept, own
from federation.moments import from_microseconds, microseconds
from protocol.feeds import entry

_UNSAID = text(
    "SELECT b.activity_id, b.audience, b.document FROM body b WHERE b.created_at >= :since AND b.object_id IS NULL"
    " AND b.audience IN ('public', 'neighbours') AND b.tells_key IS NULL ORDER BY b.id"
)
_OURS_LIVE = text(
    "SELECT object_id, audience, document, ends_at FROM replica WHERE source = :us AND gone_at IS NULL"
    " AND (ends_at IS NULL OR ends_at > :now) ORDER BY updated, id"
)


def say_what_was_not(connection: Connection, council: Council, *, since: datetime, now: datetime) -> None:
    """Append what was published or taken back here and does not stand in our feeds; of answers, those since `since`."""
    said: dict[str, dict[str, bytes]] = {}
    for channel in entry.CHANNELS:
        feed = own.ours(connection, channel)
        if feed is not None:
            said[channel] = kept.payloads(connection, feed_id=feed["id"], epoch=feed["epoch"], now=now)
    live = connection.execute(_OURS_LIVE, {"us": council.actor_id, "now": microseconds(now)}).all()
    ours = {row.object_id: own.CHANNEL[row.audience] for row in live}
    for channel, held in said.items():
        audience = own.AUDIENCE[channel]
        for object_id in held:
            if object_id.startswith(f"{council.base_url}/o/") and ours.get(object_id) != channel:
                say = own.move_away if object_id in ours else own.end
                say(connection, council, audience=audience, object_id=object_id, now=now)
    for row in live:
        payload = orjson.loads(row.document)
        before = said.get(own.CHANNEL[row.audience], {}).get(row.object_id)
        if before is None or orjson.loads(before)["id"] != payload["id"]:
            ends = None if row.ends_at is None else from_microseconds(row.ends_at)
            own.put(
                connection, council, audience=row.audience, object_id=row.object_id, payload=payload, ends=ends, now=now
            )
    for unsaid in connection.execute(_UNSAID, {"since": microseconds(since)}).all():
        if unsaid.activity_id not in said.get(own.CHANNEL[unsaid.audience], {}):
            payload = orjson.loads(unsaid.document)
            at, audience = unsaid.activity_id, unsaid.audience
            own.put(connection, council, audience=audience, object_id=at, payload=payload, ends=None, now=now)
    own.name_readers(connection, council, now=now)
