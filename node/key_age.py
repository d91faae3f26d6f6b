"""How old the keys are that a council signs with, and since when its recovery words lie on the machine."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from node.identity import ED25519_FILE, FOLDER
from node.recovery import ROOT_FILE

KEYS_LAST: Final = timedelta(days=90)
WARN_BEFORE: Final = timedelta(days=14)
WORDS_WITHIN: Final = timedelta(days=7)
"""So long the recovery words may lie on the machine before anybody is reminded: the first days have other things in them."""


def keys_since(directory: Path, changed: Sequence[tuple[int, datetime]], *, begun: datetime | None) -> datetime | None:
    """Since when the pair in use is in use. `changed` as in `node.identity.changes`; `begun`: when our feeds began.

    No row says when the first pair was made. Its file does, unless it was put back from a backup; then it is as old as the
    feeds at least. None where there is no such file.
    """
    if changed:
        return changed[-1][1]
    made = _written(directory / FOLDER / ED25519_FILE)
    return min((at for at in (made, begun) if at is not None), default=None) if made else None


def words_here_since(directory: Path) -> datetime | None:
    """Since when the recovery key lies in the folder; None once somebody has taken it away on paper."""
    return _written(directory / FOLDER / ROOT_FILE)


def _written(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
