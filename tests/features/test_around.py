"""The regional query against the plainest possible search: every record, its distance, sorted."""

from collections.abc import Iterator
from datetime import timedelta
from math import acos, cos, radians, sin
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from federation.moments import microseconds
from node.features.resources.around import around
from node.features.resources.sphere import EARTH_RADIUS_KM, box, distance_km
from tests import builders

NOW = builders.START
BOTH = ("public", "neighbours")


@pytest.fixture(scope="module")
def index() -> Iterator[Connection]:
    with builders.database() as connection:
        yield connection


def fill(connection: Connection, records: list[dict[str, Any]]) -> None:
    connection.execute(text("DELETE FROM replica"))
    for number, given_values in enumerate(records, start=1):
        values = {
            "id": number,
            "direction": "offer",
            "category": "food",
            "latitude": None,
            "longitude": None,
            "ends_at": microseconds(NOW + timedelta(hours=number)),
            "audience": "public",
            "title": f"Thing {number}",
            "words": "",
            "near": "",
            "object_id": f"https://harbour.example/o/{number}",
            "now": microseconds(NOW),
            **given_values,
        }
        connection.execute(
            text(
                "INSERT INTO replica (id, object_id, source, kind, audience, name, document, method, published, updated,"
                " received_at) VALUES (:id, :object_id, 'h', 'resource', :audience, '', x'', '', :now, :now, :now)"
            ),
            values,
        )
        connection.execute(
            text(
                "INSERT INTO availability (replica_id, direction, category, latitude, longitude, ends_at, audience, source,"
                " object_id, title, words, language, near, state, updated) VALUES (:id, :direction, :category, :latitude,"
                " :longitude, :ends_at, :audience, 'h', :object_id, :title, :words, 'en', :near, 'open', :now)"
            ),
            values,
        )


def titles(connection: Connection, **asked: Any) -> list[str]:
    return [one.title for one in around(connection, now=NOW, audiences=asked.pop("audiences", BOTH), **asked)]


POINTS = st.tuples(
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 89.99, 0.0])),
    st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 180.0, 179.99, -179.99, 0.0])),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    here=POINTS,
    points=st.lists(POINTS, max_size=25),
    offsets=st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)), max_size=15),
    within_km=st.sampled_from([1.0, 10.0, 33.0, 500.0, 9_000.0]),
)
def test_it_finds_what_a_search_through_everything_finds(
    index: Connection,
    here: tuple[float, float],
    points: list[tuple[float, float]],
    offsets: list[tuple[float, float]],
    within_km: float,
) -> None:
    # Some beside the place asked about, so that small circles are not empty; across 180 degrees they come round.
    close = [(max(-90.0, min(90.0, here[0] + up)), (here[1] + right + 180) % 360 - 180) for up, right in offsets]
    everywhere = points + close
    fill(index, [{"latitude": latitude, "longitude": longitude} for latitude, longitude in everywhere])

    found = around(index, now=NOW, audiences=BOTH, latitude=here[0], longitude=here[1], within_km=within_km)

    expected = sorted(d for d in (distance_km(here, point) for point in everywhere) if d <= within_km)
    assert [one.distance_km for one in found] == pytest.approx(expected[:50])


@given(one=POINTS, other=POINTS)
def test_the_distance_is_that_on_a_sphere(one: tuple[float, float], other: tuple[float, float]) -> None:
    a, b, turn = radians(one[0]), radians(other[0]), radians(other[1] - one[1])
    cosine = sin(a) * sin(b) + cos(a) * cos(b) * cos(turn)

    expected = EARTH_RADIUS_KM * acos(max(-1.0, min(1.0, cosine)))

    # The law of cosines loses its last digits at short distances: hence the metres.
    assert distance_km(one, other) == pytest.approx(expected, abs=0.2)


@given(here=POINTS, point=POINTS, within_km=st.floats(0.01, 20_000))
def test_the_box_holds_every_point_within_the_distance(
    here: tuple[float, float], point: tuple[float, float], within_km: float
) -> None:
    south, north, spans = box(here, within_km)

    inside = south <= point[0] <= north and any(west <= point[1] <= east for west, east in spans)

    assert inside or distance_km(here, point) > within_km - 1e-6


