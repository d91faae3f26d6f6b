"""What the council that proposed a text passes on: the answers it holds, inside its own note, for whoever is not linked with
those that gave them.

It says nothing where nothing has changed, and nothing in another council's place.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from federation import replicas
from federation.council import Council
from federation.kinds import Copy
from federation.tables import table_of
from node.features.resolutions import evidence
from node.features.resolutions.evidence import Said
from node.features.resolutions.publishing import answers_to, next_update, publish, wire_form
from node.features.resolutions.tables import Resolution
from protocol.agreement.rule import read_rule
from protocol.agreement.stances import given_of
from protocol.agreement.tally import Given
from protocol.verdict import Refused
from schemas.records.resolution import ResolutionNote

_RESOLUTIONS: Final = table_of(Resolution)


@dataclass(frozen=True, slots=True)
class Speaking:
    """Our council at this moment, where nobody acts."""

    council: Council
    now: datetime


def own_joint(connection: Connection, object_id: str) -> Resolution | None:
    """Our own text under an address, where it asks several councils."""
    row = (
        connection.execute(
            _RESOLUTIONS.select().where(_RESOLUTIONS.c.object_id == object_id, _RESOLUTIONS.c.rule.is_not(None))
        )
        .mappings()
        .first()
    )
    return None if row is None else Resolution(**row)


def keep(connection: Connection, copy: Copy, model: ResolutionNote) -> None:
    """Keep the answers that a note passes on; one that is not proven, or not to this text, is left in the note alone."""
    decided = model.resolution
    rule = read_rule(decided.agreed_rule)
    if isinstance(rule, Refused):
        return
    for document in evidence.for_audience(decided.stances or [], copy.audience):
        said = evidence.read_said(document)
        given = given_of(document, rule, resolution=copy.object_id, digest=decided.text_digest)
        if isinstance(said, Said) and isinstance(given, Given):
            evidence.keep(connection, said, orjson.dumps(document), now=copy.updated)


def tell_anew(connection: Connection, council: Council, *, object_id: str, now: datetime) -> bool:
    """Have our joint text say which answers there are now. False where it is not ours, is not out, or says so already."""
    row = own_joint(connection, object_id)
    if row is None or wire_form(row) is None or _ids(answers_to(connection, row)) == _told(connection, object_id):
        return False
    change_and_tell(connection, row, Speaking(council, now))
    return True


def change_and_tell(connection: Connection, row: Resolution, speaking: Speaking, **changed: Any) -> Resolution:
    """Change a row of ours and tell everybody how it stands now."""
    values = {**changed, "updated_at": next_update(speaking.now, row.updated_at)}
    connection.execute(_RESOLUTIONS.update().where(_RESOLUTIONS.c.id == row.id).values(**values))
    after = Resolution(**{**row.model_dump(), **values})
    publish(connection, after, speaking)
    return after


def _told(connection: Connection, object_id: str) -> list[str]:
    held = replicas.find(connection, object_id)
    if held is None or held["gone_at"] is not None:
        return []
    note: dict[str, Any] = orjson.loads(held["document"])["object"]
    return _ids(note.get("comarca:resolution", {}).get("stances") or [])


def _ids(documents: list[dict[str, Any]]) -> list[str]:
    return [str(document.get("id")) for document in documents]
