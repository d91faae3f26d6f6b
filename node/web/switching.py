"""Switching the language of the pages: a form in the foot of every page, remembered by one small cookie."""

from urllib.parse import urlsplit

from fastapi.responses import Response
from starlette.exceptions import HTTPException

from node.web.forms import Typed
from node.web.routes import Routes
from node.web.site import LANGUAGE_COOKIE, Site, see_other

_YEAR = 365 * 24 * 3600


def ours(address: str) -> str:
    """`address` if it is a path on this server, else the wall: nobody is led elsewhere by a form of ours."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    bare = not parts.scheme and not parts.netloc
    plain = address.isprintable() and "\\" not in address
    return address if bare and plain and address.startswith("/") and not address.startswith("//") else "/"


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.post("/language")
    def switch(typed: Typed) -> Response:
        chosen = site.tongues.get(typed.get("language", ""))
        if chosen is None:
            raise HTTPException(404)
        response = see_other(ours(typed.get("back", "/")))
        response.set_cookie(
            LANGUAGE_COOKIE, chosen.code, max_age=_YEAR, path="/", secure=site.secure, httponly=True, samesite="lax"
        )
        return response

    return routes
