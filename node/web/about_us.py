"""What a council says about itself, changed in the browser without a restart: name, language, area, a sentence or two.

When neighbours meet next and on which days they rest stand here too: printed slips and letters go by it.
"""

from fastapi import Request
from fastapi.responses import Response

from node.profile import keeping, rhythm_kept
from node.profile.rhythm import WEEKDAYS, rhythm
from node.profile.rhythm_kept import RhythmForm
from node.rights import Right
from node.web.claiming import language_choices, read_profile
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import weekday
from schemas.refusal import Refusal

PATH = "/server/about-us"


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(
        request: Request, typed: dict[str, str], *, problems: tuple[Problem, ...] = (), said: str = ""
    ) -> Response:
        place = site.council.place
        with site.store.reading() as connection:
            kept = rhythm_kept.typed_of(rhythm(connection, now=site.now()), site.settings.zone_info)
        return site.page(
            request,
            "about_us.html",
            status=422 if problems else 200,
            typed=typed,
            meeting=kept | typed,
            weekdays=[(day, weekday(number)) for number, day in enumerate(WEEKDAYS)],
            problems=problems,
            said=said,
            languages=language_choices(site),
            placed=place is not None and place.cell is not None,
        )

    @routes.get(PATH)
    def form(request: Request, said: str = "") -> Response:
        site.viewer(request).require(Right.SET_UP)
        return show(request, _typed_of(site), said=said)

    @routes.post(PATH)
    def change(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.SET_UP)
        try:
            written = read_profile(typed)
        except NotUnderstood as error:
            return show(request, typed, problems=problems_of(error))
        site.store.write_now(lambda connection: keeping.change(connection, written, acting))
        keeping.renew(site.council, site.store)
        return see_other(f"{PATH}?said=yes")

    @routes.post(f"{PATH}/rhythm")
    def meet_and_rest(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.SET_UP)
        given = {name: typed[name] for name in RhythmForm.model_fields if name in typed}
        try:
            form = parse(RhythmForm, given | {"rest_weekdays": rhythm_kept.weekdays_in(typed)})
            site.store.write_now(lambda connection: rhythm_kept.set_rhythm(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            unticked = dict.fromkeys((*RhythmForm.model_fields, *(f"rest_{day}" for day in WEEKDAYS)), "")
            return show(request, _typed_of(site) | unticked | typed, problems=problems_of(error))
        return see_other(f"{PATH}?said=rhythm#rhythm")

    return routes


def _typed_of(site: Site) -> dict[str, str]:
    profile = site.council.profile
    near = profile.place.name if profile.place is not None else ""
    language = "language" if profile.language in site.tongues else "other_language"
    written = {"name": profile.name, language: profile.language, "summary": profile.summary, "near": near}
    return {word: value for word, value in written.items() if value}
