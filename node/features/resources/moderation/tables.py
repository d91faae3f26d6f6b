"""What was reported about a note, and what was held or hidden. The words go once it is done; numbers stay."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Integer
from sqlmodel import Field, SQLModel

from federation.columns import Instant, SealedText


class Report(SQLModel, table=True):
    """Somebody says that something is wrong with a note: of ours (`resource_id`) or of a nearby council (`object_id`).

    Nobody is kept as its author. `done_how` is a word, and `words` are blanked when it is done, or the note is gone. A row that
    was done as it began and is about nothing counts a note that was held or hidden.
    """

    id: int | None = Field(default=None, primary_key=True)
    resource_id: int | None = Field(
        default=None,
        sa_column=Column(Integer, ForeignKey("resource.id", ondelete="SET NULL"), nullable=True, index=True),
    )
    object_id: str | None = None
    words: str = Field(sa_type=SealedText)
    at: datetime = Field(sa_type=Instant)
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    done_how: str = ""
