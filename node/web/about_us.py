"""What a council says about itself, changed in the browser: name, language, area, a sentence or two. No restart."""

from fastapi import Request
from fastapi.responses import Response

from node.profile import keeping
from node.rights import Right
from node.web.claiming import language_choices, read_profile
from node.web.forms import NotUnderstood, Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other

PATH = "/server/about-us"


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(
        request: Request, typed: dict[str, str], *, problems: tuple[Problem, ...] = (), said: bool = False
    ) -> Response:
        place = site.council.place
        return site.page(
            request,
            "about_us.html",
            status=422 if problems else 200,
            typed=typed,
            problems=problems,
            said=said,
            languages=language_choices(site),
            placed=place is not None and place.cell is not None,
        )

    @routes.get(PATH)
    def form(request: Request, said: str = "") -> Response:
        site.viewer(request).require(Right.SET_UP)
        return show(request, _typed_of(site), said=said == "yes")

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

    return routes


def _typed_of(site: Site) -> dict[str, str]:
    profile = site.council.profile
    near = profile.place.name if profile.place is not None else ""
    language = "language" if profile.language in site.tongues else "other_language"
    written = {"name": profile.name, language: profile.language, "summary": profile.summary, "near": near}
    return {word: value for word, value in written.items() if value}
