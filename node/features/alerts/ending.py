"""Saying that it has ended: one step, by one person, easier than calling. Nothing brings back what has ended.

A call is never simply taken away: who is on the way must learn that it ended, and a false one stays to be seen as false.
"""

from sqlalchemy import Connection

from node.feature import Acting
from node.features.alerts import after, rules
from node.features.alerts.calling import tell_anew
from node.features.alerts.tables import Alert
from node.features.alerts.telling import ALERTS, DRAFT, ENDED, ours
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.alert import Ended, MessageType
from schemas.refusal import Refusal


def end(connection: Connection, public_id: str, acting: Acting, *, how: Ended, note: str = "") -> Alert:
    """Say that it is over, withdrawn or false (a Cancel). Whoever may call may end; twice changes nothing. Raises Refusal."""
    member_id = acting.viewer.require(Right.CALL)
    row = ours(connection, public_id)
    if row.state == ENDED:
        return row
    if row.state == DRAFT:
        raise Refusal("not-out", None, sentence=phrase("It has not gone out. Throw the draft away instead."))
    if row.ends_at <= acting.now:
        raise Refusal("ended-already", None, sentence=phrase("Its time is over already."))
    rules.check_length(note)
    rules.check_words({"note": note}, audience=row.audience)
    ended = tell_anew(
        connection,
        row,
        acting,
        message_type=MessageType.CANCEL.value,
        state=ENDED,
        ended=how.value,
        ended_by=member_id,
        ended_at=acting.now.replace(microsecond=0),
        note=note,
        raise_to="",
        raise_by=None,
    )
    after.begin(connection, ended, day=acting.now.astimezone(acting.zone).date())
    return ended


def over(connection: Connection, public_id: str, acting: Acting) -> Alert:
    """Say that it is over, without more words."""
    return end(connection, public_id, acting, how=Ended.OVER)


def throw_away(connection: Connection, public_id: str, acting: Acting) -> None:
    """Forget a draft that nobody outside has seen. Raises Refusal("not-found", "not-yours" or "gone-out")."""
    row = ours(connection, public_id)
    rules.check_may_change(acting.viewer, raised_by=(row.by_member,))
    if row.state != DRAFT:
        raise Refusal("gone-out", None, sentence=phrase("It has gone out. Say that it is over, withdrawn or false."))
    connection.execute(ALERTS.delete().where(ALERTS.c.id == row.id))
