"""What stands below a standing place on its page: how it was found, and, for those who sign in, who looks after it when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from node.accounts import rota
from node.feature import Viewer
from node.features.resources.part import Part
from node.features.resources.places import standing
from node.features.resources.tables import Resource


def below(connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime) -> Part | None:
    """The part of a live standing place of ours. Names are for those who sign in."""
    if row is None or not row.standing or row.state == "closed" or row.ends_at <= now:
        return None
    weeks = rota.weeks(connection, row.public_id, now=now)
    by_turn = {week.turn: week for week in weeks if week.turn is not None}
    stands = standing.how_it_stands(row, now=now)
    given: dict[str, Any] = {
        "path": f"/o/{row.public_id}",
        "stands": standing.STATES[stands[0]] if stands is not None else None,
        "seen": stands[1] if stands is not None else None,
        "looked_after": bool(by_turn),
        "states": list(standing.STATES.items()),
        "weeks": [],
        "free": [],
        "asked": [],
        "go_on": False,
    }
    if viewer.signed_in:
        given["weeks"] = weeks
        given["free"] = [(week.since, week is weeks[0]) for week in weeks if week.turn is None]
        given["asked"] = [
            (week, by_turn[week.swap_for])
            for week in by_turn.values()
            if week.swap_for in by_turn and by_turn[week.swap_for].holder == viewer.member_id
        ]
        given["go_on"] = standing.asks_to_go_on(connection, row, viewer, now=now)
    return Part("resources/place.html", given)
