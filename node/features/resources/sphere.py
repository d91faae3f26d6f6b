"""Distances on the Earth, taken as a sphere: between two points, what holds all within one of them, and H3 cells. Pure."""

from math import asin, cos, degrees, radians, sin, sqrt
from typing import Final

import h3

EARTH_RADIUS_KM: Final = 6371.0088
# Wider than rounding errors, far narrower than a cell.
_MARGIN: Final = 1e-6

Point = tuple[float, float]
"""Latitude and longitude, WGS 84 degrees."""


def distance_km(one: Point, other: Point) -> float:
    """Great-circle distance (haversine) between two points in degrees, in kilometres."""
    latitude, there = radians(one[0]), radians(other[0])
    half = sin((there - latitude) / 2) ** 2
    half += cos(latitude) * cos(there) * sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))


def box(here: Point, within_km: float) -> tuple[float, float, tuple[tuple[float, float], ...]]:
    """South, north and the spans of longitude that hold every point within the distance; two spans across 180 degrees."""
    latitude, longitude = here
    angle = within_km / EARTH_RADIUS_KM
    south, north = latitude - degrees(angle) - _MARGIN, latitude + degrees(angle) + _MARGIN
    if south <= -90 or north >= 90:
        return max(south, -90.0), min(north, 90.0), ((-180.0, 180.0),)
    # Where the circle reaches furthest east is not on our own parallel: hence the arcsine.
    reach = degrees(asin(min(1.0, sin(min(angle, 1.5)) / cos(radians(latitude))))) + _MARGIN
    west, east = longitude - reach, longitude + reach
    if west < -180:
        return south, north, ((west + 360, 180.0), (-180.0, east))
    if east > 180:
        return south, north, ((west, 180.0), (-180.0, east - 360))
    return south, north, ((west, east),)


def lies_in(cell: str, point: Point) -> bool:
    """Whether a point lies in an H3 cell, of whatever resolution that is."""
    return bool(h3.latlng_to_cell(*point, h3.get_resolution(cell)) == cell)


def circle_of(cell: str) -> tuple[Point, float]:
    """The middle of an H3 cell, and how far its furthest corner is, in kilometres."""
    middle: Point = h3.cell_to_latlng(cell)
    return middle, max(distance_km(middle, corner) for corner in h3.cell_to_boundary(cell))
