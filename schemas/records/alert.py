"""A call for help: CAP 1.2 mapped onto a Note, the most dangerous message when it is stale, false or a drill taken for real.

Always ends, within seven days; a drill says so in its first word. Never an exact address. Two people raising it, flooding and
ordering are not told here. Source: background/protocol.md 4.5, OASIS CAP 1.2.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from html import escape
from typing import Annotated, Any, Final, Self

from pydantic import Field, StringConstraints, model_validator

from protocol.verdict import Refused
from schemas.audience import Audience
from schemas.base import (
    Address,
    ApiModel,
    EmptyIsNothing,
    FormLine,
    FormWords,
    Language,
    Line,
    WireModel,
    WireTime,
    Words,
    check_end,
    write_time,
)
from schemas.lasting import still_ahead
from schemas.markup import plain_text
from schemas.place import Around, Place
from schemas.records.availability import SourceCouncil
from schemas.records.note import Note, as_html, labelled, link_to, moment, note_document
from schemas.refusal import Refusal
from schemas.wording import EXERCISE_WORDS, words_for

LONGEST_ALERT: Final = timedelta(days=7)
USUAL_ALERT: Final = timedelta(hours=24)


class Status(StrEnum):
    """CAP `status`; the other values of CAP never travel between councils."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"


class MessageType(StrEnum):
    """CAP `msgType`; Ack and Error are activities of their own."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class AlertCategory(StrEnum):
    """CAP `category`."""

    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class Urgency(StrEnum):
    """CAP `urgency`."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """CAP `severity`."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    """CAP `certainty`."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


class Ended(StrEnum):
    """Why a call is at its end; `false` stays to be seen, so that whoever heard it learns what it was."""

    OVER = "over"
    WITHDRAWN = "withdrawn"
    FALSE = "false"


AreaCell = Annotated[str, StringConstraints(pattern=r"^8[0-7][0-9a-f]{13}$")]
"""An H3 cell of resolution 7 or coarser: an area to look after, never a house."""


class Alert(WireModel):
    """The payload, with CAP's names and literal values; `wanted`, `cells`, `ended`, `raised_by` and the rest are ours.

    `earlier`: when the earlier versions were sent, oldest first, which CAP calls references. `note`: what changed, or why it
    ended. `raised_by`: how many people raised it.
    """

    status: Status
    msg_type: MessageType
    category: AlertCategory
    event: Annotated[Line, StringConstraints(min_length=1)]
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    wanted: Words = ""
    instruction: Words = ""
    cells: Annotated[list[AreaCell] | None, Field(max_length=64)] = None
    ended: Ended | None = None
    note: Annotated[Words | None, StringConstraints(max_length=2_000)] = None
    earlier: Annotated[list[WireTime] | None, Field(max_length=32)] = None
    because: Address | None = None
    campaign: Line | None = None
    raised_by: Annotated[int, Field(strict=True, ge=1, le=2)] | None = None

    @model_validator(mode="after")
    def _says_how_it_ended(self) -> Self:
        if (self.msg_type is MessageType.CANCEL) != (self.ended is not None):
            raise ValueError("a call that is cancelled says how it ended, and no other does")
        return self


class AlertNote(Note):
    """A call for help as another council sent it."""

    end_time: WireTime
    alert: Alert = Field(validation_alias="comarca:alert", serialization_alias="comarca:alert")

    @model_validator(mode="after")
    def _ends_in_time(self) -> Self:
        check_end(self.published, self.end_time)
        if self.end_time - self.published > LONGEST_ALERT:
            raise ValueError("a call for help lasts seven days at most")
        return self

    @model_validator(mode="after")
    def _drill_says_so(self) -> Self:
        if self.alert.status is Status.EXERCISE and not plain_text(self.content).startswith(EXERCISE_WORDS):
            raise ValueError("a drill says so in its first word")
        return self

    @property
    def is_exercise(self) -> bool:
        """Whether this is a drill."""
        return self.alert.status is Status.EXERCISE


