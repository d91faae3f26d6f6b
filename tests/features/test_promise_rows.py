"""What becomes of promises, and of what they took, whatever happens to the records on either side."""

from datetime import timedelta

import pytest

from node.accounts.leaving import leave as leave_council
from node.features.resources import actions, tidying
from node.features.resources.leaving import leave, own
from node.features.resources.promises import keeping
from node.features.resources.promises.states import State
from node.features.resources.tables import Resource
from node.installed import FEATURES
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from tests.features.coming_back import bring_back, note_of
from tests.features.promising import HARBOURS, LATER, decline, now, number_of, promise, put_up, refused, turn
from tests.features.village import Village, offer


@pytest.fixture
def member(village: Village) -> int:
    return village.member()


def need_and_offer(village: Village, member: int) -> tuple[Resource, Resource]:
    need = put_up(village, member, direction="need", title="Dal for forty", quantity="10")
    return need, put_up(village, member)


def test_a_proposal_takes_from_the_proposers_own_side_alone_until_it_is_agreed(village: Village, member: int) -> None:
    need, dal = need_and_offer(village, member)

    made = promise(village, member, resource_id=need.id, counterpart_id=dal.id, amount="6")
    proposed = now(village, need).available, now(village, dal).available
    turn(village, made, State.AGREED)

    assert proposed == ("10", "34")
    assert (now(village, need).available, now(village, dal).available) == ("4", "34")
    assert (now(village, need).state, now(village, dal).state) == ("partly-promised", "partly-promised")


def test_no_more_is_agreed_than_there_is_and_the_answer_says_what_there_is(village: Village, member: int) -> None:
    dal = put_up(village, member)
    first, second = (promise(village, member, resource_id=dal.id, amount="25") for _ in range(2))
    turn(village, first, State.AGREED)

    with pytest.raises(Refusal) as caught:
        turn(village, second, State.AGREED)

    assert (caught.value.word, caught.value.sentence) == ("not-enough", "15 portions are left.")
    assert now(village, dal).available == "15"
    turn(village, second, State.WAITING)
    assert village.see(lambda c: [one.promise_id for one in keeping.waiting(c, number_of(dal))]) == [second.id]


def test_what_signed_acts_say_stands_even_beyond_what_is_left_and_in_any_order(village: Village, member: int) -> None:
    dal = put_up(village, member)
    made = promise(village, 0, resource_id=dal.id, amount="50", by_actor="https://harbour.example/council")

    turn(village, made, State.GIVEN_BACK)
    turn(village, made, State.AGREED, told=True)
    over = now(village, dal)
    turn(village, made, State.GIVEN_BACK, told=True)

    assert (over.available, over.state) == ("0", "promised")
    assert now(village, dal).available == "40"


@pytest.mark.parametrize("counterpart", [True, False])
def test_a_decline_leaves_no_trace_at_all(village: Village, member: int, counterpart: bool) -> None:
    need, dal = need_and_offer(village, member)
    before = village.rows("SELECT * FROM resource WHERE id = :id", id=need.id), village.rows("SELECT * FROM body")
    village.clock.advance(60)

    made = promise(village, member, resource_id=need.id, counterpart_id=dal.id if counterpart else None, amount="6")
    decline(village, made)

    after = village.rows("SELECT * FROM resource WHERE id = :id", id=need.id), village.rows("SELECT * FROM body")
    assert after[0] == before[0]
    assert counterpart or after == before
    assert village.rows("SELECT * FROM promise") == []
    assert now(village, dal).available == "40"


def test_what_is_agreed_is_given_back_and_not_declined(village: Village, member: int) -> None:
    made = promise(village, member, resource_id=put_up(village, member).id, amount="6")
    turn(village, made, State.AGREED)

    assert refused(village, lambda c: keeping.decline(c, village.acting(member), number_of(made))) == ("moved-on", None)


@pytest.mark.parametrize("over", [State.DONE, State.GIVEN_BACK, State.LAPSED])
def test_what_is_over_goes_nowhere(village: Village, member: int, over: State) -> None:
    made = promise(village, member, resource_id=put_up(village, member).id, amount="6")
    turn(village, made, State.AGREED if over is not State.LAPSED else State.PROPOSED)
    turn(village, made, over)

    step = keeping.turn_to
    assert refused(village, lambda c: step(c, village.acting(member), number_of(made), State.AGREED))[0] == "moved-on"


