"""What is to be sent by mail. A row goes once its letter has gone or cannot go; none of it leaves in any other way."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Integer
from sqlmodel import Field, SQLModel

from federation.columns import Instant


class Letter(SQLModel, table=True):
    """One thing to tell somebody: whoever asked for something (`resource_id` alone) or a neighbour of ours (`member_id`).

    `about` is a word of `matters.About`; the text is made when it is sent, from what is true then. `due_at` is when it may go,
    `tries` how often it could not. Neither the address nor any words are kept here.
    """

    id: int | None = Field(default=None, primary_key=True)
    resource_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("resource.id", ondelete="CASCADE"), nullable=True)
    )
    member_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("member.id", ondelete="CASCADE"), nullable=True)
    )
    about: str
    written_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant, index=True)
    tries: int = 0
