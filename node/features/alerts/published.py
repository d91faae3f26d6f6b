"""Published calls as their notes, ours and theirs, for the forms in which they leave. Whoever may not see one is told of none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from federation import replicas
from federation.council import Council
from federation.tables import Peer, Replica, table_of
from node.feature import Viewer
from node.features.alerts.line import code_of
from protocol.verdict import Refused
from schemas.records.alert import AlertNote, MessageType, read_alert

_PEERS, _REPLICAS = table_of(Peer), table_of(Replica)
KIND = "alert"
MOST = 200


@dataclass(frozen=True, slots=True)
class Published:
    """One call as it was said last, and the name of the council that said it. `audience`: "public" or "neighbours"."""

    note: AlertNote
    audience: str
    council: str
    ours: bool

    @property
    def code(self) -> str:
        """The six letters that find it on our wall."""
        return code_of(self.note.id)

    def over(self, now: datetime) -> bool:
        """Whether it was said to be over, or its time has passed."""
        return self.note.alert.msg_type is MessageType.CANCEL or self.note.end_time <= now


def at(connection: Connection, council: Council, *, object_id: str, viewer: Viewer) -> Published | None:
    """The call under an address, if this viewer may see it and it has not been taken down."""
    row = replicas.find(connection, object_id)
    if row is None or row["kind"] != KIND or row["gone_at"] is not None or row["audience"] not in viewer.audiences:
        return None
    return next(iter(_published(connection, council, [row])), None)


def all_of(connection: Connection, council: Council, viewer: Viewer, *, now: datetime) -> list[Published]:
    """Every call whose time has not passed and that this viewer may see, what is over included; the latest word first."""
    rows = connection.execute(
        _REPLICAS.select()
        .where(
            _REPLICAS.c.kind == KIND,
            _REPLICAS.c.gone_at.is_(None),
            _REPLICAS.c.ends_at > now,
            _REPLICAS.c.audience.in_(viewer.audiences),
        )
        .order_by(_REPLICAS.c.updated.desc(), _REPLICAS.c.id.desc())
        .limit(MOST)
    )
    return _published(connection, council, list(rows.mappings()))


def _published(connection: Connection, council: Council, rows: Iterable[RowMapping]) -> list[Published]:
    names = {row.actor_id: row.name for row in connection.execute(select(_PEERS.c.actor_id, _PEERS.c.name))}
    found = []
    for row in rows:
        note, ours = read_alert(replicas.note_of(row)), row["source"] == council.actor_id
        if not isinstance(note, Refused):
            name = council.name if ours else names.get(row["source"], row["source"])
            found.append(Published(note, row["audience"], name, ours))
    return found
