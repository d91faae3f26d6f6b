"""Who had something within the last month, when nobody has it now: names of councils, how far, and which day. Never whose it was.

Copies of what has ended are dropped within hours, and stay dropped. What a council sent us is remembered for longer, against
doubles; from those messages comes what is told here, and no word of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, text

from federation import replicas
from federation.moments import from_microseconds, microseconds
from node.features.resources.arrivals import middle_of, read
from node.features.resources.queries import Source
from node.features.resources.sphere import Point, distance_km
from protocol import authority
from protocol.verdict import Refused
from schemas.context import CATEGORIES, Category
from schemas.records.resource import ResourceNote

MONTH: Final = timedelta(days=31)
LOOKED_THROUGH: Final = 2_000
"""So many of the newest messages: this is asked where nothing was found, perhaps by a stranger, again and again."""

MOST: Final = 3
_INTENT: Final = b'"Intent"'

_SENT: Final = text(
    "SELECT actor_id, received_at, document FROM (SELECT actor_id, received_at, verb, document FROM received_activity"
    " WHERE received_at >= :since ORDER BY received_at DESC LIMIT :most)"
    " WHERE verb IN ('Create', 'Update') AND instr(document, :needle) > 0"
)


@dataclass(frozen=True, slots=True)
class Had:
    """A council that had it. `distance_km` from the place asked about, None where either has none."""

    source: Source
    at: datetime
    distance_km: float | None


def who_had(
    connection: Connection,
    *,
    now: datetime,
    audiences: tuple[str, ...],
    sources: Mapping[str, Source],
    category: Category | None,
    text: str | None,
    near: Point | None,
) -> list[Had]:
    """The nearest three councils, ours apart, that have offered such a thing within 31 days, each with the last time."""
    needle = _INTENT if category is None else f'"{CATEGORIES[category]}"'.encode()
    given = {"since": microseconds(now - MONTH), "most": LOOKED_THROUGH, "needle": needle}
    words = (text or "").casefold().split()
    found: dict[str, Had] = {}
    newer: set[str] = set()
    for row in connection.execute(_SENT, given):
        source = sources.get(row.actor_id)
        if source is None or source.ours:
            continue
        note = _offer_in(orjson.loads(row.document), audiences, newer)
        if note is None or category not in (None, note.category) or not _says(note, words):
            continue
        if _is_taken_back(connection, note, audiences):
            continue
        had = Had(source, from_microseconds(row.received_at), _distance(note, near))
        before = found.setdefault(source.actor_id, had)
        if _far(had) < _far(before):
            found[source.actor_id] = Had(source, before.at, had.distance_km)
    return sorted(found.values(), key=lambda one: (_far(one), one.source.name))[:MOST]


def _offer_in(activity: dict[str, Any], audiences: tuple[str, ...], newer: set[str]) -> ResourceNote | None:
    """The offer in a message; None where a newer one, which came before it here, was about the same (`newer`)."""
    thing = activity.get("object")
    if not isinstance(thing, dict) or (named := str(thing.get("id"))) in newer:
        return None
    newer.add(named)
    if authority.audience_of(activity, actor=activity["actor"]) not in audiences:
        return None
    note = read(thing)
    return None if isinstance(note, Refused) or note.direction != "offer" else note


def _is_taken_back(connection: Connection, note: ResourceNote, audiences: tuple[str, ...]) -> bool:
    """Whether it was taken down, is no longer for these readers, or was said anew: then nobody finds out its old words."""
    held = replicas.find(connection, note.id)
    if held is None:
        return False  # it has ended, as it was said last
    told = note.updated or note.published
    return held["gone_at"] is not None or held["audience"] not in audiences or bool(held["updated"] > told)


def _says(note: ResourceNote, words: list[str]) -> bool:
    near = note.location.name if note.location is not None else ""
    said = f"{note.name}\n{note.words}\n{near}".casefold()
    return all(word in said for word in words)


def _distance(note: ResourceNote, near: Point | None) -> float | None:
    latitude, longitude = middle_of(note.location)
    return None if near is None or latitude is None or longitude is None else distance_km(near, (latitude, longitude))


def _far(one: Had) -> float:
    return one.distance_km if one.distance_km is not None else float("inf")
