"""Backups of our server: the last good one and how it was verified, the list, one made now, and taking one along.

For whoever may back up. A file that is not encrypted holds the keys that speak for the council, so only whoever has the
server turn at this moment takes such a one along. This module must never show a file that is no backup of this council.
"""

import threading
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import structlog
from fastapi import Request
from fastapi.responses import FileResponse, Response

from node.backup.contents import DATABASE, BackupFailed
from node.backup.making import folder_of
from node.backup.record import Kept, last_backup, last_failure, listing
from node.backup.regular import make_one
from node.rights import Right
from node.web.forms import Typed
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import Phrase, phrase
from schemas.refusal import Refusal

OLD_AFTER = timedelta(days=7)
LARGE = 200 * 1_048_576

_log = structlog.get_logger(__name__)


def router(site: Site) -> Routes:
    routes = Routes(tags=["our server"])

    @routes.get("/server/backups", include_in_schema=False)
    def backups_page(request: Request) -> Response:
        viewer = site.viewer(request)
        viewer.require(Right.BACK_UP)
        directory, now = site.settings.directory, site.now()
        last = last_backup(directory)
        kept = listing(folder_of(site.settings), site.settings.url)
        return site.page(
            request,
            "backups.html",
            last=last,
            last_name="" if last is None else Path(last.file).name,
            failure=last_failure(directory),
            old=last is not None and now - last.made_at >= OLD_AFTER,
            kept=[(one, _megabytes(one.size), one.encrypted or viewer.keeper) for one in kept],
            in_all=_megabytes(sum(one.size for one in kept)),
            every=site.settings.backup.every_hours,
            keeping=site.settings.backup.keep,
            encrypted=bool(site.settings.backup.encrypt_to),
            making="making" in request.query_params,
        )

    @routes.post("/server/backups", include_in_schema=False)
    def back_up_now(request: Request, typed: Typed) -> Response:
        site.viewer(request).require(Right.BACK_UP)
        path = site.settings.directory / DATABASE
        if path.exists() and path.stat().st_size > LARGE:
            threading.Thread(target=_make, args=(site,), name="backup", daemon=True).start()
            return see_other("/server/backups?making=1")
        _make(site)
        return see_other("/server/backups")

    @routes.get("/server/backups/{name}", include_in_schema=False)
    def take_along(request: Request, name: str) -> Response:
        viewer = site.viewer(request)
        viewer.require(Right.BACK_UP)
        folder = folder_of(site.settings)
        found = next((one for one in listing(folder, site.settings.url) if one.name == name), None)
        if found is None:
            raise Refusal("not-found", sentence=phrase("That backup is no longer here. Look at the list again."))
        _only_with_the_turn(found, keeper=viewer.keeper)
        return FileResponse(
            folder / found.name,
            media_type="application/octet-stream",
            filename=found.name,
            headers={"cache-control": "private, no-store"},
        )

    return routes


def _only_with_the_turn(found: Kept, *, keeper: bool) -> None:
    if not found.encrypted and not keeper:
        raise Refusal(
            "turn-ended",
            sentence=phrase(
                "This backup is not encrypted and holds the keys of our server. "
                "Only whoever has the server turn now takes it along."
            ),
        )


def _make(site: Site) -> None:
    """What fails has been noted for the page, which says it there."""
    try:
        make_one(site.settings, clock=site.clock, version=version("comarca"), council=site.council.name)
    except (BackupFailed, OSError, Refusal) as error:
        _log.error("backup failed", why=str(error))


def _megabytes(size: int) -> Phrase:
    return phrase("{size} MB", size=f"{max(size / 1_000_000, 0.1):.1f}")
