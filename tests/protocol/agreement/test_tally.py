"""What counts and what is left out, each rule by an example beside its twin."""

from datetime import timedelta
from typing import Any

import pytest

from protocol.agreement.tally import (
    Answer,
    Given,
    Outcome,
    Stance,
    Tally,
    Why,
    closing_holds,
    outcome,
    tally,
)
from tests.protocol.agreement.village import BEGIN, CLOSE, DIGEST, OTHER_DIGEST, RULE, actor, given, rule, undo

LATE = (CLOSE - BEGIN) / timedelta(hours=1) + 1


def stands(found: Tally, name: str) -> Answer:
    return next(each.answer for each in found.answers if each.council.id == actor(name))


def left_out(found: Tally) -> dict[str, Why]:
    return {
        f"{each.actor.split('//')[1].split('.')[0]}/{each.id.rpartition('/')[2]}": each.why for each in found.left_out
    }


def counted(*answers: Given, **options: Any) -> Tally:
    return tally(RULE, DIGEST, answers, **options)


def test_nobody_has_said_anything() -> None:
    found = counted()

    assert [each.answer for each in found.answers] == [Answer.SILENT] * 3
    assert [each.council for each in found.answers] == list(RULE.councils)
    assert (found.met, found.left_out, found.ends_at, found.closed_early) == (False, (), CLOSE, False)
    assert found.counts == dict.fromkeys(Answer, 0) | {Answer.SILENT: 3}


@pytest.mark.parametrize(
    ("stance", "answer"),
    [
        (Stance.ACCEPT, Answer.AGREED),
        (Stance.TENTATIVE_ACCEPT, Answer.WITH_RESERVATIONS),
        (Stance.IGNORE, Answer.ABSTAINED),
        (Stance.TENTATIVE_REJECT, Answer.CONCERNED),
        (Stance.REJECT, Answer.OBJECTED),
    ],
)
def test_each_of_the_five_verbs_is_an_answer(stance: Stance, answer: Answer) -> None:
    found = counted(given("harbour", stance))

    assert stands(found, "harbour") is answer
    assert found.count(answer) == 1
    [said] = [each.given for each in found.answers if each.given]
    assert said == given("harbour", stance)


@pytest.mark.parametrize(
    ("verbs", "changes", "met"),
    [
        (["Accept", "TentativeAccept"], {}, True),
        (["Accept"], {}, False),
        (["Accept", "Ignore", "TentativeReject"], {}, False),
        (["Accept", "Accept", "TentativeReject"], {}, True),
        (["Accept", "Accept", "Reject"], {}, False),
        (["Accept", "Accept", "Reject"], {"mostObjections": 1}, True),
        (["Accept", "Reject", "Reject"], {"mostObjections": 1, "atLeast": 1}, False),
        (["Accept", "Accept"], {"atLeast": 3}, False),
        (["Accept", "Accept", "TentativeAccept"], {"atLeast": 3}, True),
    ],
)
def test_the_rule_is_met_by_enough_who_agree_and_no_more_objections_than_it_bears(
    verbs: list[str], changes: dict[str, Any], met: bool
) -> None:
    names = ("riverside", "harbour", "hillside")

    found = tally(
        rule(**changes), DIGEST, [given(name, Stance(verb)) for name, verb in zip(names, verbs, strict=False)]
    )

    assert found.met is met
    assert outcome(found, now=CLOSE) is (Outcome.ADOPTED if met else Outcome.REFUSED)


def test_what_has_not_ended_is_open_and_at_its_end_no_more() -> None:
    found = counted(given("harbour"), given("riverside"))

    assert outcome(found, now=CLOSE - timedelta(seconds=1)) is Outcome.OPEN
    assert outcome(found, now=CLOSE) is Outcome.ADOPTED
    assert outcome(counted(), now=CLOSE) is Outcome.REFUSED


