"""What is due, sorted by the address that it goes to: what still holds, what is over, and what must wait for a rest day's end.

Addresses are read here, at the moment of sending, from the note or the account that they belong to. Where one is gone, or due
to be forgotten, there is nowhere to write to.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping

from federation.tables import table_of
from node.accounts.tables import Member
from node.feature import Bench
from node.features.resources.letters import links, timing
from node.features.resources.letters.composing import Matter
from node.features.resources.letters.matters import About, holds
from node.features.resources.letters.tables import Letter
from node.features.resources.tables import Resource
from node.profile.rhythm import rhythm

AT_ONCE: Final = 500
_LETTERS, _MEMBERS, _RESOURCES = (table_of(table) for table in (Letter, Member, Resource))


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that goes to one address in one letter. `confirming`: the one that asks, of `whose` address it is; `fresh` as long
    as it has not been looked at before."""

    address: str
    language: str
    matters: tuple[Matter, ...]
    numbers: tuple[int, ...]
    tries: int
    confirming: bool = False
    whose: str = ""
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class SortedOut:
    """Numbers of rows that are over, those that wait and until when, and the first letter that may go now."""

    over: tuple[int, ...]
    postponed: dict[int, datetime]
    first: Bundle | None


@dataclass(slots=True)
class _Place:
    """Where one row goes: `""` where there is nowhere."""

    address: str
    language: str
    whose: str
    confirmed: bool
    rows: list[tuple[RowMapping, Matter]] = field(default_factory=list)


def sort_out(connection: Connection, bench: Bench, *, now: datetime) -> SortedOut:
    """Look through what is due, at most 500 rows, the longest due first."""
    rest, zone = rhythm(connection, now=now).rest, bench.settings.zone_info
    due = _LETTERS.select().where(_LETTERS.c.due_at <= now).order_by(_LETTERS.c.due_at, _LETTERS.c.id).limit(AT_ONCE)
    over: list[int] = []
    postponed: dict[int, datetime] = {}
    places: dict[str, _Place] = {}
    for letter in connection.execute(due).mappings().all():
        about = About(letter["about"])
        row = _resource(connection, letter["resource_id"])
        place = _place_of(connection, letter, row, now=now)
        asks = about is About.CONFIRM
        still = asks or holds(connection, about, row, member_id=letter["member_id"], now=now)
        if place is None or place.confirmed is asks or not still:
            over.append(letter["id"])
            continue
        quiet = None if asks else timing.quiet_until(now, can_wait=row is None or row.can_wait, rest=rest, zone=zone)
        if quiet is not None:
            postponed[letter["id"]] = quiet
            continue
        known = places.setdefault(f"{about} {place.whose}" if asks else place.address.lower(), place)
        known.rows.append((letter, Matter(about, row, letter["member_id"] is not None)))
    first = next(iter(places.values()), None)
    return SortedOut(tuple(over), postponed, None if first is None else _bundle(first))


def _bundle(place: _Place) -> Bundle:
    return Bundle(
        address=place.address,
        language=place.language,
        matters=tuple(matter for _, matter in place.rows),
        numbers=tuple(letter["id"] for letter, _ in place.rows),
        tries=max(letter["tries"] for letter, _ in place.rows),
        confirming=not place.confirmed,
        whose=place.whose,
        fresh=all(letter["due_at"] == letter["written_at"] for letter, _ in place.rows),
    )


def _place_of(connection: Connection, letter: RowMapping, row: Resource | None, *, now: datetime) -> _Place | None:
    number = letter["member_id"]
    if number is None:
        if row is None or not row.contact or (row.erase_at is not None and row.erase_at <= now):
            return None
        language = row.contact_language or row.language
        return _Place(row.contact, language, links.of_note(row.id or 0), row.contact_ok_at is not None)
    found = connection.execute(_MEMBERS.select().where(_MEMBERS.c.id == number)).mappings().first()
    if found is None or found["ended_at"] is not None or not found["mail"] or found["mail_how"] == timing.NEVER:
        return None
    language = found["language"] or ""
    return _Place(found["mail"], language, links.of_member(number), found["mail_ok_at"] is not None)


def _resource(connection: Connection, number: int | None) -> Resource | None:
    found = connection.execute(_RESOURCES.select().where(_RESOURCES.c.id == number)).mappings().first()
    return None if found is None else Resource(**found)
