"""The public board for other people's sites: a bare list that may stand in a frame anywhere. The only page that may.

What a frame shows can be made to look like part of something else. So it holds nothing to press but links that open our own
pages beside it, is the same for whoever looks, signed in or not, and keeps and reads no cookie but the choice of a language.
"""

from typing import Final

from fastapi import Request
from fastapi.responses import Response

from node.feature import ANYBODY
from node.features.resources import queries, views
from node.web.routes import Routes
from node.web.site import Site
from schemas.context import CATEGORIES

PATH: Final = "/embed/board"
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors *",
    )
)
MOST: Final = 100


def router(site: Site) -> Routes:
    """The one page."""
    routes = Routes(include_in_schema=False)

    @routes.get(PATH)
    def embedded(request: Request, direction: str = "", category: str = "") -> Response:
        now = site.now()
        with site.store.reading() as connection:
            rows = queries.board(
                connection,
                ANYBODY,
                now=now,
                direction=direction if direction in ("need", "offer") else None,
                category=category if category in CATEGORIES else None,
            )
        slips = [views.own_slip(row, ANYBODY, now) for row in rows[:MOST]]
        page = site.bare_page(request, "resources/embedded.html", status=200, slips=slips)
        page.headers["content-security-policy"] = POLICY
        return page

    return routes
