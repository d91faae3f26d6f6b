"""From rows to what lists, pages and programs are shown of resolutions."""

import dataclasses
import datetime as dates
from typing import Final

import orjson
from sqlalchemy import Connection

from federation.council import Council
from federation.tables import Replica
from node.feature import Slip, Viewer
from node.features.resolutions import one, queries
from node.features.resolutions.queries import Asked, Listed, View
from node.features.resolutions.seals import beside
from node.features.resolutions.stages import WORDS as STAGE_WORDS
from node.features.resolutions.wording import DOMAIN_WORDS, METHOD_WORDS
from node.web.words import slip_address
from protocol.verdict import Refused
from schemas.audience import Audience
from schemas.phrase import phrase
from schemas.records.availability import SourceCouncil
from schemas.records.deciding import Domain, Method
from schemas.records.resolution import read_resolution
from schemas.records.resolution_forms import HomeStage, ResolutionView

_SAME: Final = tuple(set(ResolutionView.model_fields) & {field.name for field in dataclasses.fields(Listed)})


def resolution_view(listed: Listed) -> ResolutionView:
    """One resolution as programs see it."""
    same = {name: getattr(listed, name) for name in _SAME}
    said = {
        "id": listed.object_id,
        "stage": HomeStage(listed.stage),
        "domain": Domain(listed.domain),
        "text_digest": listed.digest,
        "method": Method(listed.method),
        "source": SourceCouncil(actor=listed.source, name=listed.name, url=listed.url),
        "audience": Audience(listed.audience),
        "url": listed.object_id,
    }
    return ResolutionView.model_validate(same | said)


def listed_slip(listed: Listed, council: Council, *, today: dates.date, zone: dates.tzinfo = dates.UTC) -> Slip:
    """One resolution as a slip of a list. `zone`: where the last day for answers ends, for a calendar."""
    return Slip(
        kind="resolution",
        title=listed.title,
        words=listed.text,
        meta=_meta(listed, today=today),
        href=slip_address(listed.object_id, base_url=council.base_url),
        language=listed.language,
        updated=listed.updated,
        ends_at=None,
        source="" if listed.ours else listed.name,
        details={
            "number": listed.number,
            "stage": STAGE_WORDS[HomeStage(listed.stage)],
            "domain": DOMAIN_WORDS[listed.domain],
            "method": METHOD_WORDS[listed.method],
            "decided_at": listed.decided_at,
            "present": listed.present,
            "stand_asides": listed.stand_asides,
            "review_on": listed.review_on,
            "notice_until": listed.notice_until,
            "closes_on": None if listed.closes_at is None else listed.closes_at.astimezone(zone).date(),
            "campaign": listed.campaign,
            "addressee": listed.addressee,
            "digest": listed.digest,
            "changeable": False,
        },
    )


def wall(connection: Connection, viewer: Viewer, now: dates.datetime, council: Council) -> list[Slip]:
    """What our own council has in force and is deciding, as far as this viewer may see it.

    What our gathering wanted to look at again by now comes up anew for those who are signed in, as if put up on that day.
    """
    today = now.date()
    found = queries.ours(connection, council, viewer, Asked(today), most=queries.ON_THE_WALL)
    if viewer.signed_in:
        due = queries.ours(connection, council, viewer, Asked(today, View.REVIEW), most=queries.ON_THE_WALL)
        found += [listed for listed in due if listed not in found]
    slips = [(listed, listed_slip(listed, council, today=today)) for listed in found]
    return [_surfaced(slip, listed) if viewer.signed_in and listed.is_due(today) else slip for listed, slip in slips]


def slip(connection: Connection, replica: Replica, viewer: Viewer, now: dates.datetime) -> Slip | None:
    """One published resolution, ours or theirs, for its own page; None where it is not for this viewer."""
    if replica.audience not in viewer.audiences or replica.gone_at is not None:
        return None
    note = read_resolution(orjson.loads(replica.document)["object"])
    if isinstance(note, Refused):
        return None
    ours = queries.own(connection, object_id=replica.object_id)
    shown = (
        one.our_slip(connection, ours, viewer, now)
        if ours is not None and viewer.signed_in
        else one.their_slip(connection, replica, note, row=ours)
    )
    return beside(connection, shown, row=ours, object_id=replica.object_id, viewer=viewer, now=now)


def unpublished(
    connection: Connection, viewer: Viewer, now: dates.datetime, council: Council, public_id: str
) -> Slip | None:
    """One of ours that nobody else has been told of, for those who may see it."""
    row = queries.own(connection, public_id=public_id)
    if row is None or not viewer.signed_in or row.audience not in viewer.audiences:
        return None
    shown = one.our_slip(connection, row, viewer, now)
    return beside(connection, shown, row=row, object_id=row.object_id or "", viewer=viewer, now=now)


def _surfaced(slip: Slip, listed: Listed) -> Slip:
    assert listed.review_on is not None
    since = dates.datetime.combine(listed.review_on, dates.time(), tzinfo=dates.UTC)
    return dataclasses.replace(slip, updated=max(slip.updated, since))


def _meta(listed: Listed, *, today: dates.date) -> tuple[str, ...]:
    parts: list[str] = [] if listed.number is None else [phrase("No. {number}", number=listed.number)]
    if listed.stage != HomeStage.ADOPTED:
        parts.append(STAGE_WORDS[HomeStage(listed.stage)])
    if listed.decided_at is not None:
        parts += [METHOD_WORDS[listed.method], phrase("{count} present", count=listed.present)]
        if listed.stand_asides:
            parts.append(phrase("{count} stood aside", count=listed.stand_asides))
    if listed.addressee:
        parts.append(phrase("to {name}", name=listed.addressee))
        if listed.stage == HomeStage.ADOPTED:
            parts.append(phrase("answered") if listed.answered_on else phrase("no answer yet"))
    if listed.is_due(today):
        parts.append(phrase("to be looked at again"))
    return tuple(parts)
