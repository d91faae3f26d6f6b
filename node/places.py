"""From the name of a place to what may be told of it: its H3 cell, never a point. Every feature says places this way."""

from typing import Final, Protocol

import h3

from federation.council import Council
from node.settings import Settings
from schemas.place import Place

RESOLUTION: Final = 7
_DECIMALS: Final = 6


class Here(Protocol):
    """Where somebody asks: the council has its area, the settings its list of places."""

    @property
    def settings(self) -> Settings: ...

    @property
    def council(self) -> Council: ...


def place_of(near: str, here: Here) -> Place | None:
    """The place that `near` names: one of the council's own places, else somewhere in its area; None for no fixed place.

    A name that the council does not know keeps its words and gets the cell of the whole area, or none if that is not set.
    """
    name = " ".join(near.split())
    if not name:
        return None
    known = coordinates_of(name, here)
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


def coordinates_of(name: str, here: Here) -> tuple[float, float] | None:
    """Latitude and longitude (WGS 84 degrees) that this council means by `name`; None where it has no area."""
    return exact_coordinates_of(name, here) or _area_of(here)


def exact_coordinates_of(name: str, here: Here) -> tuple[float, float] | None:
    """As `coordinates_of`, but None for a name that is not in the council's own list (its area included)."""
    wanted = " ".join(name.split()).casefold()
    area, middle = here.council.place, _area_of(here)
    if area is not None and middle is not None and area.name.casefold() == wanted:
        return middle
    return next((point for known, point in here.settings.places.items() if known.casefold() == wanted), None)


def names_of(here: Here) -> list[str]:
    """The places to choose from, the council's own area first."""
    area = here.council.place
    own = [area.name] if area is not None and area.name and area.latitude is not None else []
    return [*own, *(name for name in sorted(here.settings.places, key=str.casefold) if name not in own)]


def _area_of(here: Here) -> tuple[float, float] | None:
    area = here.council.place
    if area is None or area.latitude is None or area.longitude is None:
        return None
    return area.latitude, area.longitude
