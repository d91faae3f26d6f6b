"""What two councils promise each other about one need or offer: FEP-0837's agreement, from the offer to the receipts of both.

To the other council alone, signed, never a person; nothing is ever given in return. Beyond the FEP, which leaves these open: an
Offer says until when it can be answered, a Reject what is left, either side takes its word back by an Undo, and both sides
say that it is done. Read leniently where others write otherwise: FEP-0837's own misspelling of `stipulates`, one recipient
without brackets.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from protocol import ids
from protocol.verdict import Reason, Refused
from schemas.base import Address, Recipients, WireModel, WireTime, check_end
from schemas.records import answer, stance
from schemas.records.intent import Measure

AVAILABLE: Final = "comarca:available"
PRIMARY: Final = "#primary"
UNCOUNTED_UNIT: Final = "one"
"""What stands on the wire where nobody said in what it is counted."""

VERBS: Final = frozenset({"Offer", "Accept", "Reject", "Create"})
_MISSPELT: Final = "stiplulates"

_One = Annotated[Recipients, Field(min_length=1, max_length=1)]
_Nobody = Annotated[Recipients, Field(max_length=0)]


class Commitment(WireModel):
    """So much of what a need or an offer is about. Nothing is counted where the need or offer counts nothing."""

    id: Address | None = None
    type: Literal["Commitment"]
    satisfies: Address
    resource_quantity: Measure | None = None

    @model_validator(mode="after")
    def _of_a_note(self) -> Self:
        if not self.satisfies.endswith(PRIMARY) or self.satisfies.count("#") != 1:
            raise ValueError("what is promised is the primary intent of a need or an offer")
        if self.resource_quantity is not None and not Decimal(self.resource_quantity.has_numerical_value):
            raise ValueError("what is promised is more than nothing")
        return self

    @property
    def note_id(self) -> str:
        """The address of the need or offer."""
        return self.satisfies.removesuffix(PRIMARY)

    @property
    def amount(self) -> str | None:
        """Decimal text, None where nothing is counted."""
        return None if self.resource_quantity is None else self.resource_quantity.has_numerical_value

    @property
    def unit(self) -> str | None:
        """The word of the wire, None where nothing is counted."""
        return None if self.resource_quantity is None else self.resource_quantity.has_unit


class Agreement(WireModel):
    """What is promised, and nothing in return. It has an id once it has been accepted."""

    id: Address | None = None
    type: Literal["Agreement"]
    stipulates: Commitment

    @model_validator(mode="before")
    @classmethod
    def _as_the_fep_spells_it(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        if any(name in value for name in ("stipulatesReciprocal", "stiplulatesReciprocal")):
            raise ValueError("nothing is given in return")
        if _MISSPELT in value and "stipulates" not in value:
            return {**value, "stipulates": value[_MISSPELT]}
        return value

    def same_terms(self, other: "Agreement") -> bool:
        """Whether the same is promised: of the same thing, as much, counted alike."""
        mine, theirs = self.stipulates, other.stipulates
        if (mine.satisfies, mine.unit) != (theirs.satisfies, theirs.unit):
            return False
        return mine.amount == theirs.amount or (
            None not in (mine.amount, theirs.amount) and Decimal(mine.amount or 0) == Decimal(theirs.amount or 0)
        )


class Offered(WireModel):
    """What an Undo repeats of an Offer."""

    id: Address
    type: Literal["Offer"]
    actor: Address
    object: Agreement
    end_time: WireTime


class Accepted(WireModel):
    """What an Undo repeats of an Accept."""

    id: Address
    type: Literal["Accept"]
    actor: Address
    object: Address
    result: Agreement

    @model_validator(mode="after")
    def _made_out_by_who_accepts(self) -> Self:
        agreement, primary = self.result.id, self.result.stipulates.id
        if agreement is None or not ids.same_origin(agreement, self.actor) or ids.has_query(agreement):
            raise ValueError("an agreement has an address of the council that accepts")
        if primary != agreement + PRIMARY:
            raise ValueError("what is agreed is a fragment of its agreement")
        return self


class _Act(WireModel):
    """What all acts have: one council says it to one other."""

    to: _One
    cc: _Nobody = Field(default_factory=list)
    published: WireTime


class AgreementOffer(Offered, _Act):
    """We can do this, or: can you do this? To be answered before `end_time`."""

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        check_end(self.published, self.end_time)
        return self


class AgreementAccept(Accepted, _Act):
    """Yes, to all of it."""


class AgreementReject(_Act):
    """Not this time. `context` is the need or offer; `available` what is left of it, where its own council says so."""

    id: Address
    type: Literal["Reject"]
    actor: Address
    object: Address
    context: Address
    available: Measure | None = Field(default=None, validation_alias=AVAILABLE, serialization_alias=AVAILABLE)


class Receipt(WireModel):
    """`context` is the agreement that it is about, `in_reply_to` the Offer that it came from."""

    id: Address
    type: Literal["Document"]
    attributed_to: Address
    context: Address
    in_reply_to: Address


class AgreementReceipt(_Act):
    """It has been handed over, or done: said by one council and, in a receipt of its own, by the other."""

    id: Address
    type: Literal["Create"]
    actor: Address
    object: Receipt

    @model_validator(mode="after")
    def _of_its_own(self) -> Self:
        if self.object.attributed_to != self.actor or self.object.id != self.id + "#receipt":
            raise ValueError("a receipt is a fragment of the act that it is said in")
        return self


class AgreementUndo(_Act):
    """Given back: one's own Offer or Accept, which it carries whole, without its proof."""

    id: Address
    type: Literal["Undo"]
    actor: Address
    object: Annotated[Offered | Accepted, Field(discriminator="type")]


