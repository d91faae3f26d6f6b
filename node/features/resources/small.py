"""Something small to begin with, for a newcomer: the smallest open need on the board, and a place that nobody looks after yet.

Only a view: it keeps nothing, asks nothing about whoever looks, and is the same for every newcomer.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection

from node.accounts import rota
from node.feature import Slip, Viewer
from node.features.resources import queries, views
from node.features.resources.kinds import is_sensitive
from node.features.resources.tables import Resource

# What somebody new should not be the first to be asked for.
_NOT_FIRST: Final = frozenset({"money", "medical"})
_OPEN: Final = frozenset({"open", "partly-promised"})
_ONE: Final = Decimal(1)


def first_things(connection: Connection, viewer: Viewer, now: datetime) -> list[Slip]:
    """At most one need and one place, as slips of this viewer's board."""
    needs = [row for row in queries.board(connection, viewer, now=now, direction="need") if _suits(row, viewer)]
    places = queries.board(connection, viewer, now=now, standing=True)
    alone = (row for row in places if not any(week.turn for week in rota.weeks(connection, row.public_id, now=now)))
    found = [min(needs, key=_size, default=None), next(alone, None)]
    return [views.own_slip(row, viewer, now) for row in found if row is not None]


def _suits(row: Resource, viewer: Viewer) -> bool:
    return (
        row.state in _OPEN
        and row.by_member != viewer.member_id
        and row.category not in _NOT_FIRST
        and not is_sensitive(row.kind)
    )


def _size(row: Resource) -> tuple[Decimal, datetime]:
    """How much is still missing, in whatever it is counted in; what is not counted is one thing. Then what ends soonest."""
    return Decimal(row.available) if row.available is not None else _ONE, row.ends_at
