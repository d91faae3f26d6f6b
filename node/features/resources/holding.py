"""In whose hands a need is, for how long, and whether that has become too long. Pure.

Nothing is in nobody's hands: where nobody took it, it is with whoever is on call now.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from node.profile.rhythm import Rest


@dataclass(frozen=True, slots=True)
class Rules:
    """The council's own: how long until a need that nobody took counts as such, and until an open one counts as old."""

    unheld_after: timedelta = timedelta(hours=24)
    ageing_after: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose hands: a member of ours (`holder`) or a nearby council (`actor`); `on_call` where it is whoever is on call."""

    holder: int | None
    actor: str | None
    on_call: bool
    waited: timedelta
    unheld: bool
    ageing: bool


def standing_of(
    *,
    holder: int,
    holder_actor: str | None,
    held_since: datetime,
    created_at: datetime,
    can_wait: bool,
    on_call: int | None,
    rest: Rest,
    rules: Rules,
    zone: tzinfo,
    now: datetime,
) -> Standing:
    """How a need stands. Rest days do not count for what can wait; what cannot wait grows old on them too."""
    nobody = holder == 0 and holder_actor is None

    def waited(since: datetime) -> timedelta:
        return rest.working_time(since, now, zone) if can_wait else max(now - since, timedelta(0))

    return Standing(
        holder=on_call if nobody else (holder or None),
        actor=holder_actor,
        on_call=nobody,
        waited=max(now - created_at, timedelta(0)),
        unheld=nobody and waited(held_since) > rules.unheld_after,
        ageing=waited(created_at) > rules.ageing_after,
    )
