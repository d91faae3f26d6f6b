"""Every page of a node, from the routes of the application itself, each with living records where its address needs one."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import text

from node.database import Store
from node.installed import FEATURES
from node.web.application import build
from node.web.site import Site
from tests.person.browsing import slip_of
from tests.person.region import Region

# What is no page: for programs, for the browser itself, or a file to keep.
DATA = ("/api", "/region/", "/static/", "/wall/live", "/healthz", "/readyz", "/metrics")
FILES = (".json", ".csv", ".atom", ".ics", ".js", ".webmanifest", ".svg", ".zip", ".txt", ".xml")


def routes_of(routes: Iterable[Any]) -> Iterator[str]:
    """The path of every GET route, those of included routers too."""
    for route in routes:
        nested = getattr(route, "original_router", None)
        if nested is not None:
            yield from routes_of(nested.routes)
        if "GET" in (getattr(route, "methods", None) or ()):
            yield route.path


def is_page(path: str) -> bool:
    return not path.startswith(DATA) and not path.endswith(FILES)


def living(region: Region) -> dict[str, list[str]]:
    """For each route that has a parameter: addresses that exist at Riverside now."""
    mine = _own_public_id(region.riverside.store, region.riverside.neighbour)
    ours = [region.held(region.riverside, kind, of=region.riverside) for kind in ("resource", "resolution", "alert")]
    theirs = [region.held(region.riverside, kind, of=region.harbour) for kind in ("resource", "resolution")]
    return {
        "/o/{public_id}": [address.removeprefix(region.riverside.url) for address in ours],
        "/slip": [slip_of(address) for address in theirs],
        "/o/{public_id}/change": [f"/o/{mine}/change"],
        "/o/{public_id}/take-down": [f"/o/{mine}/take-down"],
        "/in/{code}": ["/in/a-code-from-a-link"],
    }


def pages_of(region: Region) -> list[str]:
    """Every page that a keeper of Riverside can open. Raises KeyError for a route with a parameter that nobody filled in."""
    filled = living(region)
    found: list[str] = []
    for path in sorted({path for path in application_routes(region) if is_page(path)}):
        found += filled[path] if "{" in path or path in filled else [path]
    return found


def application_routes(region: Region) -> list[str]:
    """The GET routes of the application that Riverside's server runs, built from the same folder."""
    one = region.riverside
    site = Site(
        settings=one.settings,
        council=one.council,
        store=one.store,
        clock=one.clock,
        randomness=one.randomness,
        features=FEATURES,
    )
    return list(routes_of(build(site).routes))


def _own_public_id(store: Store, member: int) -> str:
    with store.reading() as connection:
        found = connection.execute(
            text("SELECT public_id FROM resource WHERE by_member = :member ORDER BY id LIMIT 1"), {"member": member}
        )
        return str(found.scalar_one())
