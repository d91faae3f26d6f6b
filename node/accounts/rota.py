"""Who looks after a standing place, week by week: taking a week, giving it back, swapping one for another's.

These turns give no right whatever. A week that was given back leaves no trace, and who said no to a swap leaves none either.
Names stand here for those who sign in; whoever shows them has judged that.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.accounts.people import called
from node.accounts.tables import LAST_ROW, Turn
from node.accounts.turns import present
from node.feature import Acting
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

PLACE: Final = "place"
WEEK: Final = timedelta(weeks=1)
AHEAD: Final = 6

_TURNS: Final = table_of(Turn)


@dataclass(frozen=True, slots=True)
class Week:
    """One week of one place. `turn` and `holder` are None where nobody has it; `swap_for` is the turn it would be swapped for."""

    since: datetime
    turn: int | None = None
    holder: int | None = None
    name: str = ""
    swap_for: int | None = None


def week_of(at: datetime) -> datetime:
    """When the week began that holds this moment: Mondays at noon UTC, so that no zone is needed to say the day."""
    noon = at.astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    monday = noon - timedelta(days=noon.weekday())
    return monday if monday <= at else monday - WEEK


def weeks(connection: Connection, about: str, *, now: datetime) -> list[Week]:
    """This week and the five that follow, whoever has them."""
    first = week_of(now)
    held = {row.starts_at: row for row in _running(connection, about, since=first)}
    names = present(connection)
    found = []
    for number in range(AHEAD):
        since = first + number * WEEK
        row = held.get(since)
        if row is None or row.member_id not in names:
            found.append(Week(since))
        else:
            swap_for = int(row.given) if row.given.isdecimal() else None
            found.append(Week(since, row.id, row.member_id, called(names[row.member_id], row.member_id), swap_for))
    return found


def looks_after(connection: Connection, about: str, member_id: int | None, *, now: datetime) -> bool:
    """Whether this neighbour has this week or one of those that follow."""
    return member_id is not None and any(week.holder == member_id for week in weeks(connection, about, now=now))


def take(connection: Connection, acting: Acting, about: str, *, since: datetime) -> None:
    """Take a week. Raises Refusal("week") for none of those that are open to be taken, "taken" where somebody was quicker."""
    member_id = acting.viewer.require(Right.PUT_UP)
    found = {week.since: week for week in weeks(connection, about, now=acting.now)}
    if since not in found:
        raise Refusal("week", "week", sentence=phrase("Choose this week or one of the next five."))
    if found[since].turn is not None:
        raise Refusal("taken", "week", sentence=phrase("Somebody has taken that week already."))
    values = {"role": PLACE, "member_id": member_id, "about": about, "starts_at": since, "ends_at": since + WEEK}
    connection.execute(_TURNS.insert().values(**values, given="", taken=""))


def give_back(connection: Connection, acting: Acting, about: str, *, turn: int) -> None:
    """Give back a week of one's own; no reason is asked for. Raises Refusal("not-yours")."""
    _own(connection, acting, about, turn)
    connection.execute(_TURNS.delete().where(_TURNS.c.id == turn))
    # Its number may be given to another week: whoever wanted to swap for this one did not ask for that.
    connection.execute(_TURNS.update().where(_of_places(about), _TURNS.c.given == f"{turn}").values(given=""))


def ask_to_swap(connection: Connection, acting: Acting, about: str, *, turn: int, other: int) -> None:
    """Ask whoever has another week whether they would swap. Raises Refusal("not-yours") or ("swap")."""
    own = _own(connection, acting, about, turn)
    theirs = {week.turn for week in weeks(connection, about, now=acting.now) if week.holder != own.member_id}
    if other not in theirs:
        raise Refusal("swap", "other", sentence=phrase("That week cannot be swapped any more."))
    connection.execute(_TURNS.update().where(_TURNS.c.id == turn).values(given=f"{other}"))


def answer_swap(connection: Connection, acting: Acting, about: str, *, turn: int, agreed: bool) -> None:
    """Swap one's own week for `turn`, whose holder has asked for it, or not this time. Raises Refusal("swap")."""
    member_id = acting.viewer.require(Right.PUT_UP)
    found = {week.turn: week for week in weeks(connection, about, now=acting.now) if week.turn is not None}
    asked = found.get(turn)
    mine = found.get(asked.swap_for) if asked is not None and asked.swap_for is not None else None
    if asked is None or mine is None or mine.holder != member_id:
        raise Refusal("swap", "other", sentence=phrase("That week cannot be swapped any more."))
    connection.execute(_TURNS.update().where(_TURNS.c.id == turn).values(given=""))
    if agreed:
        connection.execute(_TURNS.update().where(_TURNS.c.id == turn).values(member_id=member_id))
        connection.execute(_TURNS.update().where(_TURNS.c.id == mine.turn).values(member_id=asked.holder, given=""))


def renamed(connection: Connection, before: str, after: str) -> None:
    """The place stands under another address from now on: its turns go along."""
    connection.execute(_TURNS.update().where(_of_places(before)).values(about=after))


def ended(connection: Connection, about: str) -> None:
    """The place is no more, and so are its turns."""
    connection.execute(_TURNS.delete().where(_of_places(about)))


def forget_over(connection: Connection, *, before: datetime) -> int:
    """Drop turns of places that were over before then; returns how many."""
    return connection.execute(_TURNS.delete().where(_TURNS.c.role == PLACE, _TURNS.c.ends_at < before)).rowcount


def _of_places(about: str) -> Any:
    return (_TURNS.c.role == PLACE) & (_TURNS.c.about == about)


def _running(connection: Connection, about: str, *, since: datetime) -> list[Any]:
    wanted = (_of_places(about), _TURNS.c.starts_at >= since, _TURNS.c.ended_at.is_(None))
    return list(connection.execute(select(_TURNS).where(*wanted).order_by(_TURNS.c.starts_at, _TURNS.c.id)))


def _own(connection: Connection, acting: Acting, about: str, turn: int) -> Any:
    member_id = acting.viewer.require(Right.PUT_UP)
    own = (_of_places(about), _TURNS.c.id == min(turn, LAST_ROW), _TURNS.c.member_id == member_id)
    row = connection.execute(select(_TURNS).where(*own, _TURNS.c.ended_at.is_(None))).first()
    if row is None:
        raise Refusal("not-yours", sentence=phrase("You do not have that week."))
    return row
