"""Whatever neighbours do with promises, in any order: what is left is right on both sides, nothing of a decline is kept, nobody who
waits is passed over, and what weighs on a week is what somebody really gives."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from node.features.resources import actions, lasting, limits, own_limits, quantities, reckoning
from node.features.resources.promises import acts, keeping
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from schemas.refusal import Refusal
from tests.features.promising import now, number_of, put_up
from tests.features.village import Village

PLAIN = {"audience": "council", "near": None, "until": "week"}
AMOUNT = st.integers(1, 9).map(str)
WHO, WHICH = st.integers(0, 2), st.integers(0, 7)
STEP = st.one_of(
    st.tuples(st.just("promise"), WHO, AMOUNT),
    st.tuples(st.just("draw"), WHO, AMOUNT),
    *(st.tuples(st.just(verb), WHO, WHICH) for verb in ("agree", "not-this-time", "give-back", "done", "outcome")),
    st.tuples(st.just("break"), WHO, WHICH),
    st.tuples(st.just("left"), WHO, AMOUNT),
    st.tuples(st.just("time"), WHO, st.integers(1, 4)),
)
VERBS: dict[str, Callable[..., Any]] = {
    "agree": acts.agree,
    "not-this-time": acts.not_this_time,
    "give-back": acts.give_back,
    "done": acts.confirm,
}
TAKES = {State.AGREED.value, State.DONE.value}
DRAWS = TAKES | {State.PROPOSED.value}
GONE = {"by_member": 0, "words": "", "counterpart_id": None}


class Walk:
    """Three neighbours: the first has a need, the two others an offer each, counted as the need is or otherwise."""

    def __init__(self, village: Village, people: list[int]) -> None:
        self.village, self.people = village, people
        self.need = put_up(village, people[0], direction="need", title="Chairs", quantity="20", unit="chairs", **PLAIN)
        units = {people[1]: "chairs", people[2]: "vans"}
        self.own = {
            who: put_up(village, who, title="Mine", quantity="12", unit=unit, **PLAIN) for who, unit in units.items()
        }

    def rows(self) -> list[Promise]:
        return self.village.see(lambda c: keeping.of_resource(c, number_of(self.need)))

    def do(self, step: tuple[str, int, Any]) -> None:
        """One thing that somebody does. Raises Refusal."""
        kind, who, value = step
        member = self.people[who]
        acting, public_id = self.village.acting(member), self.need.public_id
        match kind:
            case "promise" | "draw":
                given: dict[str, Any] = {"amount": value, "waits": True, "words": f"{len(self.rows())}"}
                if kind == "draw" and member in self.own:
                    given |= {"counterpart_id": self.own[member].id, "counterpart_amount": "2"}
                self.village.do(lambda c: acts.promise(c, acting, public_id, **given))
            case "break":
                self.village.do(lambda c: acts.give_all_back(c, acting, member))
            case "left":
                self.village.do(lambda c: actions.set_available(c, public_id, value, acting))
            case "time":
                self.village.clock.advance(timedelta(days=value).total_seconds())
                self.village.do(lambda c: lasting.due(c, self.village.acting()))
            case _:
                rows = self.rows()
                if not rows:
                    return
                one = rows[value % len(rows)].public_id
                if kind == "outcome":
                    self.village.do(lambda c: acts.say_outcome(c, acting, one, "met"))
                else:
                    self.village.do(lambda c: VERBS[kind](c, acting, one))

    def agrees(self) -> None:
        """Everything that must hold, worked out anew from the rows alone."""
        rows, need = self.rows(), now(self.village, self.need)
        taken = sum((Decimal(one.amount or "0") for one in rows if one.state in TAKES), Decimal(need.taken_otherwise))
        assert need.available is not None and Decimal(need.available) == 20 - taken >= 0
        for own in self.own.values():
            drawn = [one for one in rows if one.counterpart_id == own.id and one.state in DRAWS]
            amounts = [one.counterpart_amount or one.amount or "0" for one in drawn]
            left = now(self.village, own).available
            assert left is not None and Decimal(left) == 12 - sum(map(Decimal, amounts)) >= 0
        given_back = [one for one in rows if one.state == State.GIVEN_BACK]
        assert all(getattr(one, name) == value for one in given_back for name, value in GONE.items())
        assert all(one.state not in (State.DECLINED,) for one in rows)
        self._nobody_is_passed_over(rows, need)
        self._weeks()

    def _nobody_is_passed_over(self, rows: list[Promise], need: Resource) -> None:
        if need.state == "closed" or need.ends_at <= self.village.clock.now():
            return
        proposed = quantities.total(one.amount for one in rows if one.state == State.PROPOSED)
        free = Decimal(need.available or "0") - proposed
        waits = [one for one in rows if one.state == State.WAITING and one.counterpart_id is None]
        assert all(Decimal(one.amount or "0") > free for one in waits)

    def _weeks(self) -> None:
        for member in self.people:
            loads = self.village.see(lambda c, member=member: own_limits.weighing_on(c, member))
            mine = self.village.see(lambda c, member=member: keeping.of_member(c, member))
            weighs = Counter(limits.week_of(one.created_at, UTC) for one in mine if one.state in DRAWS)
            assert {week: limits.load(loads, week, UTC) for week in weighs} == weighs


def test_what_is_left_and_what_weighs_is_right_after_any_order_of_acts(village: Village, scale: int) -> None:
    people = [village.member(name) for name in ("Amina", "Bo", "Noor")]

    @settings(max_examples=12 * scale, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(steps=st.lists(STEP, min_size=5, max_size=16))
    @example(
        steps=[
            ("promise", 1, "9"), ("draw", 2, "9"), ("agree", 0, 0), ("agree", 0, 1), ("promise", 1, "8"),
            ("promise", 2, "2"), ("agree", 0, 3), ("promise", 1, "5"), ("give-back", 1, 0), ("not-this-time", 0, 2),
            ("done", 2, 1), ("time", 0, 4), ("outcome", 0, 1), ("break", 2, 0),
        ]
    )  # fmt: skip
    @example(
        steps=[("draw", 2, "9"), ("left", 0, "3"), ("agree", 0, 0), ("break", 2, 0), ("time", 0, 4), ("time", 0, 4)]
    )
    def walk(steps: list[tuple[str, int, Any]]) -> None:
        walking = Walk(village, people)
        for step in steps:
            before = [one.model_dump() for one in walking.rows()]
            try:
                walking.do(step)
            except Refusal:
                assert [one.model_dump() for one in walking.rows()] == before
            walking.agrees()
        assert village.see(lambda c: reckoning.left(c, now(village, walking.need))) is not None

    walk()
