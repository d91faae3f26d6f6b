"""What a council answers to a call for help: we heard, we come, we cannot. To the calling council alone, signed, no person.

A later answer replaces an earlier one. Source: CAP 1.2 `Ack`, mapped in background/protocol.md 4.5.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from protocol.verdict import Refused
from schemas.base import Address, Recipients, WireModel, WireTime, Words, write_time
from schemas.context import PLAIN_CONTEXT

MARKER: Final = "comarca:answer"
_SAME: Final = ("id", "type", "actor", "object", MARKER)


class AnswerWord(StrEnum):
    """What is said, in the word that stands on the wire."""

    HEARD = "heard"
    COME = "come"
    CANNOT = "cannot"


VERB_OF: Final = {AnswerWord.HEARD: "Read", AnswerWord.COME: "Accept", AnswerWord.CANNOT: "Reject"}
VERBS: Final = frozenset(VERB_OF.values())


class Answer(WireModel):
    """An answer as another council sent it; `object` is the address of the call."""

    id: Address
    type: str
    actor: Address
    object: Address
    to: Annotated[Recipients, Field(min_length=1, max_length=1)]
    cc: Annotated[Recipients, Field(max_length=0)] = Field(default_factory=list)
    published: WireTime
    answer: AnswerWord
    content: Annotated[Words, StringConstraints(max_length=2_000)] = ""

    @model_validator(mode="after")
    def _verb_says_the_same(self) -> Self:
        if VERB_OF[self.answer] != self.type:
            raise ValueError("the verb is not that of the answer")
        return self


class _Undone(WireModel):
    id: Address
    type: str
    actor: Address
    object: Address
    answer: AnswerWord


class AnswerTakenBack(WireModel):
    """The taking back of an answer, which it carries without its proof."""

    id: Address
    type: Literal["Undo"]
    actor: Address
    object: _Undone
    to: Annotated[Recipients, Field(min_length=1, max_length=1)]
    published: WireTime


def read_answer(document: Mapping[str, Any]) -> Answer | AnswerTakenBack | Refused:
    """The answer, or its taking back, in an activity that arrived; else Refused(wrong-shape)."""
    if document.get("type") == "Undo":
        inner = document.get("object")
        embedded = _named(inner) if isinstance(inner, Mapping) else inner
        return AnswerTakenBack.read({**document, "object": embedded})
    return Answer.read(_named(document))


def _named(document: Mapping[str, Any]) -> dict[str, Any]:
    return {("answer" if name == MARKER else name): value for name, value in document.items() if name != "answer"}


def answer(
    base_url: str,
    activity_id: str,
    *,
    word: AnswerWord,
    object_id: str,
    their_actor: str,
    words: str,
    published: datetime,
) -> dict[str, Any]:
    """An answer to the call of `their_actor`, without its proof."""
    document = {
        **_opening(base_url, activity_id, verb=VERB_OF[word], their_actor=their_actor, published=published),
        "object": object_id,
        MARKER: word.value,
    }
    return document | {"content": words} if words else document


def take_back(
    base_url: str, activity_id: str, *, given: Mapping[str, Any], their_actor: str, published: datetime
) -> dict[str, Any]:
    """The taking back of `given`, an answer of ours, without its proof."""
    return {
        **_opening(base_url, activity_id, verb="Undo", their_actor=their_actor, published=published),
        "object": {name: given[name] for name in _SAME},
    }


def _opening(base_url: str, activity_id: str, *, verb: str, their_actor: str, published: datetime) -> dict[str, Any]:
    return {
        "@context": [dict(part) if isinstance(part, dict) else part for part in PLAIN_CONTEXT],
        "id": activity_id,
        "type": verb,
        "actor": f"{base_url}/council",
        "to": [their_actor],
        "cc": [],
        "published": write_time(published),
    }
