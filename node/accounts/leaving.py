"""Leaving: what was somebody's own goes, what was decided together stays without their name.

One step, all or nothing. What they had put up is taken back by each feature, with a signed word to nearby councils. Nothing
here asks why, and nothing keeps a list of those who left.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table

from federation.tables import table_of
from node.accounts.handing_over import check_may_go, end_turns_of
from node.accounts.tables import Invite, Member, Passkey, Password, RecoveryCode, Session, SignInLink
from node.feature import Acting, Feature
from schemas.phrase import phrase
from schemas.refusal import Refusal

_MEMBERS = table_of(Member)
_INVITES = table_of(Invite)
_SIGN_INS: tuple[Table, ...] = tuple(table_of(t) for t in (Session, SignInLink, RecoveryCode, Password, Passkey))
# What they had said about what they can do, their break, and where to write to.
_NOTHING_SAID: dict[str, Any] = {
    **dict.fromkeys(
        ("per_week", "distance_km", "paused_at", "paused_until", "companion", "companion_until", "mail_ok_at")
    ),
    **dict.fromkeys(("kinds", "hours", "languages", "care", "mail"), ""),
    "mail_how": "daily",
}


def leave(
    connection: Connection, acting: Acting, *, member_id: int, features: Iterable[Feature], alone_is_meant: bool
) -> None:
    """End the membership of `member_id`. The caller has judged who may ask for it.

    Raises Refusal("hand-over-first") for whoever is needed for the server turn, and "alone" for the last one here who has
    had the turn, unless `alone_is_meant`: then invites end too, since nobody could look after whoever came.
    """
    last = check_may_go(connection, member_id=member_id, now=acting.now)
    if last and not alone_is_meant:
        raise Refusal(
            "alone",
            "sure",
            sentence=phrase("You are the last one here. Say that you mean it: then nobody has the server turn."),
        )
    for feature in features:
        if feature.leave is not None:
            feature.leave(connection, acting, member_id)
    end_turns_of(connection, member_id=member_id, now=acting.now)
    for table in _SIGN_INS:
        connection.execute(table.delete().where(table.c.member_id == member_id))
    theirs = _INVITES.c.ended_at.is_(None) if last else _INVITES.c.by_member == member_id
    connection.execute(_INVITES.update().where(theirs, _INVITES.c.ended_at.is_(None)).values(ended_at=acting.now))
    connection.execute(_MEMBERS.update().where(_MEMBERS.c.introduced_by == member_id).values(introduced_by=None))
    along = _MEMBERS.c.companion == member_id
    connection.execute(_MEMBERS.update().where(along).values(companion=None, companion_until=None))
    connection.execute(
        _MEMBERS.update()
        .where(_MEMBERS.c.id == member_id)
        .values(name="", language=None, introduced_by=None, ended_at=acting.now, **_NOTHING_SAID)
    )
