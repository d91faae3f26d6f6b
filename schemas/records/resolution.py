"""What an assembly decided: the text bound to a digest, how and when it was agreed, when it is looked at again.

Never adopted without a date and the number present; never a name of who was there. Its life (stances, amendments) is not told
here. Source: primitives.md 2.5, background/protocol.md 4.4.
"""

from base64 import urlsafe_b64encode
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from html import escape
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from protocol.verdict import Refused
from schemas.audience import Audience
from schemas.base import (
    Address,
    ApiModel,
    EmptyIsNothing,
    FormLine,
    FormText,
    Language,
    Line,
    WireModel,
    WireTime,
    Words,
)
from schemas.place import Place
from schemas.records.availability import SourceCouncil
from schemas.records.note import Note, as_html, labelled, link_to, note_document
from schemas.wording import words_for


class Method(StrEnum):
    """How an assembly came to its decision."""

    CONSENT = "consent"
    MAJORITY = "majority"
    TWO_THIRDS = "two-thirds"
    CONSENSUS_MINUS_ONE = "consensus-minus-one"
    ADVISORY = "advisory"


def _a_day(value: object) -> object:
    if isinstance(value, str) and len(value) != len("YYYY-MM-DD"):
        raise ValueError("a day is written YYYY-MM-DD")
    if not isinstance(value, str | date) or isinstance(value, datetime):
        raise ValueError("a day is written YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_a_day)]
"""A day in the council's own calendar, `YYYY-MM-DD`: an assembly happens on a day, not at an instant."""

Number = Annotated[int, Field(strict=True, ge=1, le=999_999)]
People = Annotated[int, Field(strict=True, ge=0, le=100_000)]


def text_digest(text: str) -> str:
    """SHA-256 over the UTF-8 text, in base64url without padding: what stances and stamps refer to."""
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()


class Resolution(WireModel):
    """The payload. The digest is of `text`, byte for byte."""

    number: Number
    stage: Literal["adopted"]
    method: Method
    decided_at: Day
    present: Annotated[People, Field(ge=1)]
    stand_asides: People = 0
    review_on: Day | None = None
    text: Annotated[Words, StringConstraints(min_length=1)]
    text_digest: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]

    @model_validator(mode="after")
    def _digest_is_of_text(self) -> Self:
        if text_digest(self.text) != self.text_digest:
            raise ValueError("the digest is not that of the text")
        return self

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        if self.stand_asides > self.present:
            raise ValueError("nobody stands aside who is not there")
        if self.review_on is not None and self.review_on <= self.decided_at:
            raise ValueError("a decision is looked at again after it was made")
        return self


class ResolutionNote(Note):
    """A resolution as another council sent it."""

    resolution: Resolution = Field(validation_alias="comarca:resolution", serialization_alias="comarca:resolution")

    @property
    def words(self) -> str:
        """The text that was agreed."""
        return self.resolution.text


def read_resolution(note: object) -> ResolutionNote | Refused:
    """The resolution in a Note that arrived, or Refused(wrong-shape), also where the digest is not that of the text."""
    return ResolutionNote.read(note)


def resolution_note(
    object_id: str,
    base_url: str,
    *,
    name: str,
    text: str,
    language: str,
    number: int,
    method: str,
    decided_at: date,
    present: int,
    stand_asides: int,
    review_on: date | None,
    published: datetime,
    updated: datetime | None,
    audience: str,
    place: Place | None = None,
) -> dict[str, Any]:
    """The Note of an adopted resolution. `object_id` is its whole address; no proof, no context.

    Raises ValueError for an audience that never leaves the council, or for values that a reader would have to refuse.
    """
    said = words_for(language)
    counted = [
        f"{said['resolution']} {number}",
        f"{said['decided']} {decided_at.isoformat()}",
        f"{said['method']}: {said[method]}",
        f"{said['present']}: {present}",
        f"{said['stand-asides']}: {stand_asides}",
    ]
    note = note_document(
        object_id,
        base_url,
        name=name,
        paragraphs=[
            as_html(name),
            escape(" · ".join(counted)),
            as_html(text),
            labelled(said["near"], place.name) if place else "",
            escape(f"{said['review']} {review_on.isoformat()}") if review_on else "",
            link_to(object_id, language=language),
        ],
        language=language,
        place=place,
        hashtags=("MutualAid", "Resolution"),
        published=published,
        updated=updated,
        audience=audience,
    )
    payload: dict[str, Any] = {
        "number": number,
        "stage": "adopted",
        "method": method,
        "decidedAt": decided_at.isoformat(),
        "present": present,
        "standAsides": stand_asides,
        "text": text,
        "textDigest": text_digest(text),
    }
    if review_on is not None:
        payload["reviewOn"] = review_on.isoformat()
    note["comarca:resolution"] = payload
    refused = read_resolution(note)
    if isinstance(refused, Refused):
        raise ValueError(refused.sentence)
    return note


class ResolutionForm(ApiModel):
    """What a person or a program sends to put up what the assembly has agreed."""

    title: FormLine
    text: FormText
    method: Method = Method.CONSENT
    decided_at: Day
    present: Annotated[int, Field(ge=1, le=100_000)]
    stand_asides: Annotated[int, Field(ge=0, le=100_000)] = 0
    review_on: Annotated[Day | None, EmptyIsNothing] = None
    audience: Audience = Audience.PUBLIC
    language: Annotated[Language | None, EmptyIsNothing] = None

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        if self.stand_asides > self.present:
            raise ValueError("nobody stands aside who is not there")
        if self.review_on is not None and self.review_on <= self.decided_at:
            raise ValueError("a decision is looked at again after it was made")
        return self


class ResolutionView(ApiModel):
    """One resolution as lists and pages show it."""

    id: Address
    number: Number
    title: Line
    text: Words
    text_digest: str
    method: Method
    decided_at: Day
    present: People
    stand_asides: People
    review_on: Day | None
    source: SourceCouncil
    audience: Audience
    language: Language
    published: WireTime
    updated: WireTime
    url: Address
