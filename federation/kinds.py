"""The kinds of payload that features bring along. Federation learns of them only through the mapping it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from federation.tables import Lane
from protocol.verdict import Refused


@dataclass(frozen=True, slots=True)
class Copy:
    """What a feature is told about the replica whose note it indexes. `ours` is true for our own publications."""

    replica_id: int
    object_id: str
    source: str
    audience: str
    ours: bool
    updated: datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of Note.

    `name` is what `schemas.activity.kind_of` answers ("resource", "resolution", "alert").
    `read(note)` judges the shape and returns the wire model; it may not look anything up.
    `put(connection, copy, model)` writes the feature's own index for it, and must be safe to run twice.
    `end(connection, replica_id)` removes that index.
    """

    name: str
    lane: Lane
    read: Callable[[dict[str, Any]], Any | Refused]
    put: Callable[[Connection, Copy, Any], None]
    end: Callable[[Connection, int], None]


Kinds = Mapping[str, Kind]
