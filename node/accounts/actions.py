"""What can be done about members, sign-in links and sessions, as plain steps over a connection.

A token is handed out once and kept as its SHA-256. This module must never write, log or return one a second time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from federation.ports import Randomness
from federation.tables import table_of
from node.accounts import recovery, turns
from node.accounts.codes import new_token, token_hash
from node.accounts.tables import LAST_ROW, Member, Session, SignInLink
from node.accounts.turns import KEEPER_WEEKS
from node.feature import ANYBODY, Viewer
from schemas.phrase import phrase
from schemas.refusal import Refusal

SESSION_LIFE = timedelta(days=30)
SEEN_AGAIN_AFTER = timedelta(days=1)
LINK_MINUTES = 60 * 24

_MEMBERS = table_of(Member)
_LINKS = table_of(SignInLink)
_SESSIONS = table_of(Session)


@dataclass(frozen=True, slots=True)
class Seen:
    """Who a session token belongs to. `renew` is true once a day: then `keep_session` should be called."""

    viewer: Viewer = ANYBODY
    renew: bool = False


def add_member(
    connection: Connection,
    *,
    name: str,
    keeper: bool,
    now: datetime,
    weeks: int = KEEPER_WEEKS,
    introduced_by: int | None = None,
) -> int:
    """A new member; returns the member's id. `name` is what others see, and may be blank.

    With `keeper` they are given a server turn of `weeks` from now on, beside those who have one.
    """
    values = {"name": name.strip(), "introduced_by": introduced_by, "created_at": now}
    member_id = int(connection.execute(_MEMBERS.insert().values(**values).returning(_MEMBERS.c.id)).scalar_one())
    if keeper:
        turns.begin(connection, member_id=member_id, now=now, weeks=weeks)
    return member_id


def make_sign_in_link(
    connection: Connection, *, member_id: int, now: datetime, randomness: Randomness, minutes: int = LINK_MINUTES
) -> str:
    """The token of a fresh link, good once and for `minutes`. Raises Refusal("not-found") for nobody's id."""
    if not _is_present(connection, member_id):
        raise Refusal("not-found", sentence=phrase("Nobody with that number is here."))
    token = new_token(randomness)
    expires_at = now + timedelta(minutes=minutes)
    connection.execute(_LINKS.insert().values(token_hash=token_hash(token), member_id=member_id, expires_at=expires_at))
    return token


def sign_in(connection: Connection, *, token: str, now: datetime, randomness: Randomness) -> str:
    """Spend a link's token, or a recovery code, and return the token of a new session.

    One statement spends it, so of two who try at once only one gets in. Raises Refusal("sign-in") whether it
    was used, has run out or never was: what was wrong is nobody else's business.
    """
    spent = connection.execute(
        _LINKS.update()
        .where(_LINKS.c.token_hash == token_hash(token.strip()), _LINKS.c.used_at.is_(None), _LINKS.c.expires_at > now)
        .values(used_at=now)
        .returning(_LINKS.c.member_id)
    ).scalar_one_or_none()
    if spent is None:
        spent = recovery.spend(connection, code=token, now=now)
    if spent is None or not _is_present(connection, spent):
        raise Refusal(
            "sign-in",
            "code",
            sentence=phrase("That has been used already, or its time has run out. Ask for a new sign-in link."),
        )
    return open_session(connection, member_id=spent, now=now, randomness=randomness)


def open_session(connection: Connection, *, member_id: int, now: datetime, randomness: Randomness) -> str:
    """The token of a new session of a member, whose right to it the caller has just judged."""
    _forget_what_ran_out(connection, now)
    session = new_token(randomness)
    connection.execute(
        _SESSIONS.insert().values(
            token_hash=token_hash(session),
            member_id=member_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    return session


def is_open(connection: Connection, *, token: str, now: datetime) -> bool:
    """Whether a link's token or a recovery code would sign somebody in at this moment. Reads only, and spends nothing."""
    link = select(_LINKS.c.id).where(
        _LINKS.c.token_hash == token_hash(token.strip()), _LINKS.c.used_at.is_(None), _LINKS.c.expires_at > now
    )
    return connection.execute(link).first() is not None or recovery.is_open(connection, code=token)


def sign_out(connection: Connection, *, session_token: str) -> None:
    """End this one session. Signing out twice is no mistake."""
    connection.execute(_SESSIONS.delete().where(_SESSIONS.c.token_hash == token_hash(session_token)))


def end_sessions(connection: Connection, *, member_id: int) -> int:
    """End all of a member's sessions and open links; returns how many sessions there were."""
    connection.execute(_LINKS.delete().where(_LINKS.c.member_id == member_id))
    return connection.execute(_SESSIONS.delete().where(_SESSIONS.c.member_id == member_id)).rowcount


def seen(connection: Connection, *, session_token: str | None, now: datetime) -> Seen:
    """Who holds this session token, and whether the session is due to be renewed. Reads only."""
    if not session_token:
        return Seen()
    row = connection.execute(
        select(_MEMBERS.c.id, _MEMBERS.c.name, _SESSIONS.c.last_seen_at)
        .join(_SESSIONS, _SESSIONS.c.member_id == _MEMBERS.c.id)
        .where(
            _SESSIONS.c.token_hash == token_hash(session_token),
            _SESSIONS.c.expires_at > now,
            _MEMBERS.c.ended_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return Seen()
    viewer = turns.viewer_for(connection, member_id=row.id, name=row.name, now=now)
    return Seen(viewer=viewer, renew=now - row.last_seen_at >= SEEN_AGAIN_AFTER)


def viewer_of(connection: Connection, *, session_token: str | None, now: datetime) -> Viewer:
    """Who is looking: the holder of a live session, or anybody."""
    return seen(connection, session_token=session_token, now=now).viewer


def keep_session(connection: Connection, *, session_token: str, now: datetime) -> None:
    """Move a live session's end on. A session that has ended stays ended."""
    connection.execute(
        _SESSIONS.update()
        .where(_SESSIONS.c.token_hash == token_hash(session_token), _SESSIONS.c.expires_at > now)
        .values(last_seen_at=now, expires_at=now + SESSION_LIFE)
    )


def _is_present(connection: Connection, member_id: int) -> bool:
    here = select(_MEMBERS.c.id).where(_MEMBERS.c.id == min(member_id, LAST_ROW), _MEMBERS.c.ended_at.is_(None))
    return connection.execute(here).first() is not None


def _forget_what_ran_out(connection: Connection, now: datetime) -> None:
    connection.execute(_SESSIONS.delete().where(_SESSIONS.c.expires_at <= now))
    connection.execute(_LINKS.delete().where(_LINKS.c.expires_at <= now))
