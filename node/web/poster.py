"""Posters and words for a chat: the wall, or one slip of ours, for the shop window and for the group people have already.

Only what is public stands in either. Of anything narrower no word leaves through here, only where it is to be read.
"""

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from node.feature import ANYBODY, Slip
from node.profile.rhythm import rhythm
from node.rights import Right
from node.web.looking_up import slip_at
from node.web.qr import qr_code
from node.web.routes import Routes
from node.web.site import Site
from node.web.wall import wall_slips

ON_A_POSTER = 6
IN_A_CHAT = 4
TABS = 8


@dataclass(frozen=True, slots=True)
class Poster:
    """`slip` is the one it is about, None for the wall or for one that not everybody may read (`hidden`)."""

    address: str
    slips: tuple[Slip, ...] = ()
    slip: Slip | None = None
    hidden: bool = False

    @property
    def shown(self) -> str:
        """The address as people read it aloud: without its scheme."""
        return self.address.partition("://")[2]


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(request: Request, poster: Poster) -> Response:
        with site.store.reading() as connection:
            meeting = rhythm(connection, now=site.now()).gathering
        return site.page(
            request,
            "poster.html",
            poster=poster,
            code=qr_code(poster.address),
            tabs=range(TABS),
            gathering=meeting,
            in_a_chat=IN_A_CHAT,
            may_invite=site.viewer(request).may(Right.INVITE),
        )

    @routes.get("/poster")
    def of_the_wall(request: Request) -> Response:
        with site.store.reading() as connection:
            public = wall_slips(site.features, connection, council=site.council, viewer=ANYBODY, now=site.now())
        ours = tuple(slip for slip in public if not slip.source and slip.kind not in ("alert", "drill"))
        newest = sorted(ours, key=lambda slip: slip.updated, reverse=True)[:ON_A_POSTER]
        return show(request, Poster(site.council.base_url, slips=tuple(newest)))

    @routes.get("/o/{public_id}/poster")
    def of_one_slip(request: Request, public_id: str) -> Response:
        address = f"{site.council.base_url}/o/{public_id}"
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            here = slip_at(site, connection, object_id=address, viewer=viewer, now=now)
            public = slip_at(site, connection, object_id=address, viewer=ANYBODY, now=now)
        if here.slip is None:
            raise HTTPException(410 if here.gone else 404)
        return show(request, Poster(address, slip=public.slip, hidden=public.slip is None))

    return routes
