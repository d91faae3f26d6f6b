"""Promises, what was said about them, and the signed acts of councils that they are computed from.

Nothing here counts or dates a decline of a person: their row goes in the step in which they say "not this time". None of
these rows leaves this server; between councils only amounts, addresses and times do, in acts of their own.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer
from sqlmodel import Field, SQLModel

from federation.columns import Instant, SealedText


def _of_a_resource(*, keeps: bool = False) -> Any:
    """A resource of ours, with which this row goes, or which it outlasts."""
    key = ForeignKey("resource.id", ondelete="SET NULL" if keeps else "CASCADE")
    return Column(Integer, key, nullable=True)


class Promise(SQLModel, table=True):
    """A yes to all or part of one need or offer: ours (`resource_id`) or a nearby council's (`object_id`), never both.

    `by_member` is the neighbour of ours who promised, 0 where nobody is kept; `by_actor` the nearby council that did, or, with
    `asked`, that we have asked to do it (`resource_id`) or that asks us (`object_id`). Where our own offer is drawn on, or our
    own need filled, `counterpart_id` is that. `amount` is decimal text in `unit`, None where nothing is counted;
    `counterpart_amount` what it means in the counterpart's unit, typed by hand where units differ.
    `state` is a word of `states.State`. `offer_id` and `agreement_id` are addresses (FEP-0837). A proposal lapses at `ends_at`.
    `outcome` says whether it met the need, for whoever asked.
    """

    __table_args__ = (
        CheckConstraint("(resource_id IS NULL) <> (object_id IS NULL)", name="one_thing_promised"),
        Index("ix_promise_resource_id_state", "resource_id", "state"),
        Index("ix_promise_counterpart_id_state", "counterpart_id", "state"),
        Index("ix_promise_by_member_state", "by_member", "state"),
        Index("ix_promise_object_id_state", "object_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True, max_length=26)
    resource_id: int | None = Field(default=None, sa_column=_of_a_resource())
    object_id: str | None = None
    counterpart_id: int | None = Field(default=None, sa_column=_of_a_resource(keeps=True))
    by_member: int = 0
    by_actor: str | None = None
    asked: bool = False
    amount: str | None = None
    unit: str | None = None
    counterpart_amount: str | None = None
    words: str = Field(default="", sa_type=SealedText)
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    state: str
    offer_id: str | None = Field(default=None, unique=True)
    agreement_id: str | None = None
    ends_at: datetime = Field(sa_type=Instant)
    giver_confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    getter_confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class AgreementAct(SQLModel, table=True):
    """One signed act of an exchange between two councils, byte for byte as it was said: evidence for both.

    `offer_id` is the Offer that all acts of one exchange name. What stands between the councils is computed from these rows.
    """

    __tablename__ = "agreement_act"

    id: int | None = Field(default=None, primary_key=True)
    offer_id: str = Field(index=True)
    activity_id: str = Field(unique=True)
    actor: str
    verb: str
    undoes: str | None = None
    object_id: str
    amount: str | None = None
    unit: str | None = None
    published: datetime = Field(sa_type=Instant)
    document: bytes
    received_at: datetime = Field(sa_type=Instant)


class Reply(SQLModel, table=True):
    """A few words between whoever asked and whoever helps. Erased with the contact, 72 hours after closing."""

    id: int | None = Field(default=None, primary_key=True)
    resource_id: int = Field(
        sa_column=Column(Integer, ForeignKey("resource.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    promise_id: int | None = Field(
        default=None,
        sa_column=Column(Integer, ForeignKey("promise.id", ondelete="CASCADE"), nullable=True, index=True),
    )
    from_asker: bool = False
    by_member: int = 0
    words: str = Field(sa_type=SealedText)
    at: datetime = Field(sa_type=Instant)