def test_the_newest_answer_counts_and_the_one_before_is_replaced() -> None:
    found = counted(given("harbour", Stance.REJECT, id="1", at=1), given("harbour", id="0", at=2))

    assert stands(found, "harbour") is Answer.AGREED
    assert left_out(found) == {"harbour/1": Why.REPLACED}


def test_of_one_instant_the_later_id_counts() -> None:
    found = counted(given("harbour", Stance.ACCEPT, id="b"), given("harbour", Stance.REJECT, id="a"))

    assert stands(found, "harbour") is Answer.AGREED
    assert left_out(found) == {"harbour/a": Why.REPLACED}


def test_of_two_answers_under_one_id_and_date_the_one_less_in_favour_counts() -> None:
    for stance in list(Stance)[1:]:
        found = counted(given("harbour", Stance.ACCEPT), given("harbour", stance))

        assert stands(found, "harbour") is stands(counted(given("harbour", stance)), "harbour")
        assert left_out(found) == {"harbour/1": Why.REPLACED}


def test_of_two_answers_under_one_id_the_later_date_counts() -> None:
    found = counted(given("harbour", Stance.REJECT, at=1), given("harbour", Stance.ACCEPT, at=2))

    assert stands(found, "harbour") is Answer.AGREED


def test_one_id_at_two_councils_is_two_answers() -> None:
    found = counted(given("harbour", id="1"), given("riverside", id="1"))

    assert found.count(Answer.AGREED) == 2


def test_an_answer_at_the_very_end_counts_and_one_after_it_is_late() -> None:
    last = LATE - 1

    found = counted(given("harbour", at=last), given("riverside", at=last + 1 / 3600))

    assert (stands(found, "harbour"), stands(found, "riverside")) == (Answer.AGREED, Answer.SILENT)
    assert left_out(found) == {"riverside/1": Why.LATE}


def test_a_late_answer_replaces_none() -> None:
    found = counted(given("harbour", id="1"), given("harbour", Stance.REJECT, id="2", at=LATE))

    assert stands(found, "harbour") is Answer.AGREED
    assert left_out(found) == {"harbour/2": Why.LATE}


def test_an_answer_to_other_words_replaces_none() -> None:
    found = counted(given("harbour", id="1"), given("harbour", Stance.REJECT, id="2", at=2, digest=OTHER_DIGEST))

    assert stands(found, "harbour") is Answer.AGREED
    assert left_out(found) == {"harbour/2": Why.OTHER_TEXT}


def test_who_was_not_asked_is_not_counted() -> None:
    found = counted(given("dunes"), given("dunes", Stance.REJECT, id="2", at=LATE, digest=OTHER_DIGEST))

    assert found.count(Answer.SILENT) == 3
    assert left_out(found) == {"dunes/1": Why.NOT_ASKED, "dunes/2": Why.NOT_ASKED}


def test_what_is_taken_back_is_withdrawn_and_nothing_before_it_revives() -> None:
    found = counted(given("harbour", id="1"), given("harbour", id="2", at=2), undo("harbour", "2", at=3))

    assert stands(found, "harbour") is Answer.WITHDRAWN
    assert left_out(found) == {"harbour/1": Why.REPLACED, "harbour/2": Why.WITHDRAWN}
    assert [each.given for each in found.answers] == [None, None, None]


def test_after_a_taking_back_a_council_may_answer_again() -> None:
    found = counted(given("harbour", id="1"), undo("harbour", "1", at=2), given("harbour", Stance.IGNORE, id="2", at=3))

    assert stands(found, "harbour") is Answer.ABSTAINED
    assert left_out(found) == {"harbour/1": Why.WITHDRAWN}


def test_a_taking_back_of_an_older_answer_leaves_the_newest() -> None:
    found = counted(given("harbour", id="1"), given("harbour", id="2", at=2), undo("harbour", "1", at=3))

    assert stands(found, "harbour") is Answer.AGREED
    assert left_out(found) == {"harbour/1": Why.WITHDRAWN}


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_taking_back_holds_whatever_a_clock_said(at: float) -> None:
    found = counted(given("harbour", id="5", at=1), undo("harbour", "5", id="0", at=at))

    assert stands(found, "harbour") is Answer.WITHDRAWN


