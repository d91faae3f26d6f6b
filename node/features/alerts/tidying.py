"""Forgetting our own calls for help once they have had their time, and with them who called. It never drops a live one."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from federation.moments import microseconds

KEPT_FOR: Final = timedelta(days=30)
AT_ONCE: Final = 500

_FORGET: Final = text(
    "DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE ends_at < :before"
    " OR (message_type = 'Cancel' AND updated_at < :before) LIMIT :most)"
)


def tidy(connection: Connection, now: datetime) -> int:
    """Drop at most 500 of ours that ended, or were said to be over, 30 days ago. Returns how many went."""
    given = {"before": microseconds(now - KEPT_FOR), "most": AT_ONCE}
    return connection.execute(_FORGET, given).rowcount
