"""What narrows a search around us: conditions with their values, a span of time, a circle or a cell. Pure; no row is read here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from federation.moments import microseconds
from node.features.resources import full_text
from node.features.resources.sphere import Point, distance_km, lies_in


@dataclass(frozen=True, slots=True)
class During:
    """A span of time, its end None where it has none."""

    begins: datetime
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The conditions of one search, with their values, in the order in which they stand in the statement."""

    sql: str
    values: tuple[Any, ...]

    def saying(self, text: str | None) -> "Narrowed":
        """And each of these words somewhere in title, words or place."""
        sql, values = [self.sql], [*self.values]
        for word in (text or "").split()[: full_text.MOST_WORDS]:
            sql.append("(a.title LIKE ? ESCAPE '\\' OR a.words LIKE ? ESCAPE '\\' OR a.near LIKE ? ESCAPE '\\')")
            values += [f"%{_literally(word)}%"] * 3
        return Narrowed(" AND ".join(sql), tuple(values))


@dataclass(frozen=True, slots=True)
class Where:
    """A circle, and perhaps a cell within it."""

    here: Point
    within_km: float | None
    cell: str | None

    def distance_of(self, point: Point) -> float | None:
        """How far a point is from the middle, in kilometres; None for one that lies outside."""
        distance = distance_km(self.here, point)
        if self.within_km is not None and distance > self.within_km:
            return None
        return distance if self.cell is None or lies_in(self.cell, point) else None


def narrowed(
    *,
    now: datetime,
    audiences: Sequence[str],
    direction: str | None,
    during: During | None,
    sources: Sequence[str] | None,
) -> Narrowed:
    """What is live, for these audiences, and meets what else was asked for."""
    ends_after = now if during is None else max(now, during.begins)
    sql = [f"a.ends_at > ? AND a.audience IN ({marks(audiences)})"]
    values: list[Any] = [microseconds(ends_after), *audiences]
    if direction is not None:
        sql.append("a.direction = ?")
        values.append(direction)
    if during is not None and during.ends is not None:
        sql.append("(a.starts_at IS NULL OR a.starts_at < ?)")
        values.append(microseconds(during.ends))
    if sources is not None:
        sql.append("a.source IN (SELECT value FROM json_each(?))")
        values.append(orjson.dumps(list(sources)).decode())
    return Narrowed(" AND ".join(sql), tuple(values))


def marks(values: Sequence[Any]) -> str:
    """So many question marks, for a list of values in a statement."""
    return ", ".join("?" * len(values))


def _literally(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
