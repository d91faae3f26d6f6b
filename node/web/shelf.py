"""The few files that never change between releases: style sheet, script, fonts, mark. Kept in memory, a few dozen kilobytes.

Their address carries a digest of all of them, so a browser may keep them for a year and an upgrade is still seen at
once. Nothing from outside this folder is ever served, whatever name is asked for.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from node.web.routes import Routes

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
PAPER = "paper.css"
# On the screen a note says what this is and leads back; printing hides it.
_PAPER_NOTE = b".back{display:block}.back a{text-decoration:underline}"
_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Piece:
    """One file: its bytes, the same gzipped where that helps, and its media type."""

    content: bytes
    packed: bytes | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """All static files by name, under one version."""

    pieces: Mapping[str, Piece]
    version: str

    @classmethod
    def load(cls, folder: Path = FOLDER) -> "Shelf":
        """Every file of a known type in `folder`."""
        found = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in MEDIA_TYPES}
        if "app.css" in found:
            found[PAPER] = paper_sheet(found["app.css"])
        digest = hashlib.sha256()
        for name, content in found.items():
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        return cls({name: _piece(name, content) for name, content in found.items()}, digest.hexdigest()[:12])

    def address(self, name: str) -> str:
        """Where `name` is to be asked for. Raises KeyError for a file that is not there."""
        assert self.pieces[name]
        return f"/static/{self.version}/{name}"


def paper_sheet(sheet: bytes) -> bytes:
    """What the style sheet says of paper, for the screen: so that a person without a printer sees what printing gives."""
    _, _, rest = sheet.partition(b"@media print{")
    depth = 1
    for at, sign in enumerate(rest):
        depth += {0x7B: 1, 0x7D: -1}.get(sign, 0)
        if depth == 0:
            return rest[:at] + _PAPER_NOTE
    return _PAPER_NOTE


def _piece(name: str, content: bytes) -> Piece:
    suffix = Path(name).suffix
    packed = None if suffix == ".woff2" else gzip.compress(content, 9, mtime=0)
    return Piece(content, packed, MEDIA_TYPES[suffix])


def router(shelf: Shelf) -> Routes:
    """GET /static/<version>/<name>. An old version is answered with the present file, which is then not kept."""
    routes = Routes(include_in_schema=False)

    @routes.get("/static/{version}/{name}")
    def static_file(request: Request, version: str, name: str) -> Response:
        piece = shelf.pieces.get(name)
        if piece is None:
            raise HTTPException(404)
        headers = {"cache-control": _YEAR if version == shelf.version else "no-cache", "vary": "Accept-Encoding"}
        if piece.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(piece.packed, media_type=piece.media_type, headers={**headers, "content-encoding": "gzip"})
        return Response(piece.content, media_type=piece.media_type, headers=headers)

    return routes
