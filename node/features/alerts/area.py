"""How far around a call reaches: whole H3 cells of about five square kilometres and coarser, never a point or a house.

Says the area in words, lists our own places in it, and places the marks of its drawing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians
from typing import Final

import h3

from federation.council import Council
from node.places import RESOLUTION, exact_coordinates_of, names_of
from node.settings import Settings
from node.web.pictures import WIDTH
from schemas.phrase import Phrase, phrase
from schemas.place import Around

_RINGS: Final = {Around.HERE: 0, Around.AROUND: 1, Around.VALLEY: 4}
_TALLEST: Final = 320
_MARGIN: Final = 8
WORDS: Final = {
    Around.HERE: phrase("Only here"),
    Around.AROUND: phrase("And around, about half an hour on foot"),
    Around.VALLEY: phrase("The whole valley, about ten kilometres around"),
}


def cells_of(cell: str | None, around: Around) -> list[str]:
    """The cells of the chosen area around one of resolution 7, seven that fill a larger one told as that one."""
    if cell is None:
        return []
    return sorted(h3.compact_cells(h3.grid_disk(h3.cell_to_parent(cell, RESOLUTION), _RINGS[around])))


def chosen(cells: Iterable[str], cell: str | None) -> Around:
    """Which choice made these cells; the narrowest where none did."""
    given = sorted(cells)
    return next((around for around in Around if cells_of(cell, around) == given), Around.HERE)


@dataclass(frozen=True, slots=True)
class _Here:
    settings: Settings
    council: Council


@dataclass(frozen=True, slots=True)
class Outline:
    """One cell as a path of SVG."""

    path: str


@dataclass(frozen=True, slots=True)
class Area:
    """The area of one call. `height` is that of the drawing, 320 wide; north is up."""

    near: str
    cells: tuple[str, ...]
    outlines: tuple[Outline, ...]
    height: float

    @property
    def words(self) -> Phrase:
        size = round(sum(h3.cell_area(cell, unit="km^2") for cell in self.cells))
        if self.near:
            return phrase("{place}: about {size} square kilometres", place=self.near, size=size)
        return phrase("About {size} square kilometres", size=size)

    def names(self, settings: Settings, council: Council) -> list[str]:
        """Our own places that lie in it."""
        here = _Here(settings, council)
        return [name for name in names_of(here) if self._holds(exact_coordinates_of(name, here))]

    def _holds(self, point: tuple[float, float] | None) -> bool:
        return point is not None and any(
            h3.latlng_to_cell(*point, h3.get_resolution(cell)) == cell for cell in self.cells
        )


def area_of(cells: Iterable[str], *, near: str) -> Area | None:
    """None where nothing but a name, or nothing at all, was told."""
    given = tuple(sorted(cells))
    if not given:
        return None
    outlines, height = _drawn(given)
    return Area(near, given, outlines, height)


def _drawn(cells: tuple[str, ...]) -> tuple[tuple[Outline, ...], float]:
    """The outlines, as wide as the drawing: degrees made even at the area's own latitude."""
    rings = [h3.cell_to_boundary(cell) for cell in cells]
    middle_latitude, middle_longitude = rings[0][0]
    narrow = max(cos(radians(middle_latitude)), 0.01)
    flat = [
        [(((lng - middle_longitude + 540) % 360 - 180) * narrow, -latitude) for latitude, lng in ring] for ring in rings
    ]
    xs, ys = [x for ring in flat for x, _ in ring], [y for ring in flat for _, y in ring]
    scale = min(
        (WIDTH - 2 * _MARGIN) / max(max(xs) - min(xs), 1e-9), (_TALLEST - 2 * _MARGIN) / max(max(ys) - min(ys), 1e-9)
    )

    def path(ring: list[tuple[float, float]]) -> str:
        points = [f"{(x - min(xs)) * scale + _MARGIN:.1f} {(y - min(ys)) * scale + _MARGIN:.1f}" for x, y in ring]
        return f"M{'L'.join(points)}z"

    return tuple(Outline(path(ring)) for ring in flat), round((max(ys) - min(ys)) * scale + 2 * _MARGIN, 1)
