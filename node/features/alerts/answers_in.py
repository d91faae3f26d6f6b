"""Answers of nearby councils to a call of ours, as they arrive: meant for us, about a call that we made, by one who heard it.

They are applied in any order, perhaps twice, and what holds in the end is the same.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from federation import replicas
from federation.council import Council
from federation.kinds import Act
from node.features.alerts import answering
from protocol.verdict import Reason, Refused
from schemas.records.answer import MARKER, VERBS, Answer, AnswerTakenBack, read_answer

Said = Answer | AnswerTakenBack


def judge(document: Mapping[str, Any], said: Said, council: Council) -> Refused | None:
    """Refused(wrong-audience) for what is not for us alone, Refused(not-owner) for the answer of another taken back."""
    if list(said.to) != [council.actor_id] or document.get("cc") not in (None, []):
        return Refused(
            Reason.WRONG_AUDIENCE, "An answer to a call goes to the council that called, and to nobody else."
        )
    if isinstance(said, AnswerTakenBack) and said.object.actor != said.actor:
        return Refused(Reason.NOT_OWNER, "Only the council that answered takes its answer back.")
    return None


def check(connection: Connection, council: Council, said: Said, now: datetime) -> Refused | None:
    """Refused(not-owner) for an answer to what is no call of ours that other councils were told of."""
    called = said.object.object if isinstance(said, AnswerTakenBack) else said.object
    held = replicas.find(connection, called)
    if held is None or held["source"] != council.actor_id or held["kind"] != "alert":
        return Refused(Reason.NOT_OWNER, "That is no call for help of ours.")
    return None


def apply(connection: Connection, council: Council, said: Said, document: bytes, now: datetime) -> None:
    """Keep it beside the call."""
    answering.keep(connection, orjson.loads(document), document, now=now)


ACT: Final = Act(marker=MARKER, verbs=VERBS, read=read_answer, judge=judge, check=check, apply=apply)
