"""The pages of calls for help: what is live, the form to call, and the form for a drill, which is never the same page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from node.features.alerts import actions, queries, rules, views
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.site import Site, see_other
from schemas.base import ApiModel, WireTime
from schemas.records.alert import AlertForm, AlertView
from schemas.refusal import Refusal

FIELDS = ("title", "words", "event", "wanted", "instruction", "urgency", "severity", "near", "audience", "language")
SENTENCES = {
    "title": "Say in a few words what happens.",
    "event": "Say in a word what it is: heat, flood, eviction.",
    "urgency": "Choose how soon.",
    "severity": "Choose how bad it is.",
    "near": "Name a part of town in a few words, or leave it empty.",
    "audience": "Choose who can see this.",
}


class Alerts(ApiModel):
    """Calls for help and drills, told apart by `status`; those that are over have `msg_type` Cancel."""

    items: list[AlertView]
    as_of: WireTime


def router(site: Site) -> APIRouter:
    """All routes of calls for help."""
    routes = APIRouter(tags=["calls for help"])

    @routes.get("/alerts", include_in_schema=False)
    def list_page(request: Request) -> Response:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = queries.listing(connection, site.council, viewer, now=now)
        return site.page(
            request,
            "alerts/list.html",
            live=[views.listed_slip(one, site.council) for one in found if not one.over and not one.drill],
            drills=[views.listed_slip(one, site.council) for one in found if not one.over and one.drill],
            over=[views.listed_slip(one, site.council) for one in found if one.over],
        )

    @routes.get("/alerts.json")
    def list_json(request: Request) -> Alerts:
        """Calls for help and drills whose time has not passed, newest first."""
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = queries.listing(connection, site.council, viewer, now=now)
        return Alerts(items=[views.alert_view(one) for one in found], as_of=now)

    @routes.post("/o/{public_id}/over", include_in_schema=False)
    def over(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        row = site.store.write_now(lambda connection: actions.over(connection, public_id, acting))
        return see_other(f"/o/{row.public_id}")

    _put_up_routes(routes, site, exercise=False)
    _put_up_routes(routes, site, exercise=True)
    return routes


def _put_up_routes(routes: APIRouter, site: Site, *, exercise: bool) -> None:
    path = "/put-up/drill" if exercise else "/put-up/alert"

    def show(request: Request, *, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        return site.page(
            request,
            "alerts/put_up.html",
            status=422 if problems else 200,
            exercise=exercise,
            typed=typed,
            problems=problems,
            audiences=rules.AUDIENCES,
            urgencies=list(views.URGENCY_WORDS.items()),
            severities=list(views.SEVERITY_WORDS.items()),
        )

    @routes.get(path, include_in_schema=False)
    def blank(request: Request) -> Response:
        rules.signed_in(site.viewer(request).member_id)
        usual = {"audience": "neighbours", "urgency": "Immediate", "severity": "Moderate"}
        return show(request, typed=usual)

    @routes.post(path, include_in_schema=False)
    def put_up(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        rules.signed_in(acting.viewer.member_id)
        try:
            given = {name: typed[name] for name in FIELDS if name in typed}
            form = parse(AlertForm, {**given, "exercise": exercise}, sentences=SENTENCES)
            row = site.store.write_now(lambda connection: actions.put_up(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=problems_of(error))
        return see_other(f"/o/{row.public_id}")
