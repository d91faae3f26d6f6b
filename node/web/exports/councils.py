"""The nearby councils as a list of slips, for its exports. Strangers are told of accepted ones only, as on the page."""

from fastapi import Request
from sqlalchemy import select

from federation import peers
from federation.tables import Peer, table_of
from node.feature import Slip
from node.web.exports.routes import Listing, add
from node.web.routes import Routes
from node.web.site import Site
from node.web.words import LINKS
from protocol.peering import State
from schemas.phrase import phrase

_PEERS = table_of(Peer)


def router(site: Site) -> Routes:
    routes = Routes()

    def gather(request: Request) -> list[Slip]:
        signed_in = site.viewer(request).signed_in
        with site.store.reading() as connection:
            views = peers.listing(connection, site.council)
            since = {
                row.actor_id: row.created_at
                for row in connection.execute(select(_PEERS.c.actor_id, _PEERS.c.created_at))
            }
        return [
            Slip(
                kind="council",
                title=view.name,
                words="",
                meta=(LINKS[view.state],) if view.state in LINKS else (),
                href=view.url,
                language="und",
                # Signs of life come each minute; they change nothing that a reader should be told of again.
                updated=since[view.actor_id],
                ends_at=None,
                details={"state": view.state, "last_heard_at": view.last_heard_at},
            )
            for view in views
            if signed_in or view.state == State.ACCEPTED
        ]

    add(
        routes,
        site,
        Listing("/councils", phrase("Nearby councils"), gather, columns=("state", "last_heard_at")),
    )
    return routes
