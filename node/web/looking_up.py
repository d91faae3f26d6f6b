"""One slip under its address, as a page and as data: ours under /o/, a nearby council's copy under /slip.

The audience is judged before anything else is looked at: to whom a slip is not shown, it does not exist, and neither
does the mark that is left when it was taken down. What came from elsewhere is shown as plain words only.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Connection, select
from starlette.exceptions import HTTPException

from federation import replicas
from federation.tables import Peer, Replica, table_of
from node.feature import Feature, Slip, Viewer
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import freshness
from schemas.phrase import phrase

CHANGEABLE = ("need", "offer")

_PEERS = table_of(Peer)


class ProofState(BaseModel):
    """`verified`: the signature was checked when it arrived, with the key named by `method`. `ours`: we signed it."""

    state: str
    method: str


class ObjectCopy(BaseModel):
    """What this server holds under an address: the activity as it was signed, and where it came from."""

    id: str
    kind: str
    audience: str
    source: str
    document: dict[str, Any]
    proof: ProofState
    received_at: datetime
    updated: datetime
    ends_at: datetime | None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a slip comes from, in words. `page` is its address at the council that wrote it, None for ours."""

    name: str
    ours: bool
    fresh: str
    proof: str
    page: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What stands under an address for one viewer. `copy` where it was published; `gone` where it was taken down."""

    feature: Feature | None
    slip: Slip | None
    copy: Replica | None
    gone: bool = False


def visible(connection: Connection, *, object_id: str, viewer: Viewer) -> Replica | None:
    """The copy under this address, marks of what was taken down included, if this viewer may know of it."""
    row = replicas.find(connection, object_id)
    if row is None or row["audience"] not in viewer.audiences:
        return None
    return Replica(**row)


def router(site: Site) -> Routes:
    routes = Routes(tags=["looking up"])

    @routes.get("/o/{public_id}", include_in_schema=False)
    def our_slip(request: Request, public_id: str) -> Response:
        return show(request, f"{site.council.base_url}/o/{public_id}")

    @routes.get("/slip", include_in_schema=False)
    def their_slip(request: Request, id: str) -> Response:
        if id.startswith(f"{site.council.base_url}/o/"):
            return see_other(id.removeprefix(site.council.base_url))
        return show(request, id)

    def show(request: Request, object_id: str) -> Response:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = slip_at(site, connection, object_id=object_id, viewer=viewer, now=now)
            copy = found.copy
            origin = None if copy is None else _origin(site, connection, replica=copy, now=now)
            from_it = _from_it(site, connection, found=found, object_id=object_id, viewer=viewer, now=now)
        feature, slip = found.feature, found.slip
        if slip is None:
            raise HTTPException(410 if found.gone else 404)
        return site.page(
            request,
            "slip.html",
            slip=slip,
            details=slip.details,
            part=feature.slip_template if feature is not None and slip.details else None,
            audience=copy.audience if copy is not None else "council",
            origin=origin,
            address=object_id,
            changes=_changes(site, slip, object_id=object_id, viewer=viewer),
            poster=_poster(site, object_id),
            after=slip.details.get("after"),
            from_it=from_it,
        )

    @routes.get("/api/objects")
    def look_up(request: Request, id: str) -> ObjectCopy:
        """The copy held here under an address. 404 where there is none for you to see, 410 where it was taken down."""
        with site.store.reading() as connection:
            replica = visible(connection, object_id=id, viewer=site.viewer(request))
        if replica is None:
            raise HTTPException(404)
        if replica.gone_at is not None:
            raise HTTPException(410)
        ours = replica.source == site.council.actor_id
        return ObjectCopy(
            id=replica.object_id,
            kind=replica.kind,
            audience=replica.audience,
            source=replica.source,
            document=orjson.loads(replica.document),
            proof=ProofState(state="ours" if ours else "verified", method=replica.method),
            received_at=replica.received_at,
            updated=replica.updated,
            ends_at=replica.ends_at,
        )

    return routes


def slip_at(site: Site, connection: Connection, *, object_id: str, viewer: Viewer, now: datetime) -> Found:
    """What this viewer is shown under an address. To whom it is not shown, it does not exist."""
    replica = visible(connection, object_id=object_id, viewer=viewer)
    if replica is None or replica.gone_at is not None:
        # Narrowed to our own neighbours, a slip is taken back from everyone else and still stands here.
        feature, slip = _unpublished(site, connection, object_id=object_id, viewer=viewer, now=now)
        return Found(feature, slip, None, gone=replica is not None)
    feature = _feature_of(site, replica)
    return Found(feature, _slip_of(feature, connection, replica=replica, viewer=viewer, now=now), replica)


def _poster(site: Site, object_id: str) -> str | None:
    """The path of the poster for a slip of ours."""
    base = site.council.base_url
    return f"{object_id.removeprefix(base)}/poster" if object_id.startswith(f"{base}/o/") else None


def _feature_of(site: Site, replica: Replica) -> Feature | None:
    return next((one for one in site.features if any(kind.name == replica.kind for kind in one.kinds)), None)


def _slip_of(
    feature: Feature | None, connection: Connection, *, replica: Replica, viewer: Viewer, now: datetime
) -> Slip | None:
    return None if feature is None or feature.slip is None else feature.slip(connection, replica, viewer, now)


def _unpublished(
    site: Site, connection: Connection, *, object_id: str, viewer: Viewer, now: datetime
) -> tuple[Feature | None, Slip | None]:
    """A slip of ours that never left this server is no copy of anything; it is found on the wall of who may see it."""
    if not viewer.signed_in or not object_id.startswith(f"{site.council.base_url}/o/"):
        return None, None
    href = object_id.removeprefix(site.council.base_url)
    for feature in site.features:
        if feature.unpublished is not None:
            own = feature.unpublished(connection, viewer, now, site.council, href.removeprefix("/o/"))
            if own is not None:
                return feature, own
        for slip in feature.wall(connection, viewer, now, site.council) if feature.wall is not None else ():
            if slip.href == href:
                return feature, slip
    return None, None


def _from_it(
    site: Site, connection: Connection, *, found: Found, object_id: str, viewer: Viewer, now: datetime
) -> list[Slip]:
    """What comes from a decision: live tasks and calls of every feature. Empty for any other slip."""
    if found.slip is None or found.slip.kind != "resolution":
        return []
    return [
        slip
        for feature in site.features
        if feature.from_resolution is not None
        for slip in feature.from_resolution(connection, viewer, now, site.council, object_id)
    ]


def _origin(site: Site, connection: Connection, *, replica: Replica, now: datetime) -> Origin:
    if replica.source == site.council.actor_id:
        return Origin(site.council.name, True, "", phrase("We signed it with our key."), None)
    row = connection.execute(
        select(_PEERS.c.name, _PEERS.c.last_heard_at).where(_PEERS.c.actor_id == replica.source)
    ).one_or_none()
    heard = row.last_heard_at if row is not None else None
    name = row.name if row is not None else replica.source
    zone = site.settings.zone_info
    return Origin(
        name=name,
        ours=False,
        fresh=freshness(heard, now=now, zone=zone, current_for=site.current_for),
        proof=phrase("They signed it. We checked the signature when it came."),
        page=replica.object_id if replica.object_id.startswith(("https://", "http://")) else None,
    )


def _changes(site: Site, slip: Slip, *, object_id: str, viewer: Viewer) -> str | None:
    """The path under which this viewer changes our own slip or takes it down; the feature serves the pages there.

    A feature says with `details["changeable"]` whether this viewer may; where it says nothing, needs and offers lead
    there, and the feature's own rule answers.
    """
    ours = object_id.startswith(f"{site.council.base_url}/o/")
    may = slip.details.get("changeable", slip.kind in CHANGEABLE)
    return object_id.removeprefix(site.council.base_url) if ours and viewer.signed_in and may else None
