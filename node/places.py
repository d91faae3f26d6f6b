"""From the name of a place to what may be told of it: its H3 cell, never a point. Every feature says places this way."""

from typing import Final

import h3

from node.settings import Settings
from schemas.place import Place

RESOLUTION: Final = 7
_DECIMALS: Final = 6


def place_of(near: str, settings: Settings) -> Place | None:
    """The place that `near` names: one of the council's own places, else somewhere in its area; None for no fixed place.

    A name that the council does not know keeps its words and gets the cell of the whole area, or none if that is not set.
    """
    name = " ".join(near.split())
    if not name:
        return None
    known = coordinates_of(name, settings)
    if known is None:
        return Place(name=name)
    cell = h3.latlng_to_cell(*known, RESOLUTION)
    return in_cell(cell, name=name)


def in_cell(cell: str | None, *, name: str) -> Place | None:
    """A place as it is told: the name, the cell and the middle of the cell. None where there is neither name nor cell."""
    if cell is None:
        return Place(name=name) if name else None
    latitude, longitude = h3.cell_to_latlng(cell)
    return Place(name=name, cell=cell, latitude=round(latitude, _DECIMALS), longitude=round(longitude, _DECIMALS))


def coordinates_of(name: str, settings: Settings) -> tuple[float, float] | None:
    """Latitude and longitude (WGS 84 degrees) that this council means by `name`; None where it has no area."""
    found = exact_coordinates_of(name, settings)
    area = settings.area
    if found is None and area.latitude is not None and area.longitude is not None:
        return area.latitude, area.longitude
    return found


def exact_coordinates_of(name: str, settings: Settings) -> tuple[float, float] | None:
    """As `coordinates_of`, but None for a name that is not in the council's own list (its area included)."""
    wanted = " ".join(name.split()).casefold()
    area = settings.area
    if area.latitude is not None and area.longitude is not None and area.near.casefold() == wanted:
        return area.latitude, area.longitude
    return next((point for known, point in settings.places.items() if known.casefold() == wanted), None)


def names_of(settings: Settings) -> list[str]:
    """The places to choose from, the council's own area first."""
    area = [settings.area.near] if settings.area.near and settings.area.latitude is not None else []
    return [*area, *(name for name in sorted(settings.places, key=str.casefold) if name not in area)]
