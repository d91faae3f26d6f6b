"""How a running server knows that a question comes from its own folder: a word that lies there for a moment.

The doctor puts a file with an unguessable name into DIR/look and asks for that name under the council's public address.
Only a server of this very folder finds the file, so a second server (an old machine, a copy) is told apart; and to whoever
knows the word it may show how the request has arrived. Nothing is ever answered about a word that does not lie there.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from federation.ports import Randomness
from protocol import ids

FOLDER = "look"
ASKED_AT = "/api/here/"
SHOWN = frozenset(
    {
        b"host",
        b"accept",
        b"date",
        b"digest",
        b"signature",
        b"signature-input",
        b"content-digest",
        b"content-type",
        b"content-length",
    }
)
"""The fields that are shown as they arrived. None of them can hold the address of whoever asked."""

_WORD = re.compile(r"[a-z2-7]{26}")
_FORGOTTEN = timedelta(hours=1)


@contextmanager
def planted(directory: Path, randomness: Randomness, *, now: datetime) -> Iterator[str]:
    """A fresh word that lies in `directory` for as long as the block runs. Raises OSError where nothing can be written."""
    folder, word = directory / FOLDER, ids.new_id(randomness.bytes(ids.ID_BYTES))
    # Open to others inside a folder that is not: the server may run as somebody else than whoever types the command.
    folder.mkdir(mode=0o755, exist_ok=True)
    _sweep(folder, before=now - _FORGOTTEN)
    (folder / word).touch(mode=0o644)
    try:
        yield word
    finally:
        with suppress(OSError):
            (folder / word).unlink()
            folder.rmdir()


def lies_here(directory: Path, word: str) -> bool:
    """Whether `word` was put into this very folder."""
    return bool(_WORD.fullmatch(word)) and (directory / FOLDER / word).is_file()


def as_it_arrived(scope: dict[str, Any], *, size: int, digest: str) -> dict[str, Any]:
    """A request as the server sees it: method, exact target, the fields of SHOWN, and its body's size and SHA-256."""
    target = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    fields: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        if name in SHOWN:
            fields.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {"here": True, "method": scope["method"], "target": target, "fields": fields, "size": size, "digest": digest}


def _sweep(folder: Path, *, before: datetime) -> None:
    """Take away words that a doctor who was killed has left."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
