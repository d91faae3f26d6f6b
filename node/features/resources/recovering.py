"""Our own needs and offers written anew from what we once published: for a server put up again, or an old copy of ours.

What never left this node cannot come back: who put it up, how a closed one went, from which resolution it came. Nobody is
remembered as its author, so whoever has the server turn changes or closes it. What was put up for our own council alone is lost.
So are promises: what was promised when it was told counts as gone, and is not offered a second time.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from federation.kinds import Copy
from federation.tables import table_of
from node.features.resources import beside, kinds, kinds_here, lapsing, reckoning
from node.features.resources.promises import keeping
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceNote

NOBODY: Final = 0
_COUNTED: Final = "one"  # what stands on the wire where no unit was given

_RESOURCES: Final = table_of(Resource)


def recover(connection: Connection, copy: Copy, model: ResourceNote, note: Mapping[str, Any]) -> None:
    """Keep the need or offer that we told in `note`, unless what is kept is as new. What it holds beyond that stays."""
    public_id = copy.object_id.rpartition("/")[2]
    values = connection.execute(_RESOURCES.select().where(_RESOURCES.c.public_id == public_id)).mappings().first()
    held = None if values is None else Resource(**values)
    if held is not None and held.updated_at >= copy.updated:
        return
    told: dict[str, Any] = {
        "object_id": copy.object_id,
        "direction": model.direction,
        "title": model.name,
        "words": model.words,
        "kind": _kind(model, held),
        "can_wait": model.can_wait,
        "standing": model.standing,
        "language": model.language or "und",
        "category": model.category,
        "unit": _unit(model),
        "near": model.location.name if model.location is not None else "",
        "cell": model.location.cell if model.location is not None else None,
        "audience": copy.audience,
        "starts_at": model.start_time,
        "repeats": model.repeats or "",
        "zone": model.zone or "",
        "ends_at": model.end_time,
        "created_at": model.published,
        "updated_at": copy.updated,
    }
    if held is not None and beside.words_told(held, kinds_here.of(connection, held)) == model.words:
        del told["words"]
    else:
        # What stood beside the words has come back in them: it would be told twice.
        told |= {"notes": "", "hours": "", "access": ""}
    told |= reckoning.brought_back(
        connection,
        held,
        whole=model.quantity,
        available=model.available,
        state=model.state.value,
        at=copy.updated,
    )
    told["erase_at"] = lapsing.erase_at(told["closed_at"], model.end_time)
    if held is None:
        row = Resource(public_id=public_id, by_member=NOBODY, held_since=model.published, **told)
        connection.execute(_RESOURCES.insert().values(**row.model_dump(exclude={"id"})))
    else:
        connection.execute(_RESOURCES.update().where(_RESOURCES.c.id == held.id).values(**told))


def _kind(model: ResourceNote, held: Resource | None) -> str:
    """The finer kind that was told; a kind of our own is never told, so it stays where only its category was."""
    kind = kinds.find(model.kind)
    if kind is not None and kind.travels and kind.category == model.category:
        return kind.id
    if held is not None and held.category == model.category and held.kind.startswith(kinds.OWN) and not model.kind:
        return held.kind
    return ""


def _unit(model: ResourceNote) -> str | None:
    """What is counted, None where nobody said. Who did write that very word is told by the sentence for people."""
    unwritten = model.unit == _COUNTED and f": {model.quantity} {_COUNTED}" not in model.content
    return None if unwritten else model.unit


def lapse(connection: Connection, object_id: str, audience: str | None, now: datetime) -> None:
    """What was taken down goes here too; what is for nearby councils alone is shown to nobody else."""
    ours = _RESOURCES.c.object_id == object_id
    if audience is None:
        gone = connection.execute(select(_RESOURCES.c.id).where(ours)).scalars().all()
        keeping.forget_about(connection, gone)
        connection.execute(_RESOURCES.delete().where(ours))
    else:
        connection.execute(_RESOURCES.update().where(ours, _RESOURCES.c.audience == "public").values(audience=audience))
