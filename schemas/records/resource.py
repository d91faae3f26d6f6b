"""A need or an offer: on the wire a Note with the terms of FEP-0837, beside it the form a person sends and the views.

Never a price, a rating, a person or an exact place. The one who put it up is the only writer of what is left.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from html import escape
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from protocol.verdict import Refused
from schemas.audience import Audience
from schemas.base import (
    Address,
    ApiModel,
    EmptyIsNothing,
    FormLine,
    FormShort,
    FormWords,
    Language,
    Line,
    Quantity,
    WireTime,
    check_end,
    write_time,
)
from schemas.context import CATEGORIES, NAMESPACE, Category, category_of, name_of
from schemas.lasting import LONGEST_RESOURCE, Until, end_of, still_ahead
from schemas.place import Place
from schemas.records.availability import AvailabilityAnswer, AvailabilityItem, Direction, ListedResource
from schemas.records.comes_back import ComesBack, terms_of
from schemas.records.intent import Intent, Measure
from schemas.records.note import as_html, labelled, link_to, moment, note_document
from schemas.repeating import Recurrence, RuleText, ZoneName
from schemas.wording import said_in, words_for

__all__ = [
    "AvailabilityAnswer", "AvailabilityItem", "Direction", "Intent", "Measure", "Place", "ResourceForm", "ResourceNote",
    "ResourceState", "ResourceView", "read_resource", "resource_note",
]  # fmt: skip

STANDS_FOR: Final = timedelta(days=90)
_PURPOSE: Final[dict[str, str]] = {"offer": "offer", "need": "request"}
_DELIVERED: Final = frozenset({"transport", "care", "skills", "time"})


class ResourceState(StrEnum):
    """Where a resource is in its life, as others may know it."""

    OPEN = "open"
    PARTLY_PROMISED = "partly-promised"
    PROMISED = "promised"
    CLOSED = "closed"


class ResourceNote(ComesBack):
    """A need or an offer as another council sent it."""

    purpose: Literal["offer", "request"]
    publishes: Intent
    end_time: WireTime
    state: ResourceState = Field(
        default=ResourceState.OPEN, validation_alias="comarca:state", serialization_alias="comarca:state"
    )
    finer: Annotated[str, StringConstraints(max_length=2_048)] | None = Field(
        default=None, validation_alias="comarca:kind", serialization_alias="comarca:kind"
    )
    can_wait: bool = Field(default=True, validation_alias="comarca:canWait", serialization_alias="comarca:canWait")
    standing: bool = Field(default=False, validation_alias="comarca:standing", serialization_alias="comarca:standing")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        check_end(self.start_time, self.end_time)
        check_end(self.published, self.end_time)
        if self.end_time - (self.updated or self.published) > LONGEST_RESOURCE:
            raise ValueError("a need or an offer stays up for 90 days at most, unless it is said anew")
        return self

    @model_validator(mode="after")
    def _intent_is_of_this_note(self) -> Self:
        if not self.publishes.id.startswith(self.id + "#"):
            raise ValueError("an intent is a fragment of its note")
        return self

    @property
    def direction(self) -> Direction:
        """`offer` or `need`."""
        return "offer" if self.purpose == "offer" else "need"

    @property
    def category(self) -> Category:
        """One of our slugs; `other` for a kind that is not in our list."""
        return category_of(self.publishes.resource_conforms_to)

    @property
    def kind(self) -> str:
        """The name of the finer kind in our namespace, empty where none was said or it is in another's."""
        return name_of(self.finer or "")

    @property
    def quantity(self) -> str | None:
        """The whole, as decimal text; None where it is not counted."""
        measure = self.publishes.resource_quantity
        return measure.has_numerical_value if measure else None

    @property
    def available(self) -> str | None:
        """What is left, as decimal text; the whole where the sender did not say."""
        measure = self.publishes.available_quantity
        return measure.has_numerical_value if measure else self.quantity

    @property
    def unit(self) -> str | None:
        """What is counted, in the sender's words."""
        measure = self.publishes.resource_quantity
        return measure.has_unit if measure else None


def read_resource(note: object) -> ResourceNote | Refused:
    """The need or offer in a Note that arrived, or Refused(wrong-shape)."""
    return ResourceNote.read(note)


