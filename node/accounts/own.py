"""One's own account: the shown name, the language of one's pages, and where one is signed in.

A session is known to its owner by its days alone: no device, no browser and no address is kept anywhere.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.accounts.codes import token_hash
from node.accounts.tables import LAST_ROW, Member, Session
from node.feature import Acting
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

LONGEST_NAME = 80

_MEMBERS = table_of(Member)
_SESSIONS = table_of(Session)


@dataclass(frozen=True, slots=True)
class SessionView:
    """One place where a member is signed in; `this` is the one that asks."""

    id: int
    since: datetime
    last_seen: datetime
    this: bool


def language_of(connection: Connection, *, session_token: str) -> str | None:
    """The language that the holder of a session wants for their pages, None for none."""
    return connection.execute(
        select(_MEMBERS.c.language)
        .join(_SESSIONS, _SESSIONS.c.member_id == _MEMBERS.c.id)
        .where(_SESSIONS.c.token_hash == token_hash(session_token))
    ).scalar_one_or_none()


def change(
    connection: Connection, acting: Acting, *, name: str, language: str | None, languages: Container[str]
) -> None:
    """Set one's shown name, which may be blank, and the language of one's pages (None: the browser's).

    Raises Refusal("name", "language").
    """
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Refusal("name", "name", sentence=phrase("Write a name that fits on one line, or leave it blank."))
    if language is not None and language not in languages:
        raise Refusal("language", "language", sentence=phrase("Our pages are not there in that language yet."))
    connection.execute(_MEMBERS.update().where(_MEMBERS.c.id == member_id).values(name=name.strip(), language=language))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a member has said of themselves: language of their pages (None: the browser's), where and how often to write."""

    language: str | None
    mail: str
    mail_confirmed: bool
    mail_how: str


def kept(connection: Connection, *, member_id: int) -> Kept:
    """The same, of one member who is here."""
    row = connection.execute(_MEMBERS.select().where(_MEMBERS.c.id == member_id)).one()
    return Kept(row.language, row.mail, row.mail_ok_at is not None, row.mail_how)


def sessions(connection: Connection, *, member_id: int, session_token: str | None, now: datetime) -> list[SessionView]:
    """Where a member is signed in, the place last used first."""
    this = token_hash(session_token or "")
    rows = connection.execute(
        _SESSIONS.select()
        .where(_SESSIONS.c.member_id == member_id, _SESSIONS.c.expires_at > now)
        .order_by(_SESSIONS.c.last_seen_at.desc(), _SESSIONS.c.id.desc())
    )
    return [SessionView(row.id, row.created_at, row.last_seen_at, row.token_hash == this) for row in rows]


def end_session(connection: Connection, acting: Acting, *, session_id: int) -> None:
    """End one of one's own sessions. Ending what has ended is no mistake."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    connection.execute(
        _SESSIONS.delete().where(_SESSIONS.c.id == min(session_id, LAST_ROW), _SESSIONS.c.member_id == member_id)
    )


def end_others(connection: Connection, acting: Acting, *, session_token: str) -> int:
    """End all of one's own sessions but this one; returns how many ended."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    others = (_SESSIONS.c.member_id == member_id) & (_SESSIONS.c.token_hash != token_hash(session_token))
    return connection.execute(_SESSIONS.delete().where(others)).rowcount
