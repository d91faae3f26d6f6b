"""Forgetting what has had its time. Everything but the ledger expires, and what is purged is purged whole.

Run every few minutes as one step; each call does a bounded amount, so the writer is never held for long.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from federation.council import Council
from federation.inbox import REMEMBERED
from federation.moments import microseconds

GRACE = timedelta(hours=1)
AT_ONCE = 500


def tidy(connection: Connection, council: Council, *, now: datetime) -> int:
    """Drop expired copies and deliveries, old ids and old tombstones. Returns how many rows went."""
    return (
        _expired_replicas(connection, council, now=now)
        + _expired_deliveries(connection, now=now)
        + _old_bodies(connection, now=now)
        + _old_ids(connection, now=now)
    )


def _expired_replicas(connection: Connection, council: Council, *, now: datetime) -> int:
    """Copies whose end has passed, an hour ago at least since clocks differ, and tombstones that nobody can contradict any more."""
    given = {
        "ended": microseconds(now - GRACE),
        "remembered": microseconds(now - REMEMBERED),
        "most": AT_ONCE,
    }
    rows = connection.execute(
        text(
            "SELECT id, kind FROM replica WHERE (gone_at IS NULL AND ends_at IS NOT NULL AND ends_at < :ended)"
            " OR gone_at < :remembered LIMIT :most"
        ),
        given,
    ).all()
    for row in rows:
        kind = council.kinds.get(row.kind)
        if kind is not None:
            kind.end(connection, row.id)
        connection.execute(text("DELETE FROM replica WHERE id = :id"), {"id": row.id})
    return len(rows)


def _expired_deliveries(connection: Connection, *, now: datetime) -> int:
    statement = "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE expires_at < :now LIMIT :most)"
    return connection.execute(text(statement), {"now": microseconds(now), "most": AT_ONCE}).rowcount


def _old_bodies(connection: Connection, *, now: datetime) -> int:
    """Bodies that nobody waits for, of objects that are no longer live here."""
    statement = (
        "DELETE FROM body WHERE id IN (SELECT b.id FROM body b WHERE b.created_at < :before"
        " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.body_id = b.id)"
        " AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.object_id = b.object_id AND r.gone_at IS NULL) LIMIT :most)"
    )
    return connection.execute(text(statement), {"before": microseconds(now - GRACE), "most": AT_ONCE}).rowcount


def _old_ids(connection: Connection, *, now: datetime) -> int:
    statement = (
        "DELETE FROM received_activity WHERE id IN (SELECT id FROM received_activity"
        " WHERE received_at < :before AND state = 'applied' LIMIT :most)"
    )
    return connection.execute(text(statement), {"before": microseconds(now - REMEMBERED), "most": AT_ONCE}).rowcount
