"""The pages of resolutions: what was decided, and the form that puts up what a gathering has agreed."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from node.feature import Slip
from node.features.resolutions import actions, queries, rules, views
from node.rights import Right
from node.web.exports.routes import Listing
from node.web.exports.routes import add as add_exports
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.site import Site, see_other
from schemas.base import ApiModel, WireTime
from schemas.phrase import phrase
from schemas.records.resolution_forms import ResolutionForm, ResolutionView
from schemas.refusal import Refusal

FIELDS = ("title", "text", "method", "decided_at", "present", "stand_asides", "review_on", "audience", "language")
SENTENCES = {
    "title": phrase("Say in a few words what was decided."),
    "text": phrase("Write the words that were agreed."),
    "decided_at": phrase("On which day was the gathering? Write it as 2026-12-01."),
    "present": phrase("How many were there? A whole number, 1 or more."),
    "stand_asides": phrase("How many stood aside? A whole number, or leave it empty."),
    "review_on": phrase("On which day will it be looked at again? Write it as 2026-12-01, or leave it empty."),
    "method": phrase("Choose how it was decided."),
    "audience": phrase("Choose who can see this."),
}


class Resolutions(ApiModel):
    """What was decided, ours and what nearby councils told us, as far as the asker may see it."""

    items: list[ResolutionView]
    as_of: WireTime


def router(site: Site) -> APIRouter:
    """All routes of resolutions."""
    routes = APIRouter(tags=["resolutions"])

    def gather(request: Request) -> list[Slip]:
        viewer = site.viewer(request)
        with site.store.reading() as connection:
            found = queries.listing(connection, site.council, viewer)
        return [views.listed_slip(one, site.council) for one in found]

    add_exports(
        routes,
        site,
        Listing(
            "/resolutions",
            phrase("Resolutions"),
            gather,
            columns=("number", "method", "decided_at", "present", "stand_asides", "review_on", "digest"),
            day="review_on",
            on_that_day=lambda title: phrase("To be looked at again: {title}", title=title),
        ),
    )

    @routes.get("/resolutions", include_in_schema=False)
    def list_page(request: Request) -> Response:
        slips = gather(request)
        return site.page(
            request,
            "resolutions/list.html",
            ours=[slip for slip in slips if not slip.source],
            theirs=[slip for slip in slips if slip.source],
        )

    @routes.get("/resolutions.json")
    def list_json(request: Request) -> Resolutions:
        """What was decided, newest decision first."""
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = queries.listing(connection, site.council, viewer)
        return Resolutions(items=[views.resolution_view(one) for one in found], as_of=now)

    def show(request: Request, *, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        return site.page(
            request,
            "resolutions/put_up.html",
            status=422 if problems else 200,
            typed=typed,
            problems=problems,
            methods=list(views.METHOD_WORDS.items()),
            audiences=rules.AUDIENCES,
        )

    @routes.get("/put-up/resolution", include_in_schema=False)
    def blank(request: Request) -> Response:
        site.viewer(request).require(Right.DECIDE)
        return show(request, typed={"audience": "public"})

    @routes.post("/put-up/resolution", include_in_schema=False)
    def put_up(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.DECIDE)
        try:
            given = {name: typed[name] for name in FIELDS if name in typed}
            form = parse(ResolutionForm, given, sentences=SENTENCES)
            row = site.store.write_now(lambda connection: actions.put_up(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=problems_of(error))
        return see_other(f"/o/{row.public_id}")

    return routes
