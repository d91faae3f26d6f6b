"""In whose hands a need is, for how long, and whether that has become too long. Pure.

Nothing is in nobody's hands: where nobody took it, or whoever did is not here any more, it is with whoever is on call now.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from node.profile.rhythm import Rest


@dataclass(frozen=True, slots=True)
class Rules:
    """The council's own: how long until a need that nobody took counts as such, and until an open one counts as old."""

    unheld_after: timedelta = timedelta(hours=24)
    ageing_after: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Hands:
    """Whose: a member of ours (`holder`) or a nearby council (`actor`), never both; `on_call` where nobody else took it."""

    holder: int | None
    actor: str | None
    on_call: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose hands: a member of ours (`holder`) or a nearby council (`actor`); `on_call` where it is whoever is on call."""

    holder: int | None
    actor: str | None
    on_call: bool
    waited: timedelta
    unheld: bool
    ageing: bool


def hands_of(
    *,
    holder: int,
    holder_actor: str | None,
    on_call: int | None,
    here: Collection[int] | None = None,
    linked: Collection[str] | None = None,
) -> Hands:
    """Whose hands a need is in. `here`: who is here and takes no break; `linked`: the councils we are linked up with; None for all.

    A holder who is neither has it no longer: it is with whoever is on call, from that moment, whatever is written down.
    """
    if holder_actor is not None and (linked is None or holder_actor in linked):
        return Hands(None, holder_actor, False)
    if holder and (here is None or holder in here):
        return Hands(holder, None, False)
    return Hands(on_call, None, True)


def standing_of(
    hands: Hands,
    *,
    held_since: datetime,
    created_at: datetime,
    can_wait: bool,
    rest: Rest,
    rules: Rules,
    zone: tzinfo,
    now: datetime,
) -> Standing:
    """How a need stands. Rest days do not count for what can wait; what cannot wait grows old on them too."""

    def waited(since: datetime) -> timedelta:
        return rest.working_time(since, now, zone) if can_wait else max(now - since, timedelta(0))

    return Standing(
        holder=hands.holder,
        actor=hands.actor,
        on_call=hands.on_call,
        waited=max(now - created_at, timedelta(0)),
        unheld=hands.on_call and waited(held_since) > rules.unheld_after,
        ageing=waited(created_at) > rules.ageing_after,
    )
