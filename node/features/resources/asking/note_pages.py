"""The private page of a note: how it stands, what was promised and said, and every way to change or end it.

It is opened by number and phrase, or by the private link of the slip. A secret stands in no address but that link's, which
leads on at once to an address without one, so that neither the bar, the history nor a referrer shows it. What opens the
note afterwards is a cookie of half an hour. Wrong tries are few: each counts before it is judged.
"""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.features.resources import numbers, queries, reckoning, wording
from node.features.resources.actions import remove
from node.features.resources.asking import acts, answering, opening, shapes, talking
from node.features.resources.asking.talking import Side
from node.features.resources.letters import contact
from node.features.resources.one_field import OneField, again
from node.features.resources.tables import Resource
from node.rights import Right
from node.web.entering import Attempts
from node.web.errors import RETRY
from node.web.forms import NotUnderstood, Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.refusal import Refusal

PATH = "/note"
NO_TALK = "0"
_IN_HAND = phrase("Whoever has my note in hand")
Act = Callable[[Connection, Resource, dict[str, str], Request], object]


def cookie_name(site: Site) -> str:
    """Browsers do not part ports, so on plain http the port is in the name, as in that of the session."""
    return "__Host-note" if site.secure else f"note-{site.cookie_name.rpartition('-')[2]}"


def keep_open(site: Site, response: Response, row: Resource) -> None:
    """Let this browser open the note for half an hour more. Without an age: it forgets when it is closed."""
    held = opening.pass_for(row, site.council.lookup_key, now=site.now())
    response.set_cookie(cookie_name(site), held, path="/", secure=site.secure, httponly=True, samesite="lax")
    response.headers["cache-control"] = "private, no-store"


def put_away(site: Site, response: Response) -> None:
    response.delete_cookie(cookie_name(site), path="/", secure=site.secure, httponly=True, samesite="lax")


def router(site: Site) -> Routes:
    """The note's own page, and what is done there."""
    routes = Routes(include_in_schema=False)
    _open_routes(routes, site)
    _act_routes(routes, site)
    _talk_route(routes, site)
    return routes


def _door(
    site: Site, request: Request, *, number: str = "", problems: tuple[Problem, ...] = (), status: int = 200
) -> Response:
    typed = {"number": number}
    response = site.page(request, "resources/note_door.html", status=status, problems=problems, typed=typed)
    response.headers.update(RETRY if status == 429 else {})
    response.headers["cache-control"] = "private, no-store"
    return response


def _open_routes(routes: Routes, site: Site) -> None:
    attempts = Attempts(per_minute=site.settings.limits.sign_in_per_minute)

    @routes.get(PATH)
    def note(request: Request) -> Response:
        row = _held_open(site, request)
        return _door(site, request) if row is None else _page(site, request, row)

    @routes.post(PATH)
    def by_phrase(request: Request, typed: Typed) -> Response:
        request.state.typed = {}  # nothing that goes wrong gives a phrase back
        number, secret = typed.get("number", ""), typed.get("secret", "")
        try:
            attempts.count(numbers.read(number) or "", monotonic=site.clock.monotonic(), field="number")
            with site.store.reading() as connection:
                row = opening.by_phrase(connection, number, secret, site.council.lookup_key)
        except Refusal as refusal:
            status = 429 if refusal.word == "too-fast" else 422
            return _door(site, request, number=number, problems=problems_of(refusal), status=status)
        return _led_to(site, row)

    @routes.get("/note/{link}")
    def by_link(request: Request, link: str) -> Response:
        try:
            with site.store.reading() as connection:
                row = opening.by_link(connection, link, site.council.lookup_key)
        except Refusal as refusal:
            return _door(site, request, problems=problems_of(refusal), status=404)
        return _led_to(site, row)

    @routes.post("/note/away")
    def away(request: Request) -> Response:
        response = see_other("/")
        put_away(site, response)
        return response


