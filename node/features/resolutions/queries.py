"""Reads for the pages of resolutions: what is being decided and what was, ours and theirs. Writes nothing.

Ours come from our own rows; a stranger is shown of them what the others were told. Theirs come from what they published.
"""

import datetime as dates
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, or_, select

from federation.council import Council
from federation.tables import Peer, table_of
from node.feature import Viewer
from node.features.resolutions.tables import Resolution, ResolutionIndex
from schemas.records.resolution import text_digest
from schemas.records.resolution_forms import HomeStage

_OWN: Final = table_of(Resolution)
_INDEX: Final = table_of(ResolutionIndex)
_PEERS: Final = table_of(Peer)
MOST: Final = 200
ON_THE_WALL: Final = 60
DECIDING: Final = tuple(stage.value for stage in (HomeStage.IDEA, HomeStage.NOTICE, HomeStage.OPEN, HomeStage.WRITTEN))


class View(StrEnum):
    """What a list shows; `now` is what is in force and what is being decided."""

    NOW = "now"
    IN_FORCE = "in-force"
    DECIDING = "deciding"
    REVIEW = "review"
    WAITING = "waiting"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for. `today` is the day in the council's own calendar."""

    today: dates.date
    view: View = View.NOW
    domain: str = ""
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One resolution as lists show it. `source` is the actor id of the council that decides it, `name` its name."""

    object_id: str
    source: str
    name: str
    url: str
    ours: bool
    audience: str
    number: int | None
    stage: str
    recipe: str
    title: str
    text: str
    language: str
    domain: str
    near: str
    carried_out_by: str
    campaign: str
    because: str
    amends: str
    addressee: str
    method: str
    decided_at: dates.date | None
    present: int | None
    stand_asides: int
    review_on: dates.date | None
    notice_until: dates.date | None
    delivered_on: dates.date | None
    answered_on: dates.date | None
    closes_at: dates.datetime | None
    digest: str
    published: dates.datetime
    updated: dates.datetime

    @property
    def sorts_by(self) -> tuple[dates.date, int]:
        return self.decided_at or self.published.date(), self.number or 0

    def is_due(self, today: dates.date) -> bool:
        """Whether our gathering said it would have looked at it again by now."""
        due = self.review_on is not None and self.review_on <= today
        return due and self.ours and self.stage == HomeStage.ADOPTED


def listing(connection: Connection, council: Council, viewer: Viewer, asked: Asked) -> list[Listed]:
    """All that this viewer may see and has asked for, newest first: ours, and what nearby councils published."""
    found = ours(connection, council, viewer, asked)
    if asked.view not in (View.REVIEW, View.WAITING):
        found += _theirs(connection, council, viewer, asked)
    return sorted(found, key=lambda one: one.sorts_by, reverse=True)


def ours(connection: Connection, council: Council, viewer: Viewer, asked: Asked, *, most: int = MOST) -> list[Listed]:
    """Our own, newest first. A stranger is shown what was told, as it was told."""
    if not viewer.signed_in:
        return _told(connection, council, viewer, asked, most=most)
    statement = (
        _OWN.select()
        .where(_OWN.c.audience.in_(viewer.audiences), *_chosen(_OWN, asked))
        .order_by(_OWN.c.updated_at.desc(), _OWN.c.id.desc())
        .limit(most)
    )
    return [listed_row(row, council) for row in connection.execute(statement).mappings()]


def _told(connection: Connection, council: Council, viewer: Viewer, asked: Asked, *, most: int) -> list[Listed]:
    """Ours as the others know them: of an outcome that waits for its second person nothing is there."""
    statement = (
        select(_INDEX, _OWN.c.delivered_on, _OWN.c.answered_on)
        .join(_OWN, _OWN.c.object_id == _INDEX.c.object_id)
        .where(_INDEX.c.audience.in_(viewer.audiences), _INDEX.c.source == council.actor_id, *_chosen(_INDEX, asked))
        .order_by(_INDEX.c.updated.desc(), _INDEX.c.replica_id.desc())
        .limit(most)
    )
    return [
        _published_row(row, name=council.name, url=council.base_url, ours=True)
        for row in connection.execute(statement).mappings()
    ]


def own(connection: Connection, *, public_id: str = "", object_id: str = "") -> Resolution | None:
    """Our own row under an address, None if there is none."""
    under = _OWN.c.object_id == object_id if object_id else _OWN.c.public_id == public_id
    row = connection.execute(_OWN.select().where(under)).mappings().first()
    return None if row is None else Resolution(**row)


def listed_row(row: Mapping[str, Any] | RowMapping, council: Council) -> Listed:
    """One of our rows, as our own neighbours are shown it."""
    rule = None if row["rule"] is None else orjson.loads(row["rule"])
    return Listed(
        object_id=f"{council.base_url}/o/{row['public_id']}",
        source=council.actor_id,
        name=council.name,
        url=council.base_url,
        ours=True,
        audience=row["audience"],
        number=row["number"],
        stage=row["stage"],
        recipe=row["recipe"],
        title=row["title"],
        text=row["text"],
        language=row["language"],
        domain=row["domain"],
        near=row["near"],
        carried_out_by=row["carried_out_by"],
        campaign=row["campaign"],
        because=row["because"],
        amends=row["amends"],
        addressee=row["addressee"],
        method=row["method"],
        decided_at=row["decided_at"],
        present=row["present"],
        stand_asides=row["stand_asides"],
        review_on=row["review_on"],
        notice_until=row["notice_until"],
        delivered_on=row["delivered_on"],
        answered_on=row["answered_on"],
        closes_at=None if rule is None else dates.datetime.fromisoformat(rule["closesAt"]),
        digest=text_digest(row["text"], rule),
        published=row["created_at"],
        updated=row["updated_at"],
    )


def _theirs(connection: Connection, council: Council, viewer: Viewer, asked: Asked) -> list[Listed]:
    statement = (
        select(_INDEX, _PEERS.c.name.label("council_name"), _PEERS.c.origin)
        .outerjoin(_PEERS, _PEERS.c.actor_id == _INDEX.c.source)
        .where(
            _INDEX.c.audience.in_(viewer.audiences),
            _INDEX.c.source != council.actor_id,
            *_chosen(_INDEX, asked),
        )
        .order_by(_INDEX.c.decided_at.desc(), _INDEX.c.number.desc())
        .limit(MOST)
    )
    return [
        _published_row(row, name=row["council_name"] or row["source"], url=row["origin"] or row["source"], ours=False)
        for row in connection.execute(statement).mappings()
    ]


def _chosen(table: Any, asked: Asked) -> list[ColumnElement[bool]]:
    stage = table.c.stage
    in_force = stage == HomeStage.ADOPTED.value
    deciding = stage.in_(DECIDING)
    by_view: dict[View, list[ColumnElement[bool]]] = {
        View.NOW: [or_(in_force, deciding)],
        View.IN_FORCE: [in_force],
        View.DECIDING: [deciding],
        View.REVIEW: [in_force, table.c.review_on <= asked.today],
        View.WAITING: [in_force, table.c.addressee != ""],
        View.ALL: [],
    }
    chosen = by_view[asked.view]
    if asked.view is View.WAITING:
        chosen.append(_OWN.c.answered_on.is_(None))
    if asked.domain:
        chosen.append(table.c.domain == asked.domain)
    if asked.campaign:
        chosen.append(table.c.campaign == asked.campaign)
    return chosen


def _published_row(row: RowMapping, *, name: str, url: str, ours: bool) -> Listed:
    same = ("object_id", "source", "audience", "number", "stage", "recipe", "title", "text", "language", "domain", "near",
            "carried_out_by", "campaign", "because", "amends", "addressee", "method", "decided_at", "present", "stand_asides",
            "review_on", "notice_until", "closes_at", "digest", "published", "updated")  # fmt: skip
    return Listed(
        **{name: row[name] for name in same},
        name=name,
        url=url,
        ours=ours,
        delivered_on=row.get("delivered_on"),
        answered_on=row.get("answered_on"),
    )
