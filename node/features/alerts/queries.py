"""Reads for the pages of calls for help: what is live or has just ended, ours and theirs, and our drafts. Writes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, select

from federation.council import Council
from federation.tables import Peer, table_of
from node.feature import Viewer
from node.features.alerts.tables import Alert, AlertIndex
from node.features.alerts.telling import DRAFT, address
from schemas.records.alert import MessageType, Status
from schemas.wording import words_for

_OWN = table_of(Alert)
_INDEX = table_of(AlertIndex)
_PEERS = table_of(Peer)
MOST = 200
AHEAD: Final = timedelta(minutes=10)
"""So far may clocks differ. What is dated later than that is not shown before its time."""


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
    cells: tuple[str, ...]
    note: str
    ended: str
    because: str
    campaign: str
    raised_by: int
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
    """All whose time has not passed and that this viewer may see, newest first, those that have ended included, no draft."""
    published = connection.execute(
        _of_index()
        .where(_INDEX.c.audience.in_(viewer.audiences), _INDEX.c.ends_at > now, _INDEX.c.published <= now + AHEAD)
        # A flood of ends must not push aside what is still on.
        .order_by(_INDEX.c.ended != "", _INDEX.c.published.desc())
        .limit(MOST)
    )
    found = [_published(row, council) for row in published.mappings()]
    if "council" in viewer.audiences:
        found += [one for one in _kept_home(connection, council) if one.ends_at > now]
    return sorted(found, key=lambda one: (one.published, one.object_id), reverse=True)


def live_alerts(connection: Connection, council: Council, viewer: Viewer, *, now: datetime) -> list[Listed]:
    """What is asked for right now: not ended, and not said to be over."""
    return [one for one in listing(connection, council, viewer, now=now) if not one.over]


def published(connection: Connection, council_actor: str, *, replica_id: int, now: datetime) -> Listed | None:
    """One that was published, ours or theirs; None for what is dated ahead of its time."""
    row = connection.execute(_of_index().where(_INDEX.c.replica_id == replica_id)).mappings().first()
    if row is None or row["published"] > now + AHEAD:
        return None
    return _listed(row, ours=row["source"] == council_actor, name=row["name"], url=row["origin"])


def ours_of(connection: Connection, object_id: str) -> Alert | None:
    """Our own row of a call that was told under this address."""
    row = connection.execute(_OWN.select().where(_OWN.c.object_id == object_id)).mappings().first()
    return None if row is None else Alert(**row)


def ours_at(connection: Connection, public_id: str) -> Alert | None:
    """Our own row, told or not."""
    row = connection.execute(_OWN.select().where(_OWN.c.public_id == public_id)).mappings().first()
    return None if row is None else Alert(**row)


def waiting(connection: Connection, *, now: datetime) -> list[Alert]:
    """Our drafts, and our calls that somebody wants to be graver, for as long as they can wait; newest first."""
    rows = connection.execute(
        _OWN.select()
        .where(_OWN.c.ends_at > now, (_OWN.c.state == DRAFT) | (_OWN.c.raise_to != ""))
        .order_by(_OWN.c.id.desc())
    )
    return [Alert(**row) for row in rows.mappings()]


def coming_from(
    connection: Connection, council: Council, viewer: Viewer, address: str, *, now: datetime
) -> list[Listed]:
    """What comes from a resolution and is still on, as far as this viewer may see it."""
    return [one for one in live_alerts(connection, council, viewer, now=now) if address and one.because == address]


def as_listed(row: Alert, council: Council) -> Listed:
    """Our own row as lists show it."""
    return Listed(
        object_id=address(row, council.base_url),
        source=council.actor_id,
        name=council.name,
        url=council.base_url,
        ours=True,
        title=drill_named(row.title, status=row.status, language=row.language),
        cells=tuple(orjson.loads(row.cells)),
        raised_by=2 if row.seconded_by is not None else 1,
        published=row.out_at or row.created_at,
        updated=row.updated_at,
        **{name: getattr(row, name) for name in _SAME},
    )


def drill_named(title: str, *, status: str, language: str) -> str:
    """A drill's title with the word for it in front, whoever gave it, since a title may stand alone."""
    word = words_for(language)["exercise"]
    if status != Status.EXERCISE or title.startswith(word.partition(" ")[0]):
        return title
    return f"{word}: {title}"


def _of_index() -> Any:
    return select(_INDEX, _PEERS.c.name, _PEERS.c.origin).outerjoin(_PEERS, _PEERS.c.actor_id == _INDEX.c.source)


def _kept_home(connection: Connection, council: Council) -> list[Listed]:
    rows = connection.execute(
        _OWN.select().where(_OWN.c.object_id.is_(None), _OWN.c.state != DRAFT, _OWN.c.audience == "council")
    )
    return [as_listed(Alert(**row), council) for row in rows.mappings()]


def _published(row: RowMapping, council: Council) -> Listed:
    if row["source"] == council.actor_id:
        return _listed(row, ours=True, name=council.name, url=council.base_url)
    return _listed(row, ours=False, name=row["name"], url=row["origin"])


def _listed(row: RowMapping, *, ours: bool, name: str | None, url: str | None) -> Listed:
    return Listed(
        object_id=row["object_id"],
        source=row["source"],
        name=name or row["source"],
        url=url or row["source"],
        ours=ours,
        title=drill_named(row["title"], status=row["status"], language=row["language"]),
        cells=tuple(orjson.loads(row["cells"])),
        raised_by=row["raised_by"],
        published=row["published"],
        updated=row["updated"],
        **{name: row[name] for name in _SAME},
    )


_SAME: Final = (
    "audience",
    "status",
    "message_type",
    "category",
    "words",
    "event",
    "urgency",
    "severity",
    "certainty",
    "wanted",
    "instruction",
    "near",
    "note",
    "ended",
    "because",
    "campaign",
    "language",
    "ends_at",
)
