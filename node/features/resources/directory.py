"""Our council as a directory reads it (HSDS 3.0 of Open Referral, `capacities` of 3.1): what stands or comes back, for everyone.

Only what is public, and only standing places and offers that come back: never a need, never somebody's one thing, never a person
or a household: only a standing place has a location, which is its name and the middle of its cell. An `address` is never told.
Ids are made from addresses (RFC 4122, version 5), so that a reader knows again what it has read.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5  # noqa: TID251  made from addresses: nothing is drawn

from federation.council import Council
from node.features.resources import recurring, telling
from node.features.resources.tables import Resource
from node.places import in_cell
from node.web.words import number
from schemas.base import write_time
from schemas.repeating import DAYS, Recurrence

VERSION: Final = "3.0"
PROFILE: Final = "https://docs.openreferral.org/en/3.0/"
_LANGUAGE_NAMES: Final = {"en": "English", "es": "Spanish"}


def is_listed(row: Resource) -> bool:
    """Whether a record of ours, live already, stands in the directory."""
    return (
        row.direction == "offer"
        and row.audience == "public"
        and telling.leaves(row)
        and bool(row.standing or row.repeats)
    )


def id_of(address: str, part: str = "") -> str:
    """The same for the same address, and another one for each part of what stands there."""
    return str(uuid5(NAMESPACE_URL, f"{address}#{part}" if part else address))


def organization(council: Council) -> dict[str, Any]:
    """The council: whoever puts something up does it in the council's name."""
    return {
        "id": id_of(council.actor_id),
        "name": council.name,
        "description": council.summary or council.name,
        "website": council.base_url,
        "uri": council.actor_id,
    }


def services(rows: Iterable[Resource], council: Council) -> list[dict[str, Any]]:
    """One fully nested service for each record that is listed."""
    return [service(row, council) for row in rows if is_listed(row)]


def service(row: Resource, council: Council) -> dict[str, Any]:
    """One standing place, or one offer that comes back."""
    address = telling.address_of(row, council)
    made: dict[str, Any] = {
        "id": id_of(address),
        "organization_id": id_of(council.actor_id),
        "organization": organization(council),
        "name": row.title,
        "description": row.words,
        "url": address,
        "status": "active",
        "last_modified": write_time(row.updated_at),
        "languages": [_language(row, address)],
        "service_areas": [_area(row, council, address)],
    }
    if schedules := _schedules(row, address):
        made["schedules"] = schedules
    if row.quantity is not None and row.available is not None:
        made["capacities"] = [_capacity(row, address)]
    if row.standing and row.near:
        made["service_at_locations"] = [_at_location(row, address, council)]
    return {name: value for name, value in made.items() if value != ""}


def listed(one: dict[str, Any]) -> dict[str, Any]:
    """A service as a list has it: only what there is one of."""
    return {name: value for name, value in one.items() if not isinstance(value, list)}


def page(contents: list[dict[str, Any]], *, total: int, number: int, size: int) -> dict[str, Any]:
    """One page of a list (the `Page` of the HSDS API)."""
    pages = max(1, -(-total // size))
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": number,
        "size": len(contents),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not contents,
        "contents": contents,
    }


def _language(row: Resource, address: str) -> dict[str, Any]:
    name = _LANGUAGE_NAMES.get(row.language.partition("-")[0])
    return {"id": id_of(address, "language"), "code": row.language} | ({"name": name} if name else {})


def _area(row: Resource, council: Council, address: str) -> dict[str, Any]:
    area = council.place
    named = row.near or (area.name if area is not None else "") or council.name
    return {"id": id_of(address, "area"), "service_id": id_of(address), "name": named}


def _capacity(row: Resource, address: str) -> dict[str, Any]:
    """3.1's `service_capacity`: whole numbers where they are whole, as the figures that its readers expect."""
    unit = row.unit or "one"
    return {
        "id": id_of(address, "capacity"),
        "service_id": id_of(address),
        "unit": {"id": id_of(address, f"unit {unit}"), "name": unit},
        "available": float(number(row.available or "0")),
        "maximum": float(number(row.quantity or "0")),
        "updated": write_time(row.updated_at),
    }


def _at_location(row: Resource, address: str, council: Council) -> dict[str, Any]:
    """The place by its name. `physical`, since one goes there; without an address, since that is for those who are coming."""
    place = in_cell(row.cell, name=row.near)
    location: dict[str, Any] = {
        "id": id_of(address, "location"),
        "location_type": "physical",
        "organization_id": id_of(council.actor_id),
        "name": row.near,
    }
    if place is not None and place.latitude is not None and place.longitude is not None:
        location |= {"latitude": round(place.latitude, 4), "longitude": round(place.longitude, 4)}
        location["description"] = "The coordinates are the middle of an area of about five square kilometres."
    if row.access:
        location["accessibility"] = [
            {"id": id_of(address, "access"), "location_id": location["id"], "description": row.access}
        ]
    return {
        "id": id_of(address, "at"),
        "service_id": id_of(address),
        "location_id": location["id"],
        "location": location,
    }


def _schedules(row: Resource, address: str) -> list[dict[str, Any]]:
    found = []
    if row.hours:
        found.append({"id": id_of(address, "hours"), "service_id": id_of(address), "description": row.hours})
    one = recurring.of_row(row)
    if one is not None:
        found.append({"id": id_of(address, "times"), "service_id": id_of(address), **_times(one)})
    return found


def _times(one: Recurrence) -> dict[str, Any]:
    """A rule in the columns of HSDS, which know weeks and months: every day is seven days of a week, or days that are named.

    `opens_at` is by the clocks of the zone in `notes`: `timezone` would be one number all the year, and is left out.
    """
    rule, there = one.ended(), one.start.astimezone(one.zone)
    made: dict[str, Any] = {
        "dtstart": f"{there:%Y-%m-%d}",
        "valid_from": f"{there:%Y-%m-%d}",
        "valid_to": f"{one.ends.astimezone(one.zone):%Y-%m-%d}",
        "opens_at": f"{there:%H:%M}",
        "notes": f"Times are by the clocks of {one.zone.key}.",
    }
    if rule.frequency == "DAILY" and rule.interval > 1:
        days = [f"{at.astimezone(one.zone):%Y-%m-%d}" for at in one.times()]
        return made | {"description": ", ".join(days)}
    days = [f"{nth or ''}{DAYS[day]}" for nth, day in rule.days] or list(DAYS)
    made |= {"freq": "MONTHLY" if rule.frequency == "MONTHLY" else "WEEKLY", "interval": rule.interval, "wkst": "MO"}
    made["byday"] = ",".join(days)
    if rule.count is not None:
        made["count"] = rule.count
    elif rule.until is not None:
        made["until"] = f"{rule.until.astimezone(one.zone):%Y-%m-%d}"
    return made