def _act_routes(routes: Routes, site: Site) -> None:
    def does(path: str, act: Act) -> None:
        @routes.post(path)
        def done(request: Request, typed: Typed) -> Response:
            row = _required(site, request)
            try:
                site.store.write_now(lambda c: act(c, reckoning.found(c, row.id or 0), typed, request))
            except (Refusal, NotUnderstood) as error:
                if isinstance(error, Refusal) and error.word == "not-found":
                    raise
                return _page(site, request, row, typed=typed, problems=problems_of(error))
            return _led_to(site, row)

    does("/note/words", lambda c, row, typed, request: _in_other_words(c, row, typed, site, request))
    does("/note/reach", lambda c, row, typed, request: _reach(c, row, typed, site, request))
    does(answering.PATH, lambda c, row, typed, request: answering.answer(c, row, typed, site.acting(request)))
    does("/note/say", lambda c, row, typed, request: _say(c, row, typed, site, request))
    does("/note/still", lambda c, row, typed, request: acts.still_needed(c, row, site.acting(request)))
    does("/note/done", lambda c, row, typed, request: acts.done(c, row, typed.get("outcome", ""), site.acting(request)))

    @routes.post("/note/take-down")
    def take_down(request: Request) -> Response:
        row, acting = _required(site, request), site.acting(request)
        site.store.write_now(lambda c: remove(c, reckoning.found(c, row.id or 0), acting))
        response = site.page(request, "resources/note_gone.html")
        put_away(site, response)
        return response


def _in_other_words(c: Connection, row: Resource, typed: dict[str, str], site: Site, request: Request) -> object:
    title, words = shapes.read_words(typed)
    try:
        return acts.say_in_other_words(c, row, title, words, site.acting(request))
    except Refusal as error:
        raise NotUnderstood([shapes.about_words(problem) for problem in problems_of(error)]) from None


def _reach(c: Connection, row: Resource, typed: dict[str, str], site: Site, request: Request) -> None:
    language = site.tongue(request).code
    acts.reach_at(c, row, typed.get("contact", ""), site.acting(request), language=language)


def _say(c: Connection, row: Resource, typed: dict[str, str], site: Site, request: Request) -> object:
    side = Side(asker=True, talk=_talk(typed))
    return talking.say(c, row, side, typed.get("say", ""), site.acting(request))


def _talk(typed: dict[str, str]) -> int | None:
    said = typed.get("talk", NO_TALK)
    return int(said) or None if said.isascii() and said.isdecimal() and len(said) < 19 else -1


def _talk_route(routes: Routes, site: Site) -> None:
    @routes.post("/o/{public_id}/say")
    def say(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.PUT_UP)

        def step(connection: Connection) -> object:
            row = queries.ours(connection, public_id)
            if row is None:
                raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
            return talking.answer(connection, row, typed.get("say", ""), acting, talk=_talk(typed))

        form = OneField(
            f"/o/{public_id}/say",
            "say",
            phrase("Write a few words"),
            phrase("Say it"),
            f"/o/{public_id}",
            (("talk", typed.get("talk", NO_TALK)),),
        )
        try:
            site.store.write_now(step)
        except Refusal as refusal:
            return again(site, request, form, typed=typed, refusal=refusal)
        return see_other(form.back)


def _held_open(site: Site, request: Request) -> Resource | None:
    with site.store.reading() as connection:
        held = request.cookies.get(cookie_name(site))
        return opening.by_pass(connection, held, site.council.lookup_key, now=site.now())


def _required(site: Site, request: Request) -> Resource:
    """The note that is open in this browser. Raises Refusal("not-open")."""
    row = _held_open(site, request)
    if row is None:
        raise Refusal(
            "not-open", sentence=phrase("Your note is not open here any more. Open it again by its number and phrase.")
        )
    return row


def _led_to(site: Site, row: Resource) -> Response:
    response = see_other(PATH)
    keep_open(site, response, row)
    # The address that led here may be a private link.
    response.headers["referrer-policy"] = "no-referrer"
    return response


def _page(
    site: Site,
    request: Request,
    row: Resource,
    *,
    typed: dict[str, str] | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    with site.store.reading() as connection:
        said, names = talking.lines(connection, row, Side(asker=True)), talking.names(connection, row)
        promised = answering.promised(connection, row)
    whole = "\n".join(part for part in (row.title, row.words) if part)
    response = site.page(
        request,
        "resources/note.html",
        status=422 if problems else 200,
        row=row,
        number=numbers.shown(row.code or ""),
        typed={"words": whole, "contact": row.contact or ""} | (typed or {}),
        problems=problems,
        over=row.state == "closed" or row.ends_at <= site.now(),
        outcomes=wording.OUTCOMES,
        said=said,
        promised=promised,
        letters=contact.standing(row) if contact.offered(site.settings) else None,
        talks=[*((f"{talk}", name) for talk, name in names.items()), (NO_TALK, _IN_HAND)],
    )
    response.headers["cache-control"] = "private, no-store"
    return response
