"""What published resolutions do here, ours and theirs alike: they enter the list of what was decided, or leave it.

Runs inside the step that stored the replica, perhaps twice for the same note. It never touches our own records.
"""

from datetime import date
from typing import Final

from sqlalchemy import Connection, text

from federation.kinds import Copy, Kind
from federation.moments import microseconds
from federation.tables import Lane, table_of
from node.features.resolutions.tables import ResolutionIndex
from schemas.records.deciding import Domain
from schemas.records.resolution import ResolutionNote, read_resolution

_INDEX: Final = table_of(ResolutionIndex)
_COLUMNS: Final = tuple(column.name for column in _INDEX.c if column.name != "replica_id")
_PUT: Final = text(
    f"INSERT INTO resolution_index (replica_id, {', '.join(_COLUMNS)})"  # noqa: S608  names of our own columns
    f" VALUES (:replica_id, {', '.join(f':{column}' for column in _COLUMNS)})"
    f" ON CONFLICT (replica_id) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in _COLUMNS)}"
)
_END: Final = text("DELETE FROM resolution_index WHERE replica_id = :replica_id")


def put(connection: Connection, copy: Copy, model: ResolutionNote) -> None:
    """List a resolution, or list it anew."""
    decided = model.resolution
    connection.execute(
        _PUT,
        {
            "replica_id": copy.replica_id,
            "object_id": copy.object_id,
            "source": copy.source,
            "audience": copy.audience,
            "number": decided.number,
            "stage": decided.stage.value,
            "recipe": decided.recipe or "",
            "domain": (decided.domain or Domain.OTHER).value,
            "near": model.location.name if model.location is not None else "",
            "carried_out_by": decided.carried_out_by or "",
            "campaign": decided.campaign or "",
            "because": decided.because or "",
            "amends": decided.amends or "",
            "addressee": decided.addressee or "",
            "notice_until": _day(decided.notice_until),
            "closes_at": None if decided.rule is None else microseconds(decided.rule.closes_at),
            "answers_object": "" if decided.answers is None else decided.answers.object,
            "title": model.name,
            "text": decided.text,
            "language": model.language or "und",
            "method": decided.method.value,
            "decided_at": _day(decided.decided_at),
            "present": decided.present,
            "stand_asides": decided.stand_asides,
            "review_on": _day(decided.review_on),
            "digest": decided.text_digest,
            "published": microseconds(model.published),
            "updated": microseconds(copy.updated),
        },
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def end(connection: Connection, replica_id: int) -> None:
    """Take a resolution off the list."""
    connection.execute(_END, {"replica_id": replica_id})


KIND: Final = Kind(name="resolution", lane=Lane.ORDINARY, read=read_resolution, put=put, end=end)
