"""Whatever is done and however much time passes, somebody here can hand the turn over, and no right comes but from a turn."""

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.accounts import handing_over, turns
from node.accounts.leaving import leave
from node.rights import NEIGHBOUR, Right
from schemas.refusal import Refusal
from tests.accounts.acting import acting, do, viewer
from tests.web.town import Town, build_town

_PEOPLE = st.integers(1, 5)
_EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("joins")),
        st.tuples(st.just("weeks pass"), st.integers(1, 20)),
        st.tuples(st.just("hands over"), _PEOPLE, _PEOPLE, st.booleans()),
        st.tuples(st.just("learns"), _PEOPLE),
        st.tuples(st.just("takes again"), _PEOPLE),
        st.tuples(st.just("leaves"), _PEOPLE, st.booleans()),
    ),
    max_size=25,
)


def happen(town: Town, event: tuple[object, ...]) -> None:
    match event:
        case ("joins",):
            town.member()
        case ("weeks pass", int(weeks)):
            town.clock.pass_by(timedelta(weeks=weeks))
        case ("hands over", int(one), int(other), bool(overlap)):
            who = acting(town, one)
            do(town, lambda c: handing_over.hand_over(c, who, to=other, overlap=overlap, unticked=True))
        case ("learns", int(one)):
            do(town, lambda c: handing_over.want_to_learn(c, acting(town, one)))
        case ("takes again", int(one)):
            do(town, lambda c: handing_over.take_again(c, acting(town, one)))
        case ("leaves", int(one), bool(meant)):
            who = acting(town, one)
            do(town, lambda c: leave(c, who, member_id=one, features=(), alone_is_meant=meant))
        case _:
            raise AssertionError(event)


def present(town: Town) -> list[int]:
    with town.store.reading() as connection:
        return list(turns.present(connection))


def rights(town: Town) -> dict[int, frozenset[Right]]:
    return {number: viewer(town, number).rights for number in present(town)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_EVENTS)
def test_somebody_can_always_hand_over_and_nobody_has_rights_without_a_turn(events: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = build_town(Path(folder), url="https://riverside.example")
        try:
            town.member(keeper=True)
            had_a_turn = {1}
            for event in events:
                if event[0] in ("hands over", "learns", "takes again", "leaves") and event[1] not in present(town):
                    continue
                if event[0] == "joins" and not present(town):
                    continue  # nobody is left whose invite one could join by
                with suppress(Refusal):
                    happen(town, event)
                    if event[0] == "hands over":
                        had_a_turn.add(int(str(event[2])))
                everybody = rights(town)
                more = {number for number, those in everybody.items() if those > NEIGHBOUR}
                assert not everybody or any(Right.HAND_OVER in those for those in everybody.values())
                assert more <= had_a_turn
        finally:
            town.store.close()