def resource_note(
    object_id: str,
    base_url: str,
    *,
    direction: Direction,
    name: str,
    words: str,
    language: str,
    category: Category,
    quantity: str | None,
    unit: str | None,
    available: str | None,
    place: Place | None,
    published: datetime,
    updated: datetime | None,
    ends_at: datetime,
    audience: str,
    starts_at: datetime | None = None,
    state: str = "open",
    kind: str = "",
    can_wait: bool = True,
    standing: bool = False,
    zone: tzinfo = UTC,
    comes_back: Recurrence | None = None,
) -> dict[str, Any]:
    """The Note of a need or an offer. `object_id` is its whole address; quantities are decimal text; no proof, no context.

    `kind` is the id of a finer kind under the category, empty for none.

    Times in the human text are told in `zone`; `comes_back` is when it does, from `starts_at` on. Raises ValueError for an
    audience that never leaves the council, or for values that a reader would have to refuse.
    """
    intent: dict[str, Any] = {
        "id": f"{object_id}#primary",
        "type": "Intent",
        "action": "deliverService" if category in _DELIVERED else "transfer",
        "resourceConformsTo": CATEGORIES[category],
    }
    if quantity is not None:
        left = quantity if available is None else available
        intent["resourceQuantity"] = {"hasUnit": unit or "one", "hasNumericalValue": quantity}
        intent["availableQuantity"] = {"hasUnit": unit or "one", "hasNumericalValue": left}
    said = words_for(language)
    amount = _amount(quantity, available, unit=unit, language=language)
    note = note_document(
        object_id,
        base_url,
        name=name,
        paragraphs=[
            as_html(name),
            as_html(words),
            labelled(said[direction], amount) or escape(said[direction]),
            labelled(said["near"], place.name) if place else "",
            labelled(said["from"], moment(starts_at, zone)) if starts_at else "",
            labelled(said["repeats"], said_in(comes_back, language)) if comes_back else "",
            labelled(said["until"], moment(ends_at, zone)),
            escape(said[state]) if state != ResourceState.OPEN else "",
            link_to(object_id, language=language),
        ],
        language=language,
        place=place,
        hashtags=("MutualAid", "Offer" if direction == "offer" else "Need"),
        published=published,
        updated=updated,
        audience=audience,
    )
    note |= {
        "source": {"content": words, "mediaType": "text/plain"},
        "endTime": write_time(ends_at),
        "purpose": _PURPOSE[direction],
        "publishes": intent,
        "comarca:state": state,
    }
    if kind:
        note["comarca:kind"] = NAMESPACE + kind
    # What is usual is not said, so that notes of every release read the same.
    note |= {} if can_wait else {"comarca:canWait": False}
    note |= {"comarca:standing": True} if standing else {}
    if starts_at is not None:
        note["startTime"] = write_time(starts_at)
    note |= terms_of(comes_back)
    # Better a fault here than a message that every neighbour refuses.
    refused = read_resource(note)
    if isinstance(refused, Refused):
        raise ValueError(refused.sentence)
    return note


def _amount(quantity: str | None, available: str | None, *, unit: str | None, language: str) -> str:
    if quantity is None:
        return ""
    amount = f"{quantity} {unit or ''}".strip()
    if available is None or available == quantity:
        return amount
    return f"{amount} ({words_for(language)['left'].format(available)})"


class ResourceForm(ApiModel):
    """What is sent to put up a need or an offer. It ends at `ends_at` or `until`, not both; `because` is told nowhere else.

    `kind` is the id of a finer kind, whose category then counts, `notes` what it asks for: name to words. A `standing` place (a
    fridge, a free store) has hours and ways in, and need not say an end. `repeats` is "once" or a rule (RFC 5545) from `starts_at`
    on. What is left out when it is said anew stays as it was.
    """

    direction: Direction
    title: FormLine
    words: FormWords = ""
    category: Category = "other"
    quantity: Annotated[Quantity | None, EmptyIsNothing] = None
    unit: Annotated[Annotated[FormLine, StringConstraints(max_length=60)] | None, EmptyIsNothing] = None
    near: Annotated[FormLine | None, EmptyIsNothing] = None
    audience: Annotated[Audience | None, EmptyIsNothing] = None
    ends_at: Annotated[WireTime | None, EmptyIsNothing] = None
    until: Annotated[Until | None, EmptyIsNothing] = None
    language: Annotated[Language | None, EmptyIsNothing] = None
    because: Annotated[Address | None, EmptyIsNothing] = None
    kind: Annotated[Annotated[str, StringConstraints(max_length=40)] | None, EmptyIsNothing] = None
    can_wait: Annotated[bool | None, EmptyIsNothing] = None
    may_pass_on: Annotated[bool | None, EmptyIsNothing] = None
    repeats: Annotated[RuleText | None, EmptyIsNothing] = None
    starts_at: Annotated[WireTime | None, EmptyIsNothing] = None
    notes: Annotated[dict[FormShort, FormShort], Field(max_length=20)] | None = None
    standing: Annotated[bool | None, EmptyIsNothing] = None
    hours: FormShort | None = None
    access: FormShort | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        ends = (self.ends_at is not None) + (self.until is not None)
        if ends != 1 and not (self.standing and not ends):
            raise ValueError("say how long it stays up: ends_at or until")
        return self

    @model_validator(mode="after")
    def _something_is_counted(self) -> Self:
        if self.quantity is not None and not Decimal(self.quantity):
            raise ValueError("a quantity is more than nothing")
        return self

    @property
    def seen_by(self) -> Audience:
        """The audience chosen, or the narrowest that serves: a need stays home, an offer goes to linked councils."""
        if self.audience is not None:
            return self.audience
        return Audience.NEIGHBOURS if self.direction == "offer" else Audience.COUNCIL

    def ends(self, now: datetime, *, zone: tzinfo) -> datetime:
        """The moment it comes down, in UTC; 90 days on where none is said. Raises Refusal if it has passed or does not exist."""
        if self.ends_at is not None:
            return still_ahead(self.ends_at, now, field="ends_at")
        if self.until is None:
            return now + STANDS_FOR
        return still_ahead(end_of(self.until, now, zone=zone), now, field="until")


class ResourceView(ListedResource):
    """One slip as /board.json shows it."""

    state: ResourceState
    language: Language
    starts_at: WireTime | None
    repeats: RuleText | None = None
    zone: ZoneName | None = None
    published: WireTime
    kind: Line | None = None
    can_wait: bool = True
    standing: bool = False
    hours: Line | None = None
    access: Line | None = None
