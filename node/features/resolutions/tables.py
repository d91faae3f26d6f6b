"""What was decided: our own resolutions, and the list of all that were published to us.

`ResolutionIndex` is derived from published notes alone and can be rebuilt from the replicas. No row names a person; who
was present is a number.
"""

import datetime as dates

from sqlalchemy import Column, ForeignKey, Index, Integer
from sqlmodel import Field, SQLModel

from federation.columns import Instant


class Resolution(SQLModel, table=True):
    """One resolution of ours. `decided_at` is the day of the gathering, in the council's own zone."""

    id: int | None = Field(default=None, primary_key=True)
    object_id: str | None = Field(default=None, unique=True)
    public_id: str = Field(unique=True, max_length=26)
    number: int = Field(unique=True)
    title: str
    text: str
    language: str
    method: str
    decided_at: dates.date
    present: int
    stand_asides: int = 0
    review_on: dates.date | None = None
    audience: str
    by_member: int
    created_at: dates.datetime = Field(sa_type=Instant)
    updated_at: dates.datetime = Field(sa_type=Instant)


class ResolutionIndex(SQLModel, table=True):
    """A published resolution, ours or theirs, as the list shows it. The full text stays in the replica's document."""

    __tablename__ = "resolution_index"
    __table_args__ = (Index("ix_resolution_index_decided_at", "decided_at", "audience"),)

    replica_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("replica.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, nullable=False
        )
    )
    object_id: str
    source: str
    audience: str
    number: int
    title: str
    text: str
    language: str
    method: str
    decided_at: dates.date
    present: int
    stand_asides: int
    review_on: dates.date | None = None
    digest: str
    published: dates.datetime = Field(sa_type=Instant)
    updated: dates.datetime = Field(sa_type=Instant)
