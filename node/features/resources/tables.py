"""Needs and offers: our own records, and the index of what is available around us.

`Resource` is what a neighbour of this council put up; part of it never leaves this node. `Availability` is derived from
published notes alone, ours and theirs, and can be rebuilt from the replicas. Neither may ever be filled from unjudged input.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer
from sqlmodel import Field, SQLModel

from federation.columns import Instant, SealedText


class Resource(SQLModel, table=True):
    """One need or offer of ours.

    `object_id` is its federated address, set when it is first published and kept for good; `public_id` (26 characters)
    names it on our pages and is the last part of that address. `quantity` and `available` are decimal texts. `near` is
    the name of a place, `cell` its H3 cell, None where there is no fixed place. `by_member` is never published.
    """

    __table_args__ = (Index("ix_resource_state_ends_at", "state", "ends_at"),)

    id: int | None = Field(default=None, primary_key=True)
    object_id: str | None = Field(default=None, unique=True)
    public_id: str = Field(unique=True, max_length=26)
    direction: str
    title: str = Field(sa_type=SealedText)
    words: str = Field(sa_type=SealedText)
    language: str
    category: str
    quantity: str | None = None
    unit: str | None = None
    available: str | None = None
    near: str = Field(default="", sa_type=SealedText)
    cell: str | None = None
    because: str = ""  # the address of the resolution that it comes from
    audience: str
    state: str
    outcome: str | None = None
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    by_member: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class Availability(SQLModel, table=True):
    """What can still be had or given in the region: one row for each published need or offer that is not spoken for.

    Only public and federated matter. Latitude and longitude (WGS 84 degrees) are computed here from the H3 cell where
    there is one. The first index covers the search around a place, so that only rows that are shown are looked up; the
    second serves the search without a place.
    """

    __table_args__ = (
        Index("ix_availability_around", "category", "latitude", "longitude", "ends_at", "audience", "direction"),
        Index("ix_availability_soonest", "ends_at", "category", "audience", "direction"),
    )

    replica_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("replica.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, nullable=False
        )
    )
    direction: str
    category: str
    latitude: float | None = None
    longitude: float | None = None
    ends_at: datetime = Field(sa_type=Instant)
    audience: str
    source: str
    object_id: str
    title: str
    words: str
    language: str
    near: str
    quantity: str | None = None
    available: str | None = None
    unit: str | None = None
    state: str
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    updated: datetime = Field(sa_type=Instant)
