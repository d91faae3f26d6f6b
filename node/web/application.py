"""The web application of one council: every router, the answers to what goes wrong, and the guard in front."""

from collections.abc import Awaitable, Callable

from fastapi import Depends, FastAPI, Request
from fastapi.telemetry import TelemetryConfig

from node.web import (
    about,
    about_us,
    account,
    asking,
    backups,
    claiming,
    councils,
    errors,
    health,
    live,
    looking_up,
    offline,
    pages,
    poster,
    shelf,
    signing_in,
    switching,
)
from node.web.exports import councils as council_exports
from node.web.forms import remember_typed
from node.web.guard import Guard
from node.web.pace import Pace, paced
from node.web.routes import Routes
from node.web.seal import sealed
from node.web.site import Site

OWN_ROUTERS = (
    pages.router,
    live.router,
    offline.router,
    looking_up.router,
    councils.router,
    asking.router,
    health.router,
    backups.router,
    council_exports.router,
    signing_in.router,
    account.router,
    switching.router,
    claiming.router,
    about.router,
    about_us.router,
    poster.router,
)

_NOTHING_MEASURED: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def looked_at_first(site: Site) -> Callable[[Request], Awaitable[None]]:
    """What every route begins with, as one dependency: the framework looks through each of them again for each route."""
    seal, pace = sealed(site.cookie_name), paced(site, Pace(site.settings.limits.forms_per_minute))

    async def look(request: Request) -> None:
        await remember_typed(request)
        await seal(request)
        await pace(request)

    return look


def build(site: Site) -> FastAPI:
    """The frame's own routes first, then each feature's, in the order of `site.features`."""
    routes = Routes(dependencies=[Depends(looked_at_first(site))])
    routes.take(shelf.router(site.shelf))
    for make in (*OWN_ROUTERS, *(feature.router for feature in site.features if feature.router is not None)):
        routes.take(make(site))
    app = FastAPI(
        title=site.council.authority,
        summary="What this council shows to everyone, and what its neighbours can do here.",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # What neighbours send is nobody's figures: the framework's own telemetry stays off, whatever the environment says.
        telemetry=_NOTHING_MEASURED,
        routes=routes.routes,
    )
    errors.install(app, site)
    app.add_middleware(claiming.Unclaimed, site=site)
    app.add_middleware(Guard, site=site)
    return app
