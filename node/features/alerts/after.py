"""What is due after a call of ours has ended, since help must outlast the news: a debrief, and three times of asking again.

Kept without anybody's name: that it was done, when, and what was found, in words.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.accounts.tables import LAST_ROW
from node.feature import Acting
from node.features.alerts import rules
from node.features.alerts.tables import Alert, AlertFollowUp
from node.features.alerts.telling import ALERTS
from node.rights import Right
from schemas.phrase import Phrase, phrase
from schemas.records.alert import Ended, Status
from schemas.refusal import Refusal

DEBRIEF, DAY, WEEK, MONTH = "debrief", "day", "week", "month"
_DUE: Final = {DEBRIEF: 1, DAY: 1, WEEK: 7, MONTH: 30}
SENTENCES: Final[dict[str, Phrase]] = {
    DEBRIEF: phrase("Meet and talk: what went well, what we do otherwise next time."),
    DAY: phrase("Ask those who were hit what they still need."),
    WEEK: phrase("Ask again: what is not back as it was?"),
    MONTH: phrase("Ask once more: who was left alone once the news was over?"),
}
NAMES: Final[dict[str, Phrase]] = {
    DEBRIEF: phrase("How it went"),
    DAY: phrase("The next day"),
    WEEK: phrase("A week later"),
    MONTH: phrase("A month later"),
}
_STEPS = table_of(AlertFollowUp)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One thing that is due after one call. `words`: where the debrief is, or what was found."""

    id: int
    step: str
    due_on: date
    words: str
    done_at: datetime | None
    public_id: str
    title: str
    status: str
    language: str
    ended_at: datetime

    @property
    def done(self) -> bool:
        return self.done_at is not None

    @property
    def name(self) -> Phrase:
        return NAMES[self.step]

    @property
    def sentence(self) -> Phrase:
        return SENTENCES[self.step]


def steps_of(status: str, ended: str) -> tuple[str, ...]:
    """What is due after a call that ended so, or whose time ran out (`ended` empty). A drill and a false call are talked over."""
    if ended == Ended.WITHDRAWN:
        return ()
    if status == Status.EXERCISE or ended == Ended.FALSE:
        return (DEBRIEF,)
    return (DEBRIEF, DAY, WEEK, MONTH)


def begin(connection: Connection, row: Alert, *, day: date) -> None:
    """Write down what is due, counted from the `day` on which it ended."""
    rows = [
        {"alert_id": row.id, "step": step, "due_on": day + timedelta(days=_DUE[step]), "words": ""}
        for step in steps_of(row.status, row.ended)
    ]
    if rows:
        connection.execute(_STEPS.insert(), rows)


def of(connection: Connection, alert_id: int) -> list[FollowUp]:
    """All that belongs to one call, in the order in which it is due."""
    return _read(connection, _STEPS.c.alert_id == alert_id)


def still_to_do(connection: Connection, *, until: date | None = None) -> list[FollowUp]:
    """What nobody has ticked, soonest first; with `until` only what is due by that day."""
    found = _read(connection, _STEPS.c.done_at.is_(None))
    return [one for one in found if until is None or one.due_on <= until]


def tick(connection: Connection, step_id: int, acting: Acting, *, words: str) -> FollowUp:
    """It was done; `words` say what was found. Twice changes nothing. Raises Refusal("not-found") or those of the words."""
    one = _for_change(connection, step_id, acting, words=words)
    if not one.done:
        now = acting.now.replace(microsecond=0)
        connection.execute(_STEPS.update().where(_STEPS.c.id == step_id).values(done_at=now, words=words or one.words))
    return one


def plan(connection: Connection, step_id: int, acting: Acting, *, on: date, words: str) -> FollowUp:
    """Another day for it, and where, in words. Raises Refusal("not-found", "done-already", "no-such-date")."""
    one = _for_change(connection, step_id, acting, words=words)
    today = acting.now.astimezone(acting.zone).date()
    if one.done:
        raise Refusal("done-already", None, sentence=phrase("That is done already."))
    if not today <= on <= today + timedelta(days=60):
        raise Refusal("no-such-date", "on", sentence=phrase("Choose a day within the next two months."))
    connection.execute(_STEPS.update().where(_STEPS.c.id == step_id).values(due_on=on, words=words))
    return one


def _for_change(connection: Connection, step_id: int, acting: Acting, *, words: str) -> FollowUp:
    acting.viewer.require(Right.CALL)
    rules.check_length(words)
    found = _read(connection, _STEPS.c.id == step_id) if step_id <= LAST_ROW else []
    if not found:
        raise Refusal("not-found", sentence=phrase("Nothing is due under this number."))
    return found[0]


def _read(connection: Connection, which: object) -> list[FollowUp]:
    columns = (
        ALERTS.c.public_id,
        ALERTS.c.title,
        ALERTS.c.status,
        ALERTS.c.language,
        ALERTS.c.ended_at,
        ALERTS.c.ends_at,
    )
    rows = connection.execute(
        select(_STEPS, *columns)
        .join(ALERTS, ALERTS.c.id == _STEPS.c.alert_id)
        .where(which)  # type: ignore[arg-type]
        .order_by(_STEPS.c.due_on, _STEPS.c.id)
    ).mappings()
    return [
        FollowUp(
            id=row["id"],
            step=row["step"],
            due_on=row["due_on"],
            words=row["words"],
            done_at=row["done_at"],
            public_id=row["public_id"],
            title=row["title"],
            status=row["status"],
            language=row["language"],
            ended_at=row["ended_at"] or row["ends_at"],
        )
        for row in rows
    ]
