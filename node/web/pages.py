"""The wall and the help page: what belongs to no single feature.

The wall asks every feature for its live slips and puts them in one order. It stores nothing, counts nobody and never
shows a slip that its feature did not give for this very viewer.
"""

from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Connection

from node.feature import Slip, Viewer
from node.web.site import Site

ON_THE_WALL = 60
SOON = timedelta(hours=36)


class WallSlip(BaseModel):
    """One slip as the wall shows it."""

    kind: str
    title: str
    words: str
    language: str
    meta: list[str]
    source: str
    url: str
    updated: datetime
    ends_at: datetime | None


class Wall(BaseModel):
    """What is on the wall for whoever asks; signed-in neighbours are given more than passers-by."""

    council: str
    actor: str
    as_of: datetime
    slips: list[WallSlip]


def wall_slips(site: Site, connection: Connection, *, viewer: Viewer, now: datetime) -> list[Slip]:
    """Calls for help first, then what ends soon by its end, then the newest."""
    found = [
        slip
        for feature in site.features
        if feature.wall is not None
        for slip in feature.wall(connection, viewer, now, site.council)
    ]

    def place(slip: Slip) -> tuple[int, float]:
        if slip.kind == "alert":
            return 0, -slip.updated.timestamp()
        if slip.ends_at is not None and slip.ends_at - now <= SOON:
            return 1, slip.ends_at.timestamp()
        return 2, -slip.updated.timestamp()

    return sorted(found, key=place)


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["the wall"])

    @routes.get("/", include_in_schema=False)
    def wall(request: Request) -> Response:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            slips = [slip for slip in wall_slips(site, connection, viewer=viewer, now=now) if slip.kind != "alert"]
        return site.page(request, "wall.html", slips=slips[:ON_THE_WALL], more=len(slips) > ON_THE_WALL)

    @routes.get("/wall.json")
    def wall_json(request: Request) -> Wall:
        """The wall as data."""
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            slips = wall_slips(site, connection, viewer=viewer, now=now)[:ON_THE_WALL]
        return Wall(
            council=site.council.name,
            actor=site.council.actor_id,
            as_of=now,
            slips=[_wall_slip(site, slip) for slip in slips],
        )

    @routes.get("/help", include_in_schema=False)
    def help_page(request: Request) -> Response:
        return site.page(request, "help.html")

    return routes


def _wall_slip(site: Site, slip: Slip) -> WallSlip:
    return WallSlip(
        kind=slip.kind,
        title=slip.title,
        words=slip.words,
        language=slip.language,
        meta=list(slip.meta),
        source=slip.source,
        url=f"{site.council.base_url}{slip.href}" if slip.href.startswith("/") else slip.href,
        updated=slip.updated,
        ends_at=slip.ends_at,
    )
