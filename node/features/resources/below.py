"""What stands below a need or an offer on its page: one part for each matter that goes on with it, one line for each here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from node.feature import Viewer
from node.features.resources import asking_more
from node.features.resources.agreements import with_them
from node.features.resources.asking.part import talk_part
from node.features.resources.hands.showing import part as in_hands
from node.features.resources.letters.chat import below as chatted
from node.features.resources.matching.finding import below as fitting
from node.features.resources.moderation.part import report_part
from node.features.resources.part import Part
from node.features.resources.places import part as place
from node.features.resources.promises.part import below as promised
from node.features.resources.tables import Resource

Below = Callable[[Connection, Resource | None, str, Viewer, datetime], Part | None]
"""The part of one matter: asked with our own record (None for a nearby council's), its address and who is looking."""

PARTS: tuple[Below, ...] = (
    # what goes on with it, in the order in which it stands on the page
    asking_more.below,
    place.below,
    promised,
    in_hands,
    with_them.part,
    fitting,
    chatted,
    talk_part,
    report_part,
)


def parts_of(
    connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime
) -> dict[str, Any]:
    """What is added to the details of a slip for its own page; nothing where no matter goes on."""
    parts = [part for make in PARTS if (part := make(connection, row, address, viewer, now)) is not None]
    return {"after": "resources/below.html", "parts": parts} if parts else {}
