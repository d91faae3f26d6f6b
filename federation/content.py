"""What a linked council says to us: its notes, its answers to records, its offer to link up. Shape and audience.

What must be compared with what is held is returned as a check, which the storing step makes.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from federation.council import Council
from federation.kinds import Act
from protocol import authority
from protocol.verdict import Reason, Refused
from schemas.activity import Activity, kind_of

RELATIONSHIP = "Relationship"
Check = Callable[[Connection], Refused | None]


def judge_act(document: dict[str, Any], act: Act[Council], *, council: Council, now: datetime) -> Check | Refused:
    """An answer to a record: its shape, and whether it is meant for us. What it answers is looked at when it is stored."""
    model = act.read(document)
    if isinstance(model, Refused):
        return model
    refused = act.judge(document, model, council)
    return refused or (lambda connection: act.check(connection, council, model, now))


def judge_content(
    document: dict[str, Any], activity: Activity, *, council: Council, now: datetime
) -> Check | Refused | None:
    audience = authority.audience_of(document, actor=activity.actor)
    if isinstance(audience, Refused):
        return audience
    if activity.type == "Delete":
        return None
    note = document["object"]
    if not isinstance(note, dict):
        return Refused(Reason.WRONG_SHAPE, "A Create or Update carries its object whole.")
    name = kind_of(note)
    if isinstance(name, Refused):
        return name
    kind = council.kinds.get(name)
    if kind is None:
        return Refused(Reason.WRONG_SHAPE, "This server does not know that kind of note.")
    read = kind.read(note)
    if isinstance(read, Refused) or kind.check is None:
        return read if isinstance(read, Refused) else None
    look = kind.check
    return lambda connection: look(connection, council, document, read, now)


def judge_offer(document: dict[str, Any], *, council: Council) -> Refused | None:
    """An Offer to link up names the two of us and nobody else."""
    offered = document.get("object")
    if not isinstance(offered, dict) or offered.get("type") != RELATIONSHIP:
        return Refused(Reason.WRONG_SHAPE, "The only offer between councils here is that of a relationship.")
    if "comarca:peering" not in offered or offered.get("subject") != document.get("actor"):
        return Refused(Reason.WRONG_SHAPE, "The relationship is not one of linking up with its sender.")
    if offered.get("object") != council.actor_id:
        return Refused(Reason.WRONG_AUDIENCE, "The offer is meant for another council.")
    return None
