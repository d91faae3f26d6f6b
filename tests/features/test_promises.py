"""A promise from its first word to how it went: who may do what, what is left at each step, and who is told what of it."""

from datetime import timedelta
from typing import Any

import pytest

from node.feature import Acting, Viewer
from node.features.resources import actions
from node.features.resources.leaving import leave
from node.features.resources.promises import acts, keeping
from node.features.resources.promises.states import State
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm
from tests.features.promising import SOON, does, no, now, number_of, on_paper, promises, put_up, refused, states
from tests.features.village import Village, offer


@pytest.fixture
def amina(village: Village) -> int:
    return village.member("Amina")


@pytest.fixture
def bo(village: Village, amina: int) -> int:
    return village.member("Bo")


@pytest.fixture
def blankets(village: Village, amina: int) -> Resource:
    """A need without a place, among ourselves."""
    return put_up(village, amina, direction="need", title="Blankets", quantity="30", unit="pieces", **SOON)


def test_a_need_is_met_in_parts_and_both_say_so(village: Village, amina: int, bo: int, blankets: Resource) -> None:
    bags = put_up(village, bo, title="Bags of blankets", quantity="5", unit="bags", **SOON)
    first = promises(village, bo, blankets, "12")
    second = promises(village, bo, blankets, "10", counterpart_id=bags.id, counterpart_amount="2")
    before = now(village, blankets).available, now(village, bags).available

    for one in (first, second):
        does(village, acts.agree, amina, one.public_id)
    agreed = now(village, blankets).available, now(village, bags).available
    does(village, acts.confirm, bo, first.public_id)
    half = states(village)
    done = does(village, acts.say_outcome, amina, first.public_id, "met")

    assert (before, agreed) == (("30", "3"), ("8", "3"))
    assert (half, done.state, done.outcome) == (["agreed", "agreed"], "done", "met")
    assert (now(village, blankets).available, now(village, blankets).state) == ("8", "partly-promised")


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"amount": None}, ("amount", "amount")),
        ({"amount": "0"}, ("amount", "amount")),
        ({"amount": "many"}, ("quantity", "amount")),
        ({"amount": "31"}, ("not-enough", "amount")),
        ({"amount": "31", "waits": True}, ("not-enough", "amount")),
        ({"words": "x" * 1001}, ("words", "promise_words")),
        ({"counterpart_id": 0}, ("counterpart", "counterpart")),
        ({"counterpart_id": "theirs"}, ("counterpart", "counterpart")),
        ({"counterpart_id": "mine"}, ("counterpart-amount", "counterpart_amount")),
        ({"counterpart_id": "mine", "counterpart_amount": "6"}, ("not-enough", "amount")),
    ],
)
def test_what_cannot_be_promised_is_said_beside_its_field(
    village: Village, bo: int, blankets: Resource, given: dict[str, Any], word: tuple[str, str]
) -> None:
    theirs = put_up(village, blankets.by_member, title="Tea", **SOON)
    mine = put_up(village, bo, title="Bags", quantity="5", unit="bags", **SOON)
    chosen = {"theirs": theirs.id, "mine": mine.id}.get(given.get("counterpart_id", ""), given.get("counterpart_id"))
    typed = {"amount": "30", "words": "x" * 1000} | given | ({"counterpart_id": chosen} if chosen is not None else {})

    assert no(village, acts.promise, bo, blankets.public_id, **typed) == word
    right = {"amount": "30", "words": "x" * 1000, "counterpart_id": mine.id, "counterpart_amount": "5"}
    assert does(village, acts.promise, bo, blankets.public_id, **right).counterpart_amount == "5"


def test_who_promises_what_on_which_note(village: Village, amina: int, bo: int, blankets: Resource) -> None:
    closed = put_up(village, amina, title="Over", **SOON)
    village.do(lambda c: actions.close(c, closed.public_id, "met", village.acting(amina)))
    held = put_up(village, amina, title="Being read", **SOON)
    village.do(lambda c: c.exec_driver_sql("UPDATE resource SET shown = 'held' WHERE id = ?", (held.id,)))

    assert no(village, acts.promise, None, blankets.public_id, amount="1")[0] == "not-signed-in"
    assert no(village, acts.promise, amina, blankets.public_id, amount="1")[0] == "own-note"
    assert no(village, acts.promise, bo, closed.public_id, amount="1")[0] == "closed"
    assert no(village, acts.promise, bo, held.public_id, amount="1")[0] == "not-found"
    assert no(village, acts.promise, bo, "a" * 26, amount="1")[0] == "not-found"
    assert promises(village, bo, blankets, "1").state == "proposed"


