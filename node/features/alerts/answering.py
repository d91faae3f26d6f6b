"""What a council answers to a call: we heard, we come, we cannot. Ours go to the calling council alone, ahead of all else.

An answer is a council's and never a person's: who pressed is not kept. The newest counts, by its time and then its address.
"""

from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, func, select, text

from federation import outbox, replicas
from federation.moments import read_time
from federation.tables import Lane, Peer, table_of
from node.feature import Acting
from node.features.alerts import rules
from node.features.alerts.tables import AlertAnswer
from node.rights import Right
from protocol.peering import State
from protocol.verdict import Refused
from schemas.phrase import phrase
from schemas.records import answer as wire
from schemas.records.alert import AlertNote, read_alert
from schemas.records.answer import AnswerWord
from schemas.refusal import Refusal

MOST_KEPT: Final = 8
"""Of one council to one call, the newest; only the newest counts. The very first is kept too: it says how soon they spoke."""

_ANSWERS = table_of(AlertAnswer)
_PEERS = table_of(Peer)
_THEIRS = "FROM alert_answer WHERE object_id = :object_id AND actor = :actor"
_DROP_OLD = text(
    f"DELETE {_THEIRS} AND id <> (SELECT min(id) {_THEIRS})"
    f" AND id NOT IN (SELECT id {_THEIRS} ORDER BY published DESC, activity_id DESC LIMIT :most)"
)


def answer(connection: Connection, object_id: str, acting: Acting, *, word: AnswerWord, words: str = "") -> None:
    """Answer a call of a nearby council in our council's name; the same again changes nothing. Raises Refusal."""
    acting.viewer.require(Right.CALL)
    rules.check_length(words)
    note, peer = _call(connection, object_id, acting)
    if note.alert.ended is not None or note.end_time <= acting.now:
        raise Refusal("ended-already", None, sentence=phrase("That call has ended. Nobody waits for an answer."))
    given = current(connection, object_id, acting.council.actor_id)
    if given is not None and (given["answer"], given["words"]) == (word.value, words):
        return
    said = wire.answer(
        acting.council.base_url,
        acting.council.new_activity_id(),
        word=word,
        object_id=object_id,
        their_actor=peer["actor_id"],
        words=words,
        published=_next(connection, object_id, acting),
    )
    document = outbox.send_to(
        connection, acting.council, activity=said, inbox=peer["inbox"], now=acting.now, lane=Lane.ALERT
    )
    keep(connection, said, document, now=acting.now)


def take_back(connection: Connection, object_id: str, acting: Acting) -> None:
    """Take our answer back; where there is none, nothing is done. Raises Refusal."""
    acting.viewer.require(Right.CALL)
    _, peer = _call(connection, object_id, acting)
    given = current(connection, object_id, acting.council.actor_id)
    if given is None:
        return
    said = wire.take_back(
        acting.council.base_url,
        acting.council.new_activity_id(),
        given=orjson.loads(given["document"]),
        their_actor=peer["actor_id"],
        published=_next(connection, object_id, acting),
    )
    document = outbox.send_to(
        connection, acting.council, activity=said, inbox=peer["inbox"], now=acting.now, lane=Lane.ALERT
    )
    keep(connection, said, document, now=acting.now)


def keep(connection: Connection, said: dict[str, Any], document: bytes, *, now: datetime) -> None:
    """Keep one answer, or its taking back, ours or theirs; the same twice is one. What was overtaken long ago goes."""
    undone = said["object"] if said["type"] == "Undo" else None
    told = said if undone is None else undone
    row = {
        "object_id": told["object"],
        "activity_id": said["id"],
        "actor": said["actor"],
        "answer": told[wire.MARKER],
        "undoes": None if undone is None else undone["id"],
        "words": said.get("content", ""),
        "published": read_time(said["published"]),
        "document": document,
        "received_at": now,
    }
    if connection.execute(select(_ANSWERS.c.id).where(_ANSWERS.c.activity_id == said["id"])).first() is None:
        connection.execute(_ANSWERS.insert().values(**row))
    connection.execute(_DROP_OLD, {"object_id": row["object_id"], "actor": row["actor"], "most": MOST_KEPT})


def current(connection: Connection, object_id: str, actor: str) -> RowMapping | None:
    """What this council's answer to that call is now; None if it gave none, or took the newest back."""
    return all_current(connection, object_id).get(actor)


def all_current(connection: Connection, object_id: str) -> dict[str, RowMapping]:
    """The answer of each council that has one, whatever order they came in."""
    rows = (
        connection.execute(
            _ANSWERS.select()
            .where(_ANSWERS.c.object_id == object_id)
            .order_by(_ANSWERS.c.published, _ANSWERS.c.activity_id)
        )
        .mappings()
        .all()
    )
    undone = {(row["actor"], row["undoes"]) for row in rows if row["undoes"] is not None}
    newest = {row["actor"]: row for row in rows if row["undoes"] is None}
    return {actor: row for actor, row in newest.items() if (actor, row["activity_id"]) not in undone}


def first_heard(connection: Connection, object_id: str) -> dict[str, datetime]:
    """When each council first answered, by our own clock, for a drill's report."""
    rows = connection.execute(
        select(_ANSWERS.c.actor, func.min(_ANSWERS.c.received_at).label("at"))
        .where(_ANSWERS.c.object_id == object_id)
        .group_by(_ANSWERS.c.actor)
    )
    return {row.actor: row.at for row in rows}


def _call(connection: Connection, object_id: str, acting: Acting) -> tuple[AlertNote, RowMapping]:
    held = replicas.find(connection, object_id)
    if held is None or held["kind"] != "alert" or held["gone_at"] is not None:
        raise Refusal("not-found", sentence=phrase("No call for help under that address is known here."))
    if held["source"] == acting.council.actor_id:
        raise Refusal("ours", None, sentence=phrase("That is our own call: nearby councils answer it."))
    note = read_alert(replicas.note_of(held))
    peer = (
        connection.execute(
            _PEERS.select().where(_PEERS.c.actor_id == held["source"], _PEERS.c.state == State.ACCEPTED.value)
        )
        .mappings()
        .first()
    )
    if isinstance(note, Refused) or peer is None:
        raise Refusal("not-found", sentence=phrase("We are no longer linked up with those who called."))
    return note, peer


def _next(connection: Connection, object_id: str, acting: Acting) -> datetime:
    """Later than every answer of ours before it, in whole seconds: the newest counts, also elsewhere."""
    last = connection.execute(
        select(_ANSWERS.c.published)
        .where(_ANSWERS.c.object_id == object_id, _ANSWERS.c.actor == acting.council.actor_id)
        .order_by(_ANSWERS.c.published.desc())
        .limit(1)
    ).scalar()
    now = acting.now.replace(microsecond=0)
    return now if last is None else rules.next_update(now, last)
