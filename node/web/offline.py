"""The wall without a line: the page that a phone keeps, the worker that keeps it, and what makes the page installable.

Only what passers-by see is ever kept: `/offline` is made for nobody in particular, whoever asks for it, and the worker
fetches it without cookies. No page, no list and no file but this one and the style, script and font is put into a cache.
"""

import json
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from node.database import StoreFault
from node.feature import ANYBODY
from node.web.offline_copy import WallCopy
from node.web.routes import Routes
from node.web.site import Site
from node.web.wall import ON_THE_WALL, wall_slips

KEPT_PIECES = ("app.css", "wall-700.woff2", "comarca.js", "mark.svg")
_GROUND = "#eef0e8"


def look_at_public_wall(site: Site) -> WallCopy:
    """The wall as a passer-by sees it now, remembered as the last one. Raises StoreFault."""
    now = site.now()
    with site.store.reading() as connection:
        slips = wall_slips(site.features, connection, council=site.council, viewer=ANYBODY, now=now)
    others = tuple(slip for slip in slips if slip.kind != "alert")
    copy = WallCopy(
        calls=tuple(slip for slip in slips if slip.kind == "alert"),
        slips=others[:ON_THE_WALL],
        more=len(others) > ON_THE_WALL,
        as_of=now,
    )
    site.last_wall.copy = copy
    return copy


def kept_page(site: Site, request: Request, copy: WallCopy, *, trouble: bool) -> Response:
    """The copy as a page. `trouble`: shown in place of the wall, because our own server cannot look at its notes."""
    return site.bare_page(request, "offline.html", status=200, copy=copy, trouble=trouble)


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.get("/offline")
    def offline(request: Request) -> Response:
        try:
            copy, trouble = look_at_public_wall(site), False
        except StoreFault:
            if site.last_wall.copy is None:
                raise
            copy, trouble = site.last_wall.copy, True
        return kept_page(site, request, copy, trouble=trouble)

    @routes.get("/worker.js")
    def worker(request: Request) -> Response:
        pieces = [site.shelf.address(name) for name in KEPT_PIECES]
        said = f"const VERSION={json.dumps(site.shelf.version)},PIECES={json.dumps(pieces)};\n"
        code = said.encode() + site.shelf.pieces["worker.js"].content
        return Response(code, media_type="text/javascript; charset=utf-8", headers={"cache-control": "no-cache"})

    @routes.get("/app.webmanifest")
    def manifest(request: Request) -> Response:
        tongue = site.tongue(request)
        return Response(
            json.dumps(_manifest(site, language=tongue.code, direction=tongue.direction), ensure_ascii=False),
            media_type="application/manifest+json",
        )

    return routes


def _manifest(site: Site, *, language: str, direction: str) -> dict[str, Any]:
    def icon(name: str, purpose: str) -> dict[str, str]:
        return {"src": site.shelf.address(name), "type": "image/svg+xml", "sizes": "any", "purpose": purpose}

    return {
        "id": "/",
        "name": site.council.name,
        "short_name": site.council.name[:24].strip(),
        "lang": language,
        "dir": direction,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": _GROUND,
        "theme_color": _GROUND,
        "icons": [icon("mark.svg", "any"), icon("mark-maskable.svg", "maskable")],
    }
