"""The wall and the help page: what belongs to no single feature.

The wall asks every feature for its live slips and puts them in one order. It stores nothing, counts nobody and never
shows a slip that its feature did not give for this very viewer. When the store cannot be asked, it shows the last public
wall, and says so.
"""

from datetime import datetime

import structlog
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from node.accounts import turns
from node.database import StoreFault
from node.feature import Slip
from node.web.exports.routes import Listing
from node.web.exports.routes import add as add_exports
from node.web.live_streams import digest_of
from node.web.offline import kept_page, look_at_public_wall
from node.web.routes import Routes
from node.web.site import Site
from node.web.wall import ON_THE_WALL, wall_slips
from schemas.phrase import phrase

log = structlog.get_logger(__name__)


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


def router(site: Site) -> Routes:
    routes = Routes(tags=["the wall"])

    def gather(request: Request) -> list[Slip]:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            return wall_slips(site.features, connection, council=site.council, viewer=viewer, now=now)

    def slips_for_export(request: Request) -> list[Slip]:
        return gather(request)[:ON_THE_WALL]

    def shown(request: Request) -> Response:
        if site.last_wall.is_old(site.now()):
            look_at_public_wall(site)
        slips = gather(request)
        others = [slip for slip in slips if slip.kind != "alert"]
        return site.page(
            request,
            "wall.html",
            slips=others[:ON_THE_WALL],
            more=len(others) > ON_THE_WALL,
            digest="" if site.viewer(request).signed_in else digest_of(slips),
        )

    @routes.get("/", include_in_schema=False)
    def wall(request: Request) -> Response:
        try:
            return shown(request)
        except StoreFault as fault:
            if site.last_wall.copy is None:
                raise
            log.error("the wall is shown from its last copy", fault=type(fault).__name__)
            return kept_page(site, request, site.last_wall.copy, trouble=True)

    add_exports(routes, site, Listing("/wall", phrase("Wall"), slips_for_export, page="/"))

    @routes.get("/wall.json")
    def wall_json(request: Request) -> Wall:
        """The wall as data."""
        now = site.now()
        return Wall(
            council=site.council.name,
            actor=site.council.actor_id,
            as_of=now,
            slips=[_wall_slip(site, slip) for slip in slips_for_export(request)],
        )

    @routes.get("/help", include_in_schema=False)
    def help_page(request: Request) -> Response:
        return site.page(request, "help.html", on_call=_on_call(site, request))

    return routes


def _on_call(site: Site, request: Request) -> str:
    """The shown name of whoever is on call, for those who sign in here; nothing for anybody else."""
    if not site.viewer(request).signed_in:
        return ""
    with site.store.reading() as connection:
        somebody = turns.on_call(connection, site.now())
        return turns.present(connection).get(somebody or 0, "")


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
