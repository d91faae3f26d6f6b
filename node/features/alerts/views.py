"""From rows to what lists, the wall and programs are shown of calls for help. A drill is never shown as a call."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from federation.council import Council
from federation.tables import Replica
from node.feature import Slip, Viewer
from node.features.alerts import after, queries
from node.features.alerts.after import FollowUp
from node.features.alerts.one import details_of, path_of
from node.features.alerts.queries import Listed
from node.features.alerts.tables import Alert
from node.features.alerts.telling import DRAFT
from node.features.alerts.wording import SEVERITY_WORDS, URGENCY_WORDS, ended_words
from node.rights import Right
from node.web.pictures import Lasting
from node.web.words import slip_address
from schemas.audience import Audience
from schemas.phrase import phrase
from schemas.records.alert import AlertCategory, AlertView, Certainty, Ended, MessageType, Severity, Status, Urgency
from schemas.records.availability import SourceCouncil

WAITING, WAITING_DRILL = "waiting", "waiting-drill"
FOLLOW_UP: Final = "follow-up"


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
        cells=list(one.cells),
        ended=Ended(one.ended) if one.ended else None,
        news=one.note,
        because=one.because or None,
        source=SourceCouncil(actor=one.source, name=one.name, url=one.url),
        audience=Audience(one.audience),
        language=one.language,
        published=one.published,
        updated=one.updated,
        ends_at=one.ends_at,
        url=one.object_id,
    )


def listed_slip(one: Listed, council: Council) -> Slip:
    """One call for help or drill as a slip of a list."""
    meta = (
        (ended_words(one.ended), one.near)
        if one.over
        else (one.near, URGENCY_WORDS[one.urgency], SEVERITY_WORDS[one.severity])
    )
    return Slip(
        kind="drill" if one.drill else "alert",
        title=one.title,
        words=(one.note if one.over else "") or one.wanted or one.words,
        meta=tuple(part for part in meta if part),
        href=slip_address(one.object_id, base_url=council.base_url),
        language=one.language,
        updated=one.updated,
        # What is over does not hold until anything.
        ends_at=None if one.over else one.ends_at,
        source="" if one.ours else one.name,
        details={
            "near": one.near,
            "urgency": URGENCY_WORDS[one.urgency],
            "severity": SEVERITY_WORDS[one.severity],
            "over": one.over,
            "ended": one.ended,
            "news": one.note,
            "called_at": one.published,
            "campaign": one.campaign,
            "changeable": False,
        },
    )


def lasting(slip: Slip) -> Lasting:
    """A call that is not over, from its first word to its end."""
    ends = slip.ends_at or slip.updated
    return Lasting(slip.title, slip.kind, slip.language, slip.details["called_at"], ends)


def wall(connection: Connection, viewer: Viewer, now: datetime, council: Council) -> list[Slip]:
    """What is asked for right now, by us and by nearby councils: a call for help does not stop at our border.

    Signed-in neighbours also see what waits for a second person, and what is due after a call.
    """
    live = [listed_slip(one, council) for one in queries.live_alerts(connection, council, viewer, now=now)]
    if not viewer.may(Right.CALL):
        return live
    drafts = [waiting_slip(row, council) for row in queries.waiting(connection, now=now)]
    return [*drafts, *live, *(due_slip(one) for one in after.still_to_do(connection, until=now.date()))]


def waiting_slip(row: Alert, council: Council) -> Slip:
    """What a second person is asked to look at. It must not be taken for a call that is out."""
    drill = row.status == Status.EXERCISE
    asked = phrase("a drill, not real") if drill else phrase("nobody outside has seen it")
    if row.state != DRAFT:
        asked = phrase("somebody wants to say: {how_bad}", how_bad=SEVERITY_WORDS[row.raise_to])
    return Slip(
        kind=WAITING_DRILL if drill else WAITING,
        title=queries.as_listed(row, council).title,
        words=row.wanted or row.words,
        meta=(phrase("waiting for a second person"), asked),
        href=path_of(row),
        language=row.language,
        updated=row.updated_at,
        ends_at=row.ends_at,
        details={"changeable": False},
    )


def due_slip(one: FollowUp) -> Slip:
    """What is due after a call of ours, on the wall."""
    return Slip(
        kind=FOLLOW_UP,
        title=queries.drill_named(one.title, status=one.status, language=one.language),
        words=one.words,
        meta=(one.name, one.sentence),
        href=f"/alerts/after#f-{one.id}",
        language=one.language,
        updated=one.ended_at,
        ends_at=None,
        details={"due_on": one.due_on, "step": one.name, "changeable": False},
    )


def slip(connection: Connection, replica: Replica, viewer: Viewer, now: datetime) -> Slip | None:
    """One published call, ours or theirs, for its own page; None where it is not for this viewer."""
    if replica.audience not in viewer.audiences or replica.gone_at is not None or replica.id is None:
        return None
    own = queries.ours_of(connection, replica.object_id)
    one = queries.published(connection, replica.source if own is not None else "", replica_id=replica.id, now=now)
    return None if one is None else _own_page(connection, one, own, viewer, now)


def unpublished(connection: Connection, viewer: Viewer, now: datetime, council: Council, public_id: str) -> Slip | None:
    """A draft, a call that was never for others, or one of ours whose copy has had its time; for our own neighbours alone."""
    row = queries.ours_at(connection, public_id) if viewer.signed_in else None
    if row is None or (row.state == DRAFT and row.ends_at <= now):
        return None
    return _own_page(connection, queries.as_listed(row, council), row, viewer, now)


def from_resolution(
    connection: Connection, viewer: Viewer, now: datetime, council: Council, object_id: str
) -> list[Slip]:
    """What is on now and comes from that resolution."""
    found = queries.coming_from(connection, council, viewer, object_id, now=now)
    return [listed_slip(one, council) for one in found]


def _own_page(connection: Connection, one: Listed, own: Alert | None, viewer: Viewer, now: datetime) -> Slip:
    on = not one.over and one.ends_at > now
    draft = own is not None and own.state == DRAFT
    return Slip(
        kind=_kind(one, draft=draft),
        title=one.title,
        words=one.words,
        # A poster of it must not call anybody any more.
        meta=tuple(part for part in ("" if on else ended_words(one.ended), one.near) if part),
        href=slip_address(one.object_id, base_url=""),
        language=one.language,
        updated=one.updated,
        ends_at=one.ends_at if on else None,
        details=details_of(connection, one, own, viewer, now=now, on=on),
    )


def _kind(one: Listed, *, draft: bool) -> str:
    if draft:
        return WAITING_DRILL if one.drill else WAITING
    return "drill" if one.drill else "alert"
