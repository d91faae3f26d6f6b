"""Which of the councils that we are linked with have our newest word on an object, and since when the others are silent.

Told from what is really known: a row that waits, an acknowledgement, a mark that it was given up. What is not known to have
been taken is never counted as taken. It must never say more of a council than how our own messages to it fare.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from federation.moments import from_microseconds

MOST = 500
HEARD_LATELY = timedelta(minutes=5)

# One look at the indexes of body, delivery and given_up, then one row for each linked council.
_REACHED = text(
    "WITH newest AS (SELECT max(id) AS id FROM body WHERE object_id = :object_id),"
    " waiting AS (SELECT x.destination_id FROM body b JOIN delivery x ON x.body_id = b.id WHERE b.object_id = :object_id),"
    " refused AS (SELECT g.destination_id FROM newest n JOIN given_up g ON g.body_id = n.id)"
    " SELECT p.actor_id, p.name, p.origin, p.accepted_at, p.last_heard_at, d.last_ok_at, d.attempts, r.received_at, r.ends_at,"
    " d.id IN (SELECT destination_id FROM waiting) AS waits, d.id IN (SELECT destination_id FROM refused) AS given_up"
    " FROM replica r JOIN newest n ON n.id IS NOT NULL LEFT JOIN peer p ON p.state = 'accepted'"
    " LEFT JOIN destination d ON d.inbox = p.inbox WHERE r.object_id = :object_id AND r.gone_at IS NULL"
    " ORDER BY p.name, p.id LIMIT :most"
)


class Standing(StrEnum):
    """How one council stands to the newest version. `untold`: linked up when it was over, or nobody knows that it was taken."""

    HAS = "has"
    ON_THE_WAY = "on-the-way"
    SILENT = "silent"
    REFUSED = "refused"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Told:
    """One linked council. `since`: for a silent one, the last moment at which it took or said anything; None if it never did."""

    actor_id: str
    name: str
    url: str
    standing: Standing
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """Every linked council, by name."""

    councils: tuple[Told, ...]

    def count(self, standing: Standing) -> int:
        return sum(1 for council in self.councils if council.standing == standing)

    @property
    def silent_since(self) -> datetime | None:
        """Since when the one that is silent longest is; None if one of them has never been heard."""
        since = [council.since for council in self.councils if council.standing is Standing.SILENT]
        known = [at for at in since if at is not None]
        return min(known) if known and len(known) == len(since) else None


def reached(connection: Connection, *, object_id: str, now: datetime) -> Reached | None:
    """How far the newest version of an object of ours has come. None for what we never told anyone, or have taken back."""
    rows = connection.execute(_REACHED, {"object_id": object_id, "most": MOST}).all()
    if not rows:
        return None
    return Reached(tuple(_told(row, now=now) for row in rows if row.actor_id is not None))


def _told(row: Any, *, now: datetime) -> Told:
    standing = _standing(row, now=now)
    since = _last_sign(row) if standing is Standing.SILENT else None
    return Told(row.actor_id, row.name, row.origin, standing, since)


def _standing(row: Any, *, now: datetime) -> Standing:
    if row.waits:
        sign = _last_sign(row)
        up = row.attempts == 0 or (sign is not None and now - sign <= HEARD_LATELY)
        return Standing.ON_THE_WAY if up else Standing.SILENT
    if row.given_up:
        return Standing.REFUSED
    if row.accepted_at is not None and row.ends_at is not None and row.accepted_at >= row.ends_at:
        return Standing.UNTOLD
    # A link that is younger than the words is told them when it begins.
    told_at = max(row.received_at, row.accepted_at or row.received_at)
    return Standing.HAS if row.last_ok_at is not None and row.last_ok_at >= told_at else Standing.UNTOLD


def _last_sign(row: Any) -> datetime | None:
    signs = [at for at in (row.last_ok_at, row.last_heard_at) if at is not None]
    return from_microseconds(max(signs)) if signs else None
