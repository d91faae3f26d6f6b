"""Places as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.profile.points import read_point


@pytest.mark.parametrize(
    "pasted",
    [
        "41.39, 2.17",
        "41.39 2.17",
        " (41.39,2.17) ",
        "41,39; 2,17",
        "41.39° N, 2.17° E",
        "41.39N 2.17E",
        "41°23'24\"N 2°10'12\"E",
        "41° 23′ 24″ N, 2° 10′ 12″ E",
        "geo:41.39,2.17",
        "geo:41.39,2.17;u=35",
        "geo:41.39,2.17?z=15",
        "https://www.openstreetmap.org/#map=15/41.39/2.17",
        "https://www.openstreetmap.org/?mlat=41.39&mlon=2.17#map=15/40.00/3.00",
        "https://www.openstreetmap.org/node/123#map=19/41.39/2.17&layers=N",
        "https://map.example/@41.39,2.17,15z",
        "https://map.example/?q=41.39,2.17",
    ],
)
def test_a_place_is_read_from_what_maps_give(pasted: str) -> None:
    latitude, longitude = read_point(pasted)

    assert (round(latitude, 4), round(longitude, 4)) == (41.39, 2.17)


@pytest.mark.parametrize(
    ("pasted", "point"), [("-33.45, -70.66", (-33.45, -70.66)), ("33.45 S, 70.66 O", (-33.45, -70.66))]
)
def test_south_and_west_are_read(pasted: str, point: tuple[float, float]) -> None:
    assert read_point(pasted) == point


@pytest.mark.parametrize(
    "pasted",
    ["", "by the river", "41.39", "91, 2", "41, 181", "1e9, 1", "nan, nan", "geo:", "https://map.example/", "1" * 600],
)
def test_what_is_no_place_is_refused(pasted: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_point(pasted)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_two_numbers_come_back_as_they_were_pasted(latitude: float, longitude: float) -> None:
    pasted = f"{latitude:.6f}, {longitude:.6f}"

    assert read_point(pasted) == (float(f"{latitude:.6f}"), float(f"{longitude:.6f}"))


@given(st.text(max_size=60))
def test_whatever_is_pasted_is_a_place_on_earth_or_refused(pasted: str) -> None:
    try:
        latitude, longitude = read_point(pasted)
    except ValueError:
        return
    assert -90 <= latitude <= 90
    assert -180 <= longitude <= 180
