"""Reads for the pages of resolutions: the list of what was decided, ours and theirs. Writes nothing."""

import datetime as dates
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, select

from federation.council import Council
from federation.tables import Peer, table_of
from node.feature import Viewer
from node.features.resolutions.tables import Resolution, ResolutionIndex
from schemas.records.resolution import text_digest

_OWN = table_of(Resolution)
_INDEX = table_of(ResolutionIndex)
_PEERS = table_of(Peer)
MOST = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """One resolution as lists show it. `source` is the actor id of the council that decided it, `name` its name."""

    object_id: str
    source: str
    name: str
    url: str
    ours: bool
    audience: str
    number: int
    title: str
    text: str
    language: str
    method: str
    decided_at: dates.date
    present: int
    stand_asides: int
    review_on: dates.date | None
    digest: str
    published: dates.datetime
    updated: dates.datetime


def listing(connection: Connection, council: Council, viewer: Viewer) -> list[Listed]:
    """All that this viewer may see, newest decision first: what was published, and what stayed in our own council."""
    published = connection.execute(
        select(_INDEX, _PEERS.c.name, _PEERS.c.origin)
        .outerjoin(_PEERS, _PEERS.c.actor_id == _INDEX.c.source)
        .where(_INDEX.c.audience.in_(viewer.audiences))
        .order_by(_INDEX.c.decided_at.desc(), _INDEX.c.number.desc())
        .limit(MOST)
    )
    found = [_published(row, council) for row in published.mappings()]
    if "council" in viewer.audiences:
        unpublished = connection.execute(
            _OWN.select().where(_OWN.c.object_id.is_(None), _OWN.c.audience.in_(viewer.audiences))
        )
        found += [_unpublished(row, council) for row in unpublished.mappings()]
    return sorted(found, key=lambda one: (one.decided_at, one.number), reverse=True)


def _published(row: RowMapping, council: Council) -> Listed:
    ours = row["source"] == council.actor_id
    return Listed(
        object_id=row["object_id"],
        source=row["source"],
        name=council.name if ours else row["name"] or row["source"],
        url=council.base_url if ours else row["origin"] or row["source"],
        ours=ours,
        audience=row["audience"],
        number=row["number"],
        title=row["title"],
        text=row["text"],
        language=row["language"],
        method=row["method"],
        decided_at=row["decided_at"],
        present=row["present"],
        stand_asides=row["stand_asides"],
        review_on=row["review_on"],
        digest=row["digest"],
        published=row["published"],
        updated=row["updated"],
    )


def _unpublished(row: RowMapping, council: Council) -> Listed:
    return Listed(
        object_id=f"{council.base_url}/o/{row['public_id']}",
        source=council.actor_id,
        name=council.name,
        url=council.base_url,
        ours=True,
        audience=row["audience"],
        number=row["number"],
        title=row["title"],
        text=row["text"],
        language=row["language"],
        method=row["method"],
        decided_at=row["decided_at"],
        present=row["present"],
        stand_asides=row["stand_asides"],
        review_on=row["review_on"],
        digest=text_digest(row["text"]),
        published=row["created_at"],
        updated=row["updated_at"],
    )
