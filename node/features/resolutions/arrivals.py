"""What published resolutions do here, ours and theirs alike: they enter the list of what was decided, or leave it.

Runs inside the step that stored the replica, perhaps twice for the same note. It never touches our own records. Answers that a
proposer passes on are proven one by one, with the keys in the rule, before any is kept.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from federation import replicas
from federation.council import Council
from federation.kinds import Copy, Kind
from federation.moments import microseconds
from federation.tables import Lane, table_of
from node.features.resolutions import passing_on, recovering
from node.features.resolutions.stances import joint_note
from node.features.resolutions.tables import ResolutionIndex
from protocol.verdict import Reason, Refused
from schemas.records.deciding import Domain, Stage
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
    if not copy.ours:
        passing_on.keep(connection, copy, model)


def check(
    connection: Connection, council: Council, activity: Mapping[str, Any], model: ResolutionNote, now: datetime
) -> Refused | None:
    """A joint text that is out stays as it is, its rule too: councils are answering to these very words.

    Refuses other-text. An older note that was overtaken on the way changes nothing, so it is taken.
    """
    held = joint_note(connection, model.id)
    if held is None:
        return None
    before, _ = held
    row = replicas.find(connection, model.id)
    overtaken = row is not None and model.changed <= row["updated"]
    if overtaken or before.resolution.stage is Stage.NOTICE:
        return None
    same = before.resolution.text_digest == model.resolution.text_digest
    return None if same else Refused(Reason.OTHER_TEXT, "The text that several councils decide about has been changed.")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def end(connection: Connection, replica_id: int) -> None:
    """Take a resolution off the list."""
    connection.execute(_END, {"replica_id": replica_id})


KIND: Final = Kind(
    name="resolution",
    lane=Lane.ORDINARY,
    read=read_resolution,
    put=put,
    end=end,
    check=check,
    recover=recovering.recover,
    lapse=recovering.lapse,
)
