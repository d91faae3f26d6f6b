"""The parts of a conversation without a network: what it asks, writes and reads, what it is told, and how it ends."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from federation.feeds import forks
from federation.feeds.taking import Taken
from protocol.feeds.flaw import Flaw


@dataclass(frozen=True, slots=True)
class Ask:
    """POST this to the neighbour; sent back is what it answered, or why nothing came."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Write:
    """Run `step(connection, now=…)` as a step of the store; sent back is what it returns."""

    step: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Read:
    """Run this as a query; sent back is what it returns."""

    query: Callable[[Connection], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: `agreed` when both hold the same; `word` when it broke off; `flaws` of what was refused on the way.

    `taken` entries were new. `behind` names feeds of our own that are longer over there: our store is an old copy.
    """

    agreed: bool = False
    word: str | None = None
    taken: int = 0
    asked: int = 0
    received: int = 0
    relations: bool = False
    flaws: tuple[tuple[str, str], ...] = ()
    behind: tuple[str, ...] = ()


Talk = Generator[Ask | Write | Read, Any, Outcome]


@dataclass
class Told:
    """What has come of it so far."""

    taken: int = 0
    asked: int = 0
    received: int = 0
    relations: bool = False
    flaws: dict[str, str] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    sums: str = ""
    gaps: set[str] = field(default_factory=set)
    aside: set[str] = field(default_factory=set)

    def note(self, taken: Taken) -> None:
        self.taken += taken.count
        self.relations = self.relations or taken.relations
        if taken.behind:
            self.behind.add(taken.feed)
        if taken.flaw is not None and taken.flaw.flaw is Flaw.GAP:
            self.gaps.add(taken.feed)
        elif taken.flaw is not None and (taken.flaw.flaw is Flaw.UNKNOWN or taken.flaw == forks.STANDING):
            self.aside.add(taken.feed)  # neither ours to take nor news of anything wrong
        elif taken.flaw is not None:
            self.flaws[taken.feed] = taken.flaw.flaw.value

    def outcome(self, *, agreed: bool = False, word: str | None = None) -> Outcome:
        flaws = tuple(sorted(self.flaws.items()))
        return Outcome(
            agreed, word, self.taken, self.asked, self.received, self.relations, flaws, tuple(sorted(self.behind))
        )


class BrokenOff(Exception):
    """The neighbour did not answer, or not in the form that is read. The word is for our own pages and logs."""
