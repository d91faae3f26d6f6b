"""The routes of the directory, as the API of HSDS 3.0 has them, below /api/hsds. What they tell is the same for whoever asks."""

from typing import Annotated, Any, Final

from fastapi import Query
from fastapi.responses import JSONResponse, Response

from node.feature import ANYBODY
from node.features.resources import directory, queries
from node.web.routes import Routes
from node.web.site import Site
from schemas.phrase import phrase
from schemas.refusal import Refusal

BASE: Final = "/api/hsds"
Number = Annotated[int, Query(ge=1, le=10_000)]
Size = Annotated[int, Query(ge=1, le=500)]


def router(site: Site) -> Routes:
    """The five lists and things that a reader of HSDS asks for."""
    routes = Routes(include_in_schema=False)

    def services() -> list[dict[str, Any]]:
        with site.store.reading() as connection:
            rows = queries.board(connection, ANYBODY, now=site.now(), direction="offer")
        return directory.services(rows, site.council)

    def paged(every: list[dict[str, Any]], number: int, size: int) -> Response:
        shown = every[(number - 1) * size : number * size]
        return JSONResponse(directory.page(shown, total=len(every), number=number, size=size))

    @routes.get(BASE)
    def about() -> Response:
        here = f"{site.council.base_url}{BASE}"
        lists = {name: f"{here}/{name}" for name in ("services", "organizations")}
        return JSONResponse({"version": directory.VERSION, "profile": directory.PROFILE, **lists})

    @routes.get(f"{BASE}/services")
    def all_services(page: Number = 1, per_page: Size = 50, *, full: bool = False) -> Response:
        every = services()
        return paged(every if full else [directory.listed(one) for one in every], page, per_page)

    @routes.get(f"{BASE}/services/{{service_id}}")
    def one_service(service_id: str) -> Response:
        return JSONResponse(_found(services(), service_id))

    @routes.get(f"{BASE}/organizations")
    def all_organizations(page: Number = 1, per_page: Size = 50) -> Response:
        return paged([directory.organization(site.council)], page, per_page)

    @routes.get(f"{BASE}/organizations/{{organization_id}}")
    def one_organization(organization_id: str) -> Response:
        return JSONResponse(_found([directory.organization(site.council)], organization_id))

    return routes


def _found(every: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    for one in every:
        if one["id"] == wanted:
            return one
    raise Refusal("not-found", sentence=phrase("There is nothing of that id here."))
