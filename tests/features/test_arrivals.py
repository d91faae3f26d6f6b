"""Needs and offers that arrive: coarse places only, and one row however often they come."""

from typing import Any

import h3
import pytest

from federation.kinds import Copy
from node.features.resources.arrivals import KIND, middle_of
from node.features.resources.arrivals import read as read_arrival
from protocol.verdict import Reason, Refused
from schemas.place import Place
from schemas.records.resource import ResourceNote
from tests import builders
from tests.features.village import START, Village


def test_a_note_that_is_put_twice_is_one_row(village: Village) -> None:
    harbour = village.meet()
    note = builders.note(harbour, published=START)

    village.hears(harbour, note)
    (replica,) = village.rows("SELECT id, object_id FROM replica")
    model = KIND.read(note)
    copy = _copy(replica.id, replica.object_id, harbour.actor_id)
    village.do(lambda c: KIND.put(c, copy, model))
    village.do(lambda c: KIND.put(c, copy, model))

    assert [row.object_id for row in village.rows("SELECT object_id FROM availability")] == [note["id"]]


def _copy(replica_id: int, object_id: str, source: str) -> Any:
    return Copy(replica_id, object_id, source, "public", False, START)


@pytest.mark.parametrize(("resolution", "taken"), [(5, True), (7, True), (8, True), (9, False), (15, False)])
def test_a_place_that_is_too_fine_is_refused_on_arrival(village: Village, resolution: int, taken: bool) -> None:
    note = builders.note(village.council)
    note["location"] = {"type": "Place", "name": "x", "comarca:cell": h3.latlng_to_cell(41.39, 2.17, resolution)}

    read = read_arrival(note)

    assert isinstance(read, ResourceNote) is taken
    if isinstance(read, Refused):
        assert read.reason is Reason.WRONG_SHAPE


def test_a_cell_that_is_none_is_refused_on_arrival(village: Village) -> None:
    note = builders.note(village.council)
    note["location"] = {"type": "Place", "name": "x", "comarca:cell": "87ffffffffffff0"}

    assert isinstance(read_arrival(note), Refused)


def test_a_place_without_a_cell_is_made_coarse() -> None:
    assert middle_of(Place(latitude=41.38765, longitude=2.17432)) == (41.39, 2.17)
    assert middle_of(Place(name="Somewhere")) == (None, None)
