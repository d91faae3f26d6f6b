"""Checking a resolution by its record alone: is the text whole, who signed it, what did the councils answer, what came of it.

Anybody can do this anywhere: with the file and nothing else. So it says also what no file can show, and whose keys it had to
take the file's word for. It trusts nothing in the file, the proposing council's own words about the outcome least of all.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from protocol.agreement.filing import Filed, read_file, read_record
from protocol.agreement.findings import Check, Finding
from protocol.agreement.key_words import key_words
from protocol.agreement.rule import ed25519_of
from protocol.agreement.stances import Gathered, counted, gather, judge_signed
from protocol.agreement.tally import Outcome, Tally, Why, outcome
from protocol.agreement.wording import text_digest
from protocol.ids import same_origin
from protocol.proof import AHEAD
from protocol.verdict import Reason, Refused

__all__ = ["Check", "Finding", "KeyTold", "Report", "check_file", "check_record"]

_FAULTS: Final = {
    Reason.BAD_PROOF: Finding.ANSWER_FORGED,
    Reason.NOT_OWNER: Finding.ANSWER_NOT_THEIRS,
    Reason.WRONG_SHAPE: Finding.ANSWER_BROKEN,
}
_CLAIMS: Final = {"adopted": Outcome.ADOPTED, "ended": Outcome.ADOPTED, "refused": Outcome.REFUSED}


@dataclass(frozen=True, slots=True)
class KeyTold:
    """A council of the record, the key that its signatures were held against, and six words for it.

    `standing` says whether that key is known here.
    """

    actor: str
    name: str
    key: str
    words: tuple[str, ...]
    standing: Finding

    @property
    def known(self) -> bool | None:
        """True where that key is known here, False where another one is, None where that cannot be said."""
        return self.standing.passed


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked. `filed` is None for a file that is no record; `tally` is there for what several councils decide.

    `outcome` is what the answers say came of it at the time of the file; None where nothing can be said, since text, signature
    or a key does not hold.
    """

    checks: tuple[Check, ...]
    filed: Filed | None = None
    keys: tuple[KeyTold, ...] = ()
    tally: Tally | None = None
    outcome: Outcome | None = None

    @property
    def good(self) -> bool:
        """Whether nothing failed; something may still not be known."""
        return all(check.passed is not False for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """What failed."""
        return tuple(check for check in self.checks if check.passed is False)


def check_file(
    raw: bytes,
    known: Mapping[str, str] | None = None,
    *,
    retired: Mapping[str, Collection[str]] | None = None,
    now: datetime | None = None,
) -> Report:
    """`check_record` for the bytes of a file."""
    return _report(read_file(raw), known or {}, retired=retired or {}, now=now)


def check_record(
    record: object,
    known: Mapping[str, str] | None = None,
    *,
    retired: Mapping[str, Collection[str]] | None = None,
    now: datetime | None = None,
) -> Report:
    """What holds of a record: parsed JSON, of any shape. Never raises.

    `known` holds keys that are known here, by actor id, in multibase; `retired` those that each has given up. `now` (aware) is
    asked only whether the file is dated in the future; what came of it is said for the time of the file.
    """
    return _report(read_record(record), known or {}, retired=retired or {}, now=now)


def _report(
    filed: Filed | Finding, known: Mapping[str, str], *, retired: Mapping[str, Collection[str]], now: datetime | None
) -> Report:
    if isinstance(filed, Finding):
        return Report((Check(filed),))
    keys = _keys_of(filed, known, retired=retired)
    first = [Check(Finding.READ), *_ownership(filed), _wording(filed), _signature(filed, keys)]
    first += [check for told in keys for check in _judged_key(told, filed, keys)]
    gathered = found = came = None
    if filed.rule is not None:
        digest = text_digest(filed.text, filed.rule_json)
        gathered = gather(filed.answers, filed.rule, resolution=filed.resolution, digest=digest)
        found = counted(gathered, filed.rule, digest=digest, closed_at=filed.closed_at)
        holds = all(check.passed is not False for check in first)
        came = outcome(found, now=filed.as_of) if holds else None
        first += [*_answers(gathered, found), *_closing(filed, found), *_claim(filed, found, came)]
    elif filed.answers:
        first.append(Check(Finding.NOBODY_ASKED))
    first.append(_dates(filed, gathered, now=now))
    if found is not None:
        first.append(Check(Finding.OTHERS_MISSING))
    first.append(Check(Finding.OWN_WORD))
    return Report(tuple(first), filed, keys, found, came)


def _keys_of(filed: Filed, known: Mapping[str, str], *, retired: Mapping[str, Collection[str]]) -> tuple[KeyTold, ...]:
    """The keys that count: the rule's, which are part of what was agreed; without a rule the file's, or else ours."""
    if filed.rule is not None:
        asked = [(council.id, council.name, council.key) for council in filed.rule.councils]
    else:
        key = filed.keys.get(filed.actor) or known.get(filed.actor)
        asked = [] if key is None else [(filed.actor, "", key)]
    return tuple(
        KeyTold(actor, name, key, key_words(actor, key), _standing(key, known.get(actor), retired.get(actor, ())))
        for actor, name, key in asked
    )


def _standing(key: str, known: str | None, retired: Collection[str]) -> Finding:
    if known == key:
        return Finding.KEY_KNOWN
    if key in retired:
        return Finding.KEY_RETIRED
    return Finding.KEY_AS_FILED if known is None else Finding.KEY_DIFFERS


def _ownership(filed: Filed) -> Iterator[Check]:
    own = filed.owner == filed.actor
    if not own or not all(same_origin(id_, filed.actor) for id_ in (filed.activity_id, filed.resolution)):
        yield Check(Finding.NOT_OWNED)
    elif filed.rule is not None and filed.rule.asked(filed.actor) is None:
        yield Check(Finding.NOT_AMONG_THEM)
    else:
        yield Check(Finding.OWNED)


def _wording(filed: Filed) -> Check:
    holds = text_digest(filed.text, filed.rule_json) == filed.digest
    return Check(Finding.TEXT_HOLDS if holds else Finding.TEXT_CHANGED)


def _signature(filed: Filed, keys: tuple[KeyTold, ...]) -> Check:
    key = next((told.key for told in keys if told.actor == filed.actor), None)
    if key is None:
        return Check(Finding.NO_KEY, filed.actor)
    judged = judge_signed(filed.activity, ed25519_of(key), actor=filed.actor, at=filed.said_at)
    return Check(Finding.NOT_SIGNED if isinstance(judged, Refused) else Finding.SIGNED)


def _judged_key(told: KeyTold, filed: Filed, keys: tuple[KeyTold, ...]) -> Iterator[Check]:
    """Every fault of a key, or that it has none."""
    if filed.rule is not None and filed.keys.get(told.actor, told.key) != told.key:
        yield Check(Finding.KEY_NOT_OF_RULE, told.actor)
    if sum(other.key == told.key for other in keys) > 1:
        yield Check(Finding.KEY_SHARED, told.actor)
    yield Check(told.standing, told.actor)


def _answers(gathered: Gathered, found: Tally) -> Iterator[Check]:
    faults = {(fault.id, _FAULTS[fault.refused.reason]) for fault in gathered.faults}
    faults |= {(each.id, Finding.ANSWER_TO_OTHER_TEXT) for each in found.left_out if each.why is Why.OTHER_TEXT}
    once: dict[tuple[str, str], object] = {}
    for given in gathered.given:
        if once.setdefault((given.actor, given.id), given) != given:
            faults.add((given.id, Finding.ANSWER_TWICE))
    for id_, finding in sorted(faults, key=lambda fault: (fault[0], fault[1].name)):
        yield Check(finding, id_)
    if gathered.given and not any(finding is Finding.ANSWER_FORGED for _, finding in faults):
        yield Check(Finding.ANSWERS_SIGNED)


def _closing(filed: Filed, found: Tally) -> Iterator[Check]:
    assert filed.rule is not None
    if filed.closed_at is not None and filed.closed_at != filed.rule.closes_at:
        told_in_time = filed.closed_at <= filed.said_at
        yield Check(Finding.CLOSED_EARLY if found.closed_early and told_in_time else Finding.NOT_CLOSED)


def _claim(filed: Filed, found: Tally, came: Outcome | None) -> Iterator[Check]:
    """What the proposing council says came of it, beside what the answers say."""
    if came is None:
        return
    claimed = _CLAIMS.get(filed.stage)
    if claimed is not None:
        if claimed is not came:
            yield Check(Finding.OUTCOME_DIFFERS)
        else:
            yield Check(Finding.OUTCOME_TOO_SOON if filed.said_at < found.ends_at else Finding.OUTCOME_HOLDS)
    elif filed.stage == "dropped":
        # What councils have adopted together cannot be dropped by one of them.
        adopted = outcome(found, now=filed.said_at) is Outcome.ADOPTED
        yield Check(Finding.OUTCOME_DIFFERS if adopted else Finding.OUTCOME_HOLDS)
    else:
        yield Check(Finding.OUTCOME_HOLDS if came is Outcome.OPEN else Finding.OUTCOME_NOT_SAID)


def _dates(filed: Filed, gathered: Gathered | None, *, now: datetime | None) -> Check:
    """Clocks differ, so a day is borne, as with proofs."""
    dated = [(filed.said_at, filed.activity_id)]
    dated += [(given.published, given.id) for given in gathered.given] if gathered else []
    newest, about = max(dated)
    if now is not None and filed.as_of - now > AHEAD:
        return Check(Finding.FILE_AHEAD)
    return Check(Finding.AHEAD, about) if newest - filed.as_of > AHEAD else Check(Finding.IN_TIME)
