"""The samples of what councils decide together, of the life of a call for help, and of a change of keys."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from federation.keyring import KeyPair
from federation.ourselves import council_document
from protocol.agreement.wording import text_digest
from protocol.proof import add_proof
from schemas import activity
from schemas.place import Place
from schemas.records import answer as call_answers
from schemas.records import stance as stances
from schemas.records.alert import (
    Alert,
    AlertCategory,
    Certainty,
    Ended,
    MessageType,
    Severity,
    Status,
    Urgency,
    alert_note,
)
from schemas.records.answer import AnswerWord
from schemas.records.deciding import Asked, Method, Rule, Stage
from schemas.records.resolution import Resolution, resolution_note
from schemas.records.stance import StanceVerb
from tests.builders import council, ed25519_key, rsa_key

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RIVERSIDE, HARBOUR = council("riverside"), council("harbour")
PLACE = Place(name="Mill Lane", cell="87394460bffffff", latitude=41.39, longitude=2.17)
TEXT = "The hall at the quay stays open at night while it is hot. Two of each assembly are there, in turns."
RULE = Rule(
    councils=[Asked(id=one.actor_id, name=one.name, key=one.multibase) for one in (RIVERSIDE, HARBOUR)],
    at_least=2,
    most_objections=0,
    closes_at=NOW + 14 * DAY,
)
DIGEST = text_digest(TEXT, RULE.agreed())
JOINT, CALL = f"{RIVERSIDE.base_url}/o/{'p' * 26}", f"{RIVERSIDE.base_url}/o/{'d' * 26}"


def _id(one: Any, letter: str) -> str:
    return f"{one.base_url}/a/{letter * 26}"


def signed(document: dict[str, Any], *, by: Any = RIVERSIDE, at: datetime = NOW) -> dict[str, Any]:
    """As it is sent."""
    return add_proof(document, key=by.ed25519, method=by.ed25519_key_id, created=at)


def told(document: dict[str, Any], *, by: Any = RIVERSIDE) -> dict[str, Any]:
    """The same without the two members that whole samples show already."""
    whole = signed(document, by=by)
    return {name: value for name, value in whole.items() if name not in ("@context", "proof")}


def _update(note: dict[str, Any], letter: str, audience: Any = "public", *, at: datetime) -> dict[str, Any]:
    return activity.update(RIVERSIDE.actor_id, _id(RIVERSIDE, letter), note=note, audience=audience, published=at)


def _joint(*, updated: datetime, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "number": 15,
        "stage": Stage.OPEN,
        "method": Method.CONSENT,
        "decided_at": date(2026, 11, 21),
        "present": 31,
        "stand_asides": 2,
        "rule": RULE,
        "text": TEXT,
        "text_digest": DIGEST,
    }
    return resolution_note(
        JOINT,
        RIVERSIDE.base_url,
        name="The hall stays open at night",
        resolution=Resolution(**{**values, **changes}),
        language="en",
        published=NOW,
        updated=updated,
        audience="public",
    )


def _own_stance() -> dict[str, Any]:
    return _stance(RIVERSIDE, "q", StanceVerb.ACCEPT, decision=JOINT, words="", at=NOW + timedelta(minutes=1))


def _their_stance() -> dict[str, Any]:
    decision = f"{HARBOUR.base_url}/o/{'r' * 26}"
    words = "Not on the night of the market."
    return _stance(HARBOUR, "s", StanceVerb.TENTATIVE_ACCEPT, decision=decision, words=words, at=NOW + 2 * DAY)


def _stance(by: Any, letter: str, verb: StanceVerb, *, decision: str, words: str, at: datetime) -> dict[str, Any]:
    document = stances.stance(
        by.base_url,
        _id(by, letter),
        verb=verb,
        object_id=JOINT,
        digest=DIGEST,
        decision=decision,
        words=words,
        audience="public",
        published=at,
    )
    return signed(document, by=by, at=at)


def _stance_undone() -> dict[str, Any]:
    return told(
        stances.take_back(
            HARBOUR.base_url, _id(HARBOUR, "t"), given=_their_stance(), audience="public", published=NOW + 3 * DAY
        ),
        by=HARBOUR,
    )


def _counted() -> dict[str, Any]:
    closed = NOW + 2 * DAY + timedelta(minutes=5)
    note = _joint(updated=closed, stage=Stage.ADOPTED, closed_at=closed, stances=[_own_stance(), _their_stance()])
    return told(_update(note, "u", at=closed))


def _call(*, updated: datetime | None, status: Status = Status.ACTUAL, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "status": status,
        "msg_type": MessageType.ALERT,
        "category": AlertCategory.MET,
        "event": "Heat wave",
        "urgency": Urgency.IMMEDIATE,
        "severity": Severity.SEVERE,
        "certainty": Certainty.OBSERVED,
        "wanted": "Ten fans",
        "instruction": "Drink water, look in on each other.",
        "cells": [PLACE.cell],
        "raised_by": 2,
    }
    return alert_note(
        CALL,
        RIVERSIDE.base_url,
        name="Heat wave, fans wanted",
        alert=Alert(**{**values, **changes}),
        words="The tower on the hill has no cooling since noon.",
        language="en",
        place=PLACE,
        published=NOW,
        updated=updated,
        ends_at=NOW + DAY,
        audience="neighbours",
    )


def _news() -> dict[str, Any]:
    at = NOW + timedelta(hours=2)
    note = _call(updated=at, msg_type=MessageType.UPDATE, wanted="Four fans", note="Six have come.", earlier=[NOW])
    return told(_update(note, "v", "neighbours", at=at))


def _over() -> dict[str, Any]:
    at = NOW + timedelta(hours=5)
    note = _call(
        updated=at,
        msg_type=MessageType.CANCEL,
        ended=Ended.OVER,
        note="It has cooled down. Thank you.",
        earlier=[NOW, NOW + timedelta(hours=2)],
    )
    return told(_update(note, "w", "neighbours", at=at))


def _drill() -> dict[str, Any]:
    note = _call(updated=None, status=Status.EXERCISE, severity=Severity.MODERATE, raised_by=1)
    create = activity.create(RIVERSIDE.actor_id, _id(RIVERSIDE, "x"), note=note, audience="neighbours", published=NOW)
    return told(create)


def _answer(word: AnswerWord = AnswerWord.COME, words: str = "Three of us, with four fans, at six.") -> dict[str, Any]:
    return call_answers.answer(
        HARBOUR.base_url,
        _id(HARBOUR, "y"),
        word=word,
        object_id=CALL,
        their_actor=RIVERSIDE.actor_id,
        words=words,
        published=NOW + timedelta(minutes=20),
    )


def _answer_undone() -> dict[str, Any]:
    return told(
        call_answers.take_back(
            HARBOUR.base_url,
            _id(HARBOUR, "z"),
            given=_answer(),
            their_actor=RIVERSIDE.actor_id,
            published=NOW + timedelta(minutes=40),
        ),
        by=HARBOUR,
    )


def _changed_keys() -> dict[str, Any]:
    """As the old keys sign it."""
    pair = KeyPair(2, rsa_key(2), ed25519_key("riverside, the second"))
    profile = replace(RIVERSIDE.profile, place=PLACE)
    document = council_document(RIVERSIDE, profile, keyring=RIVERSIDE.keyring.followed_by(pair, at=NOW))
    update = activity.update_actor(RIVERSIDE.actor_id, _id(RIVERSIDE, "2"), document=document, published=NOW)
    shown = {name: value for name, value in signed(update).items() if name != "@context"}
    # The RSA key is as long as the first, and shown there.
    shown["object"] = {
        name: {**value, "publicKeyPem": "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n"}
        if name == "publicKey"
        else value
        for name, value in shown["object"].items()
        if name in ("id", "type", "name", "publicKey", "assertionMethod")
    }
    return shown


DOCUMENTS: Mapping[str, Callable[[], Any]] = {
    "update-asked": lambda: told(_update(_joint(updated=NOW), "n", at=NOW)),
    "stance": _their_stance,
    "stance-undo": _stance_undone,
    "update-counted": _counted,
    "update-alert": _news,
    "cancel-alert": _over,
    "drill": _drill,
    "answer-heard": lambda: told(_answer(AnswerWord.HEARD, ""), by=HARBOUR),
    "answer-call": lambda: told(_answer(), by=HARBOUR),
    "answer-call-undo": _answer_undone,
    "update-actor-keys": _changed_keys,
}