AgreementAct = AgreementOffer | AgreementAccept | AgreementReject | AgreementReceipt | AgreementUndo
_MODELS: Final[dict[str, type[WireModel]]] = {
    "Offer": AgreementOffer,
    "Accept": AgreementAccept,
    "Reject": AgreementReject,
    "Create": AgreementReceipt,
    "Undo": AgreementUndo,
}


def is_agreement(said: Mapping[str, Any]) -> bool:
    """Whether an activity, or what is undone, belongs to an exchange between two councils. Judges nothing more.

    An answer to a call or to a text has a member of its own, whatever else it carries.
    """
    if any(marker in said for marker in (answer.MARKER, stance.MARKER)):
        return False
    thing = said.get("object")
    match said.get("type"):
        case "Offer":
            return isinstance(thing, Mapping) and thing.get("type") == "Agreement"
        case "Accept":
            return "result" in said
        case "Reject":
            return "context" in said
        case "Create":
            return isinstance(thing, Mapping) and thing.get("type") == "Document"
        case _:
            return False


def read_agreement(document: Mapping[str, Any]) -> AgreementAct | Refused:
    """The act in an activity that arrived; else Refused(wrong-shape)."""
    model = _MODELS.get(str(document.get("type")))
    if model is None:
        return Refused(Reason.WRONG_SHAPE, "That is no act of an agreement.")
    read: Any = model.read(document)
    return read  # type: ignore[no-any-return]  # one of the five


def offer_of(said: AgreementAct) -> str:
    """The Offer that an act belongs to, or is."""
    match said:
        case AgreementOffer():
            return said.id
        case AgreementAccept() | AgreementReject():
            return said.object
        case AgreementReceipt():
            return said.object.in_reply_to
        case AgreementUndo():
            return said.object.object if isinstance(said.object, Accepted) else said.object.id


def agreement_of(said: AgreementAct) -> Agreement | None:
    """The terms that an act carries, None for a Reject and a receipt."""
    match said:
        case AgreementOffer():
            return said.object
        case AgreementAccept():
            return said.result
        case AgreementUndo():
            return said.object.result if isinstance(said.object, Accepted) else said.object.object
        case _:
            return None
