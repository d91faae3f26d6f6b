"""What is being decided and what was: our own resolutions, the list of all that were published to us, and councils' answers.

`ResolutionIndex` is derived from published notes alone and can be rebuilt from the replicas. `ResolutionStance` keeps signed
answers byte for byte: they are evidence, and a tally is always made anew from them. No row names a person on the wire; who
was present is a number.
"""

import datetime as dates

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from federation.columns import Instant

_ADOPTED = (
    "stage NOT IN ('adopted', 'ended') OR (decided_at IS NOT NULL AND present >= 1"
    " AND (notice_until IS NULL OR decided_at >= notice_until))"
)
_NOTICE = "recipe <> 'outside-proposal' OR stage IN ('idea', 'dropped') OR notice_until IS NOT NULL"


class Resolution(SQLModel, table=True):
    """One resolution of ours, from the first idea on. `stage`: schemas.records.resolution.Stage, or `idea` and `written`.

    Days are in the council's own zone. `objections` is a JSON list of {what, met}; `rule` the JSON of a joint resolution's
    rule of adoption, exactly as it is signed. `answers_…` are set where this is our answer to another council's text.
    `because`, `amends` and `answers_object` are addresses, empty where there is none. `changes` is the JSON list of its dated
    steps, {at, step} and perhaps {on, present, until}; it names nobody.
    """

    __table_args__ = (
        CheckConstraint(_ADOPTED, name="adopted_by_a_gathering"),
        CheckConstraint("seconded_by IS NULL OR seconded_by <> written_by", name="two_people"),
        CheckConstraint(_NOTICE, name="outside_proposals_have_notice"),
    )

    id: int | None = Field(default=None, primary_key=True)
    object_id: str | None = Field(default=None, unique=True)
    public_id: str = Field(unique=True, max_length=26)
    number: int | None = Field(default=None, unique=True)
    stage: str
    recipe: str = ""
    title: str
    text: str
    language: str
    domain: str = "other"
    near: str = ""
    cell: str | None = None
    carried_out_by: str = ""
    campaign: str = ""
    because: str = ""
    amends: str = ""
    notice_until: dates.date | None = None
    method: str
    decided_at: dates.date | None = None
    present: int | None = None
    stand_asides: int = 0
    objections: str = "[]"
    review_on: dates.date | None = None
    addressee: str = ""
    delivered_on: dates.date | None = None
    answer: str = ""
    answered_on: dates.date | None = None
    rule: str | None = None
    closed_at: dates.datetime | None = Field(default=None, sa_type=Instant)
    answers_object: str = ""
    answers_digest: str = ""
    answers_stance: str = ""
    audience: str
    by_member: int
    written_by: int | None = None
    seconded_by: int | None = None
    changes: str = "[]"
    created_at: dates.datetime = Field(sa_type=Instant)
    updated_at: dates.datetime = Field(sa_type=Instant)


class ResolutionIndex(SQLModel, table=True):
    """A published resolution, ours or theirs, as the list shows it. The whole of it stays in the replica's document."""

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
    stage: str
    recipe: str
    title: str
    text: str
    language: str
    domain: str
    near: str
    carried_out_by: str
    campaign: str
    because: str
    amends: str
    method: str
    decided_at: dates.date | None = None
    present: int | None = None
    stand_asides: int
    review_on: dates.date | None = None
    notice_until: dates.date | None = None
    addressee: str
    closes_at: dates.datetime | None = Field(default=None, sa_type=Instant)
    answers_object: str
    digest: str
    published: dates.datetime = Field(sa_type=Instant)
    updated: dates.datetime = Field(sa_type=Instant)


class ResolutionStance(SQLModel, table=True):
    """One signed answer of a council to a text, or the taking back of one (`undoes`). Kept as it came, ours too.

    `digest` is the one the answer is bound to, whether or not it is that of the text we hold: the tally judges it.
    """

    __tablename__ = "resolution_stance"

    id: int | None = Field(default=None, primary_key=True)
    object_id: str = Field(index=True)
    activity_id: str = Field(unique=True)
    actor: str
    verb: str
    undoes: str | None = None
    digest: str
    published: dates.datetime = Field(sa_type=Instant)
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: dates.datetime = Field(sa_type=Instant)
