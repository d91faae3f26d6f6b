"""Members of this council, the turns they hold, what they sign in with, and invites.

Only what signing in needs is kept: no legal name, no mail address, no birth date, no network address, no device, no secret
in the clear (tokens and codes are kept as SHA-256, passwords as argon2). None of these rows ever leaves this server.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer
from sqlmodel import Field, SQLModel

from federation.columns import Instant, SealedText


def _whose() -> Any:
    return Column(Integer, ForeignKey("member.id", ondelete="CASCADE"), nullable=False, index=True)


def _somebody() -> Any:
    return Column(Integer, ForeignKey("member.id", ondelete="SET NULL"), nullable=True)


LAST_ROW = 2**63 - 1
"""The largest number that a row can have: what somebody types may be larger, and the database takes no such number."""


class Member(SQLModel, table=True):
    """A neighbour who signs in here. The shown name may be blank; whoever has left has an `ended_at`, and no name.

    `language` is the one of their pages, None for the browser's; `introduced_by` who invited them, which no page shows.

    What they can do, as they said it themselves: so many things a week, so far (km), `kinds` and `hours` as words with a space
    between (empty for any), `languages` and `care` in their own words. On a break from `paused_at` until `paused_until`, None
    for an open end; no reason is kept. `mail` is where they wish to be written to, empty for nowhere, and good once `mail_ok_at`
    is set; `mail_how` is "daily", "at-once" or "never". `companion` shows them around until `companion_until`, and decides nothing.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(default="", sa_type=SealedText)
    language: str | None = None
    introduced_by: int | None = Field(default=None, sa_column=_somebody())
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    per_week: int | None = None
    distance_km: int | None = None
    kinds: str = Field(default="", sa_type=SealedText)
    hours: str = Field(default="", sa_type=SealedText)
    languages: str = Field(default="", sa_type=SealedText)
    care: str = Field(default="", sa_type=SealedText)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    paused_until: datetime | None = Field(default=None, sa_type=Instant)
    mail: str = Field(default="", sa_type=SealedText)
    mail_ok_at: datetime | None = Field(default=None, sa_type=Instant)
    mail_how: str = "daily"
    companion: int | None = Field(default=None, sa_column=_somebody())
    companion_until: datetime | None = Field(default=None, sa_type=Instant)


class Turn(SQLModel, table=True):
    """A role, for a time. Nobody yet where `member_id` is empty. Rights come from a turn that is running, and from nothing else.

    `ended_at` and `ended_how` are set when it is handed over, or found to have ended without. `last_did` had it before.
    `about` names what the turn is for where it is not the whole council: the public id of a standing place.
    `given` and `taken` hold the words of the checklist that either side has ticked, with a space between.
    """

    id: int | None = Field(default=None, primary_key=True)
    role: str
    member_id: int | None = Field(default=None, sa_column=_somebody())
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    learner: int | None = Field(default=None, sa_column=_somebody())
    given: str = ""
    taken: str = ""
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_how: str | None = None
    last_did: int | None = Field(default=None, sa_column=_somebody())
    about: str = ""


class SignInLink(SQLModel, table=True):
    """Words that sign one member in, once."""

    __tablename__ = "sign_in_link"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    member_id: int = Field(sa_column=_whose())
    expires_at: datetime = Field(sa_type=Instant, index=True)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Session(SQLModel, table=True):
    """One browser or program that is signed in, until `expires_at`; each day of use moves that on."""

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    member_id: int = Field(sa_column=_whose())
    created_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class Invite(SQLModel, table=True):
    """A code that lets up to `uses` people join until `expires_at`. Slips printed on one sheet share `sheet`.

    Who came by it is not kept here. `named` is true where the inviter wishes to be shown to whoever opens it.
    """

    id: int | None = Field(default=None, primary_key=True)
    code_hash: str = Field(unique=True)
    by_member: int = Field(sa_column=_whose())
    named: bool = False
    uses: int
    used: int = 0
    sheet: int | None = None
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class RecoveryCode(SQLModel, table=True):
    """One of the eight codes on a member's printed sheet. A new sheet takes the place of the old."""

    __tablename__ = "recovery_code"

    id: int | None = Field(default=None, primary_key=True)
    code_hash: str = Field(unique=True)
    member_id: int = Field(sa_column=_whose())
    created_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Password(SQLModel, table=True):
    """A member's own sign-in name and password, where they want one. `name_hash` is keyed, for looking the name up."""

    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(
        sa_column=Column(Integer, ForeignKey("member.id", ondelete="CASCADE"), nullable=False, unique=True)
    )
    name: str = Field(sa_type=SealedText)
    name_hash: str = Field(unique=True)
    argon2: str
    changed_at: datetime = Field(sa_type=Instant)


class Passkey(SQLModel, table=True):
    """One passkey of a member (WebAuthn Level 2 section 4): its public key, and how often its device says it was used."""

    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(sa_column=_whose())
    name: str = Field(sa_type=SealedText)
    credential_id: bytes = Field(unique=True)
    public_key: bytes
    user_handle: bytes
    sign_count: int
    created_at: datetime = Field(sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
