"""Every page of a node, from the routes of the application itself, each with living records where its address needs one."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text

from node.accounts.invites import make as make_invite
from node.database import Store
from node.demo.councils import DemoCouncil
from node.installed import FEATURES
from node.web.application import build
from node.web.site import Site
from tests.person.browsing import slip_of
from tests.person.region import Region

TABLE = Path(__file__).parents[2] / "docs" / "routes.md"
# A server that has been set up has no more use for these; test_unclaimed.py opens them.
WHILE_UNCLAIMED = {"/claim"}
# Lists on which nothing is found, and a form that is begun already.
OTHERWISE = (
    "/around?text=zeppelin",
    "/board?order=longest",
    "/put-up/need?start=lift",
    "/put-up/idea?start=demand",
    "/resolutions?campaign=Water",
    "/resolutions?show=in-force",
)

# What is no page: for programs, for the browser itself, a file to keep, or a short way to a page.
DATA = ("/c/", "/api", "/server/backups/", "/region/", "/static/", "/wall/live", "/healthz", "/readyz", "/metrics")
FILES = (".json", ".csv", ".atom", ".ics", ".geojson", ".js", ".webmanifest", ".svg", ".zip", ".txt", ".xml")


def routes_of(routes: Iterable[Any]) -> Iterator[str]:
    """The path of every GET route."""
    for route in routes:
        if "GET" in (getattr(route, "methods", None) or ()):
            yield route.path


def is_page(path: str) -> bool:
    return not path.startswith(DATA) and not path.endswith(FILES)


def living(region: Region) -> dict[str, list[str]]:
    """For each route that has a parameter: addresses that exist at Riverside now."""
    one = region.riverside
    mine = _own_public_id(one.store, one.neighbour)
    ours = [region.held(one, kind, of=one).removeprefix(one.url) for kind in ("resource", "resolution", "alert")]
    theirs = [region.held(one, kind, of=region.harbour) for kind in ("resource", "resolution")]
    filled = {
        "/o/{public_id}": ours,
        "/o/{public_id}/pass-on": [f"{ours[-1]}/pass-on"],
        "/slip": [slip_of(address) for address in theirs],
        "/o/{public_id}/change": [f"/o/{mine}/change"],
        "/o/{public_id}/take-down": [f"/o/{mine}/take-down"],
        "/o/{public_id}/poster": [f"{address}/poster" for address in ours],
        "/people/{member_id}/end": [f"/people/{one.neighbour}/end"],
        "/in/{code}": ["/in/a-code-from-a-link"],
        "/join/{code}": [f"/join/{_invite(one)}"],
    }
    return {route: filled.get(route, []) + region.on_the_way.get(route, []) for route in filled | region.on_the_way}


def visits_of(region: Region) -> dict[str, str]:
    """The path of every page, and the route behind it. Raises KeyError for a route with a parameter that nobody filled in."""
    filled = living(region)
    found: dict[str, str] = {}
    for route in sorted({path for path in application_routes(region) if is_page(path)}):
        found |= dict.fromkeys(filled[route] if "{" in route or route in filled else [route], route)
    return found


def pages_of(region: Region) -> list[str]:
    """Every page that whoever has Riverside's server turn can open, and some in another state."""
    return [*(path for path, route in visits_of(region).items() if route not in WHILE_UNCLAIMED), *OTHERWISE]


def for_anybody() -> set[str]:
    """The routes that docs/routes.md opens to whoever comes."""
    rows = (line.split("|") for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| GET "))
    return {row[2].strip(" `") for row in rows if row[3].strip().startswith("anybody")}


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


def _invite(one: DemoCouncil) -> str:
    acting = one.acting(keeper=True)
    return one.do(lambda c: make_invite(c, acting, randomness=one.randomness, uses=9, days=14))


def _own_public_id(store: Store, member: int) -> str:
    with store.reading() as connection:
        found = connection.execute(
            text("SELECT public_id FROM resource WHERE by_member = :member ORDER BY id LIMIT 1"), {"member": member}
        )
        return str(found.scalar_one())
