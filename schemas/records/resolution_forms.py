"""What a person or a program sends about a resolution at home, and what lists of them show.

Here a text may still be an idea, and an outcome may wait for its second person: neither has a form on the wire. A number says
how many were there; no form has a field for who. Source: primitives.md 2.5.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.audience import Audience
from schemas.base import (
    Address,
    ApiModel,
    EmptyIsNothing,
    FormLine,
    FormNote,
    FormShort,
    FormText,
    FormWords,
    Language,
    Line,
    WireTime,
    Words,
)
from schemas.records.availability import SourceCouncil
from schemas.records.deciding import Domain, Method
from schemas.records.resolution import Day, Number, People

MOST_OBJECTIONS = 20

MaybeDay = Annotated[Day | None, EmptyIsNothing]
Counted = Annotated[int, Field(ge=0, le=100_000)]
AtLeastOne = Annotated[int, Field(ge=1, le=100_000)]


class HomeStage(StrEnum):
    """Where a text of ours stands. `idea` and `written` are known at home alone; the others are schemas.records.deciding.Stage."""

    IDEA = "idea"
    NOTICE = "notice"
    OPEN = "open"
    WRITTEN = "written"
    ADOPTED = "adopted"
    DROPPED = "dropped"
    REFUSED = "refused"
    ENDED = "ended"


class ObjectionGiven(ApiModel):
    """What spoke against it, and how that was met; empty where it was not."""

    what: FormNote
    met: FormNote = ""


class TextForm(ApiModel):
    """The words of a resolution and what belongs to them, while they can still be changed."""

    title: FormLine
    text: FormText
    method: Method = Method.CONSENT
    domain: Domain = Domain.OTHER
    near: FormShort = ""
    carried_out_by: FormShort = ""
    campaign: FormShort = ""
    addressee: FormShort = ""
    review_on: MaybeDay = None
    audience: Audience = Audience.PUBLIC
    language: Annotated[Language | None, EmptyIsNothing] = None


class IdeaForm(TextForm):
    """An idea for the next gathering. `recipe` what it began from, `because` and `amends` addresses of other resolutions."""

    recipe: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z-]{0,40})?$")] = ""
    because: Annotated[Address | None, EmptyIsNothing] = None
    amends: Annotated[Address | None, EmptyIsNothing] = None


class OutcomeForm(ApiModel):
    """What came of it at a gathering, field by field as the printed sheet has them."""

    outcome: Literal["agreed", "not-agreed"] = "agreed"
    method: Method = Method.CONSENT
    decided_at: Day
    present: AtLeastOne
    stand_asides: Counted = 0
    objections: Annotated[list[ObjectionGiven], Field(default_factory=list, max_length=MOST_OBJECTIONS)]
    review_on: MaybeDay = None
    carried_out_by: FormShort = ""

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        _check_numbers(self.stand_asides, self.present)
        _check_review(self.review_on, self.decided_at)
        return self


class ResolutionForm(IdeaForm):
    """What a person or a program sends to put up, in one step, what the assembly has agreed."""

    decided_at: Day
    present: AtLeastOne
    stand_asides: Counted = 0
    objections: Annotated[list[ObjectionGiven], Field(default_factory=list, max_length=MOST_OBJECTIONS)]

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        _check_numbers(self.stand_asides, self.present)
        _check_review(self.review_on, self.decided_at)
        return self


class NoticeForm(ApiModel):
    """Until which day a text lies open for reading; it can be decided from that day on."""

    until: Day


class GatheringForm(ApiModel):
    """A gathering that looked at a resolution again: its day, how many were there, and until when it goes on, if it does."""

    decided_at: Day
    present: AtLeastOne
    review_on: MaybeDay = None

    @model_validator(mode="after")
    def _review_comes_after(self) -> Self:
        _check_review(self.review_on, self.decided_at)
        return self


class DeliveryForm(ApiModel):
    """On which day a demand was brought to the one it is addressed to, and what they answered on which day."""

    delivered_on: MaybeDay = None
    answer: FormWords = ""
    answered_on: MaybeDay = None


def _check_numbers(stand_asides: int, present: int) -> None:
    if stand_asides > present:
        raise ValueError("nobody stands aside who is not there")


def _check_review(review_on: Day | None, decided_at: Day) -> None:
    if review_on is not None and review_on <= decided_at:
        raise ValueError("a decision is looked at again after it was made")


class ResolutionView(ApiModel):
    """One resolution as lists and pages show it."""

    id: Address
    number: Number | None
    stage: HomeStage = HomeStage.ADOPTED
    recipe: str = ""
    domain: Domain = Domain.OTHER
    title: Line
    text: Words
    text_digest: str
    method: Method
    decided_at: Day | None
    present: People | None
    stand_asides: People
    review_on: Day | None
    notice_until: Day | None = None
    near: str = ""
    carried_out_by: str = ""
    campaign: str = ""
    because: str = ""
    amends: str = ""
    addressee: str = ""
    delivered_on: Day | None = None
    answered_on: Day | None = None
    closes_at: WireTime | None = None
    source: SourceCouncil
    audience: Audience
    language: Language
    published: WireTime
    updated: WireTime
    url: Address
