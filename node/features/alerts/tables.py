"""Calls for help and drills: our own, all that reached us, what councils answered, and what is due afterwards.

`AlertIndex` is derived from published notes alone and can be rebuilt from the replicas. A drill is told from a call for
help by `status` and by nothing else, so that column is never empty.
"""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from federation.columns import Instant


class Alert(SQLModel, table=True):
    """One call for help or drill of ours. `status` and `message_type` hold the literal words of CAP 1.2.

    `state`: draft, out or ended; `ended`: over, withdrawn or false, empty before. `cells` and `earlier` are JSON lists, of H3
    indexes and of the times of earlier versions. `out_at` is when it went out; a draft has none and was told to nobody.
    `gravest` is the highest severity with which it was out, from `gravest_at` on: so it is counted.
    `raise_to` is the severity that `raise_by` wants it to have, for as long as a second person has not agreed; of a draft,
    `raise_by` is who changed it last, if anybody did.
    """

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
    state: str = "out"
    cells: str = "[]"
    note: str = ""
    ended: str = ""
    earlier: str = "[]"
    because: str = ""
    campaign: str = ""
    ends_at: datetime = Field(sa_type=Instant)
    by_member: int
    seconded_by: int | None = None
    raise_to: str = ""
    raise_by: int | None = None
    ended_by: int | None = None
    out_at: datetime | None = Field(default=None, sa_type=Instant)
    gravest: str = ""
    gravest_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class AlertIndex(SQLModel, table=True):
    """A published alert, ours or theirs. One that is over stays until it is withdrawn, with `message_type` Cancel.

    `heard_at` is when its first word came, whatever came later.
    """

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
    cells: str
    note: str
    ended: str
    because: str
    campaign: str
    raised_by: int
    language: str
    heard_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    published: datetime = Field(sa_type=Instant)
    updated: datetime = Field(sa_type=Instant)


class AlertAnswer(SQLModel, table=True):
    """What a council said to a call (`heard`, `come`, `cannot`), or the taking back of that (`undoes`). Ours to others too."""

    __tablename__ = "alert_answer"

    id: int | None = Field(default=None, primary_key=True)
    object_id: str = Field(index=True)
    activity_id: str = Field(unique=True)
    actor: str
    answer: str
    undoes: str | None = None
    words: str
    published: datetime = Field(sa_type=Instant)
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime = Field(sa_type=Instant)


class AlertFollowUp(SQLModel, table=True):
    """What is due after a call of ours has ended, since help must outlast the news: `step` is debrief, day, week or month."""

    __tablename__ = "alert_follow_up"

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(
        sa_column=Column(Integer, ForeignKey("alert.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    step: str
    due_on: date
    words: str = ""
    done_at: datetime | None = Field(default=None, sa_type=Instant)


class AlertComing(SQLModel, table=True):
    """How many people of ours said that they are on the way to a call. A number, and never who."""

    __tablename__ = "alert_coming"

    object_id: str = Field(primary_key=True)
    coming: int
