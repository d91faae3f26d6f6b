"""Forgetting our own calls for help once they have had their time, and with them who called. It never drops a live one.

A call is kept for as long as it is still asked after: until the last follow-up is done, sixty days at most.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from federation.moments import microseconds
from node.features.alerts import after
from node.features.alerts.tables import Alert
from node.features.alerts.telling import ALERTS, OUT

KEPT_FOR: Final = timedelta(days=30)
AT_MOST: Final = timedelta(days=60)
LATELY: Final = timedelta(days=7)
AT_ONCE: Final = 500

_LAPSED_DRAFTS: Final = text(
    "DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE state = 'draft' AND ends_at <= :now LIMIT :most)"
)
_LAPSED_CALLS: Final = text(
    "SELECT id FROM alert WHERE state = 'out' AND ends_at <= :now AND ends_at > :lately"
    " AND NOT EXISTS (SELECT 1 FROM alert_follow_up f WHERE f.alert_id = alert.id) LIMIT :most"
)
_FORGET: Final = text(
    "DELETE FROM alert WHERE id IN (SELECT a.id FROM alert a WHERE a.state <> 'draft'"
    " AND (coalesce(a.ended_at, a.ends_at) < :long_ago OR (coalesce(a.ended_at, a.ends_at) < :before AND NOT EXISTS"
    " (SELECT 1 FROM alert_follow_up f WHERE f.alert_id = a.id AND f.done_at IS NULL))) LIMIT :most)"
)
_ANSWERS: Final = text(
    "DELETE FROM alert_answer WHERE id IN (SELECT id FROM alert_answer WHERE received_at < :lately"
    " AND object_id NOT IN (SELECT object_id FROM replica WHERE gone_at IS NULL)"
    " AND substr(object_id, -26) NOT IN (SELECT public_id FROM alert) LIMIT :most)"
)
_COMING: Final = text(
    "DELETE FROM alert_coming WHERE object_id IN (SELECT object_id FROM alert_coming"
    " WHERE object_id NOT IN (SELECT object_id FROM replica WHERE gone_at IS NULL)"
    " AND substr(object_id, -26) NOT IN (SELECT public_id FROM alert) LIMIT :most)"
)


def tidy(connection: Connection, now: datetime) -> int:
    """Drop drafts whose time is over, calls that are asked after no more, and what was answered to them. Returns how many went."""
    given = {"now": microseconds(now), "lately": microseconds(now - LATELY), "most": AT_ONCE}
    for call in connection.execute(_LAPSED_CALLS, given).scalars().all():
        _time_ran_out(connection, call)
    ages = {"before": microseconds(now - KEPT_FOR), "long_ago": microseconds(now - AT_MOST), "most": AT_ONCE}
    return (
        connection.execute(_LAPSED_DRAFTS, {"now": given["now"], "most": AT_ONCE}).rowcount
        + connection.execute(_FORGET, ages).rowcount
        + connection.execute(_ANSWERS, {"lately": given["lately"], "most": AT_ONCE}).rowcount
        + connection.execute(_COMING, {"most": AT_ONCE}).rowcount
    )


def _time_ran_out(connection: Connection, call: int) -> None:
    """Nobody said that it is over; what follows is due all the same."""
    row = Alert(**connection.execute(ALERTS.select().where(ALERTS.c.id == call)).mappings().one())
    assert row.state == OUT
    after.begin(connection, row, day=row.ends_at.date())
