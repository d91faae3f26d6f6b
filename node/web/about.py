"""Who we are, for whoever asks: what is open here, who keeps the server, how to follow and how to link up, and our keys.

It names no neighbour: whose turn it is stays among neighbours, until when it lasts is for everybody.
"""

from fastapi import Request
from fastapi.responses import Response

from federation import peers
from node.accounts import turns
from node.accounts.turns import State
from node.web.routes import Routes
from node.web.site import Site
from protocol.agreement.key_words import key_words

PATH = "/about"


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.get(PATH)
    def about(request: Request) -> Response:
        council, now = site.council, site.now()
        with site.store.reading() as connection:
            turn = next((one for one in turns.listing(connection, now=now) if one.state is not State.ENDED), None)
            linked = [view for view in peers.listing(connection, council) if view.state == "accepted"]
        return site.page(
            request,
            "about.html",
            turn=turn,
            linked=linked,
            handle=f"@council@{council.authority}",
            followers=council.rules.followers,
            key_words=key_words(council.actor_id, council.multibase),
        )

    return routes
