"""What is on the wall, in which order: every feature's live slips for one viewer. It stores nothing and counts nobody.

It never shows a slip that its feature did not give for this very viewer.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from node.feature import Slip, Viewer

if TYPE_CHECKING:
    from node.web.site import Site

ON_THE_WALL = 60
SOON = timedelta(hours=36)


def wall_slips(site: "Site", connection: Connection, *, viewer: Viewer, now: datetime) -> list[Slip]:
    """Calls for help first, then what ends soon by its end, then the newest."""
    found = [
        slip
        for feature in site.features
        if feature.wall is not None
        for slip in feature.wall(connection, viewer, now, site.council)
    ]

    def place(slip: Slip) -> tuple[int, float]:
        if slip.kind == "alert":
            return 0, -slip.updated.timestamp()
        if slip.ends_at is not None and slip.ends_at - now <= SOON:
            return 1, slip.ends_at.timestamp()
        return 2, -slip.updated.timestamp()

    return sorted(found, key=place)
