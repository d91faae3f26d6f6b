"""The outline of an area that is told as H3 cells, as CAP 1.2 wants polygons.

Only ever the outlines of whole cells: nothing here is more exact than what the council said.
"""

from collections.abc import Iterable, Sequence

import h3

Point = tuple[float, float]
"""Latitude and longitude, WGS 84 degrees."""

_DECIMALS = 5


def polygons(cells: Iterable[str]) -> list[str]:
    """One text for each piece of the area: closed rings of "lat,lon lat,lon …" (CAP 1.2 section 3.2.4).

    Neighbouring cells of one size are joined. A piece with a hole is given cell by cell, since CAP knows no holes. What is no
    cell, or lies across the 180th meridian or a pole, where readers would draw it around the world, is left out.
    """
    by_size: dict[int, list[str]] = {}
    for cell in sorted({cell for cell in cells if h3.is_valid_cell(cell) and not _goes_around(cell)}):
        by_size.setdefault(h3.get_resolution(cell), []).append(cell)
    return [_ring(outline) for same_size in by_size.values() for outline in _outlines(same_size)]


def _outlines(cells: list[str]) -> list[Sequence[Point]]:
    pieces = list(h3.cells_to_h3shape(cells, tight=False))
    if any(piece.holes for piece in pieces):
        return [h3.cell_to_boundary(cell) for cell in cells]
    return [piece.outer for piece in pieces]


def _goes_around(cell: str) -> bool:
    longitudes = [longitude for _, longitude in h3.cell_to_boundary(cell)]
    return bool(max(longitudes) - min(longitudes) > 180)


def _ring(outline: Sequence[Point]) -> str:
    pairs = [f"{_degrees(latitude)},{_degrees(longitude)}" for latitude, longitude in outline]
    return " ".join([*pairs, pairs[0]])


def _degrees(value: float) -> str:
    return f"{round(value, _DECIMALS) + 0.0:.{_DECIMALS}f}"
