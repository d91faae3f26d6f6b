"""One search around us, whoever asks: what is found of it, whose word that is, and whom to ask where a word is old."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from federation.council import Council
from federation.live_asking import AT_ONCE
from node.features.resources import queries
from node.features.resources.around import Found, around
from node.features.resources.narrowing import During
from node.features.resources.queries import Source
from node.features.resources.region import asking
from node.features.resources.region.grouping import Group, grouped
from node.features.resources.region.lately import Had, who_had
from node.features.resources.sphere import Point, circle_of
from schemas.context import Category
from schemas.live import LiveQuestion

MOST_FURTHER = 3


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for, and where. `cell` stands in the place of `near` and `within_km`."""

    audiences: tuple[str, ...]
    category: Category | None = None
    direction: str | None = None
    text: str | None = None
    near: Point | None = None
    within_km: float | None = None
    cell: str | None = None
    during: During | None = None
    heard_lately: bool = False
    limit: int = 50

    @property
    def middle(self) -> Point | None:
        """Where it looks from."""
        return circle_of(self.cell)[0] if self.cell is not None else self.near

    @property
    def question(self) -> LiveQuestion:
        """What nearby councils would be asked for it."""
        return asking.question(category=self.category, direction=self.direction, near=self.middle)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, and every council of the region by its actor id."""

    found: Sequence[Found]
    sources: Mapping[str, Source]


def look(connection: Connection, council: Council, search: Search, *, now: datetime, current_for: timedelta) -> Seen:
    """Look in what is held here."""
    sources = queries.sources(connection, council, now=now, current_for=current_for)
    near, within_km = search.near, search.within_km
    found = around(
        connection,
        now=now,
        audiences=search.audiences,
        category=search.category,
        direction=search.direction,
        latitude=None if near is None else near[0],
        longitude=None if near is None else near[1],
        within_km=None if near is None else within_km,
        cell=search.cell,
        text=search.text,
        during=search.during,
        sources=[one.actor_id for one in sources.values() if one.current] if search.heard_lately else None,
        limit=search.limit,
    )
    return Seen(found, sources)


def stale(sources: Mapping[str, Source]) -> list[Source]:
    """The linked councils whose word is old: those that spoke last are the likeliest to answer, so they come first."""
    silent = [one for one in sources.values() if not one.ours and not one.current and not one.told_by]
    heard = [one for one in silent if one.last_heard_at is not None]
    never = [one for one in silent if one.last_heard_at is None]
    return [*sorted(heard, key=lambda one: one.age or timedelta(0)), *never][:AT_ONCE]


def further(
    connection: Connection, council: Council, search: Search, *, now: datetime, current_for: timedelta
) -> list[Group]:
    """Where nothing was found: the nearest councils that have it all the same, further away, at another time or long silent."""
    wide = replace(search, near=search.middle, within_km=None, cell=None, during=None, heard_lately=False)
    if wide == search:
        return []
    seen = look(connection, council, wide, now=now, current_for=current_for)
    return [one for one in grouped(seen.found, seen.sources) if one.source is not None][:MOST_FURTHER]


def had_lately(connection: Connection, search: Search, sources: Mapping[str, Source], *, now: datetime) -> list[Had]:
    """Where nothing was found: the nearest councils that had it this month. Nobody is told who needed something."""
    if search.direction == "need":
        return []
    return who_had(
        connection,
        now=now,
        audiences=search.audiences,
        sources=sources,
        category=search.category,
        text=search.text,
        near=search.middle,
    )
