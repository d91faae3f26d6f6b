"""Asking without an account: one page with three short steps, and the slip that comes of it, shown once.

No address of whoever asks is read (practice 55), so all strangers share one pace; it is slow, and a note that comes too fast
keeps its words. There is no puzzle. Nothing typed here is kept as a draft: the telephone may be somebody else's.
"""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from federation.rates import Buckets
from node.feature import Viewer
from node.features.resources import choices, kinds_here, rules
from node.features.resources.asking import acts, shapes
from node.features.resources.asking.acts import Asked
from node.features.resources.asking.note_pages import keep_open
from node.features.resources.kinds import STAYS_HOME, Kind
from node.features.resources.letters import contact
from node.features.resources.moderation import counting
from node.places import names_of
from node.profile.rhythm import rhythm
from node.profile.rules_kept import WITHOUT_ACCOUNT, rule
from node.rights import Right
from node.web.errors import RETRY
from node.web.forms import NotUnderstood, Problem, Typed, problems_of
from node.web.qr import secret_qr_code
from node.web.routes import Routes
from node.web.site import Site
from schemas.phrase import phrase
from schemas.refusal import Refusal

PATH = "/ask"
HOUR = 60.0


class Slowly:
    """How many notes, and reports, are taken from all who are not signed in, together."""

    def __init__(self, per_hour: float) -> None:
        self._all = Buckets(per_minute=per_hour / HOUR, burst=max(per_hour, 1.0), limit=1)

    def take(self, *, monotonic: float) -> None:
        """Count one. Raises Refusal("too-fast")."""
        if self._all.take("", monotonic) is not None:
            raise Refusal(
                "too-fast",
                sentence=phrase(
                    "Many notes came in at once, and yours was not kept. Wait a minute and send it again, or tell a neighbour."
                ),
            )


def router(site: Site) -> Routes:
    """The form and its answer."""
    routes = Routes(include_in_schema=False)
    slowly = Slowly(site.settings.limits.asks_per_hour)

    def show(
        request: Request, typed: dict[str, str], problems: tuple[Problem, ...] = (), status: int = 200
    ) -> Response:
        now = site.now()
        with site.store.reading() as connection:
            decided, met = rule(connection, WITHOUT_ACCOUNT), rhythm(connection, now=now).gathering
            counts = counting.by_month(connection, now=now, zone=site.settings.zone_info)
            usable = kinds_here.usable(connection)
        response = site.page(
            request,
            "resources/ask.html",
            status=status,
            typed=typed,
            problems=problems,
            decided=decided,
            gathering=met,
            counts=counts,
            trap=shapes.TRAP,
            until=shapes.UNTIL,
            told_by=shapes.TOLD_BY,
            kinds=choices.of_kinds(_for(usable, site.viewer(request)), site.tongue(request).code),
            letters=contact.offered(site.settings),
            audiences=rules.AUDIENCES,
            places=names_of(site),
        )
        response.headers.update(RETRY if status == 429 else {})
        return response

    @routes.get(PATH)
    def form(request: Request) -> Response:
        return show(request, {})

    @routes.post(PATH)
    def ask(request: Request, typed: Typed) -> Response:
        acting, language = site.acting(request), site.tongue(request).code
        try:
            shapes.check_no_machine(typed)
            form, beside = shapes.read_note(typed, language=language), shapes.read_beside(typed)
            if acting.viewer.signed_in:
                acting.viewer.require(Right.PUT_UP)
            else:
                slowly.take(monotonic=site.clock.monotonic())
            asked = site.store.write_now(lambda c: acts.ask(c, form, beside, acting, language=language))
        except (Refusal, NotUnderstood) as error:
            status = 429 if isinstance(error, Refusal) and error.word == "too-fast" else 422
            return show(request, typed, tuple(map(_at_its_field, problems_of(error))), status)
        return _slip(site, request, asked)

    return routes


def _for(found: list[Kind], viewer: Viewer) -> list[Kind]:
    """What our own kinds that stay home are called is for those who sign in."""
    return [kind for kind in found if viewer.signed_in or not kind.id.startswith(STAYS_HOME)]


def _slip(site: Site, request: Request, asked: Asked) -> Response:
    """What is shown once. The browser of whoever asked for themselves has the note open; a neighbour's has not."""
    address = f"{site.council.base_url}/note/{asked.link}"
    with site.store.reading() as connection:
        met = rhythm(connection, now=site.now()).gathering
    response = site.page(
        request,
        "resources/asked.html",
        number=asked.number,
        secret=asked.secret,
        address=address,
        qr=secret_qr_code(address),
        held=asked.row.shown == acts.HELD,
        row=asked.row,
        gathering=met,
    )
    response.headers["cache-control"] = "private, no-store"
    if asked.row.told_by == acts.BY_ONESELF:
        keep_open(site, response, asked.row)
    return response


def _at_its_field(problem: Problem) -> Problem:
    """The form has one field for the end, and one for title and words."""
    field: Any = {"ends_at": "until", "title": "words"}.get(problem.field or "", problem.field)
    return Problem(field, problem.sentence)
