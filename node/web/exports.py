"""Every public list in the forms that other programs read: CSV, Atom and, where there are days, a calendar.

A list page hands over its slips once, by the function that the page itself uses, so that no form ever holds more than the
page would show to this very viewer. This module reads no table and judges no audience.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response

from node.feature import Slip
from node.web.site import Site
from schemas.phrase import said

Gather = Callable[[Request], list[Slip]]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list, once for all its forms.

    `path`: where its forms lie, without their endings; `page`: its page, if that lies elsewhere. `columns`: the details of its
    slips that a table shows beside what every slip has. `day`: the detail that holds the day for the calendar, `on_that_day`
    what is then to be done, of a title.
    """

    path: str
    title: str
    gather: Gather
    page: str = ""
    columns: tuple[str, ...] = ()
    day: str = ""
    on_that_day: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Source:
    """What the forms say of the list as a whole. `address`: of this form, `page`: of the page; `language` is what `title` is in."""

    council: str
    council_url: str
    title: str
    language: str
    address: str
    page: str


def add(routes: APIRouter, site: Site, listing: Listing) -> None:
    """The routes of one list's forms, beside its JSON: `<path>.csv`, `<path>.atom`, and `<path>.ics` where it has days."""

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
        from node.web.exports_csv import table

        slips = _addressed(listing.gather(request), site, request)
        return _file(table(slips, columns=listing.columns), "text/csv; charset=utf-8; header=present", listing, "csv")

    @routes.get(f"{listing.path}.atom", include_in_schema=False)
    def as_atom(request: Request) -> Response:
        from node.web.exports_atom import feed

        slips = _addressed(listing.gather(request), site, request)
        body = feed(slips, source(request, "atom"), now=site.now())
        return Response(body, media_type="application/atom+xml; charset=utf-8")

    if not listing.day:
        return

    @routes.get(f"{listing.path}.ics", include_in_schema=False)
    def as_calendar(request: Request) -> Response:
        from node.web.exports_calendar import calendar

        slips = _addressed(listing.gather(request), site, request)
        catalogue = site.tongue(request).catalogue
        body = calendar(slips, source(request, "ics"), day=listing.day, todo=listing.on_that_day, catalogue=catalogue)
        return _file(body, "text/calendar; charset=utf-8", listing, "ics")


@dataclass(frozen=True, slots=True)
class Addressed:
    """A slip in words that are said already. `address`: of the record itself, the same for as long as it lives; `page`: ours."""

    slip: Slip
    address: str
    page: str
    about: tuple[str, ...]
    details: Mapping[str, object]


def _addressed(slips: Iterable[Slip], site: Site, request: Request) -> list[Addressed]:
    catalogue, base = site.tongue(request).catalogue, site.council.base_url
    return [
        Addressed(
            slip=slip,
            address=object_address(slip.href, base_url=base),
            page=f"{base}{slip.href}" if slip.href.startswith("/") else slip.href,
            about=tuple(str(said(part, catalogue)) for part in slip.meta),
            details={name: said(value, catalogue) for name, value in slip.details.items()},
        )
        for slip in slips
    ]


def object_address(href: str, *, base_url: str) -> str:
    """The address of the record that the page at `href` shows: ours below `base_url`, a nearby council's as it gave it."""
    parts = urlsplit(href)
    if parts.path == "/slip" and not parts.netloc:
        return parse_qs(parts.query).get("id", [href])[0]
    return f"{base_url}{href}" if href.startswith("/") else href


def query_of(**chosen: str | None) -> str:
    """What was chosen in a filter form, as the end of an address: "" or "?…". What was left empty is left out."""
    given = {name: value for name, value in chosen.items() if value}
    return f"?{urlencode(given, quote_via=quote)}" if given else ""


def _file(body: bytes, media_type: str, listing: Listing, ending: str) -> Response:
    name = f"{listing.path.strip('/').replace('/', '-')}.{ending}"
    return Response(body, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
