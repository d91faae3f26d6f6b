"""The count of a joint text, made anew from signed answers whenever somebody looks: ours is never believed more than theirs.

Writes nothing. What the proposing council says came of it stands beside what we count, and where the two differ that is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from federation import replicas
from node.features.resolutions import evidence
from protocol.agreement.rule import Rule, read_rule
from protocol.agreement.stances import count
from protocol.agreement.tally import Answer, LeftOut, Outcome, Tally, Why, outcome
from protocol.verdict import Refused
from schemas.base import read_time
from schemas.phrase import Phrase, phrase
from schemas.records.deciding import Stage
from schemas.records.resolution import ResolutionNote, read_resolution

ANSWERS: Final[dict[Answer, Phrase]] = {
    Answer.AGREED: phrase("agrees"),
    Answer.WITH_RESERVATIONS: phrase("agrees, with reservations"),
    Answer.ABSTAINED: phrase("says neither yes nor no"),
    Answer.CONCERNED: phrase("has doubts"),
    Answer.OBJECTED: phrase("objects"),
    Answer.WITHDRAWN: phrase("has taken its answer back"),
    Answer.SILENT: phrase("has not answered yet"),
}
WHY: Final[dict[Why, Phrase]] = {
    Why.NOT_ASKED: phrase("from an assembly that is not asked"),
    Why.OTHER_TEXT: phrase("to other words than these"),
    Why.LATE: phrase("came after the end"),
    Why.REPLACED: phrase("replaced by a newer answer"),
    Why.WITHDRAWN: phrase("taken back"),
    Why.FORGED: phrase("not signed by the assembly whose name it bears"),
}
OUTCOMES: Final[dict[Outcome, Phrase]] = {
    Outcome.OPEN: phrase("still open"),
    Outcome.ADOPTED: phrase("agreed together"),
    Outcome.REFUSED: phrase("not agreed"),
}
_CLOSED: Final = {Stage.ADOPTED: Outcome.ADOPTED, Stage.ENDED: Outcome.ADOPTED, Stage.REFUSED: Outcome.REFUSED}
_CLOCKS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Joint:
    """A joint text as it is held, what its proposer says of it, and what the answers that are held give.

    `activity` is the signed note that carries it. `documents` are all answers to it that were held or passed on.
    """

    object_id: str
    source: str
    audience: str
    activity: Mapping[str, Any]
    note: ResolutionNote
    rule: Rule
    tally: Tally
    came: Outcome
    documents: tuple[dict[str, Any], ...]

    @property
    def stage(self) -> Stage:
        return self.note.resolution.stage

    @property
    def digest(self) -> str:
        return self.note.resolution.text_digest

    @property
    def takes_answers(self) -> bool:
        return self.stage is Stage.OPEN

    @property
    def differs(self) -> bool:
        """Whether the proposer says that something came of it, and the answers say something else."""
        if self.stage is Stage.DROPPED:
            return False
        said = _CLOSED.get(self.stage)
        return said is not None and said is not self.came

    @property
    def said(self) -> Outcome:
        """What the proposer says came of it."""
        return _CLOSED.get(self.stage, Outcome.OPEN)

    @property
    def answered(self) -> int:
        return sum(each.given is not None and each.answer is not Answer.WITHDRAWN for each in self.tally.answers)

    @property
    def agreeing(self) -> int:
        return self.tally.count(Answer.AGREED) + self.tally.count(Answer.WITH_RESERVATIONS)

    @property
    def objecting(self) -> int:
        return self.tally.count(Answer.OBJECTED)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What does not count and would surprise: an answer that its own council has replaced does not."""
        return tuple(each for each in self.tally.left_out if each.why not in (Why.REPLACED, Why.WITHDRAWN))

    def answer_of(self, actor: str) -> Answer | None:
        return next((each.answer for each in self.tally.answers if each.council.id == actor), None)

    def name_of(self, actor: str) -> str:
        asked = self.rule.asked(actor)
        return actor if asked is None else asked.name


def joint_at(connection: Connection, object_id: str, *, now: datetime) -> Joint | None:
    """The joint text that is held under an address, counted; None where there is none, or where it asks nobody."""
    row = replicas.find(connection, object_id)
    if row is None or row["gone_at"] is not None or row["kind"] != "resolution":
        return None
    return joint_of(
        connection,
        orjson.loads(row["document"]),
        source=str(row["source"]),
        audience=str(row["audience"]),
        now=now,
    )


def joint_of(
    connection: Connection, activity: Mapping[str, Any], *, source: str, audience: str, now: datetime
) -> Joint | None:
    """The same for a signed note in hand."""
    note = read_resolution(activity["object"])
    if isinstance(note, Refused) or note.resolution.rule is None:
        return None
    said = note.resolution
    rule = read_rule(said.agreed_rule)
    if isinstance(rule, Refused):
        return None
    passed_on = evidence.for_audience(said.stances or [], audience)
    documents = (*evidence.held(connection, note.id, audience=audience), *passed_on)
    tally = count(documents, rule, resolution=note.id, digest=said.text_digest, closed_at=said.closed_at)
    return Joint(
        object_id=note.id,
        source=source,
        audience=audience,
        activity=activity,
        note=note,
        rule=rule,
        tally=tally,
        came=outcome(tally, now=_moment(activity, tally, now=now)),
        documents=_once(documents),
    )


def _moment(activity: Mapping[str, Any], tally: Tally, *, now: datetime) -> datetime:
    """Now; but where they close at this moment by a clock that goes a little ahead of ours, theirs."""
    said_at = read_time(activity["published"])
    ahead = tally.closed_early and now < tally.ends_at <= said_at <= now + _CLOCKS
    return tally.ends_at if ahead else now


def _once(documents: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    found: dict[bytes, dict[str, Any]] = {}
    for document in documents:
        found.setdefault(orjson.dumps(document, option=orjson.OPT_SORT_KEYS), document)
    return tuple(found.values())
