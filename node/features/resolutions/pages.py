"""The pages of resolutions: the lists of what is in force, being decided and to be looked at again, in all their forms."""

from itertools import groupby

from fastapi import Request
from fastapi.responses import Response

from node.feature import Slip
from node.features.resolutions import check_pages, deciding_pages, joint_pages, paper, putting_up, queries, rows, views
from node.features.resolutions.queries import Asked, Listed, View
from node.features.resolutions.wording import DOMAIN_WORDS, DOMAINS, VIEWS
from node.web.exports.listed import query_of
from node.web.exports.routes import Listing
from node.web.exports.routes import add as add_exports
from node.web.routes import Routes
from node.web.site import Site
from schemas.base import ApiModel, WireTime
from schemas.phrase import phrase
from schemas.records.deciding import Domain
from schemas.records.resolution_forms import HomeStage, ResolutionView

UNDECIDED = frozenset(queries.DECIDING)
COLUMNS = (
    "number", "stage", "domain", "method", "decided_at", "present", "stand_asides", "review_on", "addressee", "campaign", "digest",
)  # fmt: skip
DAYS = (
    ("review_on", lambda title: phrase("To be looked at again: {title}", title=title)),
    ("notice_until", lambda title: phrase("Can be decided from today on: {title}", title=title)),
    ("closes_on", lambda title: phrase("Last day for answers: {title}", title=title)),
)


class Resolutions(ApiModel):
    """What is decided and what was, ours and what nearby councils told us, as far as the asker may see it."""

    items: list[ResolutionView]
    as_of: WireTime


def router(site: Site) -> Routes:
    """All routes of resolutions."""
    routes = Routes(tags=["resolutions"])
    routes.take(putting_up.router(site))
    routes.take(deciding_pages.router(site))
    routes.take(paper.router(site))
    joint_pages.add(routes, site)
    check_pages.add(routes, site)

    def found(request: Request) -> list[Listed]:
        viewer = site.viewer(request)
        with site.store.reading() as connection:
            return queries.listing(connection, site.council, viewer, _asked(site, request))

    def gather(request: Request) -> list[Slip]:
        today, zone = rows.today_of(site.acting(request)), site.settings.zone_info
        return [views.listed_slip(one, site.council, today=today, zone=zone) for one in found(request)]

    add_exports(routes, site, Listing("/resolutions", phrase("Resolutions"), gather, columns=COLUMNS, days=DAYS))

    @routes.get("/resolutions", include_in_schema=False)
    def list_page(request: Request) -> Response:
        asked = _asked(site, request)
        listed = found(request)
        ours = [one for one in listed if one.ours]
        return site.page(
            request,
            "resolutions/list.html",
            asked=asked,
            views=VIEWS,
            domains=DOMAINS,
            typed={"domain": asked.domain, "campaign": asked.campaign},
            query=_query(asked),
            undecided=_slips(site, [one for one in ours if one.stage in UNDECIDED], asked),
            by_domain=_by_domain(site, [one for one in ours if one.stage == HomeStage.ADOPTED], asked),
            over=_slips(site, [one for one in ours if one.stage not in (*UNDECIDED, HomeStage.ADOPTED)], asked),
            theirs=_slips(site, [one for one in listed if not one.ours], asked),
            calls=_calls(site, request, asked.campaign),
        )

    @routes.get("/resolutions.json")
    def list_json(request: Request) -> Resolutions:
        """What is in force and being decided, newest first; with `show`, `domain` and `campaign` as on the page."""
        return Resolutions(items=[views.resolution_view(one) for one in found(request)], as_of=site.now())

    return routes


def _asked(site: Site, request: Request) -> Asked:
    """What the address asks for. What it does not understand it leaves out: a page always shows something."""
    given = request.query_params
    view, domain = given.get("show", ""), given.get("domain", "")
    return Asked(
        today=rows.today_of(site.acting(request)),
        view=View(view) if view in {one.value for one in View} else View.NOW,
        domain=domain if domain in {one.value for one in Domain} else "",
        campaign=" ".join(given.get("campaign", "")[:300].split()),
    )


def _query(asked: Asked) -> str:
    show = "" if asked.view is View.NOW else asked.view.value
    return query_of(show=show, domain=asked.domain, campaign=asked.campaign)


def _slips(site: Site, listed: list[Listed], asked: Asked) -> list[Slip]:
    return [views.listed_slip(one, site.council, today=asked.today) for one in listed]


def _by_domain(site: Site, listed: list[Listed], asked: Asked) -> list[tuple[str, list[Slip]]]:
    """What is in force, part by part of living together (practice 22)."""
    order = list(DOMAIN_WORDS)

    def place(one: Listed) -> int:
        return order.index(one.domain)

    return [
        (DOMAIN_WORDS[order[part]], _slips(site, list(group), asked))
        for part, group in groupby(sorted(listed, key=place), key=place)
    ]


def _calls(site: Site, request: Request, campaign: str) -> list[Slip]:
    """Of a campaign also what other features have on the wall for it: calls for help."""
    if not campaign:
        return []
    viewer, now = site.viewer(request), site.now()
    with site.store.reading() as connection:
        return [
            slip
            for feature in site.features
            if feature.wall is not None and feature.name != "resolutions"
            for slip in feature.wall(connection, viewer, now, site.council)
            if slip.details.get("campaign") == campaign
        ]
