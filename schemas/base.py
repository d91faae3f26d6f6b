"""The two kinds of model at our edges, and the small types they are made of.

`WireModel` reads what other servers send: it tolerates members it does not know and keeps them out. `ApiModel` is what our
own callers send and receive: it refuses what it does not know. Neither may hold a table, open a connection or read a clock.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self

from pydantic import (
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from protocol.verdict import Reason, Refused

LONGEST_TEXT: Final = 65_536
LONGEST_ADDRESS: Final = 2_048

_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_SAFE_PLACE: Final = re.compile(r"[A-Za-z0-9_:@]{1,40}")

# Characters that no text of ours holds: C0 (but tab and line feed), DEL, C1. A line refuses every kind of line break too.
_NO_CONTROLS: Final = r"^[^\x00-\x08\x0b-\x1f\x7f\u0080-\u009f]*$"
_ONE_LINE: Final = r"^[^\x00-\x1f\x7f\u0080-\u009f\u2028\u2029]*$"


def read_time(value: object) -> datetime:
    """An aware UTC datetime from RFC 3339 text (fractions and offsets tolerated) or from an aware datetime.

    Raises ValueError for anything else; a time without a zone is refused, since nobody can know what it means.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs a zone")
        return value.astimezone(UTC)
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        raise ValueError("a time is written YYYY-MM-DDTHH:MM:SSZ")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time outside the calendar") from error


def write_time(value: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, without fraction (some verifiers render times anew). Raises ValueError for a naive time."""
    if value.tzinfo is None:
        raise ValueError("a time needs a zone")
    return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _unix_line_ends(value: object) -> object:
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


WireTime = Annotated[
    datetime,
    BeforeValidator(read_time),
    PlainSerializer(write_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

# ASCII only: an address in any other spelling could be read as two different hosts.
Address = Annotated[
    str, StringConstraints(max_length=LONGEST_ADDRESS, pattern=r"^https?://[A-Za-z0-9\[][!#-;=?-\[\]_a-z~]*$")
]
"""An http(s) address of at most 2,048 characters. Whether we may contact it is judged elsewhere."""

Quantity = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
"""A decimal number as text, since floats have no place in a signed body (FEP-0837)."""

Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""A BCP 47 language tag, as far as we need it."""

Line = Annotated[str, StringConstraints(max_length=300, pattern=_ONE_LINE)]
Words = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=_NO_CONTROLS)]

# A validator that runs before stands last in its type: constraints written after it would not reach the JSON Schema.
FormLine = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_ONE_LINE)]
FormWords = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=4_000, pattern=_NO_CONTROLS),
    BeforeValidator(_unix_line_ends),
]
FormNote = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2_000, pattern=_NO_CONTROLS),
    BeforeValidator(_unix_line_ends),
]
FormShort = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_ONE_LINE)]
FormText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000, pattern=_NO_CONTROLS),
    BeforeValidator(_unix_line_ends),
]


def _nothing_if_empty(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


# A browser sends an empty field as an empty text: the same as not having said anything.
EmptyIsNothing: Final = BeforeValidator(_nothing_if_empty)

Recipient = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ADDRESS)]
# More recipients than this are a flood, not an audience (S31).
Recipients = Annotated[list[Recipient], Field(max_length=500), BeforeValidator(_one_or_many)]
"""Addresses in `to` or `cc`; JSON-LD lets a list of one be written as its only item."""


def check_end(starts: datetime | None, ends: datetime) -> None:
    """Raises ValueError where a thing would end before it begins."""
    if starts is not None and ends <= starts:
        raise ValueError("the end must come after the beginning")


def wrong_shape(error: ValidationError) -> Refused:
    """The refusal for a document that failed its model: names the first member, never the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
    # Keys of free maps are the sender's words and must not come back in ours.
    place = ".".join(str(part) for part in first if _SAFE_PLACE.fullmatch(str(part)))
    return Refused(Reason.WRONG_SHAPE, f"The member {place or 'document'} is missing or has not the expected shape.")


class WireModel(BaseModel):
    """What others say: unknown members are left out, members are read by their names on the wire only (`read`)."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
        str_max_length=LONGEST_TEXT,
        alias_generator=AliasGenerator(validation_alias=to_camel, serialization_alias=to_camel),
    )

    @classmethod
    def read(cls, document: object) -> Self | Refused:
        """The model of `document`, or Refused(wrong-shape). Python field names are not accepted in place of wire names."""
        if not isinstance(document, Mapping):
            return Refused(Reason.WRONG_SHAPE, "A JSON object was expected.")
        try:
            return cls.model_validate(document, by_alias=True, by_name=False)
        except ValidationError as error:
            return wrong_shape(error)

    def wire(self) -> dict[str, Any]:
        """The members under their wire names, JSON values only, absent ones left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ApiModel(BaseModel):
    """What our own callers send and get: an unknown member is a mistake that is named, not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_max_length=LONGEST_TEXT)
