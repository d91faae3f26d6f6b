"""What was found, by the council that has it, and about how much: for pages where an exact number would say too much. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from node.features.resources import quantities
from node.features.resources.around import Found
from node.features.resources.queries import Source

MOST_AMOUNTS = 3


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of one unit, offered or needed by one council: what is left of it where that is told."""

    direction: str
    unit: str
    number: Decimal

    @property
    def at_least(self) -> int:
        """The band it lies in, by its lower end; 0 for "a few"."""
        return quantities.at_least(self.number)


@dataclass(frozen=True, slots=True)
class Group:
    """One council with what was found of it, in the order in which it was found. `source` None where nobody knows it any more."""

    actor_id: str
    source: Source | None
    found: tuple[Found, ...]

    @property
    def amounts(self) -> tuple[Amount, ...]:
        """What is counted in a unit, the largest first. Things without one are not added up: chairs are not fans."""
        return amounts_of(self.found)

    @property
    def distance_km(self) -> float | None:
        """To the nearest of it."""
        return min((one.distance_km for one in self.found if one.distance_km is not None), default=None)


def grouped(found: Sequence[Found], sources: Mapping[str, Source]) -> list[Group]:
    """By council, whose first thing comes first before the others: nearest or soonest, as the whole was sorted."""
    of: dict[str, list[Found]] = {}
    for one in found:
        of.setdefault(one.source, []).append(one)
    return [Group(actor_id, sources.get(actor_id), tuple(theirs)) for actor_id, theirs in of.items()]


def amounts_of(found: Sequence[Found]) -> tuple[Amount, ...]:
    """What is left, added up for each direction and unit; a unit is the same however it is capitalised."""
    sums: dict[tuple[str, str], Decimal] = {}
    spelled: dict[tuple[str, str], str] = {}
    for one in found:
        left = one.available if one.available is not None else one.quantity
        if left is None or not one.unit or Decimal(left) == 0:
            continue
        key = (one.direction, one.unit.casefold())
        spelled.setdefault(key, one.unit)
        sums[key] = sums.get(key, quantities.NOTHING) + Decimal(left)
    made = [Amount(direction, spelled[direction, unit], number) for (direction, unit), number in sums.items()]
    return tuple(sorted(made, key=lambda one: (-one.number, one.direction, one.unit)))