def test_a_promise_is_about_one_thing(village: Village, member: int) -> None:
    dal = put_up(village, member)

    for both in ({}, {"resource_id": dal.id, "object_id": HARBOURS}):
        with pytest.raises(Exception, match="one_thing_promised"):
            promise(village, member, amount="1", **both)


def test_where_units_differ_only_what_was_typed_is_drawn(village: Village, member: int) -> None:
    pots = put_up(village, member, title="Pots", quantity="5", unit="pots")

    promise(village, member, object_id=HARBOURS, counterpart_id=pots.id, amount="30")
    unwritten = now(village, pots).available
    promise(village, member, object_id=HARBOURS, counterpart_id=pots.id, amount="30", counterpart_amount="2")

    assert (unwritten, now(village, pots).available) == ("5", "3")


def test_what_is_not_counted_is_spoken_for_by_one_who_agrees(village: Village, member: int) -> None:
    lift = put_up(village, member, title="A lift", quantity=None, unit=None)
    made = promise(village, member, resource_id=lift.id, unit=None)
    proposed = now(village, lift).state

    turn(village, made, State.AGREED)
    agreed = now(village, lift)
    turn(village, made, State.GIVEN_BACK)

    assert (proposed, agreed.state, agreed.available, now(village, lift).state) == ("open", "promised", None, "open")


@pytest.mark.parametrize(
    ("given", "available", "word"),
    [
        ({"quantity": "24"}, None, ("promised-more", "quantity")),
        ({"quantity": None, "unit": None}, None, ("promised-unit", "unit")),
        ({"quantity": None}, None, ("promised-more", "quantity")),
        ({"unit": "bowls"}, None, ("promised-unit", "unit")),
        ({"quantity": "30"}, "6", ("quantity", "available")),
    ],
)
def test_a_change_never_takes_away_what_is_promised(
    village: Village, member: int, given: dict[str, str | None], available: str | None, word: tuple[str, str]
) -> None:
    dal = put_up(village, member)
    turn(village, promise(village, member, resource_id=dal.id, amount="25"), State.AGREED)
    form = ResourceForm.model_validate({k: v for k, v in {**offer(until="week"), **given}.items() if v is not None})
    acting = village.acting(member)

    assert refused(village, lambda c: actions.change(c, dal.public_id, form, acting, available=available)) == word
    assert now(village, dal).available == "15"


def test_lowering_the_whole_below_what_went_by_hand_is_said_and_not_hidden(village: Village, member: int) -> None:
    dal, acting = put_up(village, member), village.acting(member)
    village.do(lambda c: actions.set_available(c, dal.public_id, "12", acting))
    form = ResourceForm.model_validate(offer(until="week", quantity="20"))

    assert refused(village, lambda c: actions.change(c, dal.public_id, form, acting))[0] == "promised-more"
    village.do(lambda c: actions.change(c, dal.public_id, form, acting, available="5"))
    assert now(village, dal).available == "5"


def test_closing_lets_go_what_nobody_agreed_to(village: Village, member: int) -> None:
    need, dal = need_and_offer(village, member)
    kept, asked = (
        promise(village, member, resource_id=need.id, counterpart_id=dal.id, amount=amount) for amount in ("3", "4")
    )
    turn(village, kept, State.AGREED)

    village.do(lambda c: actions.close(c, need.public_id, "partly", village.acting(member)))

    states = village.rows("SELECT id, state FROM promise ORDER BY id")
    assert [tuple(row) for row in states] == [(kept.id, "agreed"), (asked.id, "lapsed")]
    assert (now(village, dal).available, now(village, need).state) == ("37", "closed")
    assert note_of(village, str(need.object_id))["comarca:state"] == "closed"


def test_what_is_taken_down_gives_back_what_was_not_handed_over(village: Village, member: int) -> None:
    need, dal = need_and_offer(village, member)
    for amount, state in (("1", State.DONE), ("2", State.AGREED), ("4", State.PROPOSED)):
        made = promise(village, member, resource_id=need.id, counterpart_id=dal.id, amount=amount)
        turn(village, made, State.AGREED if state is State.DONE else state)
        turn(village, made, state)

    village.do(lambda c: actions.take_down(c, need.public_id, village.acting(member)))

    assert village.rows("SELECT * FROM promise") == []
    assert (now(village, dal).available, note_of(village, str(dal.object_id))["publishes"]["availableQuantity"]) == (
        "39",
        {"hasUnit": "portions", "hasNumericalValue": "39"},
    )


