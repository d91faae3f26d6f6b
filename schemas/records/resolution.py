"""What an assembly decides: the text bound to a digest, where it stands, how and when it was agreed, when it is looked at again.

Never adopted without a date and the number present; never a name of who was there. Which stage may follow which is the
deciding council's own affair. Source: primitives.md 2.5, background/protocol.md 4.4.
"""

from datetime import date, datetime
from html import escape
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from protocol.agreement.wording import text_digest
from protocol.verdict import Refused
from schemas.base import Address, Line, WireModel, WireTime, Words
from schemas.place import Place
from schemas.records.deciding import MOST_COUNCILS, Asked, Domain, Method, Rule, Stage
from schemas.records.note import Note, as_html, labelled, link_to, note_document
from schemas.records.stance import StanceVerb
from schemas.wording import words_for

__all__ = [
    "Answers",
    "Asked",
    "Domain",
    "Method",
    "Objection",
    "OutsideAnswer",
    "Resolution",
    "ResolutionNote",
    "Rule",
    "Stage",
    "read_resolution",
    "resolution_note",
    "text_digest",
]

_DECIDED: Final = frozenset({Stage.ADOPTED, Stage.ENDED})


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


class Objection(WireModel):
    """What spoke against it, and how that was met."""

    what: Annotated[Words, StringConstraints(min_length=1, max_length=2_000)]
    met: Annotated[Words, StringConstraints(min_length=1, max_length=2_000)]


class Answers(WireModel):
    """Where a text is a council's own answer to another council's: which text, and what it says to it."""

    object: Address
    text_digest: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
    stance: StanceVerb


class OutsideAnswer(WireModel):
    """What the one to whom a demand was brought has answered, and on which day."""

    words: Annotated[Words, StringConstraints(min_length=1, max_length=4_000)]
    on: Day


class Resolution(WireModel):
    """The payload. The digest is of `text`, byte for byte, and of `rule` where several councils decide."""

    number: Number
    stage: Stage
    method: Method
    decided_at: Day | None = None
    present: Annotated[People | None, Field(ge=1)] = None
    stand_asides: People = 0
    one_person: bool | None = None
    objections: Annotated[list[Objection] | None, Field(max_length=20)] = None
    review_on: Day | None = None
    notice_until: Day | None = None
    domain: Domain | None = None
    recipe: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,40}$")] | None = None
    carried_out_by: Line | None = None
    campaign: Line | None = None
    because: Address | None = None
    amends: Address | None = None
    addressee: Line | None = None
    delivered_on: Day | None = None
    answer: OutsideAnswer | None = None
    rule: Rule | None = None
    closed_at: WireTime | None = None
    stances: Annotated[list[dict[str, Any]] | None, Field(max_length=4 * MOST_COUNCILS)] = None
    answers: Answers | None = None
    text: Annotated[Words, StringConstraints(min_length=1)]
    text_digest: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]

    @model_validator(mode="after")
    def _digest_is_of_text(self) -> Self:
        if text_digest(self.text, self.agreed_rule) != self.text_digest:
            raise ValueError("the digest is not that of the text")
        return self

    @model_validator(mode="after")
    def _decided_by_a_gathering(self) -> Self:
        if self.stage in _DECIDED and (self.decided_at is None or self.present is None):
            raise ValueError("nothing is adopted without a gathering, its day and how many were there")
        if self.stand_asides > (self.present or 0):
            raise ValueError("nobody stands aside who is not there")
        if self.decided_at is not None:
            if self.review_on is not None and self.review_on <= self.decided_at:
                raise ValueError("a decision is looked at again after it was made")
            if self.stage in _DECIDED and self.notice_until is not None and self.decided_at < self.notice_until:
                raise ValueError("nothing is adopted before its notice has ended")
        return self

    @model_validator(mode="after")
    def _several_councils(self) -> Self:
        if self.rule is None and (self.closed_at is not None or self.stances is not None):
            raise ValueError("only what several councils decide has their answers")
        return self

    @property
    def agreed_rule(self) -> dict[str, Any] | None:
        """The rule as it is bound to the text."""
        return None if self.rule is None else self.rule.agreed()


class ResolutionNote(Note):
    """A resolution as another council sent it."""

    resolution: Resolution = Field(validation_alias="comarca:resolution", serialization_alias="comarca:resolution")

    @property
    def words(self) -> str:
        """The text that is decided about."""
        return self.resolution.text


def read_resolution(note: object) -> ResolutionNote | Refused:
    """The resolution in a Note that arrived, or Refused(wrong-shape), also where the digest is not that of the text."""
    return ResolutionNote.read(note)


def resolution_note(
    object_id: str,
    base_url: str,
    *,
    name: str,
    resolution: Resolution,
    language: str,
    published: datetime,
    updated: datetime | None,
    audience: str,
    place: Place | None = None,
) -> dict[str, Any]:
    """The Note of a resolution. `object_id` is its whole address; no proof, no context.

    Raises ValueError for an audience that never leaves the council, or for values that a reader would have to refuse.
    """
    note = note_document(
        object_id,
        base_url,
        name=name,
        paragraphs=[
            as_html(name),
            *said_of(resolution, language=language, place=place),
            link_to(object_id, language=language),
        ],
        language=language,
        place=place,
        hashtags=("MutualAid", "Resolution"),
        published=published,
        updated=updated,
        audience=audience,
    )
    note["comarca:resolution"] = resolution.wire()
    refused = read_resolution(note)
    if isinstance(refused, Refused):
        raise ValueError(refused.sentence)
    return note


def said_of(resolution: Resolution, *, language: str, place: Place | None) -> list[str]:
    """All that a reader who knows none of our words must be told, as paragraphs of finished HTML."""
    said, one = words_for(language), resolution
    head = [f"{said['resolution']} {one.number}", said[f"stage-{one.stage}"]]
    if one.decided_at is not None and one.present is not None:
        head += [
            f"{said['decided']} {one.decided_at.isoformat()}",
            f"{said['method']}: {said[one.method]}",
            f"{said['present']}: {one.present}",
            f"{said['stand-asides']}: {one.stand_asides}",
        ]
    return [
        escape(" · ".join(head)),
        as_html(one.text),
        labelled(said["near"], place.name) if place else "",
        labelled(said["carried-out-by"], one.carried_out_by or ""),
        *(escape(f"{said['objection']}: {each.what} — {each.met}") for each in one.objections or ()),
        labelled(said["addressee"], one.addressee or ""),
        labelled(said["answered"], one.answer.words) if one.answer else "",
        escape(f"{said['notice']} {one.notice_until.isoformat()}") if one.notice_until else "",
        _asked(one.rule, said) if one.rule else "",
        escape(f"{said['review']} {one.review_on.isoformat()}") if one.review_on else "",
        link_to(one.amends, language=language, words=said["amends"]) if one.amends else "",
        link_to(one.answers.object, language=language, words=said["answers"]) if one.answers else "",
    ]


def _asked(rule: Rule, said: dict[str, str]) -> str:
    names = ", ".join(council.name for council in rule.councils)
    sentence = said["rule"].format(rule.at_least, rule.most_objections, f"{rule.closes_at:%Y-%m-%d %H:%M} UTC")
    return f"{escape(said['asked'])}: {escape(names)}. {escape(sentence)}"
