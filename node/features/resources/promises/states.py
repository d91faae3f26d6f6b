"""Where a promise is in its life, and where it may go from there. Pure."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """The words that stand in the table. A person's own "not this time" has none: their row goes."""

    WAITING = "waiting"
    PROPOSED = "proposed"
    AGREED = "agreed"
    DONE = "done"
    GIVEN_BACK = "given-back"
    LAPSED = "lapsed"
    DECLINED = "declined"


OPEN: Final = frozenset({State.WAITING, State.PROPOSED, State.AGREED})
"""What somebody may still do something about."""

ON_THE_RESOURCE: Final = frozenset({State.AGREED, State.DONE})
"""What takes from the need or offer that was answered: only what its own side has agreed to."""

ON_THE_COUNTERPART: Final = frozenset({State.PROPOSED, State.AGREED, State.DONE})
"""What takes from one's own offer or need that is drawn on: also what is merely proposed, so that it is not promised twice."""

_NEXT: Final[dict[State, frozenset[State]]] = {
    State.WAITING: frozenset({State.PROPOSED, State.AGREED, State.GIVEN_BACK, State.LAPSED}),
    State.PROPOSED: frozenset({State.WAITING, State.AGREED, State.GIVEN_BACK, State.LAPSED, State.DECLINED}),
    State.AGREED: frozenset({State.DONE, State.GIVEN_BACK}),
}


def may_become(before: State, after: State) -> bool:
    """Whether a person's act may lead from one to the other. What is done, given back, lapsed or declined stays so."""
    return after in _NEXT.get(before, frozenset())
