"""The page of our own needs and offers, and all other routes of them."""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.feature import Slip
from node.features.resources import (
    api,
    choices,
    directory_api,
    embedding,
    first,
    kinds_here,
    kinds_pages,
    mine,
    putting_up,
    queries,
    views,
    wording,
)
from node.features.resources.agreements import pages as agreements
from node.features.resources.asking import note_pages
from node.features.resources.asking import pages as asking_pages
from node.features.resources.filters import Asked
from node.features.resources.hands import deciding, longest
from node.features.resources.hands import pages as hands
from node.features.resources.importing import pages as whole_lists
from node.features.resources.kinds import STAYS_HOME
from node.features.resources.letters import pages as letters
from node.features.resources.moderation import pages as moderation_pages
from node.features.resources.places import pages as places
from node.features.resources.promises import pages as promises
from node.features.resources.region import pages as around_pages
from node.features.resources.tables import Resource
from node.web.exports.listed import query_of
from node.web.exports.routes import Listing
from node.web.exports.routes import add as add_exports
from node.web.forms import Problem
from node.web.routes import Routes
from node.web.site import Site
from schemas.phrase import phrase

_PARTS = (
    api.router,
    putting_up.router,
    first.router,
    promises.router,
    agreements.router,
    mine.router,
    around_pages.router,
    places.router,
    kinds_pages.router,
    letters.router,
    hands.router,
    directory_api.router,
    embedding.router,
    whole_lists.router,
    asking_pages.router,
    note_pages.router,
    moderation_pages.router,
)
"""Who else has pages of needs and offers: one line for each."""


def router(site: Site) -> Routes:
    """All routes of needs and offers."""
    routes = Routes(tags=["needs and offers"])
    for make in _PARTS:
        routes.take(make(site))

    def found_on(connection: Connection, request: Request) -> list[Resource]:
        asked = Asked.of(request)
        return queries.board(
            connection,
            site.viewer(request),
            now=site.now(),
            direction="need" if asked.longest else asked.direction,
            category=asked.category,
            text=asked.text,
            kind=asked.kind,
            standing=asked.standing,
            oldest_first=asked.longest,
        )

    def board(request: Request) -> list[Slip]:
        viewer = site.viewer(request)
        with site.store.reading() as connection:
            rows = found_on(connection, request)
            if Asked.of(request).longest:
                return longest.slips(connection, rows, viewer, now=site.now(), zone=site.settings.zone_info)
        return [views.own_slip(row, viewer, site.now()) for row in rows]

    # With these names a table is read back on /import as what it was.
    columns = ("category", "quantity", "unit", "left", "near", "audience", "state", "starts_at", "repeats")
    of_board = Listing("/board", phrase("Needs and offers"), board, columns=columns, times="comes_back", places=True)
    add_exports(routes, site, of_board)

    def show(
        request: Request, *, problems: tuple[Problem, ...] = (), rules_typed: dict[str, str] | None = None
    ) -> Response:
        asked, viewer, slips = Asked.of(request), site.viewer(request), board(request)
        with site.store.reading() as connection:
            usable = kinds_here.usable(connection, keep=asked.kind or "")
            places = bool(queries.board(connection, viewer, now=site.now(), standing=True))
            beside = longest.beside(site, connection, found_on(connection, request), request) if asked.longest else {}
        # What our own kinds that stay home are called is for those who sign in.
        shown = [kind for kind in usable if viewer.signed_in or not kind.id.startswith(STAYS_HOME)]
        standing = "yes" if asked.standing else None
        query = query_of(
            direction=asked.direction,
            category=asked.category,
            kind=asked.kind,
            text=asked.text,
            standing=standing,
            order=asked.order,
        )
        return site.page(
            request,
            "resources/board.html",
            status=422 if problems else 200,
            problems=problems,
            rules_typed=rules_typed,
            slips=slips,
            query=query,
            embed_query=query_of(direction=asked.direction, category=asked.category),
            elsewhere=around_pages.elsewhere(site, request, asked) if query and not slips else 0,
            typed=asked.typed | ({"kind": asked.category} if asked.category else {}),
            kinds=choices.of_kinds(shown, site.tongue(request).code, all_of_it=True),
            directions=wording.DIRECTIONS,
            places=places,
            standing=asked.standing,
            orders=longest.ORDERS,
            **beside,
        )

    @routes.get("/board", include_in_schema=False)
    def board_page(request: Request) -> Response:
        return show(request)

    deciding.add(routes, site, show)

    return routes