def test_pressing_twice_promises_once_and_more_can_be_promised_later(
    village: Village, bo: int, blankets: Resource
) -> None:
    first, again, more = (promises(village, bo, blankets, amount) for amount in ("12", "12", "3"))

    assert first.id == again.id != more.id


def test_each_side_does_its_own_and_others_do_nothing(
    village: Village, amina: int, bo: int, blankets: Resource
) -> None:
    noor, keeper = village.member("Noor"), Viewer(member_id=village.member("Kim"), keeper=True, on_call=True)
    one = promises(village, bo, blankets)
    acting = Acting(village.clock.now(), village.council, village.site.settings, keeper)

    for verb in (acts.agree, acts.not_this_time, acts.give_back, acts.confirm):
        assert no(village, verb, noor, one.public_id)[0] == "not-yours"
        assert no(village, verb, None, one.public_id)[0] == "not-signed-in"
        assert refused(village, lambda c, verb=verb: verb(c, acting, one.public_id))[0] == "not-yours"
    assert no(village, acts.agree, bo, one.public_id)[0] == "not-yours"
    assert no(village, acts.confirm, amina, one.public_id)[0] == "moved-on"
    does(village, acts.agree, amina, one.public_id)
    assert no(village, acts.not_this_time, amina, one.public_id)[0] == "moved-on"
    assert no(village, acts.say_outcome, bo, one.public_id, "met")[0] == "not-yours"
    assert no(village, acts.say_outcome, amina, one.public_id, "no-longer-wanted") == ("outcome", "outcome")
    assert does(village, acts.say_outcome, amina, one.public_id, "partly").state == "agreed"
    assert does(village, acts.confirm, bo, one.public_id).state == "done"


def test_of_an_offer_whoever_gets_it_says_whether_it_helped(village: Village, amina: int, bo: int) -> None:
    dal = put_up(village, amina, **SOON)
    one = promises(village, bo, dal, "6")
    does(village, acts.agree, amina, one.public_id)

    assert no(village, acts.say_outcome, amina, one.public_id, "met")[0] == "not-yours"
    does(village, acts.confirm, amina, one.public_id)
    assert does(village, acts.say_outcome, bo, one.public_id, "met").state == "done"


def test_not_this_time_leaves_nothing_and_the_next_is_asked(
    village: Village, amina: int, bo: int, blankets: Resource
) -> None:
    noor = village.member("Noor")
    whole = promises(village, bo, blankets, "30")
    does(village, acts.agree, amina, whole.public_id)
    assert no(village, acts.promise, noor, blankets.public_id, amount="10") == ("not-enough", "amount")
    waits, later = (promises(village, who, blankets, "10", waits=True) for who in (noor, bo))
    lined_up = states(village)

    does(village, acts.give_back, bo, whole.public_id)
    moved_up = states(village)
    does(village, acts.not_this_time, amina, waits.public_id)

    assert lined_up == ["agreed", "waiting", "waiting"]
    assert moved_up == ["given-back", "proposed", "proposed"]
    left = village.rows("SELECT id, by_member, words FROM promise ORDER BY id")
    assert [tuple(row) for row in left] == [(whole.id, 0, ""), (later.id, bo, "")]
    assert now(village, blankets).available == "30"


def test_the_longest_wait_comes_first_among_those_whose_amount_fits(
    village: Village, amina: int, bo: int, blankets: Resource
) -> None:
    noor = village.member("Noor")
    parts = [promises(village, bo, blankets, amount) for amount in ("20", "6", "4")]
    for one in parts:
        does(village, acts.agree, amina, one.public_id)
    much, little, last = (promises(village, noor, blankets, amount, waits=True) for amount in ("12", "5", "3"))

    does(village, acts.give_back, bo, parts[1].public_id)
    does(village, acts.confirm, bo, parts[0].public_id)

    found = {one.id: one.state for one in village.see(lambda c: keeping.of_resource(c, number_of(blankets)))}
    assert [found[one.id] for one in (much, little, last)] == ["waiting", "proposed", "waiting"]
    does(village, acts.give_back, noor, little.public_id)
    found = {one.id: one.state for one in village.see(lambda c: keeping.of_resource(c, number_of(blankets)))}
    assert (found[much.id], found[last.id], little.id in found) == ("waiting", "proposed", False)


def test_what_is_put_up_to_more_asks_whoever_waits(village: Village, amina: int, bo: int, blankets: Resource) -> None:
    noor = village.member("Noor")
    does(village, acts.agree, amina, promises(village, bo, blankets, "30").public_id)
    promises(village, noor, blankets, "10", waits=True)
    form = offer(direction="need", title="Blankets", unit="pieces", quantity="45", **SOON)

    acting = village.acting(amina)
    village.do(lambda c: actions.change(c, blankets.public_id, ResourceForm.model_validate(form), acting))

    assert states(village) == ["agreed", "proposed"]


