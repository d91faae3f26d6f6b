"""Forgetting our own needs and offers once they have had their time, and with them who put them up.

It must never drop what is live, nor what can still be taken back from others.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from federation.moments import microseconds
from node.accounts import rota
from node.features.resources.letters import posting
from node.features.resources.promises import keeping

KEPT_FOR: Final = timedelta(days=30)
AT_ONCE: Final = 500
_REPORTS_KEPT: Final = {"half_a_year": timedelta(days=182), "year": timedelta(days=366)}

# A closed one whose note is still out there stays until that has ended: until then it can be taken down.
_OLD: Final = text(
    "SELECT id FROM resource o WHERE o.ends_at < :before"
    " OR (o.state = 'closed' AND o.updated_at < :before AND NOT EXISTS"
    " (SELECT 1 FROM replica r WHERE r.object_id = o.object_id AND r.gone_at IS NULL)) LIMIT :most"
)
# What is old goes whole.
_DUE: Final = text("SELECT id FROM resource WHERE erase_at <= :now AND ends_at >= :before LIMIT :most")
_ERASE: Final = tuple(
    text(statement)
    for statement in (
        "UPDATE resource SET contact = NULL, contact_ok_at = NULL, contact_language = '', exact_place = NULL,"
        " phrase_hash = NULL, link_hash = NULL, shown_why = '', erase_at = NULL WHERE id = :id",
        "UPDATE promise SET words = '' WHERE resource_id = :id",
        "DELETE FROM reply WHERE resource_id = :id",
        "DELETE FROM letter WHERE resource_id = :id",
    )
)
# Promises to nearby councils, and the acts that they were computed from, once they have had their time.
_OLD_ELSEWHERE: Final = text(
    "DELETE FROM promise WHERE id IN (SELECT id FROM promise WHERE resource_id IS NULL AND ends_at < :before"
    " AND updated_at < :before AND counterpart_id IS NULL LIMIT :most)"
)
_ACTS_OF_NOTHING: Final = text(
    "DELETE FROM agreement_act WHERE id IN (SELECT id FROM agreement_act a WHERE a.received_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM promise p WHERE p.offer_id = a.offer_id) LIMIT :most)"
)
# What was reported about a note that is gone, or that nobody saw to while it mattered: its words go, the number stays a year.
_REPORTS_OF_NOTHING: Final = text(
    "UPDATE report SET words = '', done_at = :now, done_how = 'gone' WHERE id IN (SELECT id FROM report"
    " WHERE done_at IS NULL AND ((resource_id IS NULL AND object_id IS NULL) OR at < :half_a_year) LIMIT :most)"
)
_OLD_REPORTS: Final = text("DELETE FROM report WHERE id IN (SELECT id FROM report WHERE at < :year LIMIT :most)")


def tidy(connection: Connection, now: datetime) -> int:
    """Forget contacts, phrases and what was written back and forth once that is due, and drop at most 500 records of ours that
    ended, or were closed, 30 days ago. Returns how many of either.

    What was taken down is gone already.
    """
    given = {"before": microseconds(now - KEPT_FOR), "most": AT_ONCE}
    due = connection.execute(_DUE, {**given, "now": microseconds(now)}).scalars().all()
    for resource_id in due:
        for statement in _ERASE:
            connection.execute(statement, {"id": resource_id})
    old = connection.execute(_OLD, given).scalars().all()
    keeping.forget_about(connection, old, over=True)
    if old:
        connection.execute(
            text("DELETE FROM resource WHERE id IN (SELECT value FROM json_each(:ids))"), {"ids": f"{list(old)}"}
        )
    elsewhere = connection.execute(_OLD_ELSEWHERE, given).rowcount
    elsewhere += rota.forget_over(connection, before=now - KEPT_FOR)
    elsewhere += posting.tidy(connection, now)
    acts = connection.execute(_ACTS_OF_NOTHING, given).rowcount
    return len(due) + len(old) + elsewhere + acts + _tidy_reports(connection, now)


def _tidy_reports(connection: Connection, now: datetime) -> int:
    given = {name: microseconds(now - age) for name, age in _REPORTS_KEPT.items()} | {"most": AT_ONCE}
    gone = connection.execute(_REPORTS_OF_NOTHING, {**given, "now": microseconds(now)}).rowcount
    return gone + connection.execute(_OLD_REPORTS, given).rowcount
