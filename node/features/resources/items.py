"""One thing that needs somebody, and one thing to press for it: what every section of "What needs me" is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Doing:
    """A button: `words` on it, the path that it is sent to (with `fields`), and whether it is the first choice."""

    words: Phrase
    path: str
    fields: Mapping[str, str] = field(default_factory=dict)
    first: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the list: whose title it has (with its language), where it stands, one sentence, what can be done at once.

    `at` orders things of the same `rank`, smallest first: 0 is what one said yes to, 1 an answer that somebody waits for, 2 a
    question about one's own, 3 what a turn brings, 9 what only waits.
    """

    title: str
    language: str
    href: str
    sentence: Phrase
    at: datetime
    rank: int = 3
    doings: tuple[Doing, ...] = ()
    step: int = 0
    """How far a promise is, of four; 0 shows no steps."""
