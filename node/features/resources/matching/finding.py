"""Which offers could meet one of our needs, and which of our needs an offer of ours could meet: looked up, each with its reasons.

Only what the viewer may see is looked at. Writes nothing, and keeps nothing of what was shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import h3
from sqlalchemy import Connection, select

from federation.tables import Peer, table_of
from node.feature import Viewer
from node.features.resources import queries
from node.features.resources.around import Found, around
from node.features.resources.matching.fit import Fit, Note, fits
from node.features.resources.part import Part
from node.features.resources.tables import Resource
from node.web.words import slip_address
from protocol.peering import State
from schemas.phrase import Phrase

MOST: Final = 3
_LOOKED_AT: Final = 60
_PEERS: Final = table_of(Peer)
_NAMES: Final = select(_PEERS.c.actor_id, _PEERS.c.name).where(_PEERS.c.state == State.ACCEPTED.value)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A note that could go together with another: where it stands, whose it is (empty for ours), and why it is shown."""

    title: str
    language: str
    href: str
    source: str
    reasons: tuple[Phrase, ...]
    rank: tuple[int, float, int]


def below(connection: Connection, row: Resource | None, address: str, viewer: Viewer, now: datetime) -> Part | None:
    """What could go together with a note of ours, for neighbours of ours who look at its page."""
    if row is None or row.standing or not viewer.signed_in or row.state in ("closed", "promised") or row.ends_at <= now:
        return None
    found = fitting(connection, row, viewer, now=now)
    return Part("resources/matching/fitting.html", {"direction": row.direction, "found": found}) if found else None


def fitting(connection: Connection, row: Resource, viewer: Viewer, *, now: datetime) -> list[Proposal]:
    """What fits a note of ours best, at most three: for a need also what nearby councils offer, for an offer our own needs."""
    wanted = "offer" if row.direction == "need" else "need"
    own, needed = note_of(row), row.direction == "need"
    ours = [one for one in queries.board(connection, viewer, now=now, direction=wanted) if one.state != "promised"]
    proposals = [
        _proposal(one.title, one.language, f"/o/{one.public_id}", "", fit)
        for one in ours
        if (fit := fits(*((own, note_of(one)) if needed else (note_of(one), own)), now=now)) is not None
    ]
    if row.direction == "need":
        proposals += _around(connection, row, own, known={one.object_id for one in ours}, viewer=viewer, now=now)
    return sorted(proposals, key=lambda one: (one.rank, one.href))[:MOST]


def note_of(row: Resource) -> Note:
    """One of our own notes, as far as it can fit another."""
    return Note(
        name=row.public_id,
        kind=row.kind,
        category=row.category,  # type: ignore[arg-type]  # kept from a form that was judged
        language=row.language,
        place=h3.cell_to_latlng(row.cell) if row.cell is not None else None,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        since=row.created_at,
        left=None if row.available is None else Decimal(row.available),
        unit=row.unit,
        can_wait=row.can_wait,
    )


def _around(
    connection: Connection, row: Resource, own: Note, *, known: Iterable[str | None], viewer: Viewer, now: datetime
) -> list[Proposal]:
    latitude, longitude = own.place if own.place is not None else (None, None)
    found = around(
        connection,
        now=now,
        audiences=viewer.audiences,
        category=row.category,
        direction="offer",
        latitude=latitude,
        longitude=longitude,
        limit=_LOOKED_AT,
    )
    names = {row.actor_id: row.name for row in connection.execute(_NAMES)}
    told = set(known)
    return [
        _proposal(one.title, one.language, slip_address(one.object_id, base_url=""), names[one.source], fit)
        for one in found
        if one.object_id not in told
        and one.source in names  # ours stands on our own board; whom we are not linked up with cannot be asked
        and (fit := fits(own, _note_found(one), now=now, apart=one.distance_km)) is not None
    ]


def _note_found(found: Found) -> Note:
    return Note(
        name=found.object_id,
        kind="",
        category=found.category,  # type: ignore[arg-type]  # judged when it came
        language=found.language,
        place=None,  # how far it is has been worked out by the search
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        since=found.updated,
        left=None if found.available is None else Decimal(found.available),
        unit=found.unit,
        of_us=False,
    )


def _proposal(title: str, language: str, href: str, source: str, fit: Fit) -> Proposal:
    return Proposal(title, language, href, source, fit.reasons, fit.rank)
