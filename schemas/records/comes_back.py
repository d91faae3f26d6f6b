"""What a Note says of when its matter comes back: a rule and the zone by whose clocks it holds, together or not at all."""

from typing import Any, Self

from pydantic import Field, model_validator

from schemas.base import WireTime
from schemas.records.note import Note
from schemas.repeating import Recurrence, RuleText, ZoneName, read_rule, recurrence, write_rule


class ComesBack(Note):
    """A Note that may come back, from its start on and never after its end."""

    end_time: WireTime
    repeats: RuleText | None = Field(
        default=None, validation_alias="comarca:repeats", serialization_alias="comarca:repeats"
    )
    zone: ZoneName | None = Field(default=None, validation_alias="comarca:zone", serialization_alias="comarca:zone")

    @model_validator(mode="after")
    def _comes_back_from_a_time_on(self) -> Self:
        if self.repeats is not None:
            read_rule(self.repeats)
        if (self.repeats is None) != (self.zone is None):
            raise ValueError("comarca:repeats and comarca:zone stand together")
        if self.repeats is not None and self.start_time is None:
            raise ValueError("what comes back has a startTime")
        return self

    @property
    def recurrence(self) -> Recurrence | None:
        """When it comes back; None for once, or where this machine does not know the zone."""
        return recurrence(self.repeats or "", start=self.start_time, zone=self.zone or "", ends=self.end_time)


def terms_of(one: Recurrence | None) -> dict[str, Any]:
    """The members that tell it; none for once."""
    return {} if one is None else {"comarca:repeats": write_rule(one.rule), "comarca:zone": one.zone.key}
