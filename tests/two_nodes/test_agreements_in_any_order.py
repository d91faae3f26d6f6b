"""Whatever both sides do, and however late, twice or out of order it comes: both see the same, and nothing is promised twice."""

from contextlib import suppress
from decimal import Decimal
from itertools import permutations
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from node.features.resources.agreements.outcome import Told, outcome_of
from node.features.resources.promises.states import ON_THE_COUNTERPART, ON_THE_RESOURCE, State
from node.features.resources.tables import Resource
from schemas.refusal import Refusal
from tests.builders import START
from tests.two_nodes.agreeing import (
    Councils,
    acts,
    answer,
    confirm,
    copy_of,
    give_back,
    held,
    row_of,
    stands,
    two_councils,
)

SIDE, WHICH = st.sampled_from(["ours", "theirs"]), st.integers(0, 5)
AMOUNT = st.integers(1, 7).map(str)
LETTERS = st.tuples(st.just("letter"), SIDE, WHICH)
STEPS = st.one_of(
    st.tuples(st.just("promise"), st.booleans(), AMOUNT),
    st.tuples(st.just("ask"), st.just(""), AMOUNT),
    st.tuples(st.just("neighbour"), st.just(""), AMOUNT),
    *(st.tuples(st.just(verb), SIDE, WHICH) for verb in ("yes", "no", "back", "done")),
    LETTERS,
    LETTERS,
    st.tuples(st.just("letter twice"), SIDE, WHICH),
)
DAY = 90_000
Step = tuple[str, object, object]


def one_step(both: Councils, need: Resource, fans: Resource, offers: list[str], step: Step) -> None:
    """One thing that one of them does, or one letter that arrives; what is refused changes nothing."""
    verb, side, value = step
    town = both.theirs if side == "theirs" else both.ours
    match verb:
        case "promise":
            counterpart = fans.public_id if side else ""
            offers.append(str(both.promise(need, amount=str(value), counterpart=counterpart).offer_id))
        case "ask":
            offers.append(str(both.ask(need, amount=str(value)).offer_id))
        case "neighbour":
            both.local(need, str(value))
        case "letter" | "letter twice":
            waiting = both.waiting(town)
            if waiting:
                assert isinstance(value, int)
                result = both.hand(town, waiting[value % len(waiting)], again=verb != "letter")
                # A yes or a receipt that overtakes nothing of its own is never refused.
                assert result in ("stored", "already-held"), result
        case _ if offers:
            assert isinstance(value, int)
            offer_id = offers[value % len(offers)]
            if held(town, offer_id) is None:
                return
            if verb in ("yes", "no"):
                if (offer_id.startswith(town.url)) or stands(town, offer_id) is not State.PROPOSED:
                    return
                answer(town, offer_id, yes=verb == "yes")
            else:
                (give_back if verb == "back" else confirm)(town, offer_id)


def same_on_both_sides(both: Councils, need: Resource, fans: Resource, offers: list[str]) -> None:
    row, copy = row_of(both.ours, need), copy_of(both.theirs, need)
    assert row.available == copy.available and row.state == copy.state.value
    assert Decimal(str(row.available)) >= 0
    drawn = Decimal(0)
    for offer_id in offers:
        assert acts(both.ours, offer_id) == acts(both.theirs, offer_id)
        state = stands(both.ours, offer_id)
        assert state is stands(both.theirs, offer_id)
        for town in (both.ours, both.theirs):
            made = held(town, offer_id)
            assert made is None or (State(made.state) in ON_THE_RESOURCE) == (state in ON_THE_RESOURCE), made
            assert made is not None or state not in ON_THE_RESOURCE
        theirs = held(both.theirs, offer_id)
        if theirs is not None and theirs.counterpart_id is not None and State(theirs.state) in ON_THE_COUNTERPART:
            drawn += Decimal(str(theirs.amount))
    assert Decimal(str(row_of(both.theirs, fans).available)) == 30 - drawn >= 0
    promised = both.ours.read(
        lambda c: c.exec_driver_sql(
            "SELECT coalesce(sum(amount), 0) FROM promise WHERE resource_id = ? AND state IN ('agreed', 'done')",
            (need.id,),
        ).scalar()
    )
    assert Decimal(str(promised)) == 10 - Decimal(str(row.available))


def test_any_order_of_acts_and_letters_leaves_the_same_on_both_sides(tmp_path: Path, scale: int) -> None:
    with two_councils(tmp_path) as both:

        @settings(max_examples=10 * scale, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(steps=st.lists(STEPS, min_size=4, max_size=14))
        @example(steps=[("ask", "", "7"), ("letter", "ours", 0), ("yes", "theirs", 0), ("neighbour", "", "6")])
        @example(
            steps=[
                ("promise", True, "7"),
                ("letter", "theirs", 0),
                ("yes", "ours", 0),
                ("back", "theirs", 0),
                ("letter", "theirs", 0),
                ("done", "ours", 0),
                ("letter", "ours", 1),
                ("letter twice", "ours", 0),
            ]
        )
        def walk(steps: list[Step]) -> None:
            both.clock.advance(DAY)  # so many offers of many examples are no flood
            need = both.put_up()
            fans = both.put_up(both.theirs, direction="offer", quantity="30")
            both.hand_all()
            offers: list[str] = []
            for step in steps:
                both.clock.advance(1)
                with suppress(Refusal):
                    one_step(both, need, fans, offers, step)
            both.hand_all()
            same_on_both_sides(both, need, fans, offers)

        walk()


def test_how_an_exchange_stands_is_the_same_in_every_order_of_its_acts() -> None:
    us, them, offer_id = "https://a.example/council", "https://b.example/council", "https://b.example/a/1"
    offered = Told(offer_id, "Offer", them, START)
    accepted = Told("https://a.example/a/2", "Accept", us, START, agreement_id="https://a.example/a/3")
    rejected = Told("https://a.example/a/4", "Reject", us, START)
    given_back = Told("https://b.example/a/5", "Undo", them, START, undoes=offer_id)
    taken_back = Told("https://a.example/a/6", "Undo", us, START, undoes=accepted.activity_id)
    receipts = [
        Told("https://a.example/a/7", "Create", us, START),
        Told("https://b.example/a/8", "Create", them, START),
    ]
    all_of_them = {
        (offered,): State.PROPOSED,
        (offered, accepted): State.AGREED,
        (offered, rejected): State.DECLINED,
        (offered, accepted, rejected): State.DECLINED,
        (offered, given_back): State.LAPSED,
        (offered, accepted, given_back): State.GIVEN_BACK,
        (offered, accepted, taken_back): State.GIVEN_BACK,
        (offered, taken_back): State.GIVEN_BACK,
        (offered, accepted, receipts[0]): State.AGREED,
        (offered, accepted, receipts[0], given_back): State.GIVEN_BACK,
        (offered, accepted, *receipts): State.DONE,
        (offered, accepted, *receipts, given_back): State.DONE,
    }

    for told, state in all_of_them.items():
        for order in permutations(told):
            assert outcome_of(offer_id, [*order, order[0]]).state is state