def test_what_is_not_counted_is_done_by_one_and_the_next_waits(village: Village, amina: int, bo: int) -> None:
    noor = village.member("Noor")
    lift = put_up(village, amina, direction="need", title="A lift", quantity=None, unit=None, **SOON)
    one = promises(village, bo, lift, None)
    does(village, acts.agree, amina, one.public_id)
    assert no(village, acts.promise, noor, lift.public_id)[0] == "not-enough"
    promises(village, noor, lift, None, waits=True)

    does(village, acts.give_back, bo, one.public_id)

    assert states(village) == ["given-back", "proposed"]


def test_for_a_need_on_paper_whoever_is_on_call_answers_and_whoever_asked_with_its_phrase(
    village: Village, bo: int
) -> None:
    shopping, noor = on_paper(village), village.member("Noor")
    viewer = Viewer(member_id=noor, on_call=True)
    on_call = Acting(village.clock.now(), village.council, village.site.settings, viewer)
    one = promises(village, bo, shopping, None)

    assert no(village, acts.agree, noor, one.public_id)[0] == "not-yours"
    agreed = village.do(lambda c: acts.agree(c, on_call, one.public_id))
    does(village, acts.confirm, bo, one.public_id)
    done = does(village, acts.say_outcome, None, one.public_id, "met", as_asker=True)

    assert (agreed.state, done.state, done.outcome) == ("agreed", "done", "met")


def test_whoever_is_on_call_and_promises_does_not_confirm_to_themselves(village: Village, bo: int) -> None:
    shopping = on_paper(village)
    viewer = Viewer(member_id=bo, on_call=True)
    on_call = Acting(village.clock.now(), village.council, village.site.settings, viewer)
    one = promises(village, bo, shopping, None)

    assert refused(village, lambda c: acts.agree(c, on_call, one.public_id))[0] == "not-yours"
    does(village, acts.agree, None, one.public_id, as_asker=True)
    village.do(lambda c: acts.confirm(c, on_call, one.public_id))
    assert village.do(lambda c: acts.confirm(c, on_call, one.public_id)).state == "agreed"


def test_a_nearby_councils_promise_is_declined_without_a_word_and_leaves_no_row(
    village: Village, amina: int, blankets: Resource
) -> None:
    proposal = keeping.Proposal(
        ends_at=village.clock.now() + timedelta(days=3),
        resource_id=blankets.id,
        by_actor="https://harbour.example/council",
        amount="10",
        unit="pieces",
    )
    one, other = (village.do(lambda c: keeping.add(c, village.acting(amina), proposal)) for _ in range(2))

    does(village, acts.not_this_time, amina, one.public_id)
    does(village, acts.agree, amina, other.public_id)

    assert states(village) == [State.AGREED]
    assert now(village, blankets).available == "20"


def test_closing_lets_lapse_what_nobody_agreed_to_and_what_was_agreed_can_still_be_done(
    village: Village, amina: int, bo: int, blankets: Resource
) -> None:
    kept, asked = promises(village, bo, blankets, "3"), promises(village, bo, blankets, "4")
    does(village, acts.agree, amina, kept.public_id)

    village.do(lambda c: actions.close(c, blankets.public_id, "partly", village.acting(amina)))

    assert states(village) == ["agreed", "lapsed"]
    assert no(village, acts.agree, amina, asked.public_id)[0] == "moved-on"
    does(village, acts.confirm, bo, kept.public_id)
    assert does(village, acts.say_outcome, amina, kept.public_id, "met").state == "done"


@pytest.mark.parametrize("leaves", [True, False])
def test_on_a_break_and_on_leaving_all_comes_back_and_whoever_waits_is_next(
    village: Village, bo: int, blankets: Resource, leaves: bool
) -> None:
    noor, acting = village.member("Noor"), village.acting(bo)
    agreed, asked = promises(village, bo, blankets, "28"), promises(village, bo, blankets, "2")
    does(village, acts.agree, blankets.by_member, agreed.public_id)
    waits = promises(village, noor, blankets, "20", waits=True)

    if leaves:
        village.do(lambda c: leave(c, acting, bo))
    else:
        assert village.do(lambda c: acts.give_all_back(c, acting, bo)) == 2

    assert now(village, blankets).available == "30"
    rows = {row.id: (row.state, row.by_member) for row in village.rows("SELECT * FROM promise")}
    assert rows == {agreed.id: ("given-back", 0), waits.id: ("proposed", noor)}
    assert asked.id not in rows
