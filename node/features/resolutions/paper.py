"""Resolutions on paper: a sheet to read out and fill in at the gathering, and a list of whom to call. Nothing here is stored."""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import select

from federation.tables import Peer, table_of
from node.feature import Slip
from node.features.resolutions import forms, rows, stages
from node.features.resolutions.stages import UNDECIDED
from node.features.resolutions.wording import METHODS, OUTCOME_LABELS, OUTCOMES
from node.web.looking_up import slip_at
from node.web.routes import Routes
from node.web.site import Site
from protocol.peering import State
from schemas.phrase import phrase
from schemas.records.resolution_forms import HomeStage
from schemas.refusal import Refusal

CALL_LINES = 16

_PEERS = table_of(Peer)


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.get("/o/{public_id}/sheet")
    def sheet(request: Request, public_id: str) -> Response:
        slip = _seen(site, request, public_id)
        undecided = HomeStage(slip.details["stage_name"]) in UNDECIDED
        return site.page(
            request,
            "resolutions/sheet.html",
            slip=slip,
            details=slip.details,
            to_fill_in=undecided,
            methods=METHODS,
            rows=forms.ROWS,
            labels=OUTCOME_LABELS,
            outcomes=OUTCOMES,
        )

    @routes.get("/o/{public_id}/call-list")
    def call_list(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        with site.store.reading() as connection:
            row = rows.found(connection, public_id, acting)
            stages.check_is(rows.stage_of(row), HomeStage.ADOPTED)
            linked = select(_PEERS.c.name).where(_PEERS.c.state == State.ACCEPTED.value).order_by(_PEERS.c.name)
            councils = list(connection.execute(linked).scalars())
        return site.page(request, "resolutions/call_list.html", row=row, councils=councils, lines=CALL_LINES)

    return routes


def _seen(site: Site, request: Request, public_id: str) -> Slip:
    """The resolution of ours as this viewer is shown it. Raises Refusal("not-found")."""
    object_id = f"{site.council.base_url}/o/{public_id}"
    with site.store.reading() as connection:
        found = slip_at(site, connection, object_id=object_id, viewer=site.viewer(request), now=site.now())
    if found.slip is None or found.slip.kind != "resolution":
        raise Refusal("not-found", sentence=phrase("There is no resolution of ours under this address."))
    return found.slip
