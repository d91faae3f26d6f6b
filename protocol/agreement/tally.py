"""What came of a text that several councils decide: a sum over signed answers that is the same on every node.

Theory. Answers travel on their own, late, twice, in any order, and nobody may have to know who heard what first. So the tally
is a function of the set of answers alone: order and repetition cannot matter, and nothing in it asks for the time of day.

Rules, for each asked council by itself:
- An answer counts only if it names the digest of this very text and rule, and is dated no later than the end.
- The newest answer counts, by its date and, within one instant, by its id. Two different answers under one date and one id say
  nothing for certain, so the one that is less in favour counts: nothing is adopted on a doubtful word.
- A taking back names an answer by its id, and nobody can name what is not there yet: it takes effect whatever the dates of the
  two, wherever it is not itself too late. Taken back, the newest leaves *withdrawn*; no earlier one revives, a later one counts.
- A taking back of an answer that is not the newest, or is another council's, changes nothing.
- Only a taking back is known: there was an answer, and it is withdrawn.

The end is when the rule closes, or earlier, where the proposer says so and every asked council has an answer standing by then. A
closing before that closes nothing. Dates are the councils' own word; whose answers these are has been proven before they come
here (`protocol.agreement.stances`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from protocol.agreement.rule import Asked, Rule
from protocol.ids import same_origin

__all__ = [
    "Answer",
    "Answered",
    "Asked",
    "Given",
    "LeftOut",
    "Outcome",
    "Rule",
    "Stance",
    "Tally",
    "Why",
    "closing_holds",
    "outcome",
    "tally",
]


class Stance(StrEnum):
    """The five verbs of AS2 with which a council answers, from full agreement to an objection."""

    ACCEPT = "Accept"
    TENTATIVE_ACCEPT = "TentativeAccept"
    IGNORE = "Ignore"
    TENTATIVE_REJECT = "TentativeReject"
    REJECT = "Reject"


class Answer(StrEnum):
    """Where an asked council stands in the tally."""

    AGREED = "agreed"
    WITH_RESERVATIONS = "with-reservations"
    ABSTAINED = "abstained"
    CONCERNED = "concerned"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    SILENT = "silent"


class Why(StrEnum):
    """Why an answer is left out of the tally."""

    NOT_ASKED = "not-asked"
    OTHER_TEXT = "other-text"
    LATE = "late"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    FORGED = "forged"


class Outcome(StrEnum):
    """What came of it."""

    OPEN = "open"
    ADOPTED = "adopted"
    REFUSED = "refused"


_SAYS: Final = {
    Stance.ACCEPT: Answer.AGREED,
    Stance.TENTATIVE_ACCEPT: Answer.WITH_RESERVATIONS,
    Stance.IGNORE: Answer.ABSTAINED,
    Stance.TENTATIVE_REJECT: Answer.CONCERNED,
    Stance.REJECT: Answer.OBJECTED,
}
_LEAST_IN_FAVOUR_LAST: Final = {stance: rank for rank, stance in enumerate(Stance)}
_STANDING: Final = frozenset(_SAYS.values())


@dataclass(frozen=True, slots=True)
class Given:
    """One answer, or the taking back of one, as its council signed it. `published` is aware.

    Exactly one of `stance` and `undoes`, the id of the answer taken back, is there.
    """

    id: str
    actor: str
    digest: str
    published: datetime
    stance: Stance | None = None
    undoes: str | None = None

    def __post_init__(self) -> None:
        if (self.stance is None) is (self.undoes is None):
            raise ValueError("What is given is either an answer or the taking back of one.")
        if self.published.tzinfo is None:
            raise ValueError("An answer needs an aware time.")


@dataclass(frozen=True, slots=True)
class Answered:
    """An asked council, where it stands, and the answer that counts, if one does."""

    council: Asked
    answer: Answer
    given: Given | None


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """An activity that does not count, whose it says it is, and why."""

    id: str
    actor: str
    why: Why


@dataclass(frozen=True, slots=True)
class Tally:
    """The councils in the rule's order, what was left out in the order of ids, and whether the rule is met as it stands.

    `ends_at` is the end that holds; `closed_early` says that it is an earlier one than the rule's.
    """

    answers: tuple[Answered, ...]
    left_out: tuple[LeftOut, ...]
    met: bool
    ends_at: datetime
    closed_early: bool

    def count(self, answer: Answer) -> int:
        """How many councils stand there."""
        return sum(each.answer is answer for each in self.answers)

    @property
    def counts(self) -> dict[Answer, int]:
        """How many councils stand where; every answer is listed."""
        return {answer: self.count(answer) for answer in Answer}

    @property
    def everybody_has_answered(self) -> bool:
        """Whether every asked council has an answer standing; one that was taken back is none."""
        return all(each.answer in _STANDING for each in self.answers)


def tally(rule: Rule, digest: str, given: Iterable[Given], *, closed_at: datetime | None = None) -> Tally:
    """The tally of `given`, which have been proven, for the text and rule with this `digest`.

    `closed_at` (aware) is when the proposer says that everybody had answered; it counts where that is so.
    """
    distinct = frozenset(given)
    if closed_at is not None and closed_at < rule.closes_at:
        early = _counted(rule, digest, distinct, ends_at=closed_at)
        if early.everybody_has_answered:
            return early
    return _counted(rule, digest, distinct, ends_at=rule.closes_at)


def closing_holds(rule: Rule, digest: str, given: Iterable[Given], *, closed_at: datetime) -> bool:
    """Whether a proposer may close at `closed_at` (aware): the rule has not closed, and everybody has an answer standing.

    False also while an answer is dated ahead of `closed_at`, by a clock that goes fast: try again later.
    """
    return tally(rule, digest, given, closed_at=closed_at).closed_early


def outcome(tally: Tally, *, now: datetime) -> Outcome:
    """What came of it at `now` (aware): open before the end, then adopted where the rule is met, else refused."""
    if now < tally.ends_at:
        return Outcome.OPEN
    return Outcome.ADOPTED if tally.met else Outcome.REFUSED


def _counted(rule: Rule, digest: str, given: frozenset[Given], *, ends_at: datetime) -> Tally:
    asked = {council.id for council in rule.councils}
    judged = {each: _why_not(each, asked=asked, digest=digest, ends_at=ends_at) for each in given}
    left_out = {LeftOut(each.id, each.actor, why) for each, why in judged.items() if why is not None}
    counting = [each for each, why in judged.items() if why is None]
    answers = []
    for council in rule.councils:
        own = [each for each in counting if each.actor == council.id]
        answered, passed_over = _answer_of(council, own)
        answers.append(answered)
        left_out |= passed_over
    said = [each.answer for each in answers]
    agreeing = said.count(Answer.AGREED) + said.count(Answer.WITH_RESERVATIONS)
    return Tally(
        answers=tuple(answers),
        left_out=tuple(sorted(left_out)),
        met=agreeing >= rule.at_least and said.count(Answer.OBJECTED) <= rule.most_objections,
        ends_at=ends_at,
        closed_early=ends_at < rule.closes_at,
    )


def _why_not(given: Given, *, asked: set[str], digest: str, ends_at: datetime) -> Why | None:
    if given.actor not in asked:
        return Why.NOT_ASKED
    if given.digest != digest:
        return Why.OTHER_TEXT
    return Why.LATE if given.published > ends_at else None


def _answer_of(council: Asked, own: list[Given]) -> tuple[Answered, set[LeftOut]]:
    """Where one council stands by all that counts of its own, and which of its answers are passed over."""
    # Whose answer an id is, its origin says: a council has no say over another's.
    undone = {each.undoes for each in own if each.undoes is not None and same_origin(each.undoes, council.id)}
    stances = sorted((each for each in own if each.stance is not None), key=_age)
    if not stances:
        return Answered(council, Answer.WITHDRAWN if undone else Answer.SILENT, None), set()
    newest = stances[-1]
    passed_over = {
        LeftOut(each.id, each.actor, Why.WITHDRAWN if each.id in undone else Why.REPLACED)
        for each in stances
        if each is not newest or each.id in undone
    }
    if newest.id in undone:
        return Answered(council, Answer.WITHDRAWN, None), passed_over
    assert newest.stance is not None
    return Answered(council, _SAYS[newest.stance], newest), passed_over


def _age(given: Given) -> tuple[datetime, str, int]:
    assert given.stance is not None
    return given.published, given.id, _LEAST_IN_FAVOUR_LAST[given.stance]
