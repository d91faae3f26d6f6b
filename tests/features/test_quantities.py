"""What is left, who may have it, and when things end by themselves: the pure rules, whatever the numbers are."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.features.resources import lapsing, quantities
from node.features.resources.promises import states
from node.features.resources.promises.states import State
from node.features.resources.quantities import Fits, OverBy, Waits
from schemas.refusal import Refusal
from tests.features.village import START

NUMBERS = st.decimals(0, 10**9, places=3)
AMOUNTS = st.lists(st.none() | NUMBERS.map(str), max_size=6)


@given(whole=NUMBERS, taken=NUMBERS, amounts=AMOUNTS)
def test_what_is_left_is_the_whole_less_what_is_gone_and_never_below_none(
    whole: Decimal, taken: Decimal, amounts: list[str | None]
) -> None:
    left = quantities.remaining(str(whole), taken_otherwise=str(taken), amounts=amounts)

    exact = whole - taken - sum(Decimal(one) for one in amounts if one is not None)
    assert left == max(exact, Decimal(0))


@given(amounts=AMOUNTS)
def test_what_is_not_counted_has_no_number(amounts: list[str | None]) -> None:
    assert quantities.remaining(None, taken_otherwise="0", amounts=amounts) is None
    assert quantities.left_text(None, None) is None


@given(whole=NUMBERS, promised=NUMBERS, left=NUMBERS)
def test_a_hand_correction_leaves_what_was_said_or_is_refused(whole: Decimal, promised: Decimal, left: Decimal) -> None:
    if left > whole - promised:
        with pytest.raises(Refusal) as refused:
            quantities.taken_for(str(whole), promised=promised, left=left)
        assert (refused.value.word, refused.value.field) == ("quantity", "available")
    else:
        taken = quantities.taken_for(str(whole), promised=promised, left=left)
        assert quantities.remaining(str(whole), taken_otherwise=taken, amounts=[str(promised)]) == left


@given(whole=NUMBERS, left=NUMBERS)
def test_a_whole_that_nobody_took_from_is_said_in_its_own_words(whole: Decimal, left: Decimal) -> None:
    said = quantities.left_text(str(whole), left)

    assert said is not None
    assert Decimal(said) == left
    assert (said == str(whole)) or left != whole


@pytest.mark.parametrize(
    ("number", "text"), [("40", "40"), ("40.00", "40"), ("2.50", "2.5"), ("0.000", "0"), ("1E+2", "100")]
)
def test_a_number_is_plain_text(number: str, text: str) -> None:
    assert quantities.as_text(Decimal(number)) == text


@pytest.mark.parametrize(
    ("whole", "gone", "fine"), [("6", 6, True), ("5", 6, False), (None, 6, False), (None, 0, True)]
)
def test_the_whole_is_never_less_than_what_is_gone(whole: str | None, gone: int, fine: bool) -> None:
    if fine:
        quantities.check_whole(whole, gone=Decimal(gone))
        return

    with pytest.raises(Refusal) as refused:
        quantities.check_whole(whole, gone=Decimal(gone))

    assert (refused.value.word, refused.value.field) == ("promised-more", "quantity")
    assert "6" in str(refused.value.sentence)


def test_more_than_there_is_is_answered_with_what_there_is() -> None:
    assert quantities.room(Decimal(6), Decimal(6)) == Fits()
    assert quantities.room(Decimal(7), Decimal(6)) == OverBy(Decimal(6))
    assert quantities.room(None, Decimal(0)) == OverBy(Decimal(0))
    assert quantities.room(Decimal(7), None) == quantities.room(None, Decimal(6)) == Fits()


@given(freed=NUMBERS, amounts=st.lists(st.none() | NUMBERS, max_size=6))
def test_whoever_has_waited_longest_and_fits_is_asked_first(freed: Decimal, amounts: list[Decimal | None]) -> None:
    line = [Waits(nth, amount) for nth, amount in enumerate(amounts)]

    first = quantities.next_in_line(line, freed)

    fitting = [one for one in line if freed > 0 and (one.amount is None or one.amount <= freed)]
    assert first == (fitting[0] if fitting else None)


@pytest.mark.parametrize(
    ("number", "said"), [("0", "a few"), ("4.9", "a few"), ("5", "5"), ("24", "10"), ("1000", "100")]
)
def test_a_band_tells_no_exact_number(number: str, said: str) -> None:
    assert str(quantities.band(Decimal(number))).startswith(said)


def test_what_is_over_stays_so_and_every_open_state_leads_on() -> None:
    over = [state for state in State if not any(states.may_become(state, after) for after in State)]

    assert set(over) == {State.DONE, State.GIVEN_BACK, State.LAPSED, State.DECLINED}
    assert states.may_become(State.AGREED, State.GIVEN_BACK)
    assert not states.may_become(State.WAITING, State.DONE)


HOURS = st.integers(0, 2_000).map(lambda hours: timedelta(hours=hours))


@given(lives=HOURS, closed=st.none() | HOURS)
def test_what_is_about_a_person_is_due_72_hours_after_it_closed_or_else_ended(
    lives: timedelta, closed: timedelta | None
) -> None:
    ends = START + lives
    due = lapsing.erase_at(None if closed is None else START + closed, ends)

    assert due <= ends + timedelta(hours=72)
    assert closed is None or due <= START + closed + timedelta(hours=72)
    assert due in {ends + timedelta(hours=72), START + (lives if closed is None else closed) + timedelta(hours=72)}


@given(lives=HOURS)
def test_a_need_is_asked_about_before_it_ends_and_not_in_its_first_half(lives: timedelta) -> None:
    asked = lapsing.ask_again_at(START, START + lives)

    assert START + lives / 2 <= asked <= START + lives


def test_nothing_lapses_unasked_and_silence_confirms_after_three_days() -> None:
    later = START + timedelta(days=30)

    assert not lapsing.lapses(None, START, later)
    assert lapsing.lapses(START, START, START + timedelta(days=3))
    assert not lapsing.lapses(START, START, START + timedelta(days=2, hours=23))
    assert lapsing.closes_by_itself(START, START + timedelta(days=3))
    assert not lapsing.closes_by_itself(START, START + timedelta(days=2))
    assert lapsing.proposal_ends(START, later) == START + timedelta(days=14)
    assert lapsing.proposal_ends(START, START + timedelta(days=2)) == START + timedelta(days=2)
    assert (lapsing.lapsed(later, START), lapsing.lapsed(START, later)) == (False, True)
