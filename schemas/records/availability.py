"""What a region has: the views of needs and offers that say where each came from, how old that is and whether it was proved.

Views only: what a reader may see has been decided before any of these is made.
"""

from typing import Literal

from pydantic import Field, NonNegativeInt

from schemas.audience import Audience
from schemas.base import Address, ApiModel, Line, Quantity, WireTime, Words
from schemas.context import Category

Direction = Literal["offer", "need"]
Contact = Literal["current", "silent"]


class SourceCouncil(ApiModel):
    """Who put it up."""

    actor: Address
    name: Line
    url: Address


class RegionalSource(SourceCouncil):
    """Who put it up, ours or of the region. `told_by`: we are not linked up with it; these are, and brought its public word."""

    told_by: list[Line] = Field(default_factory=list)


class Freshness(ApiModel):
    """How long ago the source was last heard from; `age_seconds` counts from then to the answer's `as_of`."""

    last_heard_at: WireTime | None
    age_seconds: NonNegativeInt | None
    state: Contact


class ProofState(ApiModel):
    """`verified`: their signature held when it came; `ours`: put up here. `method` is the id of the key."""

    state: Literal["verified", "ours"]
    method: str | None = None


class ListedResource(ApiModel):
    """What every list of needs and offers tells. Quantities are decimal text."""

    id: Address
    direction: Direction
    title: Line
    words: Words
    category: Category
    quantity: Quantity | None
    available: Quantity | None
    unit: Line | None
    near: Line | None
    source: SourceCouncil
    ends_at: WireTime
    updated: WireTime
    audience: Audience
    url: Address


class AvailabilityItem(ListedResource):
    """One need or offer somewhere in the region. Distance is from the place asked about, to the middle of its cell."""

    source: RegionalSource
    distance_km: float | None
    freshness: Freshness
    proof: ProofState


class AmountBand(ApiModel):
    """About how much of one unit a council offers or needs, of all that was found of it: `at_least` so much; 0 is "a few"."""

    direction: Direction
    unit: Line
    at_least: NonNegativeInt


class CouncilFreshness(Freshness):
    """One council of the region, whether it has anything or not: silence is shown, not hidden.

    `found`: the ids of the items that are its own, so each item stands once. `asked`: what came of asking it within the last
    minute: it answered, was silent, is `unable` to be asked like that, refused, or was asked often `enough`.
    """

    actor: Address
    name: Line
    found: list[Address] = Field(default_factory=list)
    amounts: list[AmountBand] = Field(default_factory=list)
    asked: Literal["answered", "silent", "unable", "refused", "enough"] | None = None


class AvailabilityAnswer(ApiModel):
    """The answer of GET /region/availability, true as of one moment."""

    items: list[AvailabilityItem]
    councils: list[CouncilFreshness]
    as_of: WireTime