def test_a_circle_across_the_date_line_finds_both_sides(index: Connection) -> None:
    fill(
        index,
        [{"latitude": -17.0, "longitude": 179.95}, {"latitude": -17.0, "longitude": -179.95}, {"latitude": -17.0}],
    )

    found = titles(index, latitude=-17.0, longitude=179.99, within_km=10, category="food")

    assert found == ["Thing 1", "Thing 2"]


def test_without_a_radius_it_looks_further_until_there_is_enough(index: Connection) -> None:
    fill(index, [{"latitude": 0.0, "longitude": 90.0}, {"latitude": 41.0, "longitude": 2.0}])

    found = titles(index, latitude=41.0, longitude=2.0)

    assert found == ["Thing 2", "Thing 1"]


def test_what_has_no_place_follows_unless_a_distance_was_asked_for(index: Connection) -> None:
    fill(index, [{}, {"category": "tools"}, {"latitude": 41.0, "longitude": 2.0}])
    here = {"latitude": 41.0, "longitude": 2.0}

    assert titles(index, **here) == ["Thing 3", "Thing 1", "Thing 2"]
    assert titles(index, **here, category="tools") == ["Thing 2"]
    assert titles(index, **here, limit=2) == ["Thing 3", "Thing 1"]
    assert titles(index, **here, within_km=20_000) == ["Thing 3"]


def test_without_a_place_it_tells_what_ends_soonest(index: Connection) -> None:
    later = microseconds(NOW + timedelta(days=9))
    fill(index, [{"ends_at": later}, {"latitude": 3.0, "longitude": 3.0}, {}])

    assert titles(index) == ["Thing 2", "Thing 3", "Thing 1"]


def test_each_condition_leaves_out_what_does_not_meet_it(index: Connection) -> None:
    place = {"latitude": 41.0, "longitude": 2.0}
    fill(
        index,
        [
            place,
            {**place, "category": "tools"},
            {**place, "direction": "need"},
            {**place, "audience": "neighbours"},
            {**place, "ends_at": microseconds(NOW)},
            {**place, "words": "50% off_the road", "near": "Mill Lane"},
        ],
    )

    for where in ({}, {"latitude": 41.0, "longitude": 2.0, "within_km": 5.0}):
        assert titles(index, **where) == ["Thing 1", "Thing 2", "Thing 3", "Thing 4", "Thing 6"]
        assert titles(index, **where, category="tools") == ["Thing 2"]
        assert titles(index, **where, direction="need") == ["Thing 3"]
        assert titles(index, **where, audiences=("public",)) == ["Thing 1", "Thing 2", "Thing 3", "Thing 6"]
        assert titles(index, **where, text="50% mill") == ["Thing 6"]
        assert titles(index, **where, text="o_f") == []
        assert titles(index, **where, limit=1) == ["Thing 1"]
        assert titles(index, **where, audiences=()) == []


def test_half_a_place_is_no_place(index: Connection) -> None:
    with pytest.raises(ValueError, match="latitude"):
        titles(index, latitude=3.0)


def test_words_without_a_distance_are_answered_nearest_first_and_placeless_last(index: Connection) -> None:
    fill(
        index,
        [
            {"title": "Dal, far", "latitude": 43.0, "longitude": 2.0},
            {"title": "Dal, anywhere"},
            {"title": "Dal, near", "latitude": 41.4, "longitude": 2.0},
            {"title": "Bread, nearest", "latitude": 41.39, "longitude": 2.0},
            {"title": "Dal of tools", "category": "tools", "latitude": 41.39, "longitude": 2.0},
        ],
    )

    found = titles(index, text="dal", category="food", latitude=41.39, longitude=2.0)

    assert found == ["Dal, near", "Dal, far", "Dal, anywhere"]
    assert titles(index, text="dal", category="food", latitude=41.39, longitude=2.0, within_km=150) == ["Dal, near"]


def test_a_wide_circle_is_looked_through_from_its_middle(index: Connection) -> None:
    fill(index, [{"title": f"{step}", "latitude": 41.0 + step / 10, "longitude": 2.0} for step in range(40)])

    assert titles(index, latitude=41.0, longitude=2.0, within_km=19_000.0, limit=3) == ["0", "1", "2"]
    assert len(titles(index, latitude=41.0, longitude=2.0, within_km=19_000.0)) == 40
