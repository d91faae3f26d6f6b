"""What an assembly decided comes first when not everything can be done: an order of needs, read the same way everywhere. Pure.

It may look at urgency, at waiting time and at what whoever asked chose to say. Nothing here looks at who anybody is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from node.features.resources import kinds
from node.features.resources.wording import CATEGORY_WORDS
from schemas.phrase import phrase

CANNOT_WAIT: Final = "cannot-wait"
LONGEST: Final = "longest"
SOONEST: Final = "soonest-end"
KIND: Final = "kind:"
USUAL: Final = (CANNOT_WAIT, LONGEST)
MOST: Final = 6


class Waiting(Protocol):
    """What an order is made of."""

    @property
    def kind(self) -> str: ...

    @property
    def category(self) -> str: ...

    @property
    def can_wait(self) -> bool: ...

    @property
    def created_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


W = TypeVar("W", bound=Waiting)


def read(value: str) -> tuple[str, ...] | None:
    """The steps of an order, first one first, from how they are kept (words with a space between); None for what is none."""
    steps = tuple(value.split())
    if not 1 <= len(steps) <= MOST or len(set(steps)) != len(steps):
        return None
    return steps if all(_known(step) for step in steps) else None


def in_order(needs: Iterable[W], steps: Sequence[str]) -> list[W]:
    """The needs as these steps put them; who waits longest comes first where they say nothing."""
    return sorted(needs, key=lambda need: (*(_place(need, step) for step in steps), need.created_at, need.ends_at))


def said(steps: Sequence[str], language: str) -> list[str]:
    """Each step in words, first one first: phrases of the house, and names of kinds in this language."""
    return [_said(step, language) for step in steps]


def _known(step: str) -> bool:
    if step in (CANNOT_WAIT, LONGEST, SOONEST):
        return True
    word = step.removeprefix(KIND)
    return step.startswith(KIND) and (word in CATEGORY_WORDS or kinds.find(word) is not None)


def _place(need: Waiting, step: str) -> Any:
    if step == CANNOT_WAIT:
        return need.can_wait
    if step == LONGEST:
        return need.created_at
    if step == SOONEST:
        return need.ends_at
    return step.removeprefix(KIND) not in (need.kind, need.category)


def _said(step: str, language: str) -> str:
    if step == CANNOT_WAIT:
        return phrase("what cannot wait")
    if step == LONGEST:
        return phrase("who has waited longest")
    if step == SOONEST:
        return phrase("what is needed soonest")
    word = step.removeprefix(KIND)
    found = kinds.find(word)
    return found.names.said(language) if found is not None else CATEGORY_WORDS[word]  # type: ignore[index]
