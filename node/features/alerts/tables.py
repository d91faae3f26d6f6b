"""Calls for help and drills: our own, and all that reached us.

`AlertIndex` is derived from published notes alone and can be rebuilt from the replicas. A drill is told from a call for
help by `status` and by nothing else, so that column is never empty.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer
from sqlmodel import Field, SQLModel

from federation.columns import Instant


class Alert(SQLModel, table=True):
    """One call for help or drill of ours. `status` and `message_type` hold the literal words of CAP 1.2."""

    id: int | None = Field(default=None, primary_key=True)
    object_id: str | None = Field(default=None, unique=True)
    public_id: str = Field(unique=True, max_length=26)
    status: str
    message_type: str
    category: str
    title: str
    words: str
    event: str
    urgency: str
    severity: str
    certainty: str
    wanted: str
    instruction: str
    near: str
    cell: str | None = None
    language: str
    audience: str
    ends_at: datetime = Field(sa_type=Instant)
    by_member: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class AlertIndex(SQLModel, table=True):
    """A published alert, ours or theirs. One that is over stays until it is withdrawn, with `message_type` Cancel."""

    __tablename__ = "alert_index"
    __table_args__ = (Index("ix_alert_index_ends_at", "ends_at", "audience"),)

    replica_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("replica.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, nullable=False
        )
    )
    object_id: str
    source: str
    audience: str
    status: str
    message_type: str
    category: str
    title: str
    words: str
    event: str
    urgency: str
    severity: str
    certainty: str
    wanted: str
    instruction: str
    near: str
    language: str
    ends_at: datetime = Field(sa_type=Instant)
    published: datetime = Field(sa_type=Instant)
    updated: datetime = Field(sa_type=Instant)
