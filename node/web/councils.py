"""Nearby councils: with whom we are linked up, how fresh their word is, and, for keepers, who asks to be linked.

Strangers see accepted ones only, and nobody but a keeper sees the six words, which are to be compared by voice. Linking
up anew needs the network and is done from the command line; this module reaches nobody.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Connection

from federation import followers, peers
from federation.feeds import muting
from federation.peers import PeerView
from node.feature import Viewer
from node.rights import Right
from node.web.forms import Typed
from node.web.pictures import Neighbour, circle
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase

LINKED = "accepted"
_ON_THE_PICTURE = (LINKED, "they-asked", "we-asked")


class NearbyCouncil(BaseModel):
    """A nearby council. `freshness`: `current` while it gives signs of life, else `silent`; `age_seconds` since the last."""

    actor: str
    name: str
    url: str
    state: str
    last_heard_at: datetime | None
    age_seconds: int | None
    freshness: str


class NearbyCouncils(BaseModel):
    """The nearby councils that the asker may know of."""

    as_of: datetime
    councils: list[NearbyCouncil]


def router(site: Site) -> Routes:
    routes = Routes(tags=["nearby councils"])

    def known_to(connection: Connection, viewer: Viewer) -> list[PeerView]:
        views = peers.listing(connection, site.council)
        return views if viewer.signed_in else [view for view in views if view.state == LINKED]

    @routes.get("/councils", include_in_schema=False)
    def councils_page(request: Request) -> Response:
        viewer = site.viewer(request)
        with site.store.reading() as connection:
            views = known_to(connection, viewer)
            readers = followers.listing(connection) if viewer.may(Right.LET_READ) else []
            muted = viewer.signed_in and muting.muted_since(connection) is not None
        now = site.now()
        return site.page(
            request,
            "councils.html",
            linked=[view for view in views if view.state == LINKED],
            asking=[view for view in views if view.state in ("they-asked", "we-asked")],
            others=[view for view in views if view.state not in (LINKED, "they-asked", "we-asked")],
            readers=readers,
            muted=muted,
            is_current=lambda heard: heard is not None and now - heard <= site.current_for,
            picture=circle([_drawn(site, view, now=now) for view in views if view.state in _ON_THE_PICTURE]),
        )

    @routes.get("/councils.json")
    def councils_json(request: Request) -> NearbyCouncils:
        """The nearby councils as data; strangers are told of accepted ones only."""
        now = site.now()
        with site.store.reading() as connection:
            views = known_to(connection, site.viewer(request))
        return NearbyCouncils(as_of=now, councils=[_as_data(site, view, now=now) for view in views])

    def done_by(right: Right, path: str, action: Callable[..., Any]) -> None:
        def act(request: Request, typed: Typed) -> Response:
            site.viewer(request).require(right)
            actor_id, now = typed.get("actor_id", ""), site.now()
            site.store.write_now(lambda connection: action(connection, site.council, actor_id=actor_id, now=now))
            site.relations_changed()
            return see_other("/councils")

        routes.add_api_route(path, act, methods=["POST"], include_in_schema=False, response_model=None)

    done_by(Right.LINK_UP, "/councils/accept", peers.accept)
    done_by(Right.LINK_UP, "/councils/decline", peers.decline)
    done_by(Right.LINK_UP, "/councils/remove", peers.remove)
    done_by(Right.LET_READ, "/councils/readers/accept", followers.accept)
    done_by(Right.LET_READ, "/councils/readers/remove", followers.remove)
    return routes


def _drawn(site: Site, view: PeerView, *, now: datetime) -> Neighbour:
    """A council in the picture of all: how it is linked, and how it is heard of."""
    if view.state != LINKED:
        asked_by_them = view.state == "they-asked"
        return Neighbour(view.name, phrase("asks to link up") if asked_by_them else phrase("we asked"), "dotted")
    if view.last_heard_at is not None and now - view.last_heard_at <= site.current_for:
        return Neighbour(view.name, phrase("linked up"), "whole")
    return Neighbour(view.name, phrase("silent"), "broken")


def _as_data(site: Site, view: PeerView, *, now: datetime) -> NearbyCouncil:
    age = None if view.last_heard_at is None else max(now - view.last_heard_at, now - now)
    return NearbyCouncil(
        actor=view.actor_id,
        name=view.name,
        url=view.url,
        state=view.state,
        last_heard_at=view.last_heard_at,
        age_seconds=None if age is None else int(age.total_seconds()),
        freshness="current" if age is not None and age <= site.current_for else "silent",
    )
