"""One call for help on its own page: what it says, what this viewer can do about it, and what others have answered.

What only our own neighbours may know (who has answered, what is due afterwards) is looked up for nobody else.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from federation.reached import Reached, reached
from federation.tables import Peer, table_of
from node.accounts.second_person import second_person_needed
from node.feature import Viewer
from node.features.alerts import after, answering, coming, rules
from node.features.alerts.area import area_of
from node.features.alerts.calling import asked_by, version
from node.features.alerts.queries import Listed
from node.features.alerts.tables import Alert
from node.features.alerts.telling import DRAFT
from node.features.alerts.wording import ANSWER_WORDS, SEVERITY_WORDS, URGENCY_WORDS, ended_sentence
from node.rights import Right
from node.web.pictures import Lasting, strip
from protocol.peering import State
from schemas.phrase import Phrase, phrase, phrases
from schemas.records.answer import AnswerWord

_ORDER: Final = {word: number for number, word in enumerate(ANSWER_WORDS)}
_PEERS = table_of(Peer)


@dataclass(frozen=True, slots=True)
class Answered:
    """What one council said to our call. `after` is how long it took them to say anything at all."""

    name: str
    word: AnswerWord
    says: Phrase
    words: str
    after: Phrase


def path_of(row: Alert) -> str:
    """The path of a call of ours."""
    return f"/o/{row.public_id}"


def details_of(
    connection: Connection, one: Listed, own: Alert | None, viewer: Viewer, *, now: datetime, on: bool
) -> dict[str, Any]:
    """Everything that the page says. `on`: neither ended nor past its time."""
    draft = own is not None and own.state == DRAFT
    kind = "drill" if one.drill else "alert"
    picture = strip([Lasting(one.title, kind, one.language, one.published, one.ends_at)], now=now)
    said: dict[str, Any] = {
        "id": one.object_id,
        "drill": one.drill,
        "words": one.words,
        "wanted": one.wanted,
        "instruction": one.instruction,
        "news": one.note,
        "near": one.near,
        "urgency": URGENCY_WORDS[one.urgency],
        "severity": SEVERITY_WORDS[one.severity],
        "over": one.over,
        "ended": one.ended,
        "ended_sentence": ended_sentence(one.ended),
        "on": on,
        "called_at": one.published,
        "two": one.raised_by > 1,
        "because": one.because,
        "campaign": one.campaign,
        "area": area_of(one.cells, near=one.near),
        "picture": picture if on and not draft else None,
        "draft": draft,
        "changeable": False,
        "after": "alerts/below.html",
        "ours": own is not None,
        "path": path_of(own) if own is not None else "",
        "reached": _reached(connection, own, now=now),
        "coming": on and not draft,
        "band": coming.band(connection, one.object_id),
    }
    return said | _ours(connection, own, viewer, on=on) | _theirs(connection, one, own, viewer, on=on)


def _reached(connection: Connection, own: Alert | None, *, now: datetime) -> Reached | None:
    """How far our newest word has come; None where it was for nobody else."""
    if own is None or own.object_id is None or own.state == DRAFT:
        return None
    return reached(connection, object_id=own.object_id, now=now)


def _ours(connection: Connection, own: Alert | None, viewer: Viewer, *, on: bool) -> dict[str, Any]:
    """What our own neighbours can do about our own call, and see of it."""
    said: dict[str, Any] = {
        "ending": False,
        "changing": False,
        "asked": False,
        "answered": (),
        "silent": (),
        "due": (),
    }
    if own is None or not viewer.may(Right.CALL):
        return said | {"may_second": False, "version": "", "raise_to": "", "report": False}
    draft = own.state == DRAFT
    waits = on and (draft or own.raise_to != "")
    severity = own.severity if draft else own.raise_to
    alone = not rules.needs_second(severity, two=second_person_needed(connection)) if waits else False
    raised_by = (own.by_member, own.seconded_by)
    answered, silent = ((), ()) if draft or own.object_id is None else _answers(connection, own)
    return said | {
        "ending": on and not draft,
        "changing": on and (viewer.may(Right.TIDY_UP) or viewer.member_id in raised_by),
        "asked": waits,
        "may_second": waits and (alone or viewer.member_id != asked_by(own)),
        "version": version(own),
        "raise_to": SEVERITY_WORDS[own.raise_to] if own.raise_to else "",
        "report": own.object_id is not None and not draft,
        "answered": answered,
        "silent": silent if on else (),
        "due": tuple(after.of(connection, own.id or 0)),
    }


def _theirs(connection: Connection, one: Listed, own: Alert | None, viewer: Viewer, *, on: bool) -> dict[str, Any]:
    """What our council can answer to a call of another, and has answered."""
    if own is not None or not viewer.may(Right.CALL):
        return {"answering": False, "our_answer": None}
    actors = answering.all_current(connection, one.object_id)
    mine = next((row for actor, row in actors.items() if actor != one.source), None)
    given = None if mine is None else {"word": mine["answer"], "says": _says(mine["answer"]), "words": mine["words"]}
    return {"answering": on, "our_answer": given}


def _answers(connection: Connection, own: Alert) -> tuple[tuple[Answered, ...], tuple[str, ...]]:
    """Who comes, then who has heard, then who cannot; and who has said nothing."""
    address = own.object_id or ""
    peers = {
        row.actor_id: row.name
        for row in connection.execute(
            select(_PEERS.c.actor_id, _PEERS.c.name)
            .where(_PEERS.c.state == State.ACCEPTED.value)
            .order_by(_PEERS.c.name)
        )
    }
    given, first = answering.all_current(connection, address), answering.first_heard(connection, address)
    answered = [
        Answered(
            name=peers.get(actor, actor),
            word=AnswerWord(row["answer"]),
            says=_says(row["answer"]),
            words=row["words"],
            after=_after(first[actor], own.out_at or own.created_at),
        )
        for actor, row in given.items()
    ]
    answered.sort(key=lambda one: (_ORDER[one.word], one.name))
    return tuple(answered), tuple(name for actor, name in peers.items() if actor not in given)


def _says(word: str) -> Phrase:
    return ANSWER_WORDS[AnswerWord(word)]


def _after(at: datetime, since: datetime) -> Phrase:
    minutes = max(int((at - since).total_seconds()) // 60, 0)
    if minutes < 1:
        return phrase("within a minute")
    if minutes < 120:
        return phrases("after {count} minute", "after {count} minutes", minutes)
    return phrases("after {count} hour", "after {count} hours", minutes // 60)
