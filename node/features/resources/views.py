"""From rows to what lists, pages and programs are shown. Nothing that names a member is ever copied from here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from federation.council import Council
from federation.live_asking import Outcome
from federation.tables import Replica
from node.feature import Slip, Viewer
from node.features.resources import below, beside, kinds, kinds_here, queries, recurring
from node.features.resources.around import Found
from node.features.resources.arrivals import middle_of
from node.features.resources.queries import Source
from node.features.resources.region.grouping import Group, grouped
from node.features.resources.tables import Resource
from node.places import in_cell
from node.rights import Right
from node.web import words
from protocol.verdict import Refused
from schemas.audience import Audience
from schemas.records.availability import (
    AmountBand,
    AvailabilityAnswer,
    AvailabilityItem,
    CouncilFreshness,
    Freshness,
    ProofState,
    RegionalSource,
    SourceCouncil,
)
from schemas.records.resource import ResourceNote, ResourceState, ResourceView, read_resource


def resource_view(row: Resource, council: Council) -> ResourceView:
    """One record of ours as programs see it."""
    address = f"{council.base_url}/o/{row.public_id}"
    return ResourceView.model_validate(
        {
            "id": address,
            "direction": row.direction,
            "title": row.title,
            "words": row.words,
            "category": row.category,
            "quantity": row.quantity,
            "available": row.available,
            "unit": row.unit,
            "near": row.near or None,
            "source": SourceCouncil(actor=council.actor_id, name=council.name, url=council.base_url),
            "ends_at": row.ends_at,
            "updated": row.updated_at,
            "audience": Audience(row.audience),
            "url": address,
            "state": ResourceState(row.state),
            "language": row.language,
            "starts_at": row.starts_at,
            "repeats": row.repeats or None,
            "zone": row.zone or None,
            "published": row.created_at,
            "kind": row.kind or None,
            "can_wait": row.can_wait,
            "standing": row.standing,
            "hours": row.hours or None,
            "access": row.access or None,
        }
    )


def answer(
    found: Sequence[Found], sources: Mapping[str, Source], *, now: datetime, outcomes: Mapping[str, Outcome]
) -> AvailabilityAnswer:
    """What was found around us, each with its source, how old its word is and how it was proved; then by council."""
    groups = {group.actor_id: group for group in grouped(found, sources)}
    every = {**sources, **{one.source: _source_of(one, sources) for one in found}}
    return AvailabilityAnswer(
        items=[_item(one, every[one.source]) for one in found],
        councils=[_council(one, groups.get(one.actor_id), outcomes.get(one.actor_id)) for one in every.values()],
        as_of=now,
    )


def _council(source: Source, group: Group | None, asked: Outcome | None) -> CouncilFreshness:
    amounts = () if group is None else group.amounts
    return CouncilFreshness(
        actor=source.actor_id,
        name=source.name,
        found=[] if group is None else [one.object_id for one in group.found],
        amounts=[
            AmountBand.model_validate({"direction": a.direction, "unit": a.unit, "at_least": a.at_least})
            for a in amounts
        ],
        asked=None if asked is None else asked.word.value,
        **_freshness(source),
    )


def _item(found: Found, source: Source) -> AvailabilityItem:
    return AvailabilityItem.model_validate(
        {
            "id": found.object_id,
            "direction": found.direction,
            "title": found.title,
            "words": found.words,
            "category": found.category,
            "quantity": found.quantity,
            "available": found.available,
            "unit": found.unit,
            "near": found.near or None,
            "source": RegionalSource(
                actor=source.actor_id, name=source.name, url=source.url, told_by=list(source.told_by)
            ),
            "ends_at": found.ends_at,
            "updated": found.updated,
            "audience": Audience(found.audience),
            "url": found.object_id,
            "distance_km": None if found.distance_km is None else round(found.distance_km, 1),
            "freshness": Freshness(**_freshness(source)),
            "proof": ProofState(state="ours" if source.ours else "verified", method=source.key_id or None),
        }
    )


def _source_of(found: Found, sources: Mapping[str, Source]) -> Source:
    known = sources.get(found.source)
    if known is not None:
        return known
    # A link may have ended between the two reads; its name is not known any more.
    return Source(found.source, found.source, found.source, "", False, None, None, False)


def _freshness(source: Source) -> dict[str, Any]:
    return {
        "last_heard_at": source.last_heard_at,
        "age_seconds": None if source.age is None else int(source.age.total_seconds()),
        "state": "current" if source.current else "silent",
    }


def found_slip(found: Found, source: Source | None, *, council: Council, fresh: str) -> Slip:
    """One need or offer from around us as a slip. `fresh` says how old its source's word is."""
    meta = (
        words.left(found.available, found.quantity, found.unit),
        found.near,
        words.distance(found.distance_km),
        fresh,
    )
    return Slip(
        kind=found.direction,
        title=found.title,
        words=found.words,
        meta=tuple(part for part in meta if part),
        href=words.slip_address(found.object_id, base_url=council.base_url),
        language=found.language,
        updated=found.updated,
        ends_at=found.ends_at,
        source=source.name if source is not None else found.source,
    )


