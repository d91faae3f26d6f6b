"""The kinds of payload that features bring along. Federation learns of them only through the mapping it is given."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from federation.tables import Lane
from protocol.verdict import Refused
from schemas.live import LiveQuestion

Ours = TypeVar("Ours")
"""What stands for our own council in what features bring along. Federation has one such; a kind needs to know nothing of it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a feature is told about the replica whose note it indexes. `ours` is true for our own publications."""

    replica_id: int
    object_id: str
    source: str
    audience: str
    ours: bool
    updated: datetime


@dataclass(frozen=True, slots=True)
class Kind(Generic[Ours]):
    """One kind of Note.

    `name` is what `schemas.activity.kind_of` answers ("resource", "resolution", "alert").
    `read(note)` judges the shape and returns the wire model; it may not look anything up.
    `final(model)` says whether this is the last word: once held, no later note under its id is taken, whatever arrives first.
    `check(connection, council, activity, model, now)`, where there is one, may refuse what does not fit what is held, in the
    step that stores it; a kind with one is judged alone, not in a batch.
    `put(connection, copy, model)` writes the feature's own index for it, and must be safe to run twice.
    `end(connection, replica_id)` removes that index.

    `live(connection, question, source, now, most)`: the replicas of one council, at most so many, that answer a live
    question, those that matter most first; asked alike of ourselves, to answer, and of who has answered, to see what is gone.

    `vouched`: what is public of this kind is also taken of councils that linked ones vouch for (federation.feeds.vouching).

    Two more are for a store that was behind, and hears from neighbours what we ourselves once said. Both must be safe to run twice.
    `recover(connection, copy, model, note)` writes our own record anew from what we once published, in any order; it never touches
    one that is as new or newer. What was never published cannot come back with it.
    `lapse(connection, object_id, audience, now)` follows our own word that a record is for `audience` alone from now on, or, with
    None, that it was taken back for good. It never widens, and says nothing to anybody.
    """

    name: str
    lane: Lane
    read: Callable[[dict[str, Any]], Any | Refused]
    put: Callable[[Connection, Copy, Any], None]
    end: Callable[[Connection, int], None]
    final: Callable[[Any], bool] = lambda model: False
    check: Callable[[Connection, Ours, Mapping[str, Any], Any, datetime], Refused | None] | None = None
    recover: Callable[[Connection, Copy, Any, Mapping[str, Any]], None] | None = None
    lapse: Callable[[Connection, str, str | None, datetime], None] | None = None
    live: Callable[[Connection, LiveQuestion, str, datetime, int], Sequence[int] | Refused] | None = None
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class Act(Generic[Ours]):
    """One kind of answer of a council to a record of another: an activity that carries nothing but itself.

    `marker` is the member that tells it, or where no one member does, `tells(activity)`; `verbs` are those it may have. Its Undo
    embeds it without its proof.
    `read(activity)` judges the shape. `judge(model, council)` says whether it is meant for us; neither may look anything up.
    `check(connection, council, model, now)` may refuse what does not fit what is held, in the step that would store it.
    `apply(connection, council, model, document, now)` takes it over, perhaps twice; it must be safe to run in any order.
    """

    marker: str
    verbs: frozenset[str]
    read: Callable[[Mapping[str, Any]], Any | Refused]
    judge: Callable[[Mapping[str, Any], Any, Ours], Refused | None]
    check: Callable[[Connection, Ours, Any, datetime], Refused | None]
    apply: Callable[[Connection, Ours, Any, bytes, datetime], None]
    tells: Callable[[Mapping[str, Any]], bool] | None = None

    def is_one(self, said: Mapping[str, Any]) -> bool:
        """Whether an activity, or what an Undo embeds, is of this kind."""
        marked = self.marker in said if self.tells is None else self.tells(said)
        return marked and said.get("type") in self.verbs


def act_of(acts: Iterable[Act[Ours]], activity: Mapping[str, Any]) -> Act[Ours] | None:
    """The kind of answer that an activity is, or takes back; None for everything else."""
    said: Any = activity.get("object") if activity.get("type") == "Undo" else activity
    if not isinstance(said, Mapping):
        return None
    return next((act for act in acts if act.is_one(said)), None)


Kinds = Mapping[str, Kind[Ours]]
