"""Collections and what is left of a deleted record. Pages are told apart by path, never by query string (decisions section 4)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from schemas.base import write_time
from schemas.context import AS2


def ordered_collection(address: str, total: int | None, *, first: str | None) -> dict[str, Any]:
    """An OrderedCollection. `total` None says nothing (the size of a council's circle is not everybody's business)."""
    document: dict[str, Any] = {"@context": [AS2], "id": address, "type": "OrderedCollection"}
    if total is not None:
        document["totalItems"] = total
    if first is not None:
        document["first"] = first
    return document


def ordered_collection_page(
    address: str, part_of: str, *, items: Iterable[Any], next_page: str | None
) -> dict[str, Any]:
    """One page, newest first; signed activities stand in it as they were sent."""
    document: dict[str, Any] = {
        "@context": [AS2],
        "id": address,
        "type": "OrderedCollectionPage",
        "partOf": part_of,
        "orderedItems": list(items),
    }
    if next_page is not None:
        document["next"] = next_page
    return document


def tombstone(address: str, deleted: datetime, *, former_type: str = "Note") -> dict[str, Any]:
    """What is answered with 410 where a record was."""
    return {
        "@context": [AS2],
        "id": address,
        "type": "Tombstone",
        "formerType": former_type,
        "deleted": write_time(deleted),
    }
