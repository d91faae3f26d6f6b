"""Who may call for help, for how long and for whom: pure decisions of this node. Raises `Refusal`; tells no time."""

from datetime import datetime, timedelta
from typing import Final

import h3

from node.settings import Settings
from schemas.place import Place
from schemas.refusal import Refusal

AUDIENCES: Final = ("council", "neighbours", "public")
PUBLISHED: Final = frozenset({"neighbours", "public"})
LONGEST: Final = timedelta(hours=24)
RESOLUTION: Final = 7
_DECIMALS: Final = 6


def signed_in(member_id: int | None) -> int:
    """The member who acts. Raises Refusal("not-signed-in")."""
    if member_id is None:
        raise Refusal("not-signed-in", None, sentence="Sign in first: use your sign-in link, or ask for one.")
    return member_id


def check_audience(audience: str) -> None:
    """Raises Refusal("audience") for any but the three that are offered."""
    if audience not in AUDIENCES:
        raise Refusal(
            "audience", "audience", sentence="Choose who can see this: our council, nearby councils, or everybody."
        )


def check_end(ends_at: datetime, now: datetime) -> None:
    """A call for help ends within 24 hours; who still needs it then renews it. Raises Refusal("too-long")."""
    if ends_at - now > LONGEST:
        raise Refusal(
            "too-long", "ends_at", sentence="A call for help lasts 24 hours at most. Put it up again if it goes on."
        )


def check_may_end(*, by_member: int, member_id: int | None, keeper: bool) -> None:
    """Whoever called, or a keeper, says that it is over. Raises Refusal("not-signed-in" or "not-yours")."""
    if signed_in(member_id) != by_member and not keeper:
        raise Refusal(
            "not-yours", None, sentence="Only the neighbour who called, or whoever holds the server turn, can end it."
        )


def place_of(near: str, settings: Settings) -> Place | None:
    """The place that `near` names, as a cell: one of the council's own places, else its area. None for no place."""
    name = " ".join(near.split())
    if not name:
        return None
    area = settings.area
    known = next((point for place, point in settings.places.items() if place.casefold() == name.casefold()), None)
    if known is None and area.latitude is not None and area.longitude is not None:
        known = area.latitude, area.longitude
    return in_cell(None if known is None else h3.latlng_to_cell(*known, RESOLUTION), name=name)


def in_cell(cell: str | None, *, name: str) -> Place | None:
    """A place as it is told: the name, the cell and the middle of the cell."""
    if cell is None:
        return Place(name=name) if name else None
    latitude, longitude = h3.cell_to_latlng(cell)
    return Place(name=name, cell=cell, latitude=round(latitude, _DECIMALS), longitude=round(longitude, _DECIMALS))


def next_update(now: datetime, last: datetime) -> datetime:
    """The time of a change in whole seconds, later than that of every change before it: receivers keep the newest word."""
    return max(now.replace(microsecond=0), last.replace(microsecond=0) + timedelta(seconds=1))
