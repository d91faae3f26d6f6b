"""The live question about needs and offers: how it is made from what somebody looks for, and what of a council answers it.

What leaves this server with it is a kind of thing, a direction and a coarse cell. Words that somebody typed never do.
"""

from collections.abc import Sequence
from datetime import datetime
from math import inf
from typing import Any, Final

import h3
from sqlalchemy import Connection

from federation.moments import microseconds
from node.database.sqlite import driver_connection
from node.features.resources.sphere import Point, distance_km
from protocol.verdict import Reason, Refused
from schemas.live import LiveQuestion

RESOLUTION: Final = 6
"""Of the cell that is told: about 36 square kilometres, coarser than any place that is ever published."""

# By the council first: it has thousands, the region may have a million.
_OF_ONE: Final = (
    "SELECT a.replica_id, a.latitude, a.longitude, a.ends_at FROM replica r CROSS JOIN availability a ON a.replica_id = r.id"
    " WHERE r.source = ? AND r.gone_at IS NULL AND a.ends_at > ?"
)


def question(*, category: str | None, direction: str | None, near: Point | None) -> LiveQuestion:
    """What is asked of nearby councils for one search."""
    cell = "" if near is None else h3.latlng_to_cell(*near, RESOLUTION)
    return LiveQuestion.model_validate(
        {"kind": "resource", "category": category or "", "direction": direction or "", "cell": cell}
    )


def live(connection: Connection, asked: LiveQuestion, source: str, now: datetime, most: int) -> Sequence[int] | Refused:
    """The replicas of one council that answer: nearest to the middle of the cell first, else what ends soonest.

    Refuses WRONG_SHAPE where the cell is none, or is finer than may be asked about.
    """
    if asked.cell and not (h3.is_valid_cell(asked.cell) and h3.get_resolution(asked.cell) <= RESOLUTION):
        return Refused(Reason.WRONG_SHAPE, f"The cell is an H3 cell of resolution {RESOLUTION} or coarser.")
    sql, values = _OF_ONE, [source, microseconds(now)]
    for column, value in (("category", asked.category), ("direction", asked.direction)):
        if value:
            sql, values = f"{sql} AND a.{column} = ?", [*values, value]
    middle = h3.cell_to_latlng(asked.cell) if asked.cell else None

    def first(row: Any) -> tuple[float, int, int]:
        replica_id, latitude, longitude, ends_at = row
        far = 0.0 if middle is None else inf if latitude is None else distance_km(middle, (latitude, longitude))
        return far, ends_at, replica_id

    rows = driver_connection(connection).execute(sql, values).fetchall()
    return [row[0] for row in sorted(rows, key=first)[:most]]
