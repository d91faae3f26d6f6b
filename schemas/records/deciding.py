"""The words in which a decision is told, and the rule by which several councils adopt one text.

A rule is part of what is agreed, so it is closed: one with a member that we do not know could not be counted here as it is
counted elsewhere, and is refused. Source: primitives.md 2.5, background/protocol.md 4.4.
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from schemas.base import Address, Line, WireModel, WireTime, read_time, write_time

MOST_COUNCILS: Final = 50


class Stage(StrEnum):
    """Where a text stands, as far as other councils are told. In force and due for review are seen from the days."""

    NOTICE = "notice"
    OPEN = "open"
    ADOPTED = "adopted"
    DROPPED = "dropped"
    REFUSED = "refused"
    ENDED = "ended"


class Domain(StrEnum):
    """What part of living together a text is about (practice 22)."""

    HOUSING = "housing"
    SAFETY = "safety"
    MAINTENANCE = "maintenance"
    CARE = "care"
    FOOD = "food"
    CONFLICT = "conflict"
    LEARNING = "learning"
    MONEY = "money"
    RULES = "rules"
    OTHER = "other"


class Method(StrEnum):
    """How an assembly came to its decision."""

    CONSENT = "consent"
    MAJORITY = "majority"
    TWO_THIRDS = "two-thirds"
    CONSENSUS_MINUS_ONE = "consensus-minus-one"
    ADVISORY = "advisory"


def _as_we_write_it(value: object) -> object:
    if isinstance(value, str) and write_time(read_time(value)) != value:
        raise ValueError("a time that is signed over is written YYYY-MM-DDTHH:MM:SSZ")
    return value


class Asked(WireModel):
    """A council whose answer counts, with the key it answers with (Ed25519, multibase), both part of what is agreed."""

    model_config = ConfigDict(extra="forbid")

    id: Address
    name: Annotated[Line, StringConstraints(min_length=1)]
    key: Annotated[str, StringConstraints(pattern=r"^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$")]


class Rule(WireModel):
    """When several councils have adopted a text: so many agree, and no more than so many objections are left by then."""

    model_config = ConfigDict(extra="forbid")

    councils: Annotated[list[Asked], Field(min_length=1, max_length=MOST_COUNCILS)]
    at_least: Annotated[int, Field(strict=True, ge=1, le=MOST_COUNCILS)]
    most_objections: Annotated[int, Field(strict=True, ge=0, le=MOST_COUNCILS)]
    closes_at: Annotated[WireTime, BeforeValidator(_as_we_write_it)]

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if len({council.id for council in self.councils}) != len(self.councils):
            raise ValueError("each council is asked once")
        if self.at_least > len(self.councils):
            raise ValueError("more councils must agree than are asked")
        return self

    def agreed(self) -> dict[str, Any]:
        """The rule as it stands on the wire, and as the digest of the text covers it."""
        return self.wire()
