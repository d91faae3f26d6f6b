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
    names it on our pages and is the last part of that address. `near` is the name of a place, `cell` its H3 cell, None where
    there is no fixed place. `by_member` is never published, and 0 where nobody of ours put it up; `told_by` says how it came.

    `quantity`, `available` and `taken_otherwise` are decimal texts. `available` and `state` are results, written by
    `reckoning` alone: the whole, less what is promised, less `taken_otherwise`, which is what went without a promise.

    `holder` is whose hands it is in; 0 means whoever is on call now, so no need is ever in nobody's. `shown` is "shown",
    "held" (being read) or "hidden": only what is shown leaves this server. `code` is the number of the note, `phrase_hash`
    and `link_hash` open its own page; these, `contact` and `exact_place` are forgotten at `erase_at`.

    `repeats` is a recurrence rule (RFC 5545) from `starts_at` on, by the clocks of `zone`; both empty for once.
    A standing place (a fridge, a free store) is an offer with `standing`, its `hours` and `access` in plain words. `notes` are
    what its kind asks for, JSON of name to words.
    `batch` names the import that it came with. `asked_at` is when somebody was asked whether it is still needed.
    """

    __table_args__ = (
        Index("ix_resource_state_ends_at", "state", "ends_at"),
        Index("ix_resource_code", "code", unique=True),
        Index("ix_resource_link_hash", "link_hash", unique=True),
        Index("ix_resource_erase_at", "erase_at"),
    )

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
    kind: str = ""
    told_by: str = "member"
    taken_otherwise: str = "0"
    can_wait: bool = True
    may_pass_on: bool = False
    exact_place: str | None = Field(default=None, sa_type=SealedText)
    holder: int = 0
    holder_actor: str | None = None
    held_since: datetime | None = Field(default=None, sa_type=Instant)
    shown: str = "shown"
    shown_why: str = Field(default="", sa_type=SealedText)
    shown_at: datetime | None = Field(default=None, sa_type=Instant)
    code: str | None = None
    phrase_hash: str | None = None
    link_hash: str | None = None
    contact: str | None = Field(default=None, sa_type=SealedText)
    contact_ok_at: datetime | None = Field(default=None, sa_type=Instant)
    contact_language: str = ""
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    erase_at: datetime | None = Field(default=None, sa_type=Instant)
    repeats: str = ""
    zone: str = ""
    standing: bool = False
    hours: str = Field(default="", sa_type=SealedText)
    access: str = Field(default="", sa_type=SealedText)
    notes: str = Field(default="", sa_type=SealedText)
    batch: str = ""
    asked_at: datetime | None = Field(default=None, sa_type=Instant)


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
