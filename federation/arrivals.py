"""Applying what was kept: the second transaction. It runs as often as it must, and once is enough.

Judging is over by now. If applying fails, that is our fault and not the sender's: the row is held, shown to the keeper, and
tried again after an upgrade.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection, text

from federation import followers, introductions, peers, replicas
from federation.alone import done_alone
from federation.council import Council
from federation.feeds import own
from federation.kinds import act_of
from federation.moments import from_microseconds
from federation.renaming import apply_renaming
from federation.tables import ArrivalState
from protocol import authority
from protocol.verdict import Refused

_WAITING = text(
    "SELECT id, activity_id, actor_id, verb, document, received_at FROM received_activity"
    " WHERE state = 'waiting' ORDER BY id LIMIT :most"
)
_MARK = text("UPDATE received_activity SET state = :state, held_because = :because WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Applied:
    """`count` rows done, `held` of them set aside, from the actors in `heard`; `relations`: whom we know may have changed.

    `verbs`: what the others were, one word for each.
    """

    count: int
    held: tuple[tuple[str, str], ...]
    heard: tuple[str, ...]
    relations: bool
    verbs: tuple[str, ...] = ()


def apply_waiting(connection: Connection, council: Council, *, now: datetime, most: int = 64) -> Applied:
    """Apply the oldest kept messages, in the order in which they were kept."""
    rows = connection.execute(_WAITING, {"most": most}).all()
    marks, held, heard, verbs = [], [], {}, []
    relations = False
    for row in rows:
        activity = orjson.loads(row.document)
        one = partial(apply, connection, council, activity=activity, document=row.document, now=now)
        because = done_alone(connection, one)
        state = ArrivalState.APPLIED if because is None else ArrivalState.HELD
        if because is not None:
            held.append((row.activity_id, because))
        else:
            verbs.append(row.verb)
        marks.append({"id": row.id, "state": state.value, "because": because})
        heard[row.actor_id] = from_microseconds(row.received_at)
        relations = relations or _is_about_whom_we_know(activity)
    if marks:
        connection.execute(_MARK, marks)
    for actor_id, at in sorted(heard.items()):
        peers.heard(connection, actor_id=actor_id, now=at)
    return Applied(len(rows), tuple(held), tuple(sorted(heard)), relations, tuple(verbs))


def try_held_again(connection: Connection) -> int:
    """After an upgrade: what could not be applied waits once more. Returns how many."""
    return connection.execute(
        text("UPDATE received_activity SET state = 'waiting', held_because = NULL WHERE state = 'held'")
    ).rowcount


def _is_about_whom_we_know(activity: dict[str, Any]) -> bool:
    """Whether it may change whom we listen to. An account that deletes itself does; a council's record that goes does not."""
    return activity["type"] not in ("Create", "Update", "Delete") or _id_of(activity["object"]) == activity["actor"]


def _id_of(thing: Any) -> Any:
    return thing["id"] if isinstance(thing, dict) and "id" in thing else thing


def apply(
    connection: Connection, council: Council, *, activity: dict[str, Any], document: bytes, now: datetime
) -> None:
    """Hand one activity to the owner of its (verb, object)."""
    verb, actor, thing = activity["type"], activity["actor"], activity["object"]
    object_id = _id_of(thing)
    act = act_of(council.acts, activity)
    says_something = act is not None or (verb in ("Create", "Update", "Delete") and object_id != actor)
    match verb:
        case _ if says_something and not peers.is_linked(connection, actor):
            # The link ended between keeping and applying. The marker goes too: linked up again, they say the same anew.
            connection.execute(text("DELETE FROM received_activity WHERE activity_id = :id"), {"id": activity["id"]})
        case _ if act is not None:
            model = act.read(activity)
            if isinstance(model, Refused):
                raise ValueError(f"{activity['id']} was judged acceptable, but cannot be read")
            act.apply(connection, council, model, document, now)
        case "Update" if object_id == actor:
            apply_renaming(connection, council, activity=activity)
        case "Create" | "Update":
            audience = _audience(activity)
            replicas.put(connection, council, activity=activity, document=document, audience=audience, received_at=now)
        case "Delete" | "Move" if object_id == actor:
            followers.unfollowed(connection, actor_id=actor, follow_id=None)
        case "Delete":
            audience = _audience(activity)
            replicas.end(connection, council, object_id=object_id, source=actor, audience=audience, now=now)
        case _:
            _apply_relation(connection, council, activity=activity, object_id=object_id, now=now)


def _apply_relation(
    connection: Connection, council: Council, *, activity: dict[str, Any], object_id: Any, now: datetime
) -> None:
    actor = activity["actor"]
    match activity["type"]:
        case "Offer":
            peers.they_asked(connection, council, actor_id=actor, offer_id=activity["id"], now=now)
        case "Accept":
            peers.they_accepted(
                connection, council, actor_id=actor, object_id=object_id, accept_id=activity["id"], now=now
            )
        case "Reject":
            peers.they_declined(connection, council, actor_id=actor, object_id=object_id)
        case "Undo":
            known = introductions.find(connection, actor)
            if not followers.unfollowed(connection, actor_id=actor, follow_id=object_id) and known is not None:
                peers.they_undid(connection, council, actor_id=actor, object_id=object_id)
        case "Follow":
            followers.follow_arrived(connection, council, actor_id=actor, follow_id=activity["id"], now=now)
        case verb:
            raise ValueError(f"nothing here applies {verb}")
    own.name_readers(connection, council, now=now)


def _audience(activity: dict[str, Any]) -> str:
    audience = authority.audience_of(activity, actor=activity["actor"])
    if isinstance(audience, Refused):
        raise ValueError(f"{activity['id']} was judged acceptable, but names no audience of ours")
    return audience