def test_what_is_forgotten_with_the_years_stays_gone_from_what_it_drew_on(village: Village, member: int) -> None:
    need, _ = need_and_offer(village, member)
    village.clock.advance(timedelta(days=30).total_seconds())
    dal = put_up(village, member)
    made = promise(village, member, resource_id=need.id, counterpart_id=dal.id, amount="6")
    turn(village, made, State.AGREED)

    village.do(lambda c: tidying.tidy(c, village.clock.now() + timedelta(days=9)))

    assert village.rows("SELECT * FROM promise") == []
    kept = village.do(lambda c: actions.reckoning.recount(c, number_of(dal), village.acting(member)))
    assert (kept.available, kept.taken_otherwise) == ("34", "6")


def test_a_neighbour_who_leaves_gives_back_what_they_had_promised(village: Village, member: int) -> None:
    dal, other = put_up(village, member), village.member("Bo")
    theirs = put_up(village, other, title="Bread", quantity="8")
    done, agreed = (
        promise(village, other, resource_id=dal.id, amount=amount, words="I am Bo") for amount in ("1", "2")
    )
    for one in (done, agreed):
        turn(village, one, State.AGREED)
    turn(village, done, State.DONE)
    answered = promise(village, member, resource_id=theirs.id, counterpart_id=dal.id, amount="5")
    village.do(lambda c: c.exec_driver_sql("UPDATE resource SET holder = ? WHERE id = ?", (other, dal.id)))

    village.do(lambda c: leave(c, village.acting(other), other))

    assert now(village, dal).available == "39"
    rows = village.rows("SELECT id, by_member, state, words FROM promise ORDER BY id")
    assert [tuple(row) for row in rows] == [(done.id, 0, "done", ""), (agreed.id, 0, "given-back", "")]
    assert answered.id not in {row.id for row in rows}
    assert now(village, dal).holder == 0


def test_what_somebody_said_about_themselves_goes_when_they_leave(village: Village, member: int) -> None:
    village.member("Bo", keeper=True)
    said = "per_week = 2, distance_km = 3, kinds = 'food', hours = 'weekday-morning', languages = 'ar', care = 'tea'"
    village.do(lambda c: c.exec_driver_sql(f"UPDATE member SET {said}, paused_at = 1, paused_until = 2 WHERE id = 1"))

    village.do(
        lambda c: leave_council(c, village.acting(member), member_id=member, features=FEATURES, alone_is_meant=False)
    )

    (left,) = village.rows("SELECT * FROM member WHERE id = :id", id=member)
    assert [left.per_week, left.distance_km, left.paused_at, left.paused_until] == [None] * 4
    assert left.kinds + left.hours + left.languages + left.care + left.name == ""


def test_promises_are_taken_along_without_whom_they_are_with(village: Village, member: int) -> None:
    dal = put_up(village, member, kind="meal")
    promise(village, member, resource_id=dal.id, amount="6", words="At six")

    taken = village.see(lambda c: own(c, member))

    assert [(one["kind"], one.get("of_kind"), one.get("words")) for one in taken] == [
        ("offer", "meal", "Vegan, no nuts. Bring a bowl."),
        ("promise", None, "At six"),
    ]
    assert not {"phrase_hash", "link_hash", "holder", "resource_id", "by_actor"} & {key for one in taken for key in one}


@pytest.mark.parametrize("kept", [True, False])
def test_a_copy_put_back_promises_nothing_a_second_time(village: Village, member: int, kept: bool) -> None:
    dal = put_up(village, member)
    village.clock.advance(60)
    made = promise(village, member, resource_id=dal.id, amount="6")
    turn(village, made, State.AGREED)
    village.do(lambda c: c.exec_driver_sql("DELETE FROM promise"))
    older = "UPDATE resource SET updated_at = 0, available = '40', state = 'open', taken_otherwise = '0'"
    village.do(lambda c: c.exec_driver_sql(older if kept else "DELETE FROM resource"))

    bring_back(village, str(dal.object_id))

    (row,) = village.rows("SELECT * FROM resource")
    assert (row.available, row.taken_otherwise, row.state) == ("34", "6", "partly-promised")
    again = village.do(lambda c: actions.reckoning.recount(c, row.id, village.acting(member)))
    assert (again.available, again.ends_at < LATER) == ("34", True)
