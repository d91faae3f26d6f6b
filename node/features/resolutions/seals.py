"""The row of stamps on the page of a joint text: one for each asked council, with its answer in shape, word and colour.

Values for templates; nothing is said here that the count does not say.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from node.feature import Slip, Viewer
from node.features.resolutions.counting import ANSWERS, OUTCOMES, WHY, Joint, joint_at
from node.features.resolutions.tables import Resolution
from node.features.resolutions.waiting import waits_for_councils
from node.rights import Right
from protocol.agreement.tally import Answer, Outcome
from schemas.phrase import Phrase, phrase, phrases
from schemas.records.deciding import Stage

COLOURS: Final = {
    Answer.AGREED: "offer",
    Answer.WITH_RESERVATIONS: "offer",
    Answer.ABSTAINED: "plainly",
    Answer.CONCERNED: "rest",
    Answer.OBJECTED: "need",
    Answer.WITHDRAWN: "plainly",
    Answer.SILENT: "plainly",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """One council's answer. `shape` is the word that the template draws by; `why` is the council's own, as it was signed."""

    actor: str
    name: str
    shape: str
    colour: str
    words: Phrase
    said_at: datetime | None
    why: str
    decision: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """All that the page says of a joint text beside its words."""

    object_id: str
    ours: bool
    stamps: tuple[Stamp, ...]
    counted: tuple[Phrase, ...]
    rule: tuple[Phrase, ...]
    ends_at: datetime
    left_out: tuple[tuple[str, Phrase], ...]
    came: Phrase
    said: Phrase
    differs: bool
    open: bool
    dropped: bool
    may_close: bool
    language: str


def sealed(joint: Joint, *, ours: bool, now: datetime) -> Sealed:
    """What the page of a joint text shows of its answers."""
    over = joint.came is not Outcome.OPEN or now > joint.rule.closes_at
    answered = all(each.answer not in (Answer.SILENT, Answer.WITHDRAWN) for each in joint.tally.answers)
    return Sealed(
        object_id=joint.object_id,
        ours=ours,
        stamps=tuple(_stamp(joint, each) for each in joint.tally.answers),
        counted=_counted(joint),
        rule=_rule(joint),
        ends_at=joint.tally.ends_at,
        left_out=tuple((joint.name_of(each.actor), WHY[each.why]) for each in joint.left_out),
        came=OUTCOMES[joint.came],
        said=OUTCOMES[joint.said],
        differs=joint.differs,
        open=joint.stage is Stage.OPEN,
        dropped=joint.stage is Stage.DROPPED,
        may_close=ours and (joint.differs or (joint.stage is Stage.OPEN and (over or answered))),
        language=joint.note.language or "und",
    )


def _stamp(joint: Joint, each: Any) -> Stamp:
    document: dict[str, Any] = {}
    if each.given is not None:
        document = next((one for one in joint.documents if one.get("id") == each.given.id), {})
    why, decision = document.get("content"), document.get("comarca:decision")
    return Stamp(
        actor=each.council.id,
        name=each.council.name,
        shape=each.answer.value,
        colour=COLOURS[each.answer],
        words=ANSWERS[each.answer],
        said_at=None if each.given is None else each.given.published,
        why=why if isinstance(why, str) else "",
        decision=decision if isinstance(decision, str) else "",
    )


def _counted(joint: Joint) -> tuple[Phrase, ...]:
    asked = len(joint.rule.councils)
    parts = [
        phrases("{count} of {asked} has answered", "{count} of {asked} have answered", joint.answered, asked=asked)
    ]
    if joint.agreeing:
        parts.append(phrases("{count} agrees", "{count} agree", joint.agreeing))
    if joint.objecting:
        parts.append(phrases("{count} objects", "{count} object", joint.objecting))
    return tuple(parts)


def _rule(joint: Joint) -> tuple[Phrase, ...]:
    rule, asked = joint.rule, len(joint.rule.councils)
    agree = phrases(
        "It is agreed when at least {count} of {asked} agrees",
        "It is agreed when at least {count} of {asked} agree",
        rule.at_least,
        asked=asked,
    )
    if rule.most_objections == 0:
        return agree, phrase("no objection is left")
    return agree, phrases(
        "no more than {count} objection is left", "no more than {count} objections are left", rule.most_objections
    )


def beside(
    connection: Connection, slip: Slip, *, row: Resolution | None, object_id: str, viewer: Viewer, now: datetime
) -> Slip:
    """The slip of a resolution with what its joint part shows. `row` is our own, where it is ours."""
    joint = joint_at(connection, object_id, now=now) if object_id else None
    added: dict[str, Any] = {"sealed": None if joint is None else sealed(joint, ours=row is not None, now=now)}
    if row is not None and viewer.may(Right.DECIDE) and waits_for_councils(row):
        added["waits_for_councils"] = "another" if row.written_by == viewer.member_id else "you"
    return replace(slip, details={**slip.details, **added})
