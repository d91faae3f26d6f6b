"""What published needs and offers do here, ours and theirs alike: they enter the index of what is available, or leave it.

Runs inside the step that stored the replica, perhaps twice for the same note. It never judges who may say what, and never
touches our own records.
"""

from typing import Any, Final

import h3
from sqlalchemy import Connection, text

from federation.council import Council
from federation.kinds import Copy, Kind
from federation.moments import microseconds
from federation.tables import Lane, table_of
from node.features.resources import recovering
from node.features.resources.region.asking import live
from node.features.resources.tables import Availability
from protocol.verdict import Reason, Refused
from schemas.place import Place
from schemas.records.resource import ResourceNote, ResourceState, read_resource

FINEST_CELL: Final = 8
# Two decimals are about a kilometre: as coarse as a cell, for places that came without one.
_DECIMALS: Final = 2

_SPOKEN_FOR: Final = frozenset({ResourceState.PROMISED, ResourceState.CLOSED})

_INDEX: Final = table_of(Availability)
_COLUMNS: Final = tuple(column.name for column in _INDEX.c if column.name != "replica_id")
_PUT: Final = text(
    f"INSERT INTO availability (replica_id, {', '.join(_COLUMNS)})"  # noqa: S608  names of our own columns
    f" VALUES (:replica_id, {', '.join(f':{column}' for column in _COLUMNS)})"
    f" ON CONFLICT (replica_id) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in _COLUMNS)}"
)
_END: Final = text("DELETE FROM availability WHERE replica_id = :replica_id")


def read(note: dict[str, Any]) -> ResourceNote | Refused:
    """The need or offer in a Note, its place as coarse as places must be; else Refused(wrong-shape)."""
    model = read_resource(note)
    if isinstance(model, Refused) or model.location is None or model.location.cell is None:
        return model
    cell = model.location.cell
    if not h3.is_valid_cell(cell) or h3.get_resolution(cell) > FINEST_CELL:
        return Refused(Reason.WRONG_SHAPE, "A place is an H3 cell of resolution 8 or coarser.")
    return model


def put(connection: Connection, copy: Copy, model: ResourceNote) -> None:
    """List what is still to be had or given; what is promised or closed leaves the index."""
    if model.state in _SPOKEN_FOR:
        end(connection, copy.replica_id)
        return
    latitude, longitude = middle_of(model.location)
    connection.execute(
        _PUT,
        {
            "replica_id": copy.replica_id,
            "direction": model.direction,
            "category": model.category,
            "latitude": latitude,
            "longitude": longitude,
            "ends_at": microseconds(model.end_time),
            "audience": copy.audience,
            "source": copy.source,
            "object_id": copy.object_id,
            "title": model.name,
            "words": model.words,
            "language": model.language or "und",
            "near": model.location.name if model.location is not None else "",
            "quantity": model.quantity,
            "available": model.available,
            "unit": model.unit,
            "state": model.state.value,
            "starts_at": None if model.start_time is None else microseconds(model.start_time),
            "updated": microseconds(copy.updated),
        },
    )


def end(connection: Connection, replica_id: int) -> None:
    """Take a need or offer out of the index."""
    connection.execute(_END, {"replica_id": replica_id})


def middle_of(place: Place | None) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude in WGS 84 degrees: of the cell where there is one, else what was given, made coarse."""
    if place is None:
        return None, None
    if place.cell is not None:
        latitude, longitude = h3.cell_to_latlng(place.cell)
        return latitude, longitude
    if place.latitude is None or place.longitude is None:
        return None, None
    return round(place.latitude, _DECIMALS), round(place.longitude, _DECIMALS)


KIND: Final[Kind[Council]] = Kind(
    name="resource",
    lane=Lane.ORDINARY,
    read=read,
    put=put,
    end=end,
    recover=recovering.recover,
    lapse=recovering.lapse,
    live=live,
    vouched=True,
)
