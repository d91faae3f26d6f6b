"""The pages of one's own account, of invites, and of the server turn. Names stand here only for those who are signed in."""

from fastapi import APIRouter

from node.web.account import joining, leaving, own, passkeys, people, turns
from node.web.site import Site


def router(site: Site) -> APIRouter:
    """All of them."""
    routes = APIRouter()
    for part in (own, passkeys, turns, joining, people, leaving):
        routes.include_router(part.router(site))
    return routes
