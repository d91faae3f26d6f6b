"""The page "Around us": what there is, by council, how old each word is, and a button that asks where it is old."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from node.feature import Slip
from node.features.resources import mapped, views, wording
from node.features.resources.around import Found
from node.features.resources.filters import Asked
from node.features.resources.queries import Source
from node.features.resources.region import api, saying
from node.features.resources.region.grouping import Group, grouped
from node.features.resources.region.pressing import Pressing
from node.features.resources.region.searching import Search, Seen, further, had_lately, look, stale
from node.features.resources.region.windows import WINDOWS, during
from node.places import coordinates_of, exact_coordinates_of, names_of
from node.web.exports.listed import query_of
from node.web.exports.routes import Listing
from node.web.exports.routes import add as add_exports
from node.web.forms import Typed
from node.web.pictures import Amounts, bars
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase


def router(site: Site) -> Routes:
    """The page, its forms for other programs, and the button."""
    routes, pressing = Routes(), Pressing(site)
    routes.take(api.router(site, pressing))

    def seen_by(request: Request, asked: Asked) -> tuple[Seen, Search]:
        _, point, _ = _place(asked, site)
        search = _search(site, request, asked, point)
        with site.store.reading() as connection:
            return look(connection, site.council, search, now=site.now(), current_for=site.current_for), search

    def slips_around(request: Request) -> list[Slip]:
        seen, _ = seen_by(request, Asked.of(request))
        return [_slip(site, one, seen.sources.get(one.source)) for one in seen.found]

    def placed_around(request: Request) -> list[Slip]:
        slips = slips_around(request)
        with site.store.reading() as connection:
            return mapped.with_points(connection, slips, base_url=site.council.base_url)

    add_exports(routes, site, Listing("/around", phrase("Around us"), placed_around, places=True))

    @routes.get("/around", include_in_schema=False)
    def around_page(request: Request) -> Response:
        asked = Asked.of(request)
        typed, point, unknown = _place(asked, site)
        seen, search = seen_by(request, asked)
        return site.page(
            request,
            "resources/around.html",
            groups=[_group(site, one) for one in grouped(seen.found, seen.sources)],
            total=len(seen.found),
            instead={} if seen.found else _instead(site, seen, search),
            councils=[(source, saying.fresh(site, source)) for source in seen.sources.values()],
            asking=_asking(site, seen, search),
            picture=bars([_amounts(site, source, seen) for source in seen.sources.values()]),
            typed=typed,
            unknown=unknown,
            places=[(name, name) for name in names_of(site)],
            categories=wording.CATEGORIES,
            directions=wording.DIRECTIONS,
            distances=wording.DISTANCES,
            windows=WINDOWS,
            wider=query_of(direction=asked.direction, category=asked.category, text=asked.text).removeprefix("?"),
            query=_query(asked, placed=point is not None, near=typed["near"]),
        )

    @routes.post("/around/ask", include_in_schema=False)
    def ask(request: Request, typed: Typed) -> Response:
        # A form leaves out what is empty: here that is "anywhere", and not that nothing was chosen yet.
        asked = Asked({"near": "", **typed})
        seen, search = seen_by(request, asked)
        pressing.press(search.question, stale(seen.sources), site.viewer(request))
        _, point, _ = _place(asked, site)
        query = _query(asked, placed=point is not None, near=asked.typed["near"])
        anywhere = "" if point is not None else f"{'&' if query else '?'}near="
        return see_other(f"/around{query}{anywhere}#asked")

    return routes


def elsewhere(site: Site, request: Request, asked: Asked) -> int:
    """How many other councils have what was looked for on our own board, wherever they are."""
    search, now = _search(site, request, asked, None), site.now()
    with site.store.reading() as connection:
        seen = look(connection, site.council, search, now=now, current_for=site.current_for)
    return sum(not (group.source and group.source.ours) for group in grouped(seen.found, seen.sources))


def _search(site: Site, request: Request, asked: Asked, point: tuple[float, float] | None) -> Search:
    return Search(
        audiences=site.viewer(request).audiences,
        category=asked.category,
        direction=asked.direction,
        text=asked.text,
        near=point,
        within_km=asked.within_km if point else None,
        during=during(asked.when, now=site.now(), zone=site.settings.zone_info),
        heard_lately=asked.heard_lately,
    )


def _place(asked: Asked, site: Site) -> tuple[dict[str, str], tuple[float, float] | None, bool]:
    """What the form shows, the point it means, and whether a place was named that we do not know.

    Who has not been asked yet is taken to be here; who chose no place is shown all there is.
    """
    near = asked.typed.get("near")
    if near is None:
        area, here = site.council.place, coordinates_of("", site)
        return {**asked.typed, "near": area.name if area is not None and here else ""}, here, False
    point = exact_coordinates_of(near, site) if near else None
    return asked.typed, point, bool(near) and point is None


def _query(asked: Asked, *, placed: bool, near: str) -> str:
    """What was chosen, as the end of an address."""
    chosen = {
        "direction": asked.direction,
        "category": asked.category,
        "text": asked.text,
        "when": asked.when,
        "heard": "lately" if asked.heard_lately else None,
    }
    placing = {"near": near, "within_km": asked.typed.get("within_km")} if placed else {}
    return query_of(**chosen, **placing)


def _group(site: Site, group: Group) -> dict[str, Any]:
    """One council and its slips. How old its word is stands above them, so no slip says it again."""
    source = group.source
    return {
        "name": group.actor_id if source is None else source.name,
        "source": source,
        "about": saying.about(site, group),
        "slips": [views.found_slip(one, source, council=site.council, fresh="") for one in group.found],
    }


def _instead(site: Site, seen: Seen, search: Search) -> dict[str, Any]:
    """Where nothing was found: who has it further away, and who had it this month."""
    now = site.now()
    with site.store.reading() as connection:
        groups = further(connection, site.council, search, now=now, current_for=site.current_for)
        had = had_lately(connection, search, seen.sources, now=now)
    there = {one.actor_id for one in groups}
    return {
        "further": [(one.source, saying.about(site, one)) for one in groups],
        "had": [(one.source, saying.had(site, one)) for one in had if one.source.actor_id not in there],
    }


def _asking(site: Site, seen: Seen, search: Search) -> dict[str, Any]:
    """Whose word is old and can be asked for, and what came of asking a moment ago."""
    told = site.told_live(search.question)
    outcomes = [
        (one, saying.outcome(site, one, told[one.actor_id])) for one in seen.sources.values() if one.actor_id in told
    ]
    return {"stale": [one for one in stale(seen.sources) if one.actor_id not in told], "outcomes": outcomes}


def _amounts(site: Site, source: Source, seen: Seen) -> Amounts:
    """How many of the slips that are shown are needs and offers of this council."""
    theirs = [one.direction for one in seen.found if one.source == source.actor_id]
    return Amounts(
        source.name, saying.fresh(site, source), not source.current, theirs.count("need"), theirs.count("offer")
    )


def _slip(site: Site, found: Found, source: Source | None) -> Slip:
    told = "" if source is None or source.ours else saying.fresh(site, source)
    return views.found_slip(found, source, council=site.council, fresh=told)
