"""The pages that show needs and offers: our own board, and what there is around us."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from node.feature import Slip
from node.features.resources import api, first, putting_up, queries, views, wording
from node.features.resources.around import Found, around
from node.features.resources.queries import Source
from node.places import coordinates_of, exact_coordinates_of, names_of
from node.web.exports.listed import query_of
from node.web.exports.routes import Listing
from node.web.exports.routes import add as add_exports
from node.web.pictures import Amounts, bars
from node.web.routes import Routes
from node.web.site import Site
from node.web.words import ago, freshness
from schemas.context import CATEGORIES
from schemas.phrase import phrase

_PARTS = (api.router, putting_up.router, first.router)
"""Who else has pages of needs and offers: one line for each."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a filter form asks for. What it does not understand it leaves out: a page always shows something."""

    typed: dict[str, str]

    def one_of(self, field: str, allowed: tuple[str, ...]) -> str | None:
        value = self.typed.get(field, "")
        return value if value in allowed else None

    @property
    def text(self) -> str | None:
        return self.typed.get("text", "")[:200] or None

    @property
    def direction(self) -> str | None:
        return self.one_of("direction", ("need", "offer"))

    @property
    def category(self) -> str | None:
        return self.one_of("category", tuple(CATEGORIES))

    @property
    def within_km(self) -> float | None:
        chosen = self.one_of("within_km", tuple(km for km, _ in wording.DISTANCES))
        return None if chosen is None else float(chosen)


def router(site: Site) -> Routes:
    """All routes of needs and offers."""
    routes = Routes(tags=["needs and offers"])
    for make in _PARTS:
        routes.take(make(site))

    def board(request: Request) -> list[Slip]:
        asked, viewer, now = _asked(request), site.viewer(request), site.now()
        with site.store.reading() as connection:
            rows = queries.board(
                connection, viewer, now=now, direction=asked.direction, category=asked.category, text=asked.text
            )
        return [views.own_slip(row, viewer) for row in rows]

    columns = ("category", "left", "near", "state", "starts_at")
    add_exports(routes, site, Listing("/board", phrase("Needs and offers"), board, columns=columns))

    @routes.get("/board", include_in_schema=False)
    def board_page(request: Request) -> Response:
        asked = _asked(request)
        return site.page(
            request,
            "resources/board.html",
            slips=board(request),
            query=query_of(direction=asked.direction, category=asked.category, text=asked.text),
            typed=asked.typed,
            categories=wording.CATEGORIES,
            directions=wording.DIRECTIONS,
        )

    def seen_around(request: Request) -> tuple[list[Found], Mapping[str, Source]]:
        asked, viewer, now = _asked(request), site.viewer(request), site.now()
        _, point, _ = _place(asked, site)
        with site.store.reading() as connection:
            sources = queries.sources(connection, site.council, now=now, current_for=site.current_for)
            found = around(
                connection,
                now=now,
                audiences=viewer.audiences,
                category=asked.category,
                direction=asked.direction,
                latitude=point[0] if point else None,
                longitude=point[1] if point else None,
                within_km=asked.within_km if point else None,
                text=asked.text,
            )
        return found, sources

    def slips_around(request: Request) -> list[Slip]:
        found, sources = seen_around(request)
        return [_slip(site, one, sources.get(one.source)) for one in found]

    add_exports(routes, site, Listing("/around", phrase("Around us"), slips_around))

    @routes.get("/around", include_in_schema=False)
    def around_page(request: Request) -> Response:
        asked = _asked(request)
        typed, point, unknown = _place(asked, site)
        found, sources = seen_around(request)
        chosen = {"direction": asked.direction, "category": asked.category, "text": asked.text}
        placed = {**chosen, "near": typed["near"], "within_km": asked.typed.get("within_km")} if point else chosen
        return site.page(
            request,
            "resources/around.html",
            slips=[_slip(site, one, sources.get(one.source)) for one in found],
            councils=[(source, _fresh(site, source)) for source in sources.values()],
            picture=bars([_amounts(source, found, fresh=_fresh(site, source)) for source in sources.values()]),
            typed=typed,
            unknown=unknown,
            places=[(name, name) for name in names_of(site)],
            categories=wording.CATEGORIES,
            directions=wording.DIRECTIONS,
            distances=wording.DISTANCES,
            query=query_of(**placed),
        )

    return routes


def _asked(request: Request) -> _Asked:
    return _Asked({name: value.strip() for name, value in request.query_params.items()})


def _place(asked: _Asked, site: Site) -> tuple[dict[str, str], tuple[float, float] | None, bool]:
    """What the form shows, the point it means, and whether a place was named that we do not know.

    Who has not been asked yet is taken to be here; who chose no place is shown all there is.
    """
    near = asked.typed.get("near")
    if near is None:
        area, here = site.council.place, coordinates_of("", site)
        return {**asked.typed, "near": area.name if area is not None and here else ""}, here, False
    point = exact_coordinates_of(near, site) if near else None
    return asked.typed, point, bool(near) and point is None


def _amounts(source: Source, found: list[Found], *, fresh: str) -> Amounts:
    """How many of the slips that are shown are needs and offers of this council."""
    theirs = [one.direction for one in found if one.source == source.actor_id]
    return Amounts(source.name, fresh, not source.current, theirs.count("need"), theirs.count("offer"))


def _slip(site: Site, found: Found, source: Source | None) -> Slip:
    fresh = "" if source is None or source.ours else _fresh(site, source)
    return views.found_slip(found, source, council=site.council, fresh=fresh)


def _fresh(site: Site, source: Source) -> str:
    if source.ours:
        return phrase("that is us")
    zone, current_for = site.settings.zone_info, site.current_for
    if source.told_by and source.last_heard_at is not None:
        names, since = ", ".join(source.told_by), ago(source.last_heard_at, now=site.now())
        return phrase("not linked up with us; {names} told us, {ago}", names=names, ago=since)
    return freshness(source.last_heard_at, now=site.now(), zone=zone, current_for=current_for)
