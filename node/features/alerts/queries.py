"""Reads for the pages of calls for help: what is live or just over, ours and theirs. Writes nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from federation.council import Council
from federation.tables import Peer, table_of
from node.feature import Viewer
from node.features.alerts.tables import Alert, AlertIndex
from node.rights import Right
from schemas.records.alert import MessageType, Status

_OWN = table_of(Alert)
_INDEX = table_of(AlertIndex)
_PEERS = table_of(Peer)
MOST = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """One call for help or drill. `source` is the actor id of the council that called, `name` its name."""

    object_id: str
    source: str
    name: str
    url: str
    ours: bool
    audience: str
    status: str
    message_type: str
    category: str
    title: str
    words: str
    event: str
    urgency: str
    severity: str
    certainty: str
    wanted: str
    instruction: str
    near: str
    language: str
    ends_at: datetime
    published: datetime
    updated: datetime

    @property
    def drill(self) -> bool:
        return self.status == Status.EXERCISE

    @property
    def over(self) -> bool:
        return self.message_type == MessageType.CANCEL


def listing(connection: Connection, council: Council, viewer: Viewer, *, now: datetime) -> list[Listed]:
    """All whose time has not passed and that this viewer may see, newest first, those that are over included."""
    published = connection.execute(
        select(_INDEX, _PEERS.c.name, _PEERS.c.origin)
        .outerjoin(_PEERS, _PEERS.c.actor_id == _INDEX.c.source)
        .where(_INDEX.c.audience.in_(viewer.audiences), _INDEX.c.ends_at > now)
        .order_by(_INDEX.c.published.desc())
        .limit(MOST)
    )
    found = [_published(row, council) for row in published.mappings()]
    if "council" in viewer.audiences:
        unpublished = connection.execute(
            _OWN.select().where(_OWN.c.object_id.is_(None), _OWN.c.audience.in_(viewer.audiences), _OWN.c.ends_at > now)
        )
        found += [_unpublished(row, council) for row in unpublished.mappings()]
    return sorted(found, key=lambda one: (one.published, one.object_id), reverse=True)


def live_alerts(connection: Connection, council: Council, viewer: Viewer, *, now: datetime) -> list[Listed]:
    """What is asked for right now: not ended, and not said to be over."""
    return [one for one in listing(connection, council, viewer, now=now) if not one.over]


def may_end(connection: Connection, object_id: str, viewer: Viewer, *, base_url: str = "", now: datetime) -> bool:
    """Whether this viewer may say that this call of ours is over. With `base_url` also one that never left this server."""
    if not viewer.signed_in:
        return False
    ours = _OWN.c.object_id == object_id
    if base_url and object_id.startswith(f"{base_url}/o/"):
        ours = _OWN.c.public_id == object_id.removeprefix(f"{base_url}/o/")
    row = connection.execute(select(_OWN.c.by_member, _OWN.c.message_type, _OWN.c.ends_at).where(ours)).first()
    if row is None or row.message_type == MessageType.CANCEL or row.ends_at <= now:
        return False
    return viewer.may(Right.TIDY_UP) or bool(row.by_member == viewer.member_id)


def _published(row: RowMapping, council: Council) -> Listed:
    ours = row["source"] == council.actor_id
    return Listed(
        object_id=row["object_id"],
        source=row["source"],
        name=council.name if ours else row["name"] or row["source"],
        url=council.base_url if ours else row["origin"] or row["source"],
        ours=ours,
        published=row["published"],
        updated=row["updated"],
        **_same(row),
    )


def _unpublished(row: RowMapping, council: Council) -> Listed:
    return Listed(
        object_id=f"{council.base_url}/o/{row['public_id']}",
        source=council.actor_id,
        name=council.name,
        url=council.base_url,
        ours=True,
        published=row["created_at"],
        updated=row["updated_at"],
        **_same(row),
    )


_SAME = (
    "audience",
    "status",
    "message_type",
    "category",
    "title",
    "words",
    "event",
    "urgency",
    "severity",
    "certainty",
    "wanted",
    "instruction",
    "near",
    "language",
    "ends_at",
)


def _same(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in _SAME}
