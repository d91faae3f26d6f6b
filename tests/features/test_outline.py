"""Areas as polygons: what is inside the cells is inside the polygons, and no polygon goes around the world."""

from itertools import pairwise

import h3
from hypothesis import assume, given
from hypothesis import strategies as st

from node.features.alerts.outline import polygons
from tests.features.notes_of_calls import cells

MILL_LANE = "87394460bffffff"


def pairs_of(polygon: str) -> list[tuple[float, float]]:
    split = (pair.split(",") for pair in polygon.split(" "))
    return [(float(latitude), float(longitude)) for latitude, longitude in split]


def holds(polygon: str, point: tuple[float, float]) -> bool:
    """Whether a point lies in a ring, by counting the sides that a line to the east crosses."""
    latitude, longitude = point
    ring, inside = pairs_of(polygon), False
    for (y1, x1), (y2, x2) in pairwise(ring):
        if (y1 > latitude) != (y2 > latitude) and longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


@given(found=st.lists(cells, min_size=1, max_size=6, unique=True))
def test_the_middle_of_each_cell_lies_in_some_polygon_of_closed_rings(found: list[str]) -> None:
    drawn = polygons(found)

    for polygon in drawn:
        ring = pairs_of(polygon)
        assert ring[0] == ring[-1]
        assert len(ring) >= 4
    for cell in found:
        longitudes = [longitude for _, longitude in h3.cell_to_boundary(cell)]
        if max(longitudes) - min(longitudes) <= 180 and h3.get_resolution(cell) >= 3:
            assert any(holds(polygon, h3.cell_to_latlng(cell)) for polygon in drawn)


@given(cell=cells.filter(lambda cell: h3.get_resolution(cell) >= 3), rings=st.integers(1, 3))
def test_neighbouring_cells_are_one_polygon(cell: str, rings: int) -> None:
    around = h3.grid_disk(cell, rings)
    longitudes = [longitude for one in around for _, longitude in h3.cell_to_boundary(one)]
    assume(max(longitudes) - min(longitudes) <= 90)

    assert len(polygons(around)) == 1


def test_an_area_with_a_hole_is_told_cell_by_cell_so_that_the_hole_stays_one() -> None:
    ring = sorted(set(h3.grid_disk(MILL_LANE, 1)) - {MILL_LANE})

    drawn = polygons(ring)

    assert len(drawn) == 6
    assert not any(holds(polygon, h3.cell_to_latlng(MILL_LANE)) for polygon in drawn)


def test_cells_across_the_180th_meridian_and_what_is_no_cell_are_left_out() -> None:
    assert polygons([h3.latlng_to_cell(-17.0, 179.9999, 5), h3.latlng_to_cell(90, 0, 2), "8fffffffffffffff"[:15]]) == []


def test_no_coordinate_is_a_negative_nought() -> None:
    drawn = polygons([h3.latlng_to_cell(0, 0, 7), h3.latlng_to_cell(0, 0, 4)])

    assert drawn
    assert not any("-0.00000" in polygon for polygon in drawn)
