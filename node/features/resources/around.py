"""What is to be had around a place: the regional query.

A bounding box on the covering index finds the candidates, the exact great-circle distance orders them, and only the rows
that are shown are looked up. Plain SQL on the driver, since this is what a region asks all day. It never widens an audience:
it sees what it is told to see, and nothing that has ended.
"""

import heapq
from collections.abc import Sequence
from datetime import datetime
from math import inf
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from federation.moments import from_microseconds
from node.database.sqlite import driver_connection
from node.features.resources import full_text
from node.features.resources.narrowing import During, Narrowed, Where, marks
from node.features.resources.narrowing import narrowed as narrow
from node.features.resources.sphere import box, circle_of, distance_km, lies_in
from schemas.context import CATEGORIES

MOST: Final = 200
# Without a radius the search grows until it has enough; the last one is the whole Earth.
_RADII: Final = (5.0, 25.0, 125.0, 625.0, 20_040.0)
_WIDE: Final = 125.0

_COLUMNS: Final = (
    "a.object_id, a.direction, a.title, a.words, a.language, a.category, a.quantity, a.available, a.unit, a.near, a.state,"
    " a.starts_at, a.ends_at, a.updated, a.audience, a.source, a.replica_id"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM availability a"  # noqa: S608  constants
_SELECT_AMONG: Final = f"SELECT {_COLUMNS} FROM {full_text.AMONG}"  # noqa: S608  constants

_SELECT_PLACED: Final = f"SELECT a.latitude, a.longitude, a.ends_at, {_COLUMNS} FROM {full_text.AMONG}"  # noqa: S608
_NOWHERE: Final = inf


class Found(NamedTuple):
    """One need or offer. `distance_km` is from the place asked about to the middle of its cell, None without a place."""

    object_id: str
    direction: str
    title: str
    words: str
    language: str
    category: str
    quantity: str | None
    available: str | None
    unit: str | None
    near: str
    state: str
    starts_at: datetime | None
    ends_at: datetime
    updated: datetime
    audience: str
    source: str
    distance_km: float | None


def around(
    connection: Connection,
    *,
    now: datetime,
    audiences: Sequence[str],
    category: str | None = None,
    direction: str | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    within_km: float | None = None,
    cell: str | None = None,
    text: str | None = None,
    during: During | None = None,
    sources: Sequence[str] | None = None,
    limit: int = 50,
) -> list[Found]:
    """What is live, nearest first when a place is given (WGS 84 degrees), else what ends soonest.

    Without `within_km` what has no place follows after all that has one.
    `audiences` are those the viewer may see; `text` must be found, word by word, in title, words or place: anywhere in them
    within a circle of at most 125 km, else at the beginning of a word and among the 5,000 newest that have them all.
    `cell`, an H3 cell, in the place of a place: what lies in it, nearest to its middle first. `during`: what is there at some
    moment of that span. `sources`: of these councils alone. At most `limit` and never more than 200. Raises ValueError where
    only one of latitude and longitude is given.
    """
    if (latitude is None) != (longitude is None):
        raise ValueError("a place has a latitude and a longitude")
    if cell is not None:
        (latitude, longitude), within_km = circle_of(cell)
    limit = max(0, min(limit, MOST))
    narrowed = narrow(now=now, audiences=audiences, direction=direction, during=during, sources=sources)
    if latitude is None or longitude is None:
        among = full_text.candidates(connection, text) if text and text.strip() else None
        return _soonest(connection, narrowed, category=category, limit=limit, among=among)
    here = (latitude, longitude)
    if text and text.strip() and (within_km is None or within_km > _WIDE):
        # Reading every word in a whole region for somebody who names no place would be a way to hold us up.
        among = full_text.candidates(connection, text)
        where = Where(here, within_km, cell)
        return _nearest_among(connection, narrowed, category=category, where=where, limit=limit, among=among)
    narrowed = narrowed.saying(text)
    for radius in _radii(within_km):
        where = Where(here, radius, cell)
        nearest = _nearest(connection, narrowed, category=category, where=where, limit=limit)
        if len(nearest) == limit:
            break
    found = _looked_up(connection, nearest)
    if within_km is None and len(found) < limit:
        # No place is no distance: after all that have one, and never inside a circle.
        found += _placeless(connection, narrowed, category=category, limit=limit - len(found))
    return found


def _nearest(
    connection: Connection,
    narrowed: Narrowed,
    *,
    category: str | None,
    where: Where,
    limit: int,
) -> list[tuple[float, int, int]]:
    """(distance in km, end in microseconds, replica id) of the nearest, by distance, then by end."""
    here, within_km = where.here, where.within_km
    assert within_km is not None
    categories = tuple(CATEGORIES) if category is None else (category,)
    south, north, spans = box(here, within_km)
    raw = driver_connection(connection)
    # Many records share the middle of a cell: one row comes back for each cell, and its distance is worked out once.
    cells: list[tuple[float, float, float, int]] = []
    for west, east in spans:
        sql = (
            "SELECT a.latitude, a.longitude, count(*) FROM availability a INDEXED BY ix_availability_around"  # noqa: S608
            f" WHERE a.category IN ({marks(categories)}) AND a.latitude BETWEEN ? AND ? AND a.longitude BETWEEN ? AND ?"
            f" AND {narrowed.sql} GROUP BY a.latitude, a.longitude"
        )
        for latitude, longitude, count in raw.execute(sql, (*categories, south, north, west, east, *narrowed.values)):
            # Hundreds of cells a search: the distance alone is worked out for each, and the cell is looked at last.
            distance = distance_km(here, (latitude, longitude))
            if distance <= within_km and (where.cell is None or lies_in(where.cell, (latitude, longitude))):
                cells.append((distance, latitude, longitude, count))
    inside = (
        "SELECT a.ends_at, a.replica_id FROM availability a INDEXED BY ix_availability_around"  # noqa: S608
        f" WHERE a.category IN ({marks(categories)}) AND a.latitude = ? AND a.longitude = ? AND {narrowed.sql}"
        " ORDER BY a.ends_at, a.replica_id LIMIT ?"
    )
    near: list[tuple[float, int, int]] = []
    enough, furthest = 0, 0.0
    for distance, latitude, longitude, count in sorted(cells):
        if enough >= limit and distance > furthest:
            break
        enough, furthest = enough + count, distance
        values = (*categories, latitude, longitude, *narrowed.values, limit)
        near += [(distance, ends_at, replica_id) for ends_at, replica_id in raw.execute(inside, values)]
    return heapq.nsmallest(limit, near)


def _radii(within_km: float | None) -> tuple[float, ...]:
    """Growing circles: one that holds enough has the nearest, whatever lies further out."""
    if within_km is None:
        return _RADII
    # What is near enough to walk or drive is looked through at once: two looks would cost more than one.
    return (within_km,) if within_km <= _WIDE else (*(radius for radius in _RADII if radius < within_km), within_km)


def _nearest_among(
    connection: Connection,
    narrowed: Narrowed,
    *,
    category: str | None,
    where: Where,
    limit: int,
    among: list[int],
) -> list[Found]:
    """The nearest of these candidates; those without a place last, and none of them inside a circle."""
    sql, values = narrowed.sql, (full_text.as_value(among), *narrowed.values)
    if category is not None:
        sql, values = f"{sql} AND a.category = ?", (*values, category)
    placed: list[tuple[float, int, int, Any]] = []
    for row in driver_connection(connection).execute(f"{_SELECT_PLACED} WHERE {sql}", values):
        latitude, longitude, ends_at, *rest = row
        if latitude is not None:
            distance = where.distance_of((latitude, longitude))
            if distance is not None:
                placed.append((distance, ends_at, rest[-1], rest))
        elif where.within_km is None:
            placed.append((_NOWHERE, ends_at, rest[-1], rest))
    nearest = heapq.nsmallest(limit, placed, key=lambda one: one[:3])
    return [_found(rest, None if distance == _NOWHERE else distance) for distance, _, _, rest in nearest]


def _soonest(
    connection: Connection, narrowed: Narrowed, *, category: str | None, limit: int, among: list[int] | None
) -> list[Found]:
    """What ends soonest: of these candidates, or of everything."""
    sql, values = narrowed.sql, narrowed.values
    if category is not None:
        # The plus keeps the planner on the index that is already in the wanted order.
        sql, values = f"{sql} AND +a.category = ?", (*values, category)
    select = _SELECT
    if among is not None:
        select, values = _SELECT_AMONG, (full_text.as_value(among), *values)
    statement = f"{select} WHERE {sql} ORDER BY a.ends_at, a.updated DESC LIMIT ?"
    return [_found(row, None) for row in driver_connection(connection).execute(statement, (*values, limit))]


def _placeless(connection: Connection, narrowed: Narrowed, *, category: str | None, limit: int) -> list[Found]:
    """What has no place, by its end."""
    categories = tuple(CATEGORIES) if category is None else (category,)
    statement = (
        f"{_SELECT} INDEXED BY ix_availability_around WHERE a.category IN ({marks(categories)}) AND a.latitude IS NULL"
        f" AND {narrowed.sql} ORDER BY a.ends_at, a.updated DESC LIMIT ?"
    )
    rows = driver_connection(connection).execute(statement, (*categories, *narrowed.values, limit))
    return [_found(row, None) for row in rows]


def _looked_up(connection: Connection, nearest: list[tuple[float, int, int]]) -> list[Found]:
    if not nearest:
        return []
    keys = tuple(replica_id for _, _, replica_id in nearest)
    statement = f"{_SELECT} WHERE a.replica_id IN ({marks(keys)})"
    rows = {row[-1]: row for row in driver_connection(connection).execute(statement, keys)}
    return [_found(rows[replica_id], distance) for distance, _, replica_id in nearest]


def _found(row: Any, distance: float | None) -> Found:
    object_id, direction, title, words, language, category, quantity, available, unit, near, state, *rest = row
    starts_at, ends_at, updated, audience, source, _ = rest
    return Found(
        object_id=object_id,
        direction=direction,
        title=title,
        words=words,
        language=language,
        category=category,
        quantity=quantity,
        available=available,
        unit=unit,
        near=near,
        state=state,
        starts_at=None if starts_at is None else from_microseconds(starts_at),
        ends_at=from_microseconds(ends_at),
        updated=from_microseconds(updated),
        audience=audience,
        source=source,
        distance_km=distance,
    )
