"""Two councils agree about a need or an offer: what is left is the same on both sides, whatever happens in between."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from node.features.resources import actions, lasting
from node.features.resources.agreements import evidence
from node.features.resources.leaving import leave
from node.features.resources.promises.states import State
from node.features.resources.tables import Resource
from schemas.refusal import Refusal
from tests.two_nodes.agreeing import (
    Councils,
    answer,
    confirm,
    copy_of,
    give_back,
    held,
    row_of,
    stands,
    two_councils,
)
from tests.two_nodes.region import Town


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Councils]:
    with two_councils(tmp_path) as built:
        yield built


def state_of(both: Councils, offer_id: str) -> list[State]:
    return [stands(town, offer_id) for town in (both.ours, both.theirs)]


def test_what_another_council_promises_counts_once_we_have_said_yes(both: Councils) -> None:
    need = both.put_up()
    fans = both.put_up(both.theirs, direction="offer", quantity="8")
    both.hand_all()

    made = both.promise(need, amount="6", counterpart=fans.public_id)
    both.hand_all()
    proposed = row_of(both.ours, need).available, row_of(both.theirs, fans).available
    offer_id = str(made.offer_id)
    answer(both.ours, offer_id, yes=True)
    both.hand_all()

    assert proposed == ("10", "2")
    assert state_of(both, offer_id) == [State.AGREED] * 2
    assert row_of(both.ours, need).available == copy_of(both.theirs, need).available == "4"
    mine, theirs = held(both.ours, offer_id), held(both.theirs, offer_id)
    assert mine is not None and theirs is not None
    assert (mine.by_member, mine.by_actor, theirs.by_member) == (0, both.theirs.actor, 1)
    assert mine.agreement_id == theirs.agreement_id
    assert str(mine.agreement_id).startswith(both.ours.url)


def said(town: Town, offer_id: str) -> list[dict[str, Any]]:
    """The acts of an exchange as a council keeps them, oldest first."""
    return [orjson.loads(row["document"]) for row in town.read(lambda c: evidence.of_exchange(c, offer_id))]


def refused(step: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        step()
    return caught.value.word


def promised(both: Councils, *, amount: str = "6", note: Resource | None = None, **given: Any) -> tuple[Resource, str]:
    """A note of ours, and what the nearby council promises of it; it has arrived and waits for our answer."""
    need = note or both.put_up(**given)
    both.hand_all()
    offer_id = str(both.promise(need, amount=amount).offer_id)
    both.hand_all()
    return need, offer_id


def test_not_this_time_gives_back_and_says_how_much_is_left_and_never_why(both: Councils) -> None:
    fans = both.put_up(both.theirs, direction="offer", quantity="8")
    need = both.put_up()
    both.hand_all()
    offer_id = str(both.promise(need, amount="6", counterpart=fans.public_id).offer_id)
    both.hand_all()

    answer(both.ours, offer_id, yes=False)
    both.hand_all()

    assert state_of(both, offer_id) == [State.DECLINED] * 2
    rejected = said(both.theirs, offer_id)[-1]
    assert {name for name in rejected if name not in ("@context", "proof")} == {
        *("id", "type", "actor", "to", "cc", "published", "object", "context", "comarca:available")
    }
    assert rejected["comarca:available"] == {"hasUnit": "fans", "hasNumericalValue": "10"}
    assert held(both.ours, offer_id) is None
    assert (row_of(both.theirs, fans).available, row_of(both.ours, need).available) == ("8", "10")


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (lambda both, need: both.local(need, "7"), "3"),
        (lambda both, need: both.ours_does(actions.close, need.public_id, "met"), "0"),
        (lambda both, need: both.ours_does(actions.take_down, need.public_id), None),
        (lambda both, need: both.ours_changes(need, unit="boxes"), "10"),
    ],
    ids=["more than there is", "closed", "taken down", "counted otherwise"],
)
def test_what_cannot_be_any_more_is_answered_at_once_and_leaves_nothing_promised(
    both: Councils, made: Callable[[Councils, Resource], object], left: str | None
) -> None:
    need = both.put_up()
    both.hand_all()
    offer_id = str(both.promise(need, amount="6").offer_id)

    made(both, need)
    both.hand_all()

    assert state_of(both, offer_id) == [State.DECLINED] * 2
    available = said(both.theirs, offer_id)[-1].get("comarca:available")
    assert (None if available is None else available["hasNumericalValue"]) == left
    assert held(both.ours, offer_id) is None
    theirs = held(both.theirs, offer_id)
    assert theirs is not None and theirs.state == "declined"


@pytest.mark.parametrize("who", ["ours", "theirs"])
def test_either_gives_back_what_was_agreed_and_it_can_be_had_again(both: Councils, who: str) -> None:
    need, offer_id = promised(both)
    answer(both.ours, offer_id, yes=True)
    both.hand_all()

    give_back(getattr(both, who), offer_id)
    both.hand_all()

    assert state_of(both, offer_id) == [State.GIVEN_BACK] * 2
    assert [held(town, offer_id).state for town in (both.ours, both.theirs)] == ["given-back"] * 2  # type: ignore[union-attr]
    assert row_of(both.ours, need).available == copy_of(both.theirs, need).available == "10"


@pytest.mark.parametrize("first", ["ours", "theirs"])
@pytest.mark.parametrize("direction", ["need", "offer"])
def test_a_receipt_of_each_side_ends_it_and_both_keep_both(both: Councils, first: str, direction: str) -> None:
    note, offer_id = promised(both, direction=direction)
    answer(both.ours, offer_id, yes=True)
    both.hand_all()
    one, other = (both.ours, both.theirs) if first == "ours" else (both.theirs, both.ours)

    confirm(one, offer_id)
    both.hand_all()
    half = state_of(both, offer_id)
    confirm(other, offer_id)
    both.hand_all()

    assert (half, state_of(both, offer_id)) == ([State.AGREED] * 2, [State.DONE] * 2)
    rows = [held(town, offer_id) for town in (both.ours, both.theirs)]
    assert all(row is not None and row.state == "done" for row in rows)
    receipts = [act for act in said(both.ours, offer_id) if act["type"] == "Create"]
    assert {act["actor"] for act in receipts} == {both.ours.actor, both.theirs.actor}
    assert {act["object"]["context"] for act in receipts} == {rows[0].agreement_id}  # type: ignore[union-attr]
    assert sorted(said(both.theirs, offer_id), key=str) == sorted(said(both.ours, offer_id), key=str)
    assert row_of(both.ours, note).available == copy_of(both.theirs, note).available == "4"


def test_asking_a_nearby_council_puts_it_into_their_hands_once_they_say_yes(both: Councils) -> None:
    need = both.put_up()
    both.hand_all()
    offer_id = str(both.ask(need, amount="4").offer_id)
    both.hand_all()
    waits = row_of(both.ours, need)

    answer(both.theirs, offer_id, yes=True)
    both.hand_all()

    now = row_of(both.ours, need)
    assert (waits.available, waits.holder_actor) == ("10", None)
    assert (now.available, now.holder_actor, copy_of(both.theirs, need).available) == ("6", both.theirs.actor, "6")
    give_back(both.theirs, offer_id)
    both.hand_all()
    after = row_of(both.ours, need)
    assert (after.available, after.holder_actor, after.state) == ("10", None, "open")


@pytest.mark.parametrize("how", ["declined", "silent"])
def test_what_is_declined_or_not_answered_comes_back_and_leaves_no_row(both: Councils, how: str) -> None:
    need = both.put_up(until=None, ends_at="2026-03-20T12:00:00Z")
    both.hand_all()
    offer_id = str(both.ask(need).offer_id)
    both.hand_all()

    if how == "declined":
        answer(both.theirs, offer_id, yes=False)
    else:
        both.clock.advance(timedelta(days=3).total_seconds())
        assert both.ours_does(lasting.due) == 1
    both.hand_all()

    row = row_of(both.ours, need)
    assert (row.holder_actor, row.available, row.state) == (None, "10", "open")
    mine, theirs = held(both.ours, offer_id), held(both.theirs, offer_id)
    assert (mine is None) == (theirs is None) == (how == "declined")
    assert mine is None or mine.state == "lapsed"
    assert refused(lambda: both.ask(need)) == "asked-already"


def test_a_yes_that_comes_when_others_have_taken_it_is_taken_back_so_nothing_is_promised_twice(both: Councils) -> None:
    need = both.put_up()
    both.hand_all()
    offer_id = str(both.ask(need).offer_id)
    both.hand_all()

    answer(both.theirs, offer_id, yes=True)
    both.local(need, "7")
    both.hand_all()

    assert state_of(both, offer_id) == [State.GIVEN_BACK] * 2
    row = row_of(both.ours, need)
    assert (row.available, row.holder_actor, copy_of(both.theirs, need).available) == ("3", None, "3")
    assert held(both.theirs, offer_id).state == "given-back"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"may_pass_on": False}, "stays-home"),
        ({"audience": "council"}, "stays-home"),
        ({"direction": "offer"}, "no-need"),
        ({"audience": "council", "kind": "harm-reduction"}, "stays-home"),
    ],
)
def test_only_what_may_is_passed_on(both: Councils, given: dict[str, Any], word: str) -> None:
    need, good = both.put_up(**given), both.put_up()
    both.hand_all()

    assert refused(lambda: both.ask(need)) == word

    assert both.ask(good).asked
    assert len(both.waiting(both.ours)) == 1


def test_closing_and_leaving_answer_what_was_open(both: Councils) -> None:
    need, offered = promised(both)
    other, agreed = promised(both, title="Chairs")
    answer(both.ours, agreed, yes=True)
    both.hand_all()

    both.ours_does(actions.close, need.public_id, "partly")
    both.hand_all()
    leaving = both.theirs.acting()
    both.theirs.write(lambda c: leave(c, leaving, 1))
    both.hand_all()

    assert state_of(both, offered) == [State.DECLINED] * 2
    assert state_of(both, agreed) == [State.GIVEN_BACK] * 2
    assert row_of(both.ours, other).available == "10"
    assert held(both.theirs, agreed).by_member == 0  # type: ignore[union-attr]


def test_no_act_names_a_person(both: Councils) -> None:
    _, offer_id = promised(both)
    answer(both.ours, offer_id, yes=True)
    both.hand_all()
    for town in (both.ours, both.theirs):
        confirm(town, offer_id)
    give = said(both.ours, offer_id)

    words = b"".join(orjson.dumps(act) for act in give).decode()

    assert "Amina" not in words and "member" not in words
    assert {act["actor"] for act in give} == {both.ours.actor, both.theirs.actor}
    assert all(len(act["to"]) == 1 and act["cc"] == [] for act in give)


def test_what_waits_for_a_council_that_is_away_is_still_said_and_still_answered(both: Councils) -> None:
    need = both.put_up()
    both.hand_all()
    offer_id = str(both.promise(need, amount="6").offer_id)

    both.clock.advance(timedelta(days=2).total_seconds())
    assert len(both.waiting(both.theirs)) == 1
    both.hand_all()
    answer(both.ours, offer_id, yes=True)
    both.clock.advance(timedelta(days=30).total_seconds())
    both.hand_all()

    assert state_of(both, offer_id) == [State.AGREED] * 2


def test_an_answer_after_the_time_is_not_given(both: Councils) -> None:
    _, offer_id = promised(both)
    both.clock.advance(timedelta(days=8).total_seconds())

    assert refused(lambda: answer(both.ours, offer_id, yes=True)) == "too-late"

    assert both.theirs_does(lasting.due) == 1
    both.hand_all()
    assert state_of(both, offer_id) == [State.LAPSED] * 2
