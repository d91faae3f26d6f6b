"""What a check has found, in plain words for the page and in exact ones for whoever mends it.

Findings are shown to keepers and printed; they must never hold a key, a token, or words that neighbours wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How it stands: nothing to do, worth a look, or broken."""

    GOOD = "good"
    LOOK = "look"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Cure:
    """One way to mend it: `words` say what or where, `code` is the very line to type or to put there."""

    words: str
    code: str = ""

    @property
    def line(self) -> str:
        """Both in one line, as the command line prints it."""
        return f"{self.words}: {self.code}" if self.words and self.code else self.words or self.code


@dataclass(frozen=True, slots=True)
class Finding:
    """`name` is the check's short name. `words` are for anybody (a Phrase); `detail`, where there is one, has the figures."""

    name: str
    state: State
    words: str
    detail: str = ""
    cures: tuple[Cure, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one look, in the order of the list. `unasked`: names of checks that could not be made at all, since
    something before them is broken. `whole` is False where only the quick ones were asked for."""

    at: datetime
    findings: tuple[Finding, ...]
    unasked: tuple[str, ...] = ()
    whole: bool = True

    def count(self, state: State) -> int:
        return sum(finding.state is state for finding in self.findings)

    @property
    def state(self) -> State:
        """The worst of all."""
        return worst(finding.state for finding in self.findings)


def worst(states: Iterable[State]) -> State:
    """The worst of some states; good where there is none."""
    found = set(states)
    return State.BROKEN if State.BROKEN in found else State.LOOK if State.LOOK in found else State.GOOD
