"""The first slip on a new wall: one need or offer in one's own words, everything else as it usually is.

Nothing is asked but the words and which of the two it is. It is public, since a wall begins with what all can read.
"""

from fastapi import Request
from fastapi.responses import Response

from node.features.resources import actions, wording
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.records.resource import Direction, ResourceForm
from schemas.refusal import Refusal

PATH = "/put-up/first"
LONGEST_TITLE = 120
UNTIL = "week"


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(request: Request, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        status = 422 if problems else 200
        return site.page(request, "resources/first.html", status=status, typed=typed, problems=problems)

    @routes.get(PATH)
    def blank(request: Request) -> Response:
        site.viewer(request).require(Right.PUT_UP)
        return show(request, {})

    @routes.post(PATH)
    def put_up(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.PUT_UP)
        try:
            form = _form(typed)
            site.store.write_now(lambda connection: actions.put_up(connection, form, acting))
        except (Refusal, NotUnderstood) as error:
            problems = tuple(Problem("words", problem.sentence) for problem in problems_of(error))
            return show(request, typed, problems)
        return see_other("/poster")

    return routes


def split(words: str) -> tuple[str, str]:
    """A title and the rest of somebody's words: the first line or sentence where it is short, else as much as fits."""
    whole = words.strip()
    first, _, rest = whole.partition("\n")
    if len(first) > LONGEST_TITLE:
        sentence, stop, after = first.partition(". ")
        if stop and len(sentence) < LONGEST_TITLE:
            return f"{sentence}.", f"{after}\n{rest}".strip()
        return f"{first[:LONGEST_TITLE].rpartition(' ')[0] or first[:LONGEST_TITLE]} …", whole
    return first.strip(), rest.strip()


def _form(typed: dict[str, str]) -> ResourceForm:
    direction: Direction = "offer" if typed.get("way") == "offer" else "need"
    title, words = split(typed.get("words", ""))
    if not title:
        raise NotUnderstood([Problem("words", phrase("Write what you need or can offer, in your own words."))])
    given = {"direction": direction, "title": title, "words": words, "audience": "public", "until": UNTIL}
    return parse(ResourceForm, given, sentences=wording.SENTENCES)
