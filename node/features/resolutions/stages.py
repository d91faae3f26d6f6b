"""Which stage of a resolution may follow which: one table, and the one question that every action asks of it.

Nothing is adopted but from the outcome of a gathering. Source: primitives.md 2.5.
"""

from collections.abc import Mapping
from typing import Final

from schemas.phrase import Phrase, phrase
from schemas.records.resolution_forms import HomeStage as Stage
from schemas.refusal import Refusal

FOLLOWS: Final[Mapping[Stage, frozenset[Stage]]] = {
    Stage.IDEA: frozenset({Stage.NOTICE, Stage.OPEN, Stage.DROPPED}),
    Stage.NOTICE: frozenset({Stage.OPEN, Stage.DROPPED}),
    Stage.OPEN: frozenset({Stage.WRITTEN, Stage.ADOPTED, Stage.REFUSED, Stage.DROPPED}),
    # Written down wrongly, it is written down again.
    Stage.WRITTEN: frozenset({Stage.WRITTEN, Stage.ADOPTED, Stage.REFUSED, Stage.DROPPED}),
    Stage.ADOPTED: frozenset({Stage.ENDED}),
    Stage.DROPPED: frozenset(),
    Stage.REFUSED: frozenset(),
    Stage.ENDED: frozenset(),
}
"""What may come after each stage. Whoever is not named there cannot be reached."""

STILL_WORDED: Final = frozenset({Stage.IDEA, Stage.NOTICE, Stage.OPEN})
"""While the words can still be changed."""

UNDECIDED: Final = frozenset({Stage.IDEA, Stage.NOTICE, Stage.OPEN, Stage.WRITTEN})

WORDS: Final[Mapping[Stage, Phrase]] = {
    Stage.IDEA: phrase("an idea"),
    Stage.NOTICE: phrase("open for reading"),
    Stage.OPEN: phrase("being decided"),
    Stage.WRITTEN: phrase("waits for a second person"),
    Stage.ADOPTED: phrase("agreed"),
    Stage.DROPPED: phrase("dropped"),
    Stage.REFUSED: phrase("not agreed"),
    Stage.ENDED: phrase("no longer in force"),
}


def check_follows(now: Stage, then: Stage) -> None:
    """Raises Refusal("stage") where `then` cannot come after `now`."""
    if then not in FOLLOWS[now]:
        raise refused(now)


def check_is(now: Stage, *allowed: Stage) -> None:
    """Raises Refusal("stage") where it stands at none of these."""
    if now not in allowed:
        raise refused(now)


def check_worded(now: Stage, *, outside: bool) -> None:
    """Raises Refusal("stage") where the words stand; those of a proposal from outside, as soon as others read them."""
    check_is(now, *STILL_WORDED)
    if outside and now is not Stage.IDEA:
        sentence = phrase(
            "What comes from outside stays as everybody can read it. Drop it, and put the new words up for reading."
        )
        raise Refusal("stage", sentence=sentence)


def refused(now: Stage) -> Refusal:
    """What is answered to a step that does not come next."""
    sentence = phrase(
        "It stands at “{stage}” now, and this step does not come next. Look at its page.", stage=WORDS[now]
    )
    return Refusal("stage", sentence=sentence)


def check_ours_alone(*, rule: str | None, answers_object: str) -> None:
    """Raises Refusal("joint") for what several councils do together: their text, and our answer to one."""
    if rule is not None or answers_object:
        sentence = phrase("Several assemblies decide this together. It stays as it is, and their answers are counted.")
        raise Refusal("joint", sentence=sentence)