def read_alert(note: object) -> AlertNote | Refused:
    """The call for help in a Note that arrived, or Refused(wrong-shape). Whether it has ended is for who has a clock."""
    return AlertNote.read(note)


def alert_note(
    object_id: str,
    base_url: str,
    *,
    name: str,
    words: str,
    alert: Alert,
    language: str,
    place: Place | None,
    published: datetime,
    updated: datetime | None,
    ends_at: datetime,
    audience: str,
    zone: tzinfo = UTC,
) -> dict[str, Any]:
    """The Note of a call for help. `object_id` is its whole address; times in the text are told in `zone`; no proof, no context.

    Raises ValueError for an audience that never leaves the council, or for values that a reader would have to refuse (such as
    an end more than seven days after `published`).
    """
    said = words_for(language)
    title = f"{said['exercise']}: {name}" if alert.status is Status.EXERCISE else name
    note = note_document(
        object_id,
        base_url,
        name=title,
        paragraphs=[
            as_html(title),
            escape(said[f"ended-{alert.ended}"]) if alert.ended is not None else "",
            labelled(said["changed"], alert.note or ""),
            as_html(words),
            labelled(said["wanted"], alert.wanted),
            labelled(said["instruction"], alert.instruction),
            labelled(said["near"], place.name) if place else "",
            labelled(said["until"], moment(ends_at, zone)) if alert.ended is None else "",
            link_to(object_id, language=language),
        ],
        language=language,
        place=place,
        hashtags=("MutualAid", "Alert"),
        published=published,
        updated=updated,
        audience=audience,
    )
    note |= {
        "source": {"content": words, "mediaType": "text/plain"},
        "endTime": write_time(ends_at),
        "comarca:alert": alert.wire(),
    }
    refused = read_alert(note)
    if isinstance(refused, Refused):
        raise ValueError(refused.sentence)
    return note


class AlertForm(ApiModel):
    """What a person or a program sends to call for help. It ends after 24 hours unless `ends_at` says otherwise."""

    title: FormLine
    words: FormWords = ""
    event: FormLine
    wanted: FormWords = ""
    instruction: FormWords = ""
    category: AlertCategory = AlertCategory.OTHER
    urgency: Urgency = Urgency.IMMEDIATE
    severity: Severity = Severity.MODERATE
    certainty: Certainty = Certainty.OBSERVED
    exercise: bool = False
    near: Annotated[FormLine | None, EmptyIsNothing] = None
    around: Around = Around.HERE
    audience: Audience = Audience.NEIGHBOURS
    ends_at: Annotated[WireTime | None, EmptyIsNothing] = None
    language: Annotated[Language | None, EmptyIsNothing] = None
    because: Annotated[Address | None, EmptyIsNothing] = None
    campaign: Annotated[FormLine | None, EmptyIsNothing] = None

    @property
    def status(self) -> Status:
        """CAP's word for whether this is a drill."""
        return Status.EXERCISE if self.exercise else Status.ACTUAL

    def ends(self, now: datetime) -> datetime:
        """When it ends, in UTC. Raises Refusal if that has passed or is more than seven days away."""
        if self.ends_at is None:
            return now.astimezone(UTC) + USUAL_ALERT
        if self.ends_at - now > LONGEST_ALERT:
            raise Refusal(
                "too-long",
                "ends_at",
                sentence="A call for help lasts seven days at most. It can be renewed before it ends.",
            )
        return still_ahead(self.ends_at, now, field="ends_at")


class AlertView(ApiModel):
    """One call for help as lists and pages show it; whoever shows it shows `status` and `source` too."""

    id: Address
    status: Status
    msg_type: MessageType
    title: Line
    words: Words
    category: AlertCategory
    event: Line
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    wanted: Words
    instruction: Words
    near: Line | None
    cells: list[AreaCell]
    ended: Ended | None
    news: Words
    because: Address | None
    source: SourceCouncil
    audience: Audience
    language: Language
    published: WireTime
    updated: WireTime
    ends_at: WireTime
    url: Address
