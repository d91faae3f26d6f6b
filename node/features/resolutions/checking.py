"""A resolution as a file that anybody can check, and what we find when we check it ourselves, with every word of it on a page.

The file holds what is public of it (or what the asker may see): the signed note, the signed answers, the keys. It is made anew
each time, from what is held; nothing about it is believed because it is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from federation import replicas
from federation.council import Council
from federation.tables import Peer, table_of
from node.feature import Viewer
from node.features.resolutions import evidence
from node.features.resolutions.counting import Joint, joint_of
from protocol.agreement.filing import VERSION
from protocol.agreement.record import Report, check_record
from schemas.base import write_time

MOST_EACH: Final = 16

_PEERS: Final = table_of(Peer)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked and what was found. `joint` where several councils decide; `source` is the council that sent it."""

    object_id: str
    title: str
    language: str
    source: str
    report: Report
    joint: Joint | None
    as_of: datetime


def record_at(
    connection: Connection, council: Council, *, object_id: str, viewer: Viewer, now: datetime
) -> dict[str, Any] | None:
    """The file for checking a resolution; None where this viewer is shown none under that address."""
    activity = _held(connection, object_id, viewer=viewer)
    if activity is None:
        return None
    note, source = activity["object"], str(activity["actor"])
    audience = str(replicas.find(connection, object_id)["audience"])  # type: ignore[index]  # it has just been found
    joint = joint_of(connection, activity, source=source, audience=audience, now=now)
    answers: list[dict[str, Any]] = []
    keys = {actor: key for actor, key in _known(connection, council).items() if actor == source}
    if joint is not None:
        keys = {asked.id: asked.key for asked in joint.rule.councils}
        answers = evidence.chosen(
            joint.documents,
            joint.rule,
            resolution=joint.object_id,
            digest=joint.digest,
            ends_at=joint.tally.ends_at,
            most_each=MOST_EACH,
        )
    assert note["id"] == object_id
    return {"comarca": VERSION, "resolution": activity, "answers": answers, "keys": keys, "as_of": write_time(now)}


def check_at(
    connection: Connection, council: Council, *, object_id: str, viewer: Viewer, now: datetime
) -> Checked | None:
    """The file, checked with the keys that are known here; None as for `record_at`."""
    record = record_at(connection, council, object_id=object_id, viewer=viewer, now=now)
    if record is None:
        return None
    row = replicas.find(connection, object_id)
    assert row is not None
    activity, source = record["resolution"], str(row["source"])
    report = check_record(
        orjson.loads(orjson.dumps(record)),
        _known(connection, council),
        retired=_retired(connection, council),
        now=now,
    )
    note: Mapping[str, Any] = activity["object"]
    return Checked(
        object_id=object_id,
        title=str(note.get("name", "")),
        language=next(iter(note.get("contentMap") or {}), "und"),
        source=source,
        report=report,
        joint=joint_of(connection, activity, source=source, audience=str(row["audience"]), now=now),
        as_of=now,
    )


def _held(connection: Connection, object_id: str, *, viewer: Viewer) -> dict[str, Any] | None:
    row = replicas.find(connection, object_id)
    if row is None or row["gone_at"] is not None or row["kind"] != "resolution":
        return None
    return dict(orjson.loads(row["document"])) if row["audience"] in viewer.audiences else None


def _known(connection: Connection, council: Council) -> dict[str, str]:
    """Our own key, and those that were compared when we linked up; of councils too that we are not linked with any more."""
    rows = connection.execute(select(_PEERS.c.actor_id, _PEERS.c.ed25519_multibase))
    return {**{row.actor_id: row.ed25519_multibase for row in rows}, council.actor_id: council.multibase}


def _retired(connection: Connection, council: Council) -> dict[str, tuple[str, ...]]:
    """Keys that were given up since they were compared."""
    return {}
