"""Every open need has exactly one holder who is here, at every moment, whatever is taken, given back, paused, left or rested."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from federation.tables import Peer, table_of
from node.accounts import leaving, turns
from node.accounts.tables import Member
from node.feature import Acting
from node.features.resources import queries
from node.features.resources.hands import acts, house
from node.features.resources.tables import Resource
from schemas.refusal import Refusal
from tests.features.promising import put_up
from tests.features.test_on_call import turn_of
from tests.features.village import START, Village

WHO, WHICH = st.integers(0, 3), st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["take", "give back"]), st.tuples(WHO, WHICH)),
    st.tuples(st.just("elsewhere"), st.tuples(st.booleans(), WHICH)),
    st.tuples(st.sampled_from(["pause", "come back", "leave"]), WHO),
    st.tuples(st.just("turn"), st.tuples(WHO, st.integers(1, 60))),
    st.tuples(st.just("later"), st.integers(1, 50)),
    st.tuples(st.just("link ends"), st.booleans()),
)
HARBOUR = "https://harbour.example/council"


def acting(village: Village, member: int) -> Acting:
    now = village.clock.now()
    viewer = village.see(lambda c: turns.viewer_for(c, member_id=member, name="", now=now))
    return replace(village.acting(member), viewer=viewer)


def do(village: Village, step: tuple[str, Any], *, people: list[int], needs: list[Resource]) -> None:
    """One step through the actions that pages call. Raises Refusal."""
    members, peers, resources = (table_of(table) for table in (Member, Peer, Resource))
    now = village.clock.now()
    match step:
        case "take" | "give back" as verb, (who, which):
            act = acts.take_on if verb == "take" else acts.give_back
            village.do(lambda c: act(c, needs[which].public_id, acting(village, people[who])))
        case "elsewhere", (given, which):
            columns = {"holder": 0, "holder_actor": HARBOUR} if given else {"holder_actor": None}
            village.do(
                lambda c: c.execute(resources.update().where(resources.c.id == needs[which].id).values(**columns))
            )
        case "pause" | "come back" as verb, who:
            columns = {"paused_at": now if verb == "pause" else None}
            village.do(lambda c: c.execute(members.update().where(members.c.id == people[who]).values(**columns)))
        case "leave", who:
            village.do(
                lambda c: leaving.leave(
                    c, acting(village, people[who]), member_id=people[who], features=village.site.features,
                    alone_is_meant=False,
                )
            )  # fmt: skip
        case "turn", (who, hours):
            since = now - START
            turn_of(village, people[who], since=since, until=since + timedelta(hours=hours))
        case "later", hours:
            village.clock.advance(hours * 3600)
        case "link ends", ended:
            state = "ended" if ended else "accepted"
            village.do(lambda c: c.execute(peers.update().values(state=state)))


def in_good_hands(village: Village, need: Resource) -> None:
    """The need is with one who is here and takes no break, or with a nearby council that we are linked up with."""
    now = village.clock.now()
    there = village.see(lambda c: house.house(c, now))
    row = village.see(lambda c: queries.ours(c, need.public_id))
    assert row is not None
    whose = house.hands(row, there)
    assert (whose.holder is None) != (whose.actor is None)
    if whose.actor is not None:
        assert whose.actor in village.see(lambda c: dict(list(c.exec_driver_sql(LINKED))))
        return
    here = {one.id: one for one in village.rows("SELECT id, paused_at FROM member WHERE ended_at IS NULL")}
    assert whose.holder in here
    everybody_rests = all(one.paused_at is not None for one in here.values())
    assert here[whose.holder].paused_at is None or (everybody_rests and whose.on_call)


LINKED = "SELECT actor_id, name FROM peer WHERE state = 'accepted'"


def test_no_need_is_ever_in_nobodys_hands(village: Village, scale: int) -> None:
    """Three notes from paper: nobody of ours put them up, and they have no place. Some cannot wait, one is still being read."""
    village.meet()

    @settings(max_examples=15 * scale, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(steps=st.lists(STEPS, min_size=3, max_size=12))
    @example(steps=[("take", (1, 0)), ("pause", 1), ("take", (2, 0)), ("come back", 1), ("leave", 2), ("later", 50)])
    @example(steps=[("pause", 0), ("pause", 1), ("pause", 2), ("pause", 3), ("take", (1, 1)), ("turn", (1, 3))])
    @example(
        steps=[("turn", (1, 9)), ("elsewhere", (True, 0)), ("take", (1, 0)), ("link ends", True), ("take", (1, 0))]
    )
    def walk(steps: list[tuple[str, Any]]) -> None:
        for gone in ("UPDATE member SET ended_at = 1", "DELETE FROM turn", "UPDATE peer SET state = 'accepted'"):
            village.do(lambda c, gone=gone: c.exec_driver_sql(gone))
        people = [village.member(f"N{n}", keeper=n == 0) for n in range(4)]
        needs = [put_up(village, people[0], direction="need", near=None, audience="council") for _ in range(3)]
        free = "UPDATE resource SET by_member = 0, told_by = 'paper', can_wait = (id % 2) WHERE by_member = ?"
        village.do(lambda c: c.exec_driver_sql(free, (people[0],)))
        village.do(lambda c: c.exec_driver_sql("UPDATE resource SET shown = 'held' WHERE id = ?", (needs[2].id,)))
        for step in steps:
            with suppress(Refusal):
                do(village, step, people=people, needs=needs)
            for need in needs:
                in_good_hands(village, need)

    walk()
