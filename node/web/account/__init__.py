"""The pages of one's own account, of invites, and of the server turn. Names stand here only for those who are signed in."""

from node.web.account import companions, joining, leaving, own, passkeys, people, turns
from node.web.routes import Routes
from node.web.site import Site


def router(site: Site) -> Routes:
    """All of them."""
    routes = Routes()
    for part in (own, companions, passkeys, turns, joining, people, leaving):
        routes.take(part.router(site))
    return routes
