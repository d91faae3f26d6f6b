"""Forgetting in feeds: payloads at their end, headers after a month, each feed within its bounds.

A chain stays checkable without its payloads. After the horizon even headers go, up to the newest snapshot that is as old:
whoever comes later takes the feed up there. What lasts is the genesis and the keys.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from federation.moments import microseconds

GRACE: Final = timedelta(hours=1)
HORIZON: Final = timedelta(days=30)
AT_ONCE: Final = 500

_OVER: Final = text(
    "UPDATE feed_entry SET salt = NULL, payload = NULL WHERE n IN (SELECT n FROM feed_entry"
    " WHERE payload IS NOT NULL AND expires_at < :ended LIMIT :most)"
)
# What has no payload any more is all that may go: a snapshot or a list of readers loses its own once there is a newer one.
_OLD: Final = text(
    "DELETE FROM feed_entry WHERE n IN (SELECT e.n FROM feed_entry e WHERE e.payload IS NULL AND e.stored_at < :before"
    " AND e.kind NOT IN ('genesis', 'key') AND e.seq < ("
    "SELECT s.seq FROM feed_entry s WHERE s.feed_id = e.feed_id AND s.epoch = e.epoch AND s.kind = 'snapshot'"
    " ORDER BY s.seq DESC LIMIT 1) AND (e.kind <> 'audience' OR e.n < ("
    "SELECT max(a.n) FROM feed_entry a WHERE a.feed_id = e.feed_id AND a.kind = 'audience')) LIMIT :most)"
)


def forget(connection: Connection, *, now: datetime) -> int:
    """Do a bounded amount of it. Returns how many rows it touched."""
    over = connection.execute(_OVER, {"ended": microseconds(now - GRACE), "most": AT_ONCE}).rowcount
    return over + connection.execute(_OLD, {"before": microseconds(now - HORIZON), "most": AT_ONCE}).rowcount
