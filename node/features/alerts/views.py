"""From rows to what lists, pages and programs are shown of calls for help. A drill is never shown as a call."""

from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import Connection

from federation.council import Council
from federation.tables import Replica
from node.feature import Slip, Viewer
from node.features.alerts import queries
from node.features.alerts.queries import Listed
from node.web.pictures import Lasting
from node.web.words import slip_address
from protocol.verdict import Refused
from schemas.audience import Audience
from schemas.phrase import phrase
from schemas.records.alert import (
    AlertCategory,
    AlertView,
    Certainty,
    MessageType,
    Severity,
    Status,
    Urgency,
    read_alert,
)
from schemas.records.availability import SourceCouncil

URGENCY_WORDS: Final = {
    "Immediate": phrase("right now"),
    "Expected": phrase("soon"),
    "Future": phrase("later"),
    "Past": phrase("already past"),
    "Unknown": phrase("not known when"),
}
SEVERITY_WORDS: Final = {
    "Extreme": phrase("life is in danger"),
    "Severe": phrase("serious"),
    "Moderate": phrase("unpleasant"),
    "Minor": phrase("small"),
    "Unknown": phrase("not known how bad"),
}


def alert_view(one: Listed) -> AlertView:
    """One call for help as programs see it."""
    return AlertView(
        id=one.object_id,
        status=Status(one.status),
        msg_type=MessageType(one.message_type),
        title=one.title,
        words=one.words,
        category=AlertCategory(one.category),
        event=one.event,
        urgency=Urgency(one.urgency),
        severity=Severity(one.severity),
        certainty=Certainty(one.certainty),
        wanted=one.wanted,
        instruction=one.instruction,
        near=one.near or None,
        source=SourceCouncil(actor=one.source, name=one.name, url=one.url),
        audience=Audience(one.audience),
        language=one.language,
        published=one.published,
        updated=one.updated,
        ends_at=one.ends_at,
        url=one.object_id,
    )


def listed_slip(one: Listed, council: Council, *, ending: bool = False) -> Slip:
    """One call for help or drill as a slip. `ending`: whether the viewer may say that it is over."""
    meta = (
        (phrase("over"), one.near) if one.over else (one.near, URGENCY_WORDS[one.urgency], SEVERITY_WORDS[one.severity])
    )
    return Slip(
        kind="drill" if one.drill else "alert",
        title=one.title,
        words=one.wanted or one.words,
        meta=tuple(part for part in meta if part),
        href=slip_address(one.object_id, base_url=council.base_url),
        language=one.language,
        updated=one.updated,
        # What is over does not hold until anything.
        ends_at=None if one.over else one.ends_at,
        source="" if one.ours else one.name,
        details={
            "words": one.words,
            "wanted": one.wanted,
            "instruction": one.instruction,
            "near": one.near,
            "urgency": URGENCY_WORDS[one.urgency],
            "severity": SEVERITY_WORDS[one.severity],
            "over": one.over,
            "called_at": one.published,
            "ending": ending,
            "path": _path(one.object_id),
            "changeable": False,
        },
    )


def lasting(slip: Slip) -> Lasting:
    """A call that is not over, from its first word to its end."""
    ends = slip.ends_at or slip.updated
    return Lasting(slip.title, slip.kind, slip.language, slip.details["called_at"], ends)


def wall(connection: Connection, viewer: Viewer, now: datetime, council: Council) -> list[Slip]:
    """What is asked for right now, by us and by nearby councils: a call for help does not stop at our border."""
    base_url = council.base_url
    return [
        listed_slip(one, council, ending=queries.may_end(connection, one.object_id, viewer, base_url=base_url, now=now))
        for one in queries.live_alerts(connection, council, viewer, now=now)
    ]


def slip(connection: Connection, replica: Replica, viewer: Viewer, now: datetime) -> Slip | None:
    """One published call, ours or theirs, for its own page; None where it is not for this viewer."""
    if replica.audience not in viewer.audiences or replica.gone_at is not None:
        return None
    note = read_alert(orjson.loads(replica.document)["object"])
    if isinstance(note, Refused):
        return None
    alert = note.alert
    near = note.location.name if note.location is not None else ""
    over = alert.msg_type is MessageType.CANCEL
    return Slip(
        kind="drill" if note.is_exercise else "alert",
        title=note.name,
        words=note.words,
        meta=(near,) if near else (),
        href=slip_address(replica.object_id, base_url=""),
        language=note.language or "und",
        updated=replica.updated,
        ends_at=note.end_time,
        details={
            "words": note.words,
            "wanted": alert.wanted,
            "instruction": alert.instruction,
            "near": near,
            "urgency": URGENCY_WORDS[alert.urgency.value],
            "severity": SEVERITY_WORDS[alert.severity.value],
            "over": over,
            "ending": queries.may_end(connection, replica.object_id, viewer, now=now),
            "path": _path(replica.object_id),
            "changeable": False,
        },
    )


def _path(object_id: str) -> str:
    return f"/o/{object_id.rpartition('/')[2]}"
