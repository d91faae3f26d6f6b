"""The form to call for help, and the form for a drill, which is never the same page."""

from fastapi import Request
from fastapi.responses import Response

from federation import replicas
from node.feature import Acting
from node.features.alerts import actions, rules
from node.features.alerts.area import WORDS as AROUND_WORDS
from node.features.alerts.wording import SEVERITY_WORDS, URGENCY_WORDS
from node.places import names_of
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.records.alert import AlertForm
from schemas.refusal import Refusal

FIELDS = (
    "title",
    "words",
    "event",
    "wanted",
    "instruction",
    "urgency",
    "severity",
    "near",
    "around",
    "audience",
    "language",
    "because",
    "campaign",
)
# These end the matter: no form that could be mended would help.
FINAL = frozenset({"not-signed-in", "turn-ended", "not-found", "not-yours"})
SENTENCES = {
    "title": phrase("Say in a few words what happens."),
    "event": phrase("Say in a word what it is: heat, flood, eviction."),
    "urgency": phrase("Choose how soon."),
    "severity": phrase("Choose how bad it is."),
    "near": phrase("Name a part of town in a few words, or leave it empty."),
    "around": phrase("Choose how far around."),
    "audience": phrase("Choose who can see this."),
    "until": phrase("Say until when, as a date and a time, or as a time alone such as 18:00."),
    "because": phrase("That is not the address of a resolution."),
}


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    _form_routes(routes, site, exercise=False)
    _form_routes(routes, site, exercise=True)
    return routes


def _form_routes(routes: Routes, site: Site, *, exercise: bool) -> None:
    path = "/put-up/drill" if exercise else "/put-up/alert"

    def show(request: Request, *, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        return site.page(
            request,
            "alerts/put_up_drill.html" if exercise else "alerts/put_up.html",
            status=422 if problems else 200,
            typed=typed,
            problems=problems,
            audiences=rules.AUDIENCES,
            choices=choices(site),
        )

    @routes.get(path)
    def blank(request: Request) -> Response:
        site.viewer(request).require(Right.CALL)
        usual = {"audience": "neighbours", "urgency": "Immediate", "severity": "Moderate", "around": "here"}
        because = request.query_params.get("because", "")[:2_048]
        return show(request, typed=usual | {"until": latest(site)} | _of_resolution(site, request, because))

    @routes.post(path)
    def put_up(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        try:
            form = _form(typed, acting, exercise=exercise)
            row = site.store.write_now(lambda connection: actions.put_up(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=mendable(error))
        return see_other(f"/o/{row.public_id}")


def choices(site: Site) -> dict[str, list[tuple[str, str]]]:
    """What there is to choose from in the forms of a call."""
    return {
        "urgency": list(URGENCY_WORDS.items()),
        "severity": list(SEVERITY_WORDS.items()),
        "around": [(around.value, words) for around, words in AROUND_WORDS.items()],
        "places": [(name, name) for name in names_of(site)],
    }


def latest(site: Site) -> str:
    """The latest end that may be chosen, as the field for it has it."""
    return f"{(site.now() + rules.LONGEST).astimezone(site.settings.zone_info):%Y-%m-%dT%H:%M}"


def mendable(error: Refusal | NotUnderstood) -> tuple[Problem, ...]:
    """The problems beside their fields; what no form could mend is raised again."""
    if isinstance(error, Refusal) and error.word in FINAL and error.field is None:
        raise error
    # The form has one field for the end, whoever judged it.
    return tuple(
        Problem("until", problem.sentence) if problem.field == "ends_at" else problem for problem in problems_of(error)
    )


def with_end(typed: dict[str, str], given: dict[str, object], acting: Acting) -> dict[str, object]:
    """What was typed as the end, made into a moment. Raises NotUnderstood."""
    if "until" not in typed:
        return given
    ends_at = rules.end_of(typed["until"], acting.now, zone=acting.zone)
    if ends_at is None:
        raise NotUnderstood([Problem("until", SENTENCES["until"])])
    return given | {"ends_at": ends_at}


def _form(typed: dict[str, str], acting: Acting, *, exercise: bool) -> AlertForm:
    given: dict[str, object] = {name: typed[name] for name in FIELDS if name in typed}
    return parse(AlertForm, {**with_end(typed, given, acting), "exercise": exercise}, sentences=SENTENCES)


def _of_resolution(site: Site, request: Request, address: str) -> dict[str, str]:
    """A draft from a resolution: its title, and where it comes from. Nothing of what this viewer may not see."""
    if not address:
        return {}
    with site.store.reading() as connection:
        held = replicas.find(connection, address)
    if held is None or held["audience"] not in site.viewer(request).audiences or held["gone_at"] is not None:
        return {"because": address}
    return {"because": address, "title": str(held["name"])[:200]}
