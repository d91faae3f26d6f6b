"""Members of this council, their one-time sign-in links and their sessions.

Only what signing in needs is kept: no legal name, no mail address, no birth date, no network address, no secret in the
clear (tokens are kept as SHA-256). None of these rows ever leaves this server.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Integer
from sqlmodel import Field, SQLModel

from federation.columns import Instant, SealedText


class Member(SQLModel, table=True):
    """A neighbour who signs in here. The shown name may be blank; whoever has left has an `ended_at`."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(default="", sa_type=SealedText)
    keeper: bool = False
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class SignInLink(SQLModel, table=True):
    """Words that sign one member in, once."""

    __tablename__ = "sign_in_link"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    member_id: int = Field(
        sa_column=Column(Integer, ForeignKey("member.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    expires_at: datetime = Field(sa_type=Instant, index=True)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Session(SQLModel, table=True):
    """One browser or program that is signed in, until `expires_at`; each day of use moves that on."""

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    member_id: int = Field(
        sa_column=Column(Integer, ForeignKey("member.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    created_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)
