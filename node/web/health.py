"""Our server: how it is, what waits for whom, and what to do where something is wrong. For whoever has the server turn.

Opening the page looks at this machine alone; the button looks at the way in and at nearby councils as well. It shows what
the doctor's list of checks finds; of what only wants a little time soon it names one thing a visit. The last whole look is
kept in memory, with its time.
"""

import asyncio
import hashlib
import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from federation.ports import Transport
from federation.transport import NetworkTransport
from node.doctor.finding import Finding, Report, State
from node.doctor.here import as_it_arrived, lies_here
from node.rights import Right
from node.web.forms import Typed
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.problem import Problem
from schemas.refusal import Refusal

if TYPE_CHECKING:
    from node.doctor.look import Look

# The checks are imported when somebody looks: a server that nobody asks needs neither their time nor their memory.
QUICK_SECONDS = 1.0
EVERYTHING = "everything"
NUDGES = ("Voice", "Recovery", "Key age")
"""What is said in one calm line above all else, the first of them alone: one nudge a visit. `comarca doctor` tells all."""


class Looking:
    """The last whole look at one server, and that no two are under way at once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._under_way = threading.Lock()
        self.last: Report | None = None

    def quick(self) -> Report:
        """What this machine alone can tell."""
        from node.doctor.run import examine

        return asyncio.run(examine(self._look(_Unreached(), patience=QUICK_SECONDS), quick=True))

    def everything(self) -> None:
        """Look at everything, and keep what was found. Raises Refusal where somebody else is at it."""
        if not self._under_way.acquire(blocking=False):
            raise Refusal(
                "too-fast", sentence=phrase("Somebody is looking just now. Open the page again in half a minute.")
            )
        try:
            self.last = asyncio.run(self._examined())
        finally:
            self._under_way.release()

    async def _examined(self) -> Report:
        from node.doctor.run import examine

        transport = NetworkTransport(self._site.council.rules.policy)
        try:
            return await examine(self._look(transport, patience=10.0))
        finally:
            await transport.aclose()

    def _look(self, transport: Transport, *, patience: float) -> "Look":
        from node.doctor.look import Look

        site = self._site
        return Look(
            settings=site.settings,
            council=site.council,
            clock=site.clock,
            randomness=site.randomness,
            transport=transport,
            version=version("comarca"),
            patience=patience,
        )


class _Unreached:
    """The way out for a look that asks nobody."""

    async def send(self, request: Any, /) -> Any:
        raise AssertionError("a quick look asks nobody")


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)
    looking = Looking(site)

    @routes.get("/server")
    def server_page(request: Request) -> Response:
        from node.doctor.councils import neighbours

        site.viewer(request).require(Right.LOOK_AFTER)
        local = looking.quick()
        report = _together(looking.last, local)
        with site.store.reading() as connection:
            raw = connection.connection.driver_connection
            councils = neighbours(raw) if raw is not None else []
        return site.page(
            request,
            "health.html",
            broken=_of(report, State.BROKEN),
            nudge=_nudge(report),
            worth_a_look=[finding for finding in _of(report, State.LOOK) if finding.name not in NUDGES],
            good=_of(report, State.GOOD),
            whole=looking.last,
            unasked=looking.last.unasked if looking.last else (),
            councils=councils,
            everything=EVERYTHING,
        )

    @routes.post("/server/look")
    def look_at_everything(request: Request, typed: Typed) -> Response:
        site.viewer(request).require(Right.LOOK_AFTER)
        if typed.get("look") != EVERYTHING:
            raise Refusal("look", "look", sentence=phrase("Use the button on the page about our server."))
        looking.everything()
        return see_other("/server")

    @routes.api_route("/api/here/{code}", methods=["GET", "POST"])
    async def here(request: Request, code: str) -> Response:
        """How a request arrived, to whoever put the word into our folder; to nobody else anything."""
        if not await asyncio.to_thread(lies_here, site.settings.directory, code):
            sentence = "No such word lies here."
            problem = Problem(type="about:blank", title="Not here", status=404, detail=sentence, reason="not-here")
            return JSONResponse(problem.model_dump(mode="json"), status_code=404, media_type="application/problem+json")
        size, digest = 0, hashlib.sha256()
        async for part in request.stream():
            size += len(part)
            digest.update(part)
        shown = as_it_arrived(dict(request.scope), size=size, digest=digest.hexdigest())
        return JSONResponse(shown, headers={"cache-control": "no-store"})

    return routes


def _together(last: Report | None, local: Report) -> list[Finding]:
    """The last whole look, with what this machine tells now in the place of what it told then."""
    if last is None:
        return list(local.findings)
    now = {finding.name: finding for finding in local.findings}
    found = [now.pop(finding.name, finding) for finding in last.findings]
    return [*found, *now.values()]


def _of(findings: list[Finding], state: State) -> list[Finding]:
    return [finding for finding in findings if finding.state is state]


def _nudge(findings: list[Finding]) -> Finding | None:
    """What a keeper is asked for on this visit, if anything: the first of NUDGES that is worth a look."""
    asking = {finding.name: finding for finding in _of(findings, State.LOOK)}
    return next((asking[name] for name in NUDGES if name in asking), None)
