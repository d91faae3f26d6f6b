"""How much of what is to move or be done, in the words of FEP-0837: what needs, offers and agreements are counted in."""

from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, StringConstraints, model_validator

from schemas.base import Address, Quantity, WireModel
from schemas.context import VALUE_FLOWS

# The same action is written bare (FEP-0837, Mitra) or as an address of either ValueFlows namespace (Bonfire).
_ACTION_PREFIXES: Final = (VALUE_FLOWS, "https://w3id.org/valueflows#", "vf:")


def _bare_action(value: object) -> object:
    if isinstance(value, str):
        for prefix in _ACTION_PREFIXES:
            if value.startswith(prefix):
                return value[len(prefix) :]
    return value


class Measure(WireModel):
    """So much of some unit (om2); the number is decimal text."""

    has_unit: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    has_numerical_value: Quantity


class Intent(WireModel):
    """What is to move or be done (ValueFlows), how much of it, and how much is left."""

    id: Address
    type: Literal["Intent"]
    action: Annotated[str, StringConstraints(pattern=r"^[A-Za-z-]{1,40}$"), BeforeValidator(_bare_action)]
    resource_conforms_to: Annotated[str, StringConstraints(min_length=1, max_length=2_048)]
    resource_quantity: Measure | None = None
    available_quantity: Measure | None = None

    @model_validator(mode="after")
    def _left_is_part_of_whole(self) -> Self:
        whole, left = self.resource_quantity, self.available_quantity
        if left is None:
            return self
        if whole is None or whole.has_unit != left.has_unit:
            raise ValueError("what is left is counted as the whole is")
        if Decimal(left.has_numerical_value) > Decimal(whole.has_numerical_value):
            raise ValueError("no more can be left than there was")
        return self
