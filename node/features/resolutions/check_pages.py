"""Check it yourself: the file, what we find when we check it, and what an amendment changes. Anybody may who sees the text."""

from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from federation.tables import Replica
from node.features.resolutions.checking import check_at, record_at
from node.features.resolutions.comparing import difference
from node.features.resolutions.counting import OUTCOMES, WHY
from node.features.resolutions.finding_words import FOUND
from node.web.looking_up import visible
from node.web.routes import Routes
from node.web.site import Site
from node.web.words import slip_address
from protocol.verdict import Refused
from schemas.records.resolution import ResolutionNote, read_resolution


def add(routes: Routes, site: Site) -> None:
    """Each twice: for our own texts under /o/, and for those that nearby councils sent us under /slip."""

    @routes.get("/o/{public_id}/check", include_in_schema=False)
    def check_ours(request: Request, public_id: str) -> Response:
        return check(request, f"{site.council.base_url}/o/{public_id}")

    @routes.get("/slip/check", include_in_schema=False)
    def check_theirs(request: Request, id: str) -> Response:
        return check(request, id)

    @routes.get("/o/{public_id}/record.json")
    def record_of_ours(request: Request, public_id: str) -> dict[str, Any]:
        """A resolution of ours as a file that anybody can check, for `comarca verify` and other programs."""
        return record(request, f"{site.council.base_url}/o/{public_id}")

    @routes.get("/slip/record.json")
    def record_of_theirs(request: Request, id: str) -> dict[str, Any]:
        """The same for a resolution of a nearby council."""
        return record(request, id)

    @routes.get("/o/{public_id}/difference", include_in_schema=False)
    def difference_of_ours(request: Request, public_id: str) -> Response:
        return compare(request, f"{site.council.base_url}/o/{public_id}")

    @routes.get("/slip/difference", include_in_schema=False)
    def difference_of_theirs(request: Request, id: str) -> Response:
        return compare(request, id)

    def record(request: Request, object_id: str) -> dict[str, Any]:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = record_at(connection, site.council, object_id=object_id, viewer=viewer, now=now)
        if found is None:
            raise HTTPException(404)
        return found

    def check(request: Request, object_id: str) -> Response:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = check_at(connection, site.council, object_id=object_id, viewer=viewer, now=now)
        if found is None:
            raise HTTPException(404)
        page = slip_address(object_id, base_url=site.council.base_url)
        return site.page(
            request,
            "resolutions/check.html",
            found=found,
            report=found.report,
            page=page,
            file=_beside(page, "record.json"),
            name=_file_name(object_id),
            FOUND=FOUND,
            WHY=WHY,
            OUTCOMES=OUTCOMES,
        )

    def compare(request: Request, object_id: str) -> Response:
        viewer, base = site.viewer(request), site.council.base_url
        with site.store.reading() as connection:
            after = note_of(visible(connection, object_id=object_id, viewer=viewer))
            before = None
            if after is not None and after.resolution.amends:
                before = note_of(visible(connection, object_id=after.resolution.amends, viewer=viewer))
        if after is None or not after.resolution.amends:
            raise HTTPException(404)
        return site.page(
            request,
            "resolutions/difference.html",
            after=after,
            before=before,
            tongue=after.language or "und",
            pieces=[] if before is None else difference(before.resolution.text, after.resolution.text),
            page=slip_address(object_id, base_url=base),
            before_page=slip_address(after.resolution.amends, base_url=base),
        )


def note_of(replica: Replica | None) -> ResolutionNote | None:
    if replica is None or replica.gone_at is not None or replica.kind != "resolution":
        return None
    note = read_resolution(orjson.loads(replica.document)["object"])
    return None if isinstance(note, Refused) else note


def _beside(page: str, name: str) -> str:
    """The address of something that belongs to a slip, from the address of its page."""
    path, _, query = page.partition("?")
    return f"{path}/{name}?{query}" if query else f"{path}/{name}"


def _file_name(object_id: str) -> str:
    return f"resolution-{object_id.rpartition('/')[2][:8]}.json"
