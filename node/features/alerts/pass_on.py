"""The ways on which a call leaves by other means than our messages: CAP documents and their index, a line of text, a code, paper.

Whoever may not see a call here gets none of them. What they hold is the published note and nothing else.
"""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from federation.reached import reached
from node.features.alerts import cap, cap_feed, published
from node.features.alerts.line import LONGEST, Said, line
from node.features.alerts.published import Published
from node.web.looking_up import visible
from node.web.qr import qr_code
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import slip_address
from schemas.phrase import phrase, said
from schemas.records.alert import MessageType
from schemas.records.note import moment
from schemas.wording import words_for

ON_A_SHEET = 6


@dataclass(frozen=True, slots=True)
class PassingOn:
    """What the part "Pass it on" of a page shows: `cap` and `page` are paths, `address` is what people type."""

    title: str
    language: str
    text: str
    address: str
    code: Markup
    page: str
    cap: str
    drill: bool
    over: bool
    public: bool
    most: int = LONGEST

    @property
    def bytes(self) -> int:
        return len(self.text.encode())


def passing_on(call: Published, site: Site) -> PassingOn:
    """One call in the forms that people carry it on in, said in its own language."""
    note, base = call.note, site.council.base_url
    page = slip_address(note.id, base_url=base)
    address = f"{base.partition('://')[2]}/c/{call.code}"
    return PassingOn(
        title=note.name,
        language=note.language or "und",
        text=text_of(call, address=address, site=site, now=site.now()),
        address=address,
        code=qr_code(f"{base}/c/{call.code}"),
        page=page,
        cap=cap_feed.cap_path(note.id, base=base),
        drill=note.is_exercise,
        over=call.over(site.now()),
        public=call.audience == "public",
    )


def text_of(call: Published, *, address: str, site: Site, now: datetime) -> str:
    """The line of 200 bytes."""
    note, alert = call.note, call.note.alert
    language = note.language or site.council.language
    prefix = f"{words_for(language)['exercise']}: "
    return line(
        Said(
            drill=note.is_exercise,
            event=alert.event,
            title=note.name.removeprefix(prefix) if note.is_exercise else note.name,
            wanted=alert.wanted,
            near=note.location.name if note.location is not None else "",
            until=moment(note.end_time, site.settings.zone_info),
            council=call.council,
            address=address,
            code=call.code,
            language=language,
            over=call.over(now),
            ended=alert.ended,
        )
    )


def router(site: Site) -> Routes:
    """All of these ways."""
    routes = Routes(tags=["calls for help"])
    _add_cap(routes, site)
    _add_pages(routes, site)
    return routes


def _add_cap(routes: Routes, site: Site) -> None:
    def document(request: Request, object_id: str) -> Response:
        call = _call(request, site, object_id)
        body = cap.document(call.note, sender_name=call.council, audience=call.audience)
        return Response(body, media_type=cap.MEDIA_TYPE)

    @routes.get("/o/{public_id}/cap.xml", response_class=Response)
    def ours(request: Request, public_id: str) -> Response:
        """A call for help of this council as CAP 1.2, the newest version."""
        return document(request, f"{site.council.base_url}/o/{public_id}")

    @routes.get("/slip/cap.xml", response_class=Response)
    def theirs(request: Request, id: str) -> Response:
        """A call for help of a nearby council, as CAP 1.2."""
        return document(request, id)

    @routes.get(cap_feed.PATH, response_class=Response)
    def index(request: Request) -> Response:
        """Calls for help and drills as an Atom feed that leads to their CAP documents."""
        viewer, now, tongue = site.viewer(request), site.now(), site.tongue(request)
        with site.store.reading() as connection:
            calls = published.all_of(connection, site.council, viewer, now=now)
        title = f"{said(phrase('Calls for help'), tongue.catalogue)} · {site.council.name}"
        watched = cap_feed.Watched(site.council.base_url, site.council.name, title, tongue.code)
        body = cap_feed.feed(calls, watched, now=now)
        return Response(body, media_type="application/atom+xml; charset=utf-8")


def _add_pages(routes: Routes, site: Site) -> None:
    def show(request: Request, object_id: str) -> Response:
        call = _call(request, site, object_id)
        with site.store.reading() as connection:
            found = reached(connection, object_id=object_id, now=site.now()) if call.ours else None
        return site.page(
            request,
            "alerts/pass_on_page.html",
            passing=passing_on(call, site),
            reached=found,
            ended=call.note.alert.msg_type is MessageType.CANCEL,
            copies=range(ON_A_SHEET),
        )

    @routes.get("/o/{public_id}/pass-on", include_in_schema=False)
    def ours(request: Request, public_id: str) -> Response:
        return show(request, f"{site.council.base_url}/o/{public_id}")

    @routes.get("/slip/pass-on", include_in_schema=False)
    def theirs(request: Request, id: str) -> Response:
        return show(request, id)

    @routes.get("/c/{code}", include_in_schema=False)
    def by_code(request: Request, code: str) -> Response:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            calls = published.all_of(connection, site.council, viewer, now=now)
        found = [call for call in calls if call.code == code.lower()]
        if not found:
            raise HTTPException(404)
        # Two calls with one code: whoever looks chooses, and no call can stand in the way of another.
        one = slip_address(found[0].note.id, base_url=site.council.base_url)
        return see_other(one if len(found) == 1 else "/alerts")


def _call(request: Request, site: Site, object_id: str) -> Published:
    """The call under an address. Raises 404 for what this viewer may not see, 410 for what they saw and was taken down."""
    viewer = site.viewer(request)
    with site.store.reading() as connection:
        call = published.at(connection, site.council, object_id=object_id, viewer=viewer)
        gone = call is None and visible(connection, object_id=object_id, viewer=viewer)
    if call is None:
        raise HTTPException(410 if gone and gone.gone_at is not None else 404)
    return call
