"""The needs that wait: all that are open, how each stands, what rises to the next gathering, and where much is missing.

Counts are about needs, never about persons; below five it is "a few". Nothing here is stored or told to anybody else.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from sqlalchemy import Connection

from node.features.resources.hands.house import calendar, house, standing
from node.features.resources.holding import Standing
from node.features.resources.matching import priorities
from node.features.resources.matching.asking import order
from node.features.resources.tables import Resource
from schemas.phrase import Phrase, phrase
from schemas.records.resource import ResourceState

A_FEW: Final = 5
UNMET: Final = frozenset({ResourceState.OPEN.value, ResourceState.PARTLY_PROMISED.value})
"""Not all of it is promised."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One need that is not met, and how it stands."""

    row: Resource
    standing: Standing

    @property
    def rises(self) -> bool:
        """Whether the next gathering should look at it: nobody took it in time, or it has waited for long."""
        return self.standing.unheld or self.standing.ageing


@dataclass(frozen=True, slots=True)
class Gap:
    """How often something is missing: `name` is a category's word or a place's name, empty for no fixed place."""

    name: str
    count: int


def waiting(connection: Connection, rows: Iterable[Resource], *, now: datetime, zone: tzinfo) -> list[Waiting]:
    """The needs among these of which something is missing, and how each stands, in the order that the assembly set."""
    there, by = house(connection, now), calendar(connection, now, zone)
    ordered = priorities.in_order(unmet(rows), order(connection))
    return [Waiting(row, standing(row, there, by, now)) for row in ordered]


def unmet(rows: Iterable[Resource]) -> list[Resource]:
    """The needs among these of which something is still missing."""
    return [row for row in rows if row.direction == "need" and row.state in UNMET]


def gaps(rows: Iterable[Resource], name: Callable[[Resource], str]) -> list[Gap]:
    """How many of these there are by each name, most first."""
    counted = Counter(name(row) for row in rows)
    # Among those that are a few, the order says nothing either.
    return [Gap(one, many) for one, many in sorted(counted.items(), key=lambda one: (-max(one[1], A_FEW - 1), one[0]))]


def how_many(count: int) -> str | Phrase:
    """A count that points at nobody."""
    return phrase("just a few") if count < A_FEW else f"{count}"
