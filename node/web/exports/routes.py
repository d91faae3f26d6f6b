"""Every public list in the forms that other programs read: CSV, Atom and, where there are days or places, calendar and GeoJSON.

A list page hands over its slips once, by the function that the page itself uses, so that no form ever holds more than the
page would show to this very viewer. This module reads no table and judges no audience.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from node.feature import Slip
from node.web.exports.listed import Addressed, Source, addressed
from node.web.routes import Routes
from node.web.site import Site
from schemas.phrase import said

Gather = Callable[[Request], list[Slip]]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list, once for all its forms.

    `path`: where its forms lie, without their endings; `page`: its page, if that lies elsewhere. `columns`: the details of its
    slips that a table shows beside what every slip has. `days`: the details that hold a day for the calendar, each with what is
    then to be done, of a title; `times`: the detail that holds a Recurrence. `places`: its slips may have a detail "point" for
    GeoJSON, latitude and longitude of the middle of a cell and never of anything finer.
    """

    path: str
    title: str
    gather: Gather
    page: str = ""
    columns: tuple[str, ...] = ()
    days: tuple[tuple[str, Callable[[str], str]], ...] = ()
    times: str = ""
    places: bool = False


def add(routes: Routes, site: Site, listing: Listing) -> None:
    """The routes of one list's forms, beside its JSON: `<path>.csv`, `<path>.atom`, and what it has the details for."""

    def gathered(request: Request) -> list[Addressed]:
        catalogue, base = site.tongue(request).catalogue, site.council.base_url
        return addressed(listing.gather(request), catalogue=catalogue, base=base)

    def source(request: Request, ending: str) -> Source:
        query = f"?{request.url.query}" if request.url.query else ""
        base, tongue = site.council.base_url, site.tongue(request)
        return Source(
            council=site.council.name,
            council_url=base,
            title=f"{said(listing.title, tongue.catalogue)} · {site.council.name}",
            language=tongue.code,
            address=f"{base}{listing.path}.{ending}{query}",
            page=f"{base}{listing.page or listing.path}{query}",
        )

    @routes.get(f"{listing.path}.csv", include_in_schema=False)
    def as_csv(request: Request) -> Response:
        from node.web.exports.tables import table

        slips = gathered(request)
        return _file(table(slips, columns=listing.columns), "text/csv; charset=utf-8; header=present", listing, "csv")

    @routes.get(f"{listing.path}.atom", include_in_schema=False)
    def as_atom(request: Request) -> Response:
        from node.web.exports.atom import feed

        slips = gathered(request)
        body = feed(slips, source(request, "atom"), now=site.now())
        return Response(body, media_type="application/atom+xml; charset=utf-8")

    if listing.days or listing.times:

        @routes.get(f"{listing.path}.ics", include_in_schema=False)
        def as_calendar(request: Request) -> Response:
            from node.web.exports.calendars import calendar

            slips, catalogue = gathered(request), site.tongue(request).catalogue
            body = calendar(slips, source(request, "ics"), days=listing.days, times=listing.times, catalogue=catalogue)
            return _file(body, "text/calendar; charset=utf-8", listing, "ics")

    if listing.places:

        @routes.get(f"{listing.path}.geojson", include_in_schema=False)
        def as_geojson(request: Request) -> Response:
            from node.web.exports.points import collection

            body = collection(gathered(request), columns=listing.columns)
            return _file(body, "application/geo+json", listing, "geojson")


def _file(body: bytes, media_type: str, listing: Listing, ending: str) -> Response:
    name = f"{listing.path.strip('/').replace('/', '-')}.{ending}"
    return Response(body, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
