"""A coarse place: a name, an H3 cell no finer than resolution 8, and the middle of that cell.

It must never hold an address, nor a point finer than its cell: places leave a council as cells (decisions section 6).
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from schemas.base import Line, WireModel

# An H3 index in its usual 15 hexadecimal digits: mode "8" (a cell), then the resolution.
Cell = Annotated[str, StringConstraints(pattern=r"^8[0-8][0-9a-f]{13}$")]
Latitude = Annotated[float, Field(strict=True, ge=-90, le=90)]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180)]

# Four places of decimals are about ten metres: well inside the coarsest error a cell of resolution 8 makes.
_DECIMALS: Final = 4


class Around(StrEnum):
    """How far around a place something reaches, as a form asks it."""

    HERE = "here"
    AROUND = "around"
    VALLEY = "valley"


class Place(WireModel):
    """An AS2 Place with our cell. Degrees, WGS 84; either both coordinates or none."""

    type: Literal["Place"] = "Place"
    name: Line = ""
    cell: Cell | None = Field(default=None, validation_alias="comarca:cell", serialization_alias="comarca:cell")
    latitude: Latitude | None = None
    longitude: Longitude | None = None


def place_document(place: Place) -> dict[str, Any]:
    """The place as it stands in a signed document: absent members left out, never a negative zero."""
    document: dict[str, Any] = {"type": "Place"}
    if place.name:
        document["name"] = place.name
    if place.cell is not None:
        document["comarca:cell"] = place.cell
    if place.latitude is not None and place.longitude is not None:
        document["latitude"] = round(place.latitude, _DECIMALS) + 0.0
        document["longitude"] = round(place.longitude, _DECIMALS) + 0.0
    return document
