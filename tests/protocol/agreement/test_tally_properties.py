"""Whatever arrives, in whatever order and however often: one tally, and nothing moves it that must not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given as having
from hypothesis import settings
from hypothesis import strategies as st

from protocol.agreement.tally import Answer, Given, Outcome, Stance, Tally, Why, closing_holds, outcome, tally
from tests.protocol.agreement.village import BEGIN, DIGEST, NAMES, OTHER_DIGEST, STRANGER, actor, given, rule, undo

# A short life, so that few hours give many ties, and the end lies in the middle of what is drawn.
LIVED = rule(closesAt="2024-11-01T15:00:00Z")
CLOSE = LIVED.closes_at
HOURS = st.integers(0, 9)
IDS = st.sampled_from("123")
DIGESTS = st.sampled_from([DIGEST, DIGEST, DIGEST, OTHER_DIGEST])


@st.composite
def answers(draw: Any, names: Sequence[str] = (*NAMES, STRANGER)) -> Given:
    name, id_, at, digest = draw(st.sampled_from(names)), draw(IDS), draw(HOURS), draw(DIGESTS)
    if draw(st.integers(0, 3)):
        return given(name, draw(st.sampled_from(Stance)), id=id_, at=at, digest=digest)
    owner = draw(st.sampled_from([name, name, name, "harbour"]))
    of = draw(IDS)
    return undo(name, of, id="u" + id_, at=at, digest=digest, undoes=f"https://{owner}.example/a/{of}")


SETS = st.lists(answers(), max_size=14)
CLOSINGS = st.none() | HOURS.map(lambda hours: BEGIN + timedelta(hours=hours))
RULES = st.builds(
    lambda least, most: rule(closesAt="2024-11-01T15:00:00Z", atLeast=least, mostObjections=most),
    st.integers(1, 3),
    st.integers(0, 2),
)


def standing(found: Tally) -> list[tuple[Answer, Given | None]]:
    return [(each.answer, each.given) for each in found.answers]


@having(arrived=SETS, rule=RULES, closed_at=CLOSINGS, data=st.data())
def test_order_and_repetition_change_nothing(
    arrived: list[Given], rule: Any, closed_at: datetime | None, data: st.DataObject
) -> None:
    again = data.draw(
        st.permutations([*arrived, *data.draw(st.lists(st.sampled_from(arrived)) if arrived else st.just([]))])
    )

    assert tally(rule, DIGEST, again, closed_at=closed_at) == tally(rule, DIGEST, arrived, closed_at=closed_at)


@having(arrived=SETS, late=st.lists(answers(NAMES), max_size=4), closed_at=CLOSINGS)
def test_what_is_dated_after_the_end_changes_no_answer(
    arrived: list[Given], late: list[Given], closed_at: datetime | None
) -> None:
    before = tally(LIVED, DIGEST, arrived, closed_at=closed_at)
    dated = [
        Given(each.id, each.actor, DIGEST, before.ends_at + timedelta(seconds=number + 1), each.stance, each.undoes)
        for number, each in enumerate(late)
    ]

    after = tally(LIVED, DIGEST, [*arrived, *dated], closed_at=closed_at)

    assert standing(after) == standing(before)
    assert (after.met, after.ends_at) == (before.met, before.ends_at)
    assert {Why.LATE} >= {each.why for each in set(after.left_out) - set(before.left_out)}


@having(arrived=SETS, others=st.lists(answers(), max_size=5), closed_at=CLOSINGS)
def test_other_words_and_strangers_change_no_answer(
    arrived: list[Given], others: list[Given], closed_at: datetime | None
) -> None:
    noise = [
        Given(each.id, each.actor, OTHER_DIGEST, each.published, each.stance, each.undoes)
        if number % 2
        else Given(each.id, actor(STRANGER), DIGEST, each.published, each.stance, each.undoes)
        for number, each in enumerate(others)
    ]

    before = tally(LIVED, DIGEST, arrived, closed_at=closed_at)
    after = tally(LIVED, DIGEST, [*arrived, *noise], closed_at=closed_at)

    assert standing(after) == standing(before)
    assert (after.met, after.ends_at) == (before.met, before.ends_at)


@having(arrived=SETS, closed_at=CLOSINGS, name=st.sampled_from(NAMES))
def test_what_one_council_says_moves_no_other(arrived: list[Given], closed_at: datetime | None, name: str) -> None:
    alone = [each for each in arrived if each.actor == actor(name)]

    whole = tally(LIVED, DIGEST, arrived)
    own = tally(LIVED, DIGEST, alone)

    position = NAMES.index(name)
    assert whole.answers[position] == own.answers[position]


@having(arrived=SETS, name=st.sampled_from(NAMES))
def test_whoever_takes_back_the_answer_that_counts_is_withdrawn_and_counts_nowhere(
    arrived: list[Given], name: str
) -> None:
    before = tally(LIVED, DIGEST, arrived)
    position = NAMES.index(name)
    counting = before.answers[position].given
    if counting is None:
        return
    taken_back = undo(name, "", id="last", at=0, undoes=counting.id)

    after = tally(LIVED, DIGEST, [taken_back, *arrived])

    assert (after.answers[position].answer, after.answers[position].given) == (Answer.WITHDRAWN, None)
    others = [each for number, each in enumerate(after.answers) if number != position]
    assert others == [each for number, each in enumerate(before.answers) if number != position]


@having(arrived=SETS, name=st.sampled_from(NAMES), stance=st.sampled_from(Stance))
def test_a_newer_answer_in_time_is_the_one_that_counts(arrived: list[Given], name: str, stance: Stance) -> None:
    newest = given(name, stance, id="z", published=CLOSE)

    found = tally(LIVED, DIGEST, [*arrived, newest])

    assert found.answers[NAMES.index(name)].given == newest


@having(arrived=SETS, rule=RULES, closed_at=CLOSINGS)
def test_every_answer_counts_or_is_left_out_for_a_reason(
    arrived: list[Given], rule: Any, closed_at: datetime | None
) -> None:
    found = tally(rule, DIGEST, arrived, closed_at=closed_at)

    counting = {each.given for each in found.answers if each.given}
    told = {(each.id, each.actor) for each in found.left_out} | {(each.id, each.actor) for each in counting}
    assert {(each.id, each.actor) for each in arrived if each.stance} <= told
    assert sum(found.counts.values()) == len(rule.councils)
    assert Why.FORGED not in {each.why for each in found.left_out}
    assert all(each.published <= found.ends_at and each.digest == DIGEST for each in counting)
    agreeing = found.count(Answer.AGREED) + found.count(Answer.WITH_RESERVATIONS)
    assert found.met == (agreeing >= rule.at_least and found.count(Answer.OBJECTED) <= rule.most_objections)


@having(arrived=SETS, rule=RULES, closed_at=CLOSINGS)
def test_an_early_end_holds_only_where_everybody_has_answered_by_then(
    arrived: list[Given], rule: Any, closed_at: datetime | None
) -> None:
    found = tally(rule, DIGEST, arrived, closed_at=closed_at)

    if closed_at is None:
        assert not found.closed_early
        return
    by_then = [each for each in arrived if each.published <= closed_at]
    holds = closed_at < CLOSE and tally(rule, DIGEST, by_then).everybody_has_answered
    assert found.closed_early == holds == closing_holds(rule, DIGEST, arrived, closed_at=closed_at)
    assert found.ends_at == (closed_at if holds else CLOSE)
    assert found == (tally(rule, DIGEST, arrived) if not holds else found)


@having(arrived=SETS, rule=RULES, closed_at=CLOSINGS, at=st.integers(0, 12))
def test_an_outcome_once_reached_by_the_same_answers_stays(
    arrived: list[Given], rule: Any, closed_at: datetime | None, at: int
) -> None:
    found = tally(rule, DIGEST, arrived, closed_at=closed_at)
    now = BEGIN + timedelta(hours=at)

    said = outcome(found, now=now)

    assert (said is Outcome.OPEN) == (now < found.ends_at)
    assert said is Outcome.OPEN or outcome(found, now=now + timedelta(days=400)) is said


@settings(max_examples=40)
@having(arrived=SETS, first=st.integers(0, 14))
def test_two_nodes_that_heard_halves_agree_once_they_have_told_each_other(arrived: list[Given], first: int) -> None:
    ours, theirs = arrived[:first], arrived[first:]

    assert tally(LIVED, DIGEST, [*ours, *theirs]) == tally(LIVED, DIGEST, [*theirs, *ours])
