"""From rows to what lists, pages and programs are shown of resolutions."""

from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import Connection

from federation.council import Council
from federation.tables import Replica
from node.feature import Slip, Viewer
from node.features.resolutions import queries
from node.features.resolutions.queries import Listed
from node.web.words import slip_address
from protocol.verdict import Refused
from schemas.audience import Audience
from schemas.phrase import phrase
from schemas.records.availability import SourceCouncil
from schemas.records.resolution import Method, read_resolution
from schemas.records.resolution_forms import ResolutionView

METHOD_WORDS: Final = {
    "consent": phrase("no objections left"),
    "majority": phrase("by majority"),
    "two-thirds": phrase("by two thirds"),
    "consensus-minus-one": phrase("all but one"),
    "advisory": phrase("as advice only"),
}


def resolution_view(one: Listed) -> ResolutionView:
    """One resolution as programs see it."""
    return ResolutionView(
        id=one.object_id,
        number=one.number,
        title=one.title,
        text=one.text,
        text_digest=one.digest,
        method=Method(one.method),
        decided_at=one.decided_at,
        present=one.present,
        stand_asides=one.stand_asides,
        review_on=one.review_on,
        source=SourceCouncil(actor=one.source, name=one.name, url=one.url),
        audience=Audience(one.audience),
        language=one.language,
        published=one.published,
        updated=one.updated,
        url=one.object_id,
    )


def listed_slip(one: Listed, council: Council) -> Slip:
    """One resolution as a slip."""
    return Slip(
        kind="resolution",
        title=one.title,
        words=one.text,
        meta=_meta(one.number, one.present, one.stand_asides, method=one.method),
        href=slip_address(one.object_id, base_url=council.base_url),
        language=one.language,
        updated=one.updated,
        ends_at=None,
        source="" if one.ours else one.name,
        details={
            "number": one.number,
            "method": METHOD_WORDS[one.method],
            "decided_at": one.decided_at,
            "present": one.present,
            "stand_asides": one.stand_asides,
            "review_on": one.review_on,
            "digest": one.digest,
            "changeable": False,
        },
    )


def wall(connection: Connection, viewer: Viewer, now: datetime, council: Council) -> list[Slip]:
    """What our own council has decided, as far as this viewer may see it."""
    return [listed_slip(one, council) for one in queries.listing(connection, council, viewer) if one.ours]


def slip(connection: Connection, replica: Replica, viewer: Viewer, now: datetime) -> Slip | None:
    """One published resolution, ours or theirs, for its own page; None where it is not for this viewer."""
    if replica.audience not in viewer.audiences or replica.gone_at is not None:
        return None
    note = read_resolution(orjson.loads(replica.document)["object"])
    if isinstance(note, Refused):
        return None
    decided = note.resolution
    return Slip(
        kind="resolution",
        title=note.name,
        words=decided.text,
        meta=_meta(decided.number, decided.present or 0, decided.stand_asides, method=decided.method.value),
        href=slip_address(replica.object_id, base_url=""),
        language=note.language or "und",
        updated=replica.updated,
        ends_at=None,
        details={
            "number": decided.number,
            "method": METHOD_WORDS[decided.method.value],
            "decided_at": decided.decided_at,
            "present": decided.present,
            "stand_asides": decided.stand_asides,
            "review_on": decided.review_on,
            "digest": decided.text_digest,
            "changeable": False,
        },
    )


def _meta(number: int, present: int, stand_asides: int, *, method: str) -> tuple[str, ...]:
    parts = [phrase("No. {number}", number=number), METHOD_WORDS[method], phrase("{count} present", count=present)]
    if stand_asides:
        parts.append(phrase("{count} stood aside", count=stand_asides))
    return tuple(parts)
