"""What a person sends to ask nearby councils, to answer one of them, and to take an answer back.

Behind each stands a gathering: its day, how many were there, what spoke against it and how that was met. Never who.
"""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import ApiModel, FormWords
from schemas.lasting import Until
from schemas.records.deciding import MOST_COUNCILS
from schemas.records.resolution import Day
from schemas.records.stance import StanceVerb

MOST_OBJECTIONS = 3

_Reason = Annotated[FormWords, StringConstraints(max_length=1_000)]
_Objecting = Annotated[FormWords, StringConstraints(min_length=1, max_length=1_000)]


class ObjectionMet(ApiModel):
    """What spoke against it, and how that was met: one is not written down without the other."""

    what: _Objecting
    met: _Objecting


class GatheredForm(ApiModel):
    """The gathering that stands behind it."""

    decided_at: Day
    present: Annotated[int, Field(ge=1, le=100_000)]
    stand_asides: Annotated[int, Field(ge=0, le=100_000)] = 0
    objections: Annotated[list[ObjectionMet], Field(default_factory=list, max_length=MOST_OBJECTIONS)]

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        if self.stand_asides > self.present:
            raise ValueError("nobody stands aside who is not there")
        return self


class AskForm(GatheredForm):
    """Which linked councils are asked (numbers of their rows), and the rule by which the text is agreed together."""

    councils: Annotated[list[int], Field(min_length=1, max_length=MOST_COUNCILS - 1)]
    at_least: Annotated[int, Field(ge=1, le=MOST_COUNCILS)]
    most_objections: Annotated[int, Field(ge=0, le=MOST_COUNCILS)] = 0
    until: Until


class AnswerForm(GatheredForm):
    """Our answer to a text, and why."""

    answer: StanceVerb
    words: _Reason = ""


class TakeBackForm(GatheredForm):
    """The taking back of our answer, and why."""

    words: _Reason = ""
