"""Who is here and may have something in hand at this moment, read once for a page. Writes nothing, decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import Connection, select

from federation.tables import Peer, table_of
from node.accounts import turns
from node.features.resources import holding
from node.features.resources.holding import Hands, Standing
from node.features.resources.tables import Resource
from node.profile import rules_kept
from node.profile.rhythm import Rest, rhythm
from protocol.peering import State

_PEERS = table_of(Peer)


@dataclass(frozen=True, slots=True)
class House:
    """`names`: all members by id; `resting`: who of them takes a break; `linked`: the names of nearby councils by actor."""

    names: Mapping[int, str]
    resting: frozenset[int]
    linked: Mapping[str, str]
    on_call: int | None

    @property
    def here(self) -> frozenset[int]:
        """Who can have something in hand."""
        return frozenset(self.names) - self.resting


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a need's age is told by: the council's rules, its rest days, and where its days begin."""

    rules: holding.Rules
    rest: Rest
    zone: tzinfo


def house(connection: Connection, now: datetime) -> House:
    """Who is here at this moment."""
    linked = select(_PEERS.c.actor_id, _PEERS.c.name).where(_PEERS.c.state == State.ACCEPTED.value)
    return House(
        names=turns.present(connection),
        resting=turns.resting(connection, now),
        linked={row.actor_id: row.name for row in connection.execute(linked)},
        on_call=turns.on_call(connection, now),
    )


def calendar(connection: Connection, now: datetime, zone: tzinfo) -> Calendar:
    """The council's own rules and rest days."""
    hours = int(rules_kept.rule(connection, rules_kept.UNHELD_AFTER_HOURS))
    days = int(rules_kept.rule(connection, rules_kept.AGEING_AFTER_DAYS))
    rules = holding.Rules(timedelta(hours=hours), timedelta(days=days))
    return Calendar(rules, rhythm(connection, now=now).rest, zone)


def hands(row: Resource, there: House) -> Hands:
    """Whose hands a need of ours is in."""
    return holding.hands_of(
        holder=row.holder,
        holder_actor=row.holder_actor,
        on_call=there.on_call,
        here=there.here,
        linked=there.linked,
    )


def standing(row: Resource, there: House, by: Calendar, now: datetime) -> Standing:
    """How a need of ours stands."""
    return holding.standing_of(
        hands(row, there),
        held_since=row.held_since or row.created_at,
        created_at=row.created_at,
        can_wait=row.can_wait,
        rest=by.rest,
        rules=by.rules,
        zone=by.zone,
        now=now,
    )
