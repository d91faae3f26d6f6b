"""What a neighbour of ours has said they can do, their breaks, and what weighs on their week: kept in their own row, and changed
by them alone.

Only what somebody gives weighs: what they promised to a need, and what of their offers was agreed. Nobody but themselves is
shown any of it. A proposal of the server stays within it; the neighbour may go beyond.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Final

from sqlalchemy import Connection, select, text

from federation.moments import from_microseconds
from federation.tables import table_of
from node.accounts.tables import Member
from node.feature import Acting
from node.features.resources import limits
from node.features.resources.hands import acts as hands
from node.features.resources.limits import Limits, Load, Room
from node.features.resources.promises import acts
from node.features.resources.tables import Resource
from node.rights import Right
from schemas.context import CATEGORIES
from schemas.phrase import phrase
from schemas.refusal import Refusal

MOST_A_WEEK: Final = 50
FARTHEST_KM: Final = 500
LONGEST: Final = 500
_MEMBERS = table_of(Member)
# What is theirs to give: to needs by their own word, from their offers once they have agreed.
_WEIGHING: Final = text(
    "SELECT p.state, COALESCE(p.starts_at, p.created_at) AS at FROM promise p"
    " LEFT JOIN resource r ON r.id = p.resource_id WHERE p.by_member = :member AND COALESCE(r.direction, 'need') = 'need'"
    " UNION ALL SELECT p.state, COALESCE(p.starts_at, p.created_at) FROM promise p JOIN resource r ON r.id = p.resource_id"
    " WHERE r.by_member = :member AND r.direction = 'offer' AND p.state IN ('agreed', 'done')"
)


@dataclass(frozen=True, slots=True)
class Said:
    """All of it: the limits, and what else a neighbour wants others to know. `since` and `until` are those of a break."""

    limits: Limits
    languages: str = ""
    care: str = ""
    since: datetime | None = None
    until: datetime | None = None


def said_by(connection: Connection, member_id: int, now: datetime) -> Said:
    """What this neighbour has said about themselves."""
    row = connection.execute(_MEMBERS.select().where(_MEMBERS.c.id == member_id)).one()
    on_a_break = limits.paused(row.paused_at, row.paused_until, now)
    return Said(
        limits=Limits(
            per_week=row.per_week,
            distance_km=row.distance_km,
            kinds=frozenset(row.kinds.split()),
            hours=frozenset(row.hours.split()),
            paused=on_a_break,
        ),
        languages=row.languages,
        care=row.care,
        since=row.paused_at if on_a_break else None,
        until=row.paused_until if on_a_break else None,
    )


def words_of(connection: Connection, member_id: int) -> tuple[str, str]:
    """What is good to know about somebody and the languages they speak: for whoever has agreed on something with them."""
    row = connection.execute(select(_MEMBERS.c.care, _MEMBERS.c.languages).where(_MEMBERS.c.id == member_id)).one()
    return row.care, row.languages


def weighing_on(connection: Connection, member_id: int) -> list[Load]:
    """Every promise that weighs on some week of theirs."""
    rows = connection.execute(_WEIGHING, {"member": member_id})
    return [Load(state=row.state, at=from_microseconds(row.at)) for row in rows]


def room_for(said: Limits, loads: list[Load], row: Resource, *, at: datetime, zone: tzinfo) -> Room:
    """Whether this neighbour has room for one more at that time, and if not, why. Where they live is not known to us."""
    return limits.room_for(
        said,
        load=limits.load(loads, limits.week_of(at, zone), zone),
        distance_km=None,
        kinds=frozenset({row.category, row.kind} - {""}),
        at=at,
        zone=zone,
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a neighbour wants kept about what they can do, as typed: numbers as text, words of kinds and of hours."""

    per_week: str | None = None
    distance_km: str | None = None
    kinds: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    languages: str = ""
    care: str = ""


def keep(connection: Connection, acting: Acting, wish: Wish) -> None:
    """Keep it in place of what was said before; whatever is left empty is no limit.

    Raises Refusal("per-week", "per_week"), ("distance", "distance_km"), ("kind", "kinds"), ("hours", "hours") or ("words", …).
    """
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    if not set(wish.kinds) <= set(CATEGORIES):
        raise Refusal("kind", "kinds", sentence=phrase("Choose a kind from the list."))
    if not set(wish.hours) <= set(limits.HOURS):
        raise Refusal("hours", "hours", sentence=phrase("Choose hours from the list."))
    for name in ("languages", "care"):
        if len(getattr(wish, name)) > LONGEST:
            raise Refusal("words", name, sentence=phrase("Please shorten the words a little."))
    values = {
        "per_week": _number(wish.per_week, MOST_A_WEEK, word="per-week", field="per_week"),
        "distance_km": _number(wish.distance_km, FARTHEST_KM, word="distance", field="distance_km"),
        "kinds": " ".join(wish.kinds),
        "hours": " ".join(wish.hours),
        "languages": wish.languages.strip(),
        "care": wish.care.strip(),
    }
    connection.execute(_MEMBERS.update().where(_MEMBERS.c.id == member_id).values(**values))


def take_a_break(connection: Connection, acting: Acting, *, back_on: date | None, all_back: bool) -> None:
    """A break from now on until that day begins here, without an end where none is named. Nobody asks why.

    With `all_back` everything that is promised and not done is given back, and what is in hand is with whoever is on call.
    Raises Refusal("back-on", "back_on") for a day that is not to come.
    """
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    until = None
    if back_on is not None:
        until = datetime.combine(back_on, time(), acting.zone)
        if until <= acting.now:
            raise Refusal("back-on", "back_on", sentence=phrase("Choose a day that is still to come, or none."))
    values = {"paused_at": acting.now, "paused_until": until}
    connection.execute(_MEMBERS.update().where(_MEMBERS.c.id == member_id).values(**values))
    if all_back:
        acts.give_all_back(connection, acting, member_id)
        hands.give_back_all(connection, member_id, acting.now)


def come_back(connection: Connection, acting: Acting) -> None:
    """The break is over. Nothing of it is kept."""
    mine = _MEMBERS.c.id == acting.viewer.require(Right.OWN_ACCOUNT)
    connection.execute(_MEMBERS.update().where(mine).values(paused_at=None, paused_until=None))


def _number(typed: str | None, most: int, *, word: str, field: str) -> int | None:
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal()) or len(typed) > 4 or int(typed) > most:
        raise Refusal(word, field, sentence=phrase("Write a whole number up to {most}, or leave it empty.", most=most))
    return int(typed)
