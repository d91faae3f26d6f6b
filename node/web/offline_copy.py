"""The last public wall that was shown, kept in memory for the moment when the database is busy or broken.

It holds what a passer-by saw and nothing else, so that it can be shown to anybody, whoever they are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from node.feature import Slip

KEPT_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class WallCopy:
    """The public wall at a moment: `calls` for help, all other `slips`, and whether there were `more`."""

    calls: tuple[Slip, ...]
    slips: tuple[Slip, ...]
    more: bool
    as_of: datetime


class LastWall:
    """One copy at a time. Setting it is one assignment, so threads need no lock."""

    def __init__(self) -> None:
        self.copy: WallCopy | None = None

    def is_old(self, now: datetime) -> bool:
        return self.copy is None or now - self.copy.as_of >= KEPT_FOR
