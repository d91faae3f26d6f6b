"""How long a note stays up: "Still needed?", a longer time without a new note, its end with an outcome, and lapsing at last.

A note lapses only after it was asked about and nobody answered. Whoever speaks for it answers: who put it up, who has it in
hand, whoever is on call where nobody of ours put it up, and whoever asked without an account (`as_asker`, judged by the caller).
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from federation.moments import microseconds
from federation.tables import table_of
from node.feature import Acting
from node.features.resources import lapsing, queries, reckoning, rules
from node.features.resources.letters import occasions
from node.features.resources.promises import acts, keeping, sides
from node.features.resources.tables import Resource
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.resource import STANDS_FOR, ResourceState
from schemas.refusal import Refusal

AT_ONCE: Final = 200
_RESOURCES = table_of(Resource)
_LIVE: Final = f"state IN ('{ResourceState.OPEN}', '{ResourceState.PARTLY_PROMISED}', '{ResourceState.PROMISED}')"
# A week before the end, and not before half its time (lapsing.ask_again_at).
_TO_ASK: Final = text(
    f"UPDATE resource SET asked_at = :now WHERE id IN (SELECT id FROM resource WHERE {_LIVE} AND asked_at IS NULL"  # noqa: S608
    " AND ends_at <= :now + :before AND (created_at + ends_at) / 2 <= :now LIMIT :most) RETURNING id"
)
_OVER: Final = text(
    f"SELECT id FROM resource WHERE {_LIVE} AND ends_at <= :now AND asked_at <= :before LIMIT :most"  # noqa: S608
)
_UNANSWERED: Final = text(
    "SELECT public_id FROM promise WHERE state IN ('proposed', 'waiting') AND ends_at <= :now ORDER BY id LIMIT :most"
)
_CONFIRMED_ONCE: Final = text(
    "SELECT public_id FROM promise WHERE state = 'agreed' AND COALESCE(giver_confirmed_at, getter_confirmed_at) <= :before"
    " ORDER BY id LIMIT :most"
)


def renew(
    connection: Connection, acting: Acting, public_id: str, *, until: datetime | None = None, as_asker: bool = False
) -> Resource:
    """It is still needed: it stays up until then, else for two weeks from now (a place for 90 days), never less than before.

    Also for what has ended and has not lapsed yet.
    Raises Refusal("not-found"), ("not-yours"), ("closed") or ("ends-at", "ends_at").
    """
    row = _spoken_for(connection, acting, public_id, as_asker=as_asker)
    longer = STANDS_FOR if row.standing else rules.USUAL
    ends_at = until or max(row.ends_at, acting.now.replace(microsecond=0) + longer)
    rules.check_end(ends_at, acting.now, starts_at=row.starts_at)
    renewed = reckoning.say_anew(connection, row, acting, ends_at=ends_at, asked_at=None)
    keeping.wait_until(connection, acting, row.id or 0, ends_at)
    acts.move_up(connection, acting, row.id or 0)
    return renewed


def end(connection: Connection, acting: Acting, public_id: str, outcome: str, *, as_asker: bool = False) -> Resource:
    """It is over, and this is how it went (`rules.OUTCOMES`). Raises Refusal as `renew`, and ("outcome", "outcome")."""
    row = _spoken_for(connection, acting, public_id, as_asker=as_asker)
    rules.check_outcome(outcome)
    return finish(connection, acting, row, outcome=outcome)


def finish(connection: Connection, acting: Acting, row: Resource, *, outcome: str | None) -> Resource:
    """Close a note once that is judged. What nobody has agreed to lapses; `outcome` None where nobody said how it went."""
    occasions.over(connection, acting, row)
    acts.let_lapse(connection, acting, row.id or 0)
    row = reckoning.found(connection, row.id or 0)
    closed_at = rules.next_update(acting.now, row.updated_at)
    return reckoning.say_anew(connection, row, acting, closed_at=closed_at, outcome=outcome)


def due(connection: Connection, acting: Acting) -> int:
    """What time does by itself, a bounded number at once; returns how many of all.

    Proposals that nobody answered lapse, what one side has called done is done after three days, "Still needed?" is asked, and
    what was asked about in vain lapses.
    """
    now: dict[str, Any] = {"now": microseconds(acting.now), "most": AT_ONCE}
    done = 0
    for public_id in connection.execute(_UNANSWERED, now).scalars().all():
        acts.lapse(connection, acting, keeping.named(connection, public_id))
        done += 1
    before = microseconds(acting.now - lapsing.CONFIRMED_BY_ITSELF)
    for public_id in connection.execute(_CONFIRMED_ONCE, {"before": before, "most": AT_ONCE}).scalars().all():
        acts.done_by_itself(connection, acting, keeping.named(connection, public_id))
        done += 1
    week = int(lapsing.ASKED_BEFORE_THE_END.total_seconds() * 1_000_000)
    for resource_id in connection.execute(_TO_ASK, {**now, "before": week}).scalars().all():
        occasions.asked_about(connection, acting, resource_id)
        done += 1
    unanswered = {**now, "before": microseconds(acting.now - lapsing.UNANSWERED)}
    for resource_id in connection.execute(_OVER, unanswered).scalars().all():
        row = reckoning.found(connection, resource_id)
        assert lapsing.lapses(row.asked_at, row.ends_at, acting.now)
        finish(connection, acting, row, outcome=None)
        done += 1
    return done


def _spoken_for(connection: Connection, acting: Acting, public_id: str, *, as_asker: bool) -> Resource:
    if not as_asker:
        acting.viewer.require(Right.PUT_UP)
    row = queries.ours(connection, public_id)
    if row is None:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
    if not as_asker and not sides.speaks_for(acting.viewer, row):
        rules.check_may_change(acting.viewer, by_member=row.by_member)
    rules.check_open(row.state, ended=False)
    return row