def test_a_taking_back_without_its_answer_is_a_withdrawal() -> None:
    alone = counted(undo("harbour", "1"))

    assert stands(alone, "harbour") is Answer.WITHDRAWN
    assert stands(counted(undo("harbour", "1"), given("harbour")), "harbour") is Answer.WITHDRAWN


def test_a_late_taking_back_takes_nothing_back() -> None:
    found = counted(given("harbour"), undo("harbour", "1", at=LATE))

    assert stands(found, "harbour") is Answer.AGREED
    assert left_out(found) == {"harbour/9": Why.LATE}


def test_nobody_takes_back_what_another_council_said() -> None:
    found = counted(given("harbour"), undo("riverside", "1", undoes=given("harbour").id))

    assert stands(found, "harbour") is Answer.AGREED
    assert stands(found, "riverside") is Answer.SILENT


def test_a_taking_back_of_an_answer_to_other_words_changes_nothing() -> None:
    found = counted(given("harbour"), undo("harbour", "1", digest=OTHER_DIGEST))

    assert stands(found, "harbour") is Answer.AGREED
    assert left_out(found) == {"harbour/9": Why.OTHER_TEXT}


EVERYBODY = (given("riverside"), given("harbour", Stance.IGNORE, at=2), given("hillside", at=3))
NOON = BEGIN + timedelta(hours=3)


def test_when_everybody_has_answered_it_may_be_closed_early() -> None:
    found = counted(*EVERYBODY, closed_at=NOON)

    assert closing_holds(RULE, DIGEST, EVERYBODY, closed_at=NOON)
    assert (found.ends_at, found.closed_early) == (NOON, True)
    assert outcome(found, now=NOON) is Outcome.ADOPTED
    assert outcome(found, now=NOON - timedelta(seconds=1)) is Outcome.OPEN


def test_an_answer_after_an_early_end_is_late() -> None:
    found = counted(*EVERYBODY, given("hillside", Stance.REJECT, id="2", at=4), closed_at=NOON)

    assert found.met
    assert left_out(found) == {"hillside/2": Why.LATE}


@pytest.mark.parametrize(
    "answers",
    [
        EVERYBODY[:2],
        (*EVERYBODY, undo("hillside", "1", at=3)),
        (*EVERYBODY[:2], given("hillside", at=3 + 1 / 3600)),
        (*EVERYBODY[:2], given("hillside", digest=OTHER_DIGEST)),
        (),
    ],
    ids=["one is silent", "one took it back", "one is dated later", "one answered other words", "nobody"],
)
def test_nothing_is_closed_before_everybody_has_answered(answers: tuple[Given, ...]) -> None:
    found = counted(*answers, closed_at=NOON)

    assert not closing_holds(RULE, DIGEST, answers, closed_at=NOON)
    assert found == counted(*answers)
    assert (found.ends_at, found.closed_early) == (CLOSE, False)


def test_an_early_end_cannot_be_a_later_one() -> None:
    late = CLOSE + timedelta(days=1)

    assert counted(*EVERYBODY, closed_at=late) == counted(*EVERYBODY)
    assert not closing_holds(RULE, DIGEST, EVERYBODY, closed_at=CLOSE)


def test_a_taking_back_after_an_early_end_reopens_nothing() -> None:
    found = counted(*EVERYBODY, undo("hillside", "1", at=4), closed_at=NOON)

    assert found.closed_early and found.met


def test_what_is_neither_an_answer_nor_its_taking_back_is_no_such_thing() -> None:
    with pytest.raises(ValueError, match="either"):
        given("harbour", None)
    with pytest.raises(ValueError, match="either"):
        given("harbour", Stance.ACCEPT, undoes="https://harbour.example/a/1")
    with pytest.raises(ValueError, match="aware"):
        given("harbour", published=BEGIN.replace(tzinfo=None))
