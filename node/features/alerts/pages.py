"""The pages of calls for help: what is live, the form to call, and the form for a drill, which is never the same page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from node.feature import Acting, Slip
from node.features.alerts import actions, queries, rules, views
from node.rights import Right
from node.web.exports.routes import Listing
from node.web.exports.routes import add as add_exports
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.pictures import strip
from node.web.site import Site, see_other
from schemas.base import ApiModel, WireTime
from schemas.phrase import phrase
from schemas.records.alert import AlertForm, AlertView
from schemas.refusal import Refusal

FIELDS = ("title", "words", "event", "wanted", "instruction", "urgency", "severity", "near", "audience", "language")
# These end the matter: no form that could be mended would help.
_FINAL = frozenset({"not-signed-in"})
SENTENCES = {
    "title": phrase("Say in a few words what happens."),
    "event": phrase("Say in a word what it is: heat, flood, eviction."),
    "urgency": phrase("Choose how soon."),
    "severity": phrase("Choose how bad it is."),
    "near": phrase("Name a part of town in a few words, or leave it empty."),
    "audience": phrase("Choose who can see this."),
    "until": phrase("Say until when, as a date and a time, or as a time alone such as 18:00."),
}


class Alerts(ApiModel):
    """Calls for help and drills, told apart by `status`; those that are over have `msg_type` Cancel."""

    items: list[AlertView]
    as_of: WireTime


def router(site: Site) -> APIRouter:
    """All routes of calls for help."""
    routes = APIRouter(tags=["calls for help"])

    def gather(request: Request) -> list[Slip]:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = queries.listing(connection, site.council, viewer, now=now)
        return [views.listed_slip(one, site.council) for one in found]

    columns = ("near", "urgency", "severity", "over", "called_at")
    add_exports(routes, site, Listing("/alerts", phrase("Calls for help"), gather, columns=columns))

    @routes.get("/alerts", include_in_schema=False)
    def list_page(request: Request) -> Response:
        slips = gather(request)
        lasting = [slip for slip in slips if not slip.details["over"]]
        return site.page(
            request,
            "alerts/list.html",
            lists_calls=True,
            live=[slip for slip in slips if not slip.details["over"] and slip.kind == "alert"],
            drills=[slip for slip in slips if not slip.details["over"] and slip.kind == "drill"],
            over=[slip for slip in slips if slip.details["over"]],
            picture=strip([views.lasting(slip) for slip in lasting], now=site.now()),
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
        site.viewer(request).require(Right.CALL)
        latest = (site.now() + rules.LONGEST).astimezone(site.settings.zone_info)
        usual = {"audience": "neighbours", "urgency": "Immediate", "severity": "Moderate"}
        return show(request, typed=usual | {"until": f"{latest:%Y-%m-%dT%H:%M}"})

    @routes.post(path, include_in_schema=False)
    def put_up(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        try:
            form = _form(typed, acting, exercise=exercise)
            row = site.store.write_now(lambda connection: actions.put_up(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=_mendable(error))
        return see_other(f"/o/{row.public_id}")


def _form(typed: dict[str, str], acting: Acting, *, exercise: bool) -> AlertForm:
    given: dict[str, object] = {name: typed[name] for name in FIELDS if name in typed}
    if "until" in typed:
        ends_at = rules.end_of(typed["until"], acting.now, zone=acting.zone)
        if ends_at is None:
            raise NotUnderstood([Problem("until", SENTENCES["until"])])
        given["ends_at"] = ends_at
    return parse(AlertForm, {**given, "exercise": exercise}, sentences=SENTENCES)


def _mendable(error: Refusal | NotUnderstood) -> tuple[Problem, ...]:
    if isinstance(error, Refusal) and error.word in _FINAL:
        raise error
    # The form has one field for the end, whoever judged it.
    return tuple(
        Problem("until", problem.sentence) if problem.field == "ends_at" else problem for problem in problems_of(error)
    )
