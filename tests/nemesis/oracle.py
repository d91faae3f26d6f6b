"""What people were told is done: each council's clients write it down, line by line, and each 2xx is on the disk before they go on.

A write that was never answered may have been done or not; whoever wrote it leaves that slip alone from then on, so that what
may be there stays few words. After an old copy was put back, only what some neighbour held may be demanded of it.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GONE = 0
"""The version of a slip that is not there: not yet, or not any more."""


@dataclass
class Slip:
    """One need or offer. `history` are the versions that were acknowledged, in their order; `unsure` what may have come after.

    `least`: an old copy was put back, and any version from this place on (0: before the first) is what can be demanded.
    """

    town: str
    audience: str
    number: int
    path: str = ""
    history: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    least: int | None = None
    alone: bool = False

    @property
    def name(self) -> str:
        return f"{self.audience}-{self.town}-x{self.number:x}"

    def title(self, version: int) -> str:
        return f"{self.name} v{version:x}"

    @property
    def may_be(self) -> set[int]:
        """The versions, one of which must be there."""
        all_of_them = [GONE, *self.history]
        return {*all_of_them[-1 if self.least is None else self.least :], *self.unsure}

    @property
    def last(self) -> int:
        return self.history[-1] if self.history else GONE


def version_in(title: str) -> tuple[str, int] | None:
    """The name of a slip and the version that a title shows; None for a title that no client has written."""
    name, space, version = title.partition(" v")
    return (name, int(version, 16)) if space and name.count("-") == 2 else None


class Journal:
    """The file of one council's clients."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def asked(self, slip: Slip, version: int) -> None:
        self._line("asked", slip, version)

    def acknowledged(self, slip: Slip, version: int) -> None:
        """On the disk once this returns."""
        self._line("done", slip, version)
        self._file.flush()
        os.fsync(self._file.fileno())

    def put_back(self, slip: Slip, least: int) -> None:
        """An old copy of the council took its place."""
        self._line("least", slip, least)

    def refused(self, slip: Slip, version: int, status: int) -> None:
        self._line(f"refused-{status}", slip, version)

    def close(self) -> None:
        self._file.close()

    def _line(self, word: str, slip: Slip, version: int) -> None:
        said = [word, slip.town, slip.audience, slip.number, version]
        self._file.write(json.dumps(said) + "\n")


def read(path: Path) -> list[Slip]:
    """What a journal demands, by itself: nothing that was only in its writer's memory counts."""
    slips: dict[int, Slip] = {}
    open_asks: dict[int, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, town, audience, number, version = json.loads(line)
        slip = slips.setdefault(number, Slip(town, audience, number))
        if word == "asked":
            open_asks[number] = version
        elif word == "least":
            slip.least = version
        else:
            open_asks.pop(number, None)
            if word == "done":
                slip.history.append(version)
                slip.least = None
    for number, version in open_asks.items():
        slips[number].unsure.append(version)
    return list(slips.values())


def after_old_copy(slip: Slip, known: int, held: Iterable[Mapping[str, int]]) -> int:
    """From which place in its history a slip may be, once its council was put back from a copy that had `known` acknowledged
    versions: from the newest that the copy or one neighbour has."""
    newest = known
    for neighbour in held:
        version = neighbour.get(slip.name)
        if version is not None and version in slip.history:
            newest = max(newest, len(slip.history) - slip.history[::-1].index(version))
    return newest
