"""From signed activities to what is counted: each refusal by its name, beside the twin that is taken."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as having
from hypothesis import settings
from hypothesis import strategies as st

from protocol.agreement.stances import Gathered, count, gather, given_of, read_given
from protocol.agreement.tally import Answer, Given, LeftOut, Stance, Why, tally
from protocol.proof import add_proof
from protocol.verdict import Reason, Refused
from tests.protocol.agreement.village import (
    BEGIN,
    DIGEST,
    KEYS,
    NAMES,
    OTHER_DIGEST,
    RESOLUTION,
    RULE,
    STRANGER,
    actor,
    answer,
    given,
    signed,
    taken_back,
    undo,
)


def judged(document: dict[str, Any]) -> Given | Refused:
    return given_of(document, RULE, resolution=RESOLUTION, digest=DIGEST)


def reason(document: dict[str, Any]) -> Reason:
    refused = judged(document)
    assert isinstance(refused, Refused)
    return refused.reason


@pytest.mark.parametrize("stance", list(Stance))
def test_a_signed_answer_is_what_it_says(stance: Stance) -> None:
    assert judged(answer("harbour", stance.value)) == given("harbour", stance)


def test_a_signed_taking_back_names_the_answer() -> None:
    assert judged(taken_back("harbour", answer("harbour"))) == undo("harbour", "1")


def test_what_is_not_counted_may_be_missing_or_anything() -> None:
    bare = answer("harbour", content=None, to="anybody")
    del bare["comarca:decision"]

    assert judged(signed(bare, "harbour")) == given("harbour")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "Like"},
        {"type": "Create"},
        {"type": ["Accept"]},
        {"type": {}},
        {"type": None},
        {"id": None},
        {"id": "urn:uuid:1"},
        {"id": "https://harbour.example/a/1?x=2"},
        {"actor": None},
        {"actor": {"id": actor("harbour")}},
        {"actor": [actor("harbour")]},
        {"object": "https://riverside.example/o/bridge"},
        {"object": {"id": RESOLUTION}},
        {"object": [RESOLUTION]},
        {"object": None},
        {"comarca:textDigest": None},
        {"comarca:textDigest": DIGEST[:-1]},
        {"comarca:textDigest": DIGEST + "="},
        {"comarca:textDigest": [DIGEST]},
        {"published": None},
        {"published": "2024-11-01"},
        {"published": "2024-11-01T10:00:00"},
        {"published": 1},
    ],
    ids=repr,
)
def test_what_is_no_answer_is_of_the_wrong_shape_even_when_it_is_signed(changes: dict[str, Any]) -> None:
    document = signed(answer("harbour") | changes, "harbour", created=BEGIN)

    assert reason(document) is Reason.WRONG_SHAPE


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": 1},
        {"type": "Undo"},
        {"type": "Follow"},
        {"type": ["Accept"]},
        {"object": "https://riverside.example/o/bridge"},
        {"object": None},
        {"comarca:textDigest": None},
        {"comarca:textDigest": "x"},
    ],
    ids=repr,
)
def test_what_takes_back_no_answer_is_of_the_wrong_shape_even_when_it_is_signed(changes: dict[str, Any]) -> None:
    document = taken_back("harbour", answer("harbour") | changes)

    assert reason(document) is Reason.WRONG_SHAPE


def test_a_taking_back_carries_what_it_takes_back() -> None:
    for named in (answer("harbour")["id"], None, []):
        document = signed(taken_back("harbour", answer("harbour")) | {"object": named}, "harbour")
        assert reason(document) is Reason.WRONG_SHAPE


def test_an_answer_has_its_id_at_home() -> None:
    elsewhere = answer("harbour", id="1") | {"id": "https://hillside.example/a/1"}

    assert reason(signed(elsewhere, "harbour")) is Reason.NOT_OWNER


def test_nobody_takes_back_another_councils_answer() -> None:
    theirs = answer("hillside")

    assert reason(taken_back("harbour", theirs)) is Reason.NOT_OWNER
    assert reason(taken_back("harbour", theirs | {"actor": actor("harbour")})) is Reason.NOT_OWNER


def test_who_is_not_asked_is_told_so() -> None:
    assert reason(answer(STRANGER)) is Reason.NOT_OWNER


def test_an_answer_to_other_words_is_told_by_name() -> None:
    assert reason(answer("harbour", **{"comarca:textDigest": OTHER_DIGEST})) is Reason.OTHER_TEXT
    assert Reason.OTHER_TEXT.status == 409


def test_a_forged_answer_to_other_words_is_forged_first() -> None:
    forged = answer("harbour") | {"comarca:textDigest": OTHER_DIGEST}

    assert reason(forged) is Reason.BAD_PROOF


def _forgeries() -> dict[str, dict[str, Any]]:
    good = answer("harbour")
    unsigned = {name: value for name, value in good.items() if name != "proof"}
    key_of_another = signed(unsigned, "hillside")
    claimed = copy.deepcopy(key_of_another)
    claimed["proof"]["verificationMethod"] = f"{actor('harbour')}#ed25519-key"
    beside = add_proof(unsigned, key=KEYS["harbour"], method="https://harbour.example/other#ed25519-key", created=BEGIN)
    return {
        "no proof": unsigned,
        "two proofs": good | {"proof": [good["proof"], good["proof"]]},
        "another council's key": key_of_another,
        "another council's key under a stolen name": claimed,
        "its key under another actor's name": beside,
        "another verb": good | {"type": "Reject"},
        "another reason": good | {"content": "We talked about it!"},
        "another date": good | {"published": "2024-11-01T11:00:00Z"},
        "another id": good | {"id": "https://harbour.example/a/2"},
        "another decision at home": good | {"comarca:decision": "https://harbour.example/o/other"},
        "one more member": good | {"summary": ""},
        "signed long after it was dated": signed(unsigned, "harbour", created=BEGIN + timedelta(hours=26)),
        "taken back by somebody else": taken_back("harbour", good) | {"id": "https://harbour.example/a/8"},
    }


FORGERIES = _forgeries()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_its_council_has_not_signed_is_forged(forgery: str) -> None:
    assert reason(FORGERIES[forgery]) is Reason.BAD_PROOF


def test_a_proof_is_judged_for_the_day_that_the_answer_names_not_for_today() -> None:
    unsigned = {name: value for name, value in answer("harbour").items() if name != "proof"}
    a_day_ahead = signed(unsigned, "harbour", created=BEGIN + timedelta(hours=25))

    assert judged(a_day_ahead) == given("harbour")


def test_all_that_arrived_is_counted_and_told() -> None:
    arrived = [
        answer("riverside"),
        answer("harbour", "Reject", id="1"),
        answer("harbour", "TentativeAccept", id="2", at=2),
        answer("harbour", id="3", at=3) | {"type": "Reject"},
        answer(STRANGER),
        {"type": "Like"},
    ]

    found = count(arrived, RULE, resolution=RESOLUTION, digest=DIGEST)

    assert [each.answer for each in found.answers] == [Answer.AGREED, Answer.WITH_RESERVATIONS, Answer.SILENT]
    assert found.left_out == (
        LeftOut("https://dunes.example/a/1", actor(STRANGER), Why.NOT_ASKED),
        LeftOut("https://harbour.example/a/1", actor("harbour"), Why.REPLACED),
        LeftOut("https://harbour.example/a/3", actor("harbour"), Why.FORGED),
    )


def test_what_is_broken_is_told_by_its_id_as_far_as_it_has_one() -> None:
    gathered = gather([{"type": "Like", "id": "x", "actor": 1}, 7, None], RULE, resolution=RESOLUTION, digest=DIGEST)

    assert [(fault.id, fault.actor, fault.refused.reason) for fault in gathered.faults] == [
        ("x", "", Reason.WRONG_SHAPE),
        ("", "", Reason.WRONG_SHAPE),
        ("", "", Reason.WRONG_SHAPE),
    ]


GENUINE = [
    *(answer(name, verb, id=verb[-1], at=at) for at, name in enumerate(NAMES) for verb in ("Accept", "Reject")),
    taken_back("harbour", answer("harbour", "Reject", id="t", at=1)),
]


@settings(max_examples=40, deadline=None)
@having(
    kept=st.lists(st.sampled_from(GENUINE), max_size=8),
    forged=st.lists(st.sampled_from(sorted(FORGERIES)), max_size=4),
    data=st.data(),
)
def test_forged_answers_move_nothing_wherever_they_stand(
    kept: list[dict[str, Any]], forged: list[str], data: st.DataObject
) -> None:
    arrived = data.draw(st.permutations([*kept, *(FORGERIES[name] for name in forged)]))

    found = count(arrived, RULE, resolution=RESOLUTION, digest=DIGEST)

    genuine = [read for each in kept if isinstance(read := read_given(each, resolution=RESOLUTION), Given)]
    expected = tally(RULE, DIGEST, genuine)
    assert (found.answers, found.met, found.ends_at) == (expected.answers, expected.met, expected.ends_at)
    assert set(found.left_out) - set(expected.left_out) == {
        LeftOut(FORGERIES[name]["id"], actor("harbour"), Why.FORGED) for name in forged
    }


PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(list(Stance)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=5,
)
MEMBERS = st.sampled_from([*answer("harbour"), "signature"])


@settings(max_examples=200, deadline=None)
@having(changes=st.dictionaries(MEMBERS, PARTS, min_size=1, max_size=3), back=st.booleans())
def test_no_change_of_a_signed_answer_is_counted_and_none_raises(changes: dict[str, Any], back: bool) -> None:
    good = taken_back("harbour", answer("harbour")) if back else answer("harbour")
    document = good | {name: value for name, value in changes.items() if name != "signature"}

    if document == good:
        assert isinstance(judged(document), Given)
    else:
        assert isinstance(judged(document), Refused)
    assert isinstance(gather([document, changes], RULE, resolution=RESOLUTION, digest=DIGEST), Gathered)
