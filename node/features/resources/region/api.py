"""What there is around us, for programs: looked up, or asked for first where a nearby council's word is old."""

from datetime import datetime
from typing import Annotated, Literal

import h3
from fastapi import Depends, Query, Request
from fastapi.responses import Response

from node.features.resources import views
from node.features.resources.narrowing import During
from node.features.resources.region.pressing import Pressing
from node.features.resources.region.searching import Search, look, stale
from node.places import exact_coordinates_of
from node.web.routes import Routes
from node.web.site import Site
from schemas.base import WireTime
from schemas.context import Category
from schemas.phrase import phrase
from schemas.records.availability import AvailabilityAnswer, Direction
from schemas.refusal import Refusal

Text = Annotated[str | None, Query(max_length=200, description="Every word must be found in title, words or place.")]


def router(site: Site, pressing: Pressing) -> Routes:
    """GET looks at what is held; POST of the same address asks the councils first whose word is old."""
    routes = Routes()

    def search_of(
        request: Request,
        *,
        category: Category | None = None,
        direction: Direction | None = None,
        text: Text = None,
        near: Annotated[str | None, Query(max_length=200, description="A place of this council, by name.")] = None,
        latitude: Annotated[float | None, Query(ge=-90, le=90)] = None,
        longitude: Annotated[float | None, Query(ge=-180, le=180)] = None,
        within_km: Annotated[float | None, Query(gt=0, le=20_040)] = None,
        cell: Annotated[str | None, Query(max_length=20, description="An H3 cell, in the place of a place.")] = None,
        begins: Annotated[WireTime | None, Query(alias="from", description="There at some moment after this.")] = None,
        ends: Annotated[WireTime | None, Query(alias="until", description="There at some moment before this.")] = None,
        heard: Annotated[Literal["lately"] | None, Query(description="Only councils whose word is not old.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Search:
        point = _point(site, near=near, latitude=latitude, longitude=longitude)
        _check_place(point, within_km=within_km, cell=cell)
        return Search(
            audiences=site.viewer(request).audiences,
            category=category,
            direction=direction,
            text=text,
            near=point,
            within_km=within_km,
            cell=cell,
            during=_during(begins, ends, now=site.now()),
            heard_lately=heard is not None,
            limit=limit,
        )

    def answer(search: Search) -> Response:
        now = site.now()
        with site.store.reading() as connection:
            seen = look(connection, site.council, search, now=now, current_for=site.current_for)
        told = views.answer(list(seen.found), seen.sources, now=now, outcomes=site.told_live(search.question))
        # Written here: the framework would judge every item a second time.
        return Response(told.model_dump_json(), media_type="application/json")

    @routes.get("/region/availability", response_model=AvailabilityAnswer)
    def availability(search: Annotated[Search, Depends(search_of)]) -> Response:
        """What there is in the region, nearest first when a place is given, else what ends soonest.

        Passers-by are shown what is public; signed-in neighbours also what nearby councils show to each other.
        """
        return answer(search)

    @routes.post("/region/availability", response_model=AvailabilityAnswer)
    def ask(request: Request, search: Annotated[Search, Depends(search_of)]) -> Response:
        """The same, after the nearby councils whose word is old have been asked what they have now: a few seconds at most.

        They are told the category, the direction and a coarse cell. `asked` says what came of it; it stands for a minute.
        """
        with site.store.reading() as connection:
            seen = look(connection, site.council, search, now=site.now(), current_for=site.current_for)
        pressing.press(search.question, stale(seen.sources), site.viewer(request))
        return answer(search)

    return routes


def _during(begins: datetime | None, ends: datetime | None, *, now: datetime) -> During | None:
    if begins is None and ends is None:
        return None
    if begins is not None and ends is not None and ends <= begins:
        raise Refusal("time", "until", sentence=phrase("The end must come after the beginning."))
    return During(begins or now, ends)


def _check_place(point: tuple[float, float] | None, *, within_km: float | None, cell: str | None) -> None:
    if cell is None:
        if point is None and within_km is not None:
            raise Refusal(
                "place", "within_km", sentence=phrase("A distance needs a place: give near, or latitude and longitude.")
            )
        return
    if point is not None or within_km is not None:
        raise Refusal(
            "place", "cell", sentence=phrase("A cell is a place already: leave out near, coordinates and distance.")
        )
    if not h3.is_valid_cell(cell):
        raise Refusal("place", "cell", sentence=phrase("That is no H3 cell."))


def _point(
    site: Site, *, near: str | None, latitude: float | None, longitude: float | None
) -> tuple[float, float] | None:
    if latitude is not None and longitude is not None:
        return latitude, longitude
    if latitude is not None or longitude is not None:
        raise Refusal("place", "latitude", sentence=phrase("A place has a latitude and a longitude: give both."))
    if not near:
        return None
    point = exact_coordinates_of(near, site)
    if point is None:
        raise Refusal(
            "place",
            "near",
            sentence=phrase("We know no place of that name. Choose one of our places, or give coordinates."),
        )
    return point
