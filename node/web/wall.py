"""What is on the wall, in which order: every feature's live slips for one viewer. It stores nothing and counts nobody.

It never shows a slip that its feature did not give for this very viewer.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from federation.council import Council
from node.feature import Feature, Slip, Viewer

ON_THE_WALL = 60
SOON = timedelta(hours=36)


def wall_slips(
    features: Iterable[Feature], connection: Connection, *, council: Council, viewer: Viewer, now: datetime
) -> list[Slip]:
    """Calls for help first, those that wait for a second person among them, then what ends soon by its end, then the newest."""
    found = [
        slip
        for feature in features
        if feature.wall is not None
        for slip in feature.wall(connection, viewer, now, council)
    ]

    def place(slip: Slip) -> tuple[int, float]:
        if slip.kind in ("alert", "waiting"):
            return 0, -slip.updated.timestamp()
        if slip.ends_at is not None and slip.ends_at - now <= SOON:
            return 1, slip.ends_at.timestamp()
        return 2, -slip.updated.timestamp()

    return sorted(found, key=place)