def own_slip(row: Resource, viewer: Viewer, now: datetime) -> Slip:
    """One record of ours as a slip for this viewer."""
    comes_back = recurring.of_row(row)
    often = recurring.said(comes_back, now) if comes_back is not None else ""
    meta = (words.left(row.available, row.quantity, row.unit), row.near, row.hours, often)
    return Slip(
        kind=row.direction,
        title=row.title,
        words=row.words,
        meta=tuple(part for part in meta if part),
        href=f"/o/{row.public_id}",
        language=row.language,
        updated=row.updated_at,
        ends_at=row.ends_at,
        details={
            "left": words.left(row.available, row.quantity, row.unit),
            "near": row.near,
            "state": row.state,
            "category": row.category,
            "quantity": row.quantity,
            "unit": row.unit,
            "audience": row.audience,
            "starts_at": row.starts_at,
            "repeats": often,
            "comes_back": comes_back,
            "point": middle_of(in_cell(row.cell, name="")) if row.cell else None,
            "changeable": may_change(row, viewer),
        },
        asked_at=row.created_at if row.direction == "need" else None,
    )


def may_change(row: Resource | None, viewer: Viewer) -> bool:
    """Whether this viewer is offered to change this record of ours."""
    return row is not None and viewer.signed_in and (viewer.may(Right.TIDY_UP) or row.by_member == viewer.member_id)


def wall(connection: Connection, viewer: Viewer, now: datetime, council: Council) -> list[Slip]:
    """Our live needs and offers that this viewer may see."""
    return [own_slip(row, viewer, now) for row in queries.board(connection, viewer, now=now)]


def from_resolution(
    connection: Connection, viewer: Viewer, now: datetime, council: Council, object_id: str
) -> list[Slip]:
    """What is live and was put up from that resolution."""
    return [own_slip(row, viewer, now) for row in queries.board(connection, viewer, now=now, because=object_id)]


def unpublished(connection: Connection, viewer: Viewer, now: datetime, council: Council, public_id: str) -> Slip | None:
    """A live one of ours that never left this server, for its own page; None where it is not for this viewer."""
    row = queries.ours(connection, public_id)
    if row is None or not queries.on_the_board(row, viewer, now=now):
        return None
    shown = own_slip(row, viewer, now)
    address = f"{council.base_url}/o/{public_id}"
    shown = replace(shown, details=shown.details | _beside(connection, row))
    return replace(shown, details=shown.details | below.parts_of(connection, row, address, viewer, now))


def slip(connection: Connection, replica: Replica, viewer: Viewer, now: datetime) -> Slip | None:
    """One published need or offer, ours or theirs, for its own page; None where it is not for this viewer."""
    if replica.audience not in viewer.audiences or replica.gone_at is not None:
        return None
    note = read_resource(orjson.loads(replica.document)["object"])
    if isinstance(note, Refused):
        return None
    near = note.location.name if note.location is not None else ""
    left = words.left(note.available, note.quantity, note.unit)
    often = recurring.said(note.recurrence, now) if note.recurrence is not None else ""
    own = queries.ours_at(connection, replica.object_id)
    return Slip(
        kind=note.direction,
        title=note.name,
        words=note.words if own is None else own.words,
        meta=tuple(part for part in (left, near, often) if part),
        href=words.slip_address(replica.object_id, base_url=""),
        language=note.language or "und",
        updated=replica.updated,
        ends_at=note.end_time,
        details={
            "left": left,
            "near": near,
            "state": note.state.value,
            "category": note.category,
            "starts_at": note.start_time,
            "repeats": often,
            "changeable": may_change(own, viewer),
            **(_beside(connection, own) if own is not None else _told_beside(note)),
            **below.parts_of(connection, own, replica.object_id, viewer, now),
        },
    )


def _beside(connection: Connection, row: Resource) -> dict[str, Any]:
    """What stands beside the words of a record of ours: its kind, what that asks for, hours and ways in."""
    kind = kinds_here.of(connection, row)
    return {
        "of_kind": kind,
        "notes": beside.answers(kind, beside.notes_of(row)),
        "hours": row.hours,
        "access": row.access,
        "standing": row.standing,
        "cannot_wait": not row.can_wait,
    }


def _told_beside(note: ResourceNote) -> dict[str, Any]:
    """The same of a nearby council's, whose words say the rest."""
    return {"of_kind": kinds.find(note.kind) or kinds.find(note.category), "cannot_wait": not note.can_wait}
