"""Answers of other councils as they arrive: what is refused, what is kept, and what our own text says of it afterwards.

An answer to a text that is not held yet is kept; the tally judges it once the text is there. Nothing is counted here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from federation import replicas
from federation.council import Council
from federation.kinds import Act
from node.features.resolutions import evidence, passing_on
from node.features.resolutions.evidence import Said
from protocol.verdict import Reason, Refused
from schemas.records.resolution import ResolutionNote, read_resolution
from schemas.records.stance import MARKER, StanceVerb

MOST_A_DAY: Final = 24

_OTHER_TEXT: Final = Refused(Reason.OTHER_TEXT, "The answer is to another text than the one that is held here.")
_NOT_ASKED: Final = Refused(Reason.NOT_OWNER, "This council is not asked for an answer to that text.")
_WRONG_AUDIENCE: Final = Refused(
    Reason.WRONG_AUDIENCE, "An answer is for the same audience as the text that it answers."
)
_TOO_OFTEN: Final = Refused(
    Reason.TOO_FAST, "One council changes its answer to one text more often than is kept in a day."
)


def judge(document: Mapping[str, Any], said: Said, council: Council) -> Refused | None:
    """Every answer of a linked council may concern us: it is said to all who are linked with it."""
    return None


def check(connection: Connection, council: Council, said: Said, now: datetime) -> Refused | None:
    """What does not fit the text that is held: not-owner, other-text, wrong-audience; and a flood, too-fast."""
    note = joint_note(connection, said.object_id)
    if note is not None:
        model, audience = note
        rule = model.resolution.rule
        assert rule is not None
        if said.given.actor not in {asked.id for asked in rule.councils}:
            return _NOT_ASKED
        if said.given.digest != model.resolution.text_digest:
            return _OTHER_TEXT
        if said.audience != audience:
            return _WRONG_AUDIENCE
    often = evidence.count_since(connection, said.object_id, actor=said.given.actor, since=now - timedelta(days=1))
    return _TOO_OFTEN if often >= MOST_A_DAY else None


def joint_note(connection: Connection, object_id: str) -> tuple[ResolutionNote, str] | None:
    """The text under an address with its audience, where it is held and asks several councils.

    One that is held without a rule may have got it since: then an answer may be earlier here than the text that it answers.
    """
    row = replicas.find(connection, object_id)
    if row is None or row["gone_at"] is not None or row["kind"] != "resolution":
        return None
    note = read_resolution(replicas.note_of(row))
    if isinstance(note, Refused) or note.resolution.rule is None:
        return None
    return note, str(row["audience"])


def apply(connection: Connection, council: Council, said: Said, document: bytes, now: datetime) -> None:
    """Keep it; and where the text is ours, tell everybody which answers there are now."""
    if evidence.keep(connection, said, document, now=now):
        passing_on.tell_anew(connection, council, object_id=said.object_id, now=now)


def keep_own(connection: Connection, council: Council, document: bytes, *, now: datetime) -> None:
    """The same for an answer of ours, that has just been signed."""
    said = evidence.read_said(orjson.loads(document))
    assert isinstance(said, Said), said
    apply(connection, council, said, document, now)


ACT: Final = Act(
    marker=MARKER,
    verbs=frozenset(verb.value for verb in StanceVerb),
    read=evidence.read_said,
    judge=judge,
    check=check,
    apply=apply,
)
