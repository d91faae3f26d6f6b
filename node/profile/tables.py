"""Two tables of one row each: what the council says about itself (public), and how this server was claimed.

Neither may ever hold a person, a point finer than a cell, or a secret in the clear.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from federation.columns import Instant

ONLY = 1


class ProfileRow(SQLModel, table=True):
    """Name, language (BCP 47), summary and area as everybody may read them. `cell` is an H3 cell."""

    __tablename__ = "profile"

    id: int = Field(default=ONLY, primary_key=True)
    name: str
    language: str
    summary: str = ""
    near: str = ""
    cell: str | None = None
    changed_at: datetime = Field(sa_type=Instant)


class Claim(SQLModel, table=True):
    """Stands in a folder that was made to be claimed by a link: open until `claimed_at` is set, and then for good.

    `secret_hash` is the SHA-256 of the words in the newest link, None before the first and after the last.
    """

    id: int = Field(default=ONLY, primary_key=True)
    secret_hash: str | None = None
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    claimed_at: datetime | None = Field(default=None, sa_type=Instant)
