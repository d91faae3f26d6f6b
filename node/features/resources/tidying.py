"""Forgetting our own needs and offers once they have had their time, and with them who put them up.

It must never drop what is live, nor what can still be taken back from others.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from federation.moments import microseconds

KEPT_FOR: Final = timedelta(days=30)
AT_ONCE: Final = 500

# A closed one whose note is still out there stays until that has ended: until then it can be taken down.
_FORGET: Final = text(
    "DELETE FROM resource WHERE id IN (SELECT id FROM resource o WHERE o.ends_at < :before"
    " OR (o.state = 'closed' AND o.updated_at < :before AND NOT EXISTS"
    " (SELECT 1 FROM replica r WHERE r.object_id = o.object_id AND r.gone_at IS NULL)) LIMIT :most)"
)


def tidy(connection: Connection, now: datetime) -> int:
    """Drop at most 500 of ours that ended, or were closed, 30 days ago. Returns how many went.

    What was taken down is gone already.
    """
    given = {"before": microseconds(now - KEPT_FOR), "most": AT_ONCE}
    return connection.execute(_FORGET, given).rowcount
