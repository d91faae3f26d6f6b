"""What stands below a need or an offer on its page: one part for each matter that goes on with it, one line for each here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from node.feature import Viewer
from node.features.resources.tables import Resource


@dataclass(frozen=True, slots=True)
class Part:
    """A template of this feature, and what it is given as `part`."""

    template: str
    given: dict[str, Any]


Below = Callable[[Connection, Resource | None, str, Viewer, datetime], Part | None]
"""The part of one matter: asked with our own record (None for a nearby council's), its address and who is looking."""

PARTS: tuple[Below, ...] = ()


def parts_of(
    connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime
) -> dict[str, Any]:
    """What is added to the details of a slip for its own page; nothing where no matter goes on."""
    parts = [part for make in PARTS if (part := make(connection, row, address, viewer, now)) is not None]
    return {"after": "resources/below.html", "parts": parts} if parts else {}
