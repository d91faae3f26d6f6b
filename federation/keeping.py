"""Keeping what was judged: the row that is written before a message is acknowledged, and the marker against doubles.

It never judges: what comes here has passed everything in `federation.inbox`. Runs inside a step of the store.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from federation import followers
from federation.council import Council
from federation.introductions import Introduction, meet
from federation.moments import microseconds
from federation.tables import ArrivalState
from protocol.peering import State
from protocol.verdict import Reason, Refused
from schemas.refusal import Refusal

LINKING_VERBS = frozenset({"Offer", "Accept", "Reject", "Undo"})
STORED, ALREADY_HELD, ID_REUSED = "stored", "already-held", Reason.ID_REUSED.value


@dataclass(frozen=True, slots=True)
class Arrival:
    """A judged message that is to be kept. `introduction` comes with the first word of somebody we had not met.

    `check`, where there is one, looks at what is held already, in the step that keeps it, and may still refuse. `of_itself`: a
    council's word on its own name and keys.
    """

    activity_id: str
    digest: bytes
    actor_id: str
    verb: str
    document: bytes
    received_at: datetime
    introduction: Introduction | None = None
    check: Callable[[Connection], Refused | None] | None = None
    of_itself: bool = False

    @property
    def relates(self) -> bool:
        """Whether it may change whom we know."""
        return self.check is None and (self.of_itself or self.verb in LINKING_VERBS or self.verb == "Follow")

    @property
    def at_once(self) -> bool:
        """Whether it is applied before it is answered: what is judged by what is held must find it done."""
        return self.relates or self.check is not None


_HELD = text("SELECT activity_id, digest FROM received_activity WHERE activity_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
_KEEP = text(
    "INSERT INTO received_activity (activity_id, digest, actor_id, verb, document, received_at, state)"
    " VALUES (:activity_id, :digest, :actor_id, :verb, :document, :received_at, :state)"
)


def keep(connection: Connection, arrivals: Sequence[Arrival]) -> list[str]:
    """Keep judged messages, in one statement. Answers for each, in order: stored, already-held or id-reused.

    The marker against doubles is set here and nowhere earlier: only after everything was judged (S36).
    """
    held = {
        row.activity_id: row.digest for row in connection.execute(_HELD, {"ids": [a.activity_id for a in arrivals]})
    }
    answers, fresh = [], []
    for arrival in arrivals:
        before = held.get(arrival.activity_id)
        if before is None:
            held[arrival.activity_id] = arrival.digest
            fresh.append(arrival)
            answers.append(STORED)
        else:
            answers.append(ALREADY_HELD if before == arrival.digest else ID_REUSED)
    if fresh:
        connection.execute(_KEEP, [_row(arrival) for arrival in fresh])
    return answers


def keep_checked(connection: Connection, arrival: Arrival) -> str | Refused:
    """Keep a message that is judged by what is held, or refuse it and leave nothing of it behind."""
    answer = keep(connection, [arrival])[0]
    if answer != STORED or arrival.check is None:
        return answer
    refused = arrival.check(connection)
    if refused is not None:
        connection.execute(text("DELETE FROM received_activity WHERE activity_id = :id"), {"id": arrival.activity_id})
    return refused or answer


def keep_first_word(connection: Connection, council: Council, arrival: Arrival) -> str | Refused:
    """Keep the first word of somebody we had not met, or of a reader under a new key, together with who they are."""
    introduction = arrival.introduction
    assert introduction is not None
    answer = keep(connection, [arrival])[0]
    if answer != STORED:
        return answer
    try:
        if arrival.verb == "Follow":
            followers.asked(
                connection, council, introduction=introduction, follow_id=arrival.activity_id, now=arrival.received_at
            )
        elif arrival.verb != "Offer":
            followers.learn_key(connection, introduction=introduction, now=arrival.received_at)
        else:
            row = meet(connection, introduction=introduction, now=arrival.received_at)
            assert row["state"] in set(State)
    except Refusal as refusal:
        connection.execute(text("DELETE FROM received_activity WHERE activity_id = :id"), {"id": arrival.activity_id})
        reason = Reason.FULL if refusal.word == "full" else Reason.UNKNOWN_KEY
        return Refused(reason, refusal.sentence)
    return answer


def _row(arrival: Arrival) -> dict[str, Any]:
    return {
        "activity_id": arrival.activity_id,
        "digest": arrival.digest,
        "actor_id": arrival.actor_id,
        "verb": arrival.verb,
        "document": arrival.document,
        "received_at": microseconds(arrival.received_at),
        "state": ArrivalState.WAITING.value,
    }
