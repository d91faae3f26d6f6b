"""What the council says about itself (public, one row), its rules, and how this server was claimed (one row).

None may ever hold a person, a point finer than a cell, or a secret in the clear.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from federation.columns import Instant

ONLY = 1


class ProfileRow(SQLModel, table=True):
    """Name, language (BCP 47), summary and area as everybody may read them. `cell` is an H3 cell.

    The next gathering and `rest_days` (JSON: weekdays as "SU", dates as "2026-12-25", in the council's zone) stand here until
    gatherings are records of their own; they are read through `rhythm.py` only.
    """

    __tablename__ = "profile"

    id: int = Field(default=ONLY, primary_key=True)
    name: str
    language: str
    summary: str = ""
    near: str = ""
    cell: str | None = None
    changed_at: datetime = Field(sa_type=Instant)
    gathering_at: datetime | None = Field(default=None, sa_type=Instant)
    gathering_where: str = ""
    gathering_access: str = ""
    gathering_points: str = ""
    rest_days: str = "[]"


class CouncilRule(SQLModel, table=True):
    """One rule of the council that is not the default: its name, its value, and the address of the resolution it comes from."""

    __tablename__ = "council_rule"

    name: str = Field(primary_key=True)
    value: str
    because: str = ""
    by_member: int
    changed_at: datetime = Field(sa_type=Instant)


class Claim(SQLModel, table=True):
    """Stands in a folder that was made to be claimed by a link: open until `claimed_at` is set, and then for good.

    `secret_hash` is the SHA-256 of the words in the newest link, None before the first and after the last.
    """

    id: int = Field(default=ONLY, primary_key=True)
    secret_hash: str | None = None
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    claimed_at: datetime | None = Field(default=None, sa_type=Instant)
