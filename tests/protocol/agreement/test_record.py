"""Checking a record: what holds, what does not, by its name, and what no file can show."""

import copy
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from protocol.agreement.key_words import key_words
from protocol.agreement.record import Finding, Report, check_record
from protocol.agreement.tally import Answer, Outcome, Why
from protocol.agreement.wording import text_digest
from protocol.bip39 import WORDS
from protocol.proof import add_proof
from tests.protocol.agreement.village import (
    KEYS,
    MULTIBASE,
    NAMES,
    OTHER_DIGEST,
    STRANGER,
    TEXT,
    actor,
    answer,
    record,
    resolution,
    rule_json,
    simple_record,
    taken_back,
)

KNOWN = {actor(name): MULTIBASE[name] for name in NAMES}


def failed(report: Report) -> set[Finding]:
    return {check.finding for check in report.failed}


def found(report: Report) -> set[Finding]:
    return {check.finding for check in report.checks}


def with_words(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """A good record with something changed in it after everything was signed."""
    changed = copy.deepcopy(record())
    change(changed)
    return changed


def payload(of: dict[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = of["resolution"]["object"]["comarca:resolution"]
    return members


def test_a_good_record_is_good_and_says_what_came_of_it() -> None:
    report = check_record(record(), KNOWN)

    assert report.good and report.failed == ()
    assert report.outcome is Outcome.ADOPTED
    assert report.tally is not None
    assert [each.answer for each in report.tally.answers] == [Answer.AGREED, Answer.WITH_RESERVATIONS, Answer.SILENT]
    assert report.filed is not None and (report.filed.title, report.filed.number) == ("The well", 14)
    assert [(check.word, check.passed) for check in report.checks] == [
        ("wrong-shape", True),
        ("not-owner", True),
        ("other-text", True),
        ("bad-proof", True),
        *[("unknown-key", True)] * 3,
        ("bad-proof", True),
        ("other-outcome", True),
        ("ahead", True),
        ("incomplete", None),
        ("own-word", None),
    ]


def test_a_council_s_own_resolution_is_checked_for_its_words_and_its_signature() -> None:
    report = check_record(simple_record(), KNOWN)

    assert report.good
    assert (report.tally, report.outcome) == (None, None)
    assert found(report) == {
        *(Finding.READ, Finding.OWNED, Finding.TEXT_HOLDS, Finding.SIGNED),
        *(Finding.KEY_KNOWN, Finding.IN_TIME, Finding.OWN_WORD),
    }


def test_without_known_keys_it_says_which_words_to_compare() -> None:
    report = check_record(record())

    assert report.good
    assert [check.about for check in report.checks if check.finding is Finding.KEY_AS_FILED] == [*KNOWN]
    assert [(told.actor, told.name, told.known) for told in report.keys] == [
        (actor(name), name.capitalize(), None) for name in NAMES
    ]
    for told in report.keys:
        assert told.words == key_words(told.actor, told.key)
        assert len(told.words) == 6 and set(told.words) <= set(WORDS)
    assert len({told.words for told in report.keys}) == 3


def test_the_words_of_a_key_are_sixty_six_bits_of_a_digest_over_whose_it_is() -> None:
    listed = f'comarca key 1\n["{actor("riverside")}","{MULTIBASE["riverside"]}"]'
    bits = bin(int.from_bytes(b"\x01" + hashlib.sha256(listed.encode()).digest(), "big"))[3:]

    words = key_words(actor("riverside"), MULTIBASE["riverside"])

    assert words == tuple(WORDS[int(bits[start : start + 11], 2)] for start in range(0, 66, 11))
    assert words == ("student", "sell", "wish", "guide", "heavy", "wheel")
    assert key_words(actor("harbour"), MULTIBASE["riverside"]) != words


def test_one_changed_word_in_the_text_is_told_by_name() -> None:
    changed = with_words(lambda one: payload(one).update(text=TEXT.replace("Nobody", "Somebody")))

    report = check_record(changed, KNOWN)

    assert {Finding.TEXT_CHANGED, Finding.NOT_SIGNED} <= failed(report)
    assert {"other-text", "bad-proof"} <= {check.word for check in report.failed}
    assert report.outcome is None


def test_a_changed_text_with_its_own_digest_is_told_by_its_signature_and_by_the_answers() -> None:
    def rewrite(one: dict[str, Any]) -> None:
        text = TEXT.replace("Nobody", "Somebody")
        payload(one).update(text=text, textDigest=text_digest(text, rule_json()))

    report = check_record(with_words(rewrite), KNOWN)

    assert failed(report) == {Finding.NOT_SIGNED, Finding.ANSWER_TO_OTHER_TEXT}


def test_even_the_proposer_cannot_change_the_text_that_others_have_answered() -> None:
    text = TEXT.replace("Nobody", "Somebody")
    told = resolution(text=text, textDigest=text_digest(text, rule_json()))

    report = check_record(record(told=told), KNOWN)

    assert failed(report) == {Finding.ANSWER_TO_OTHER_TEXT, Finding.OUTCOME_DIFFERS}
    assert [check.about for check in report.failed][:2] == [
        "https://harbour.example/a/1",
        "https://riverside.example/a/1",
    ]
    assert report.outcome is Outcome.REFUSED


def test_a_softer_rule_is_another_text() -> None:
    changed = with_words(lambda one: payload(one)["rule"].update(atLeast=1))

    assert {Finding.TEXT_CHANGED, Finding.NOT_SIGNED} <= failed(check_record(changed, KNOWN))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: payload(one).update(present=230),
        lambda one: payload(one).update(stage="ended"),
        lambda one: one["resolution"]["object"].update(name="The wall"),
        lambda one: one["resolution"].update(published="2024-11-20T18:00:11Z"),
        lambda one: one["resolution"]["proof"].update(created="2024-11-20T18:00:01Z"),
        lambda one: one["resolution"].pop("proof"),
    ],
)
def test_any_other_change_is_told_by_the_signature(change: Callable[[dict[str, Any]], None]) -> None:
    assert failed(check_record(with_words(change), KNOWN)) == {Finding.NOT_SIGNED}


def test_a_resolution_signed_by_somebody_else_is_not_signed() -> None:
    told = resolution(by="harbour")

    assert failed(check_record(record(told=told), KNOWN)) == {Finding.NOT_SIGNED}
    claimed = copy.deepcopy(told)
    claimed["proof"]["verificationMethod"] = f"{actor('riverside')}#ed25519-key"
    assert failed(check_record(record(told=claimed), KNOWN)) == {Finding.NOT_SIGNED}


@pytest.mark.parametrize(
    "told",
    [
        resolution(note={"attributedTo": actor("harbour")}),
        resolution(note={"id": "https://harbour.example/o/well"}),
        resolution(activity={"id": "https://harbour.example/a/told"}),
    ],
    ids=["another's", "under another's address", "told under another's address"],
)
def test_nobody_tells_another_council_s_resolution(told: dict[str, Any]) -> None:
    assert Finding.NOT_OWNED in failed(check_record(record(told=told), KNOWN))


def test_whoever_proposes_is_one_of_those_who_answer() -> None:
    others = rule_json(councils=rule_json()["councils"][1:])
    told = resolution(rule=others, textDigest=text_digest(TEXT, others))

    report = check_record(record(told=told), KNOWN)

    assert {Finding.NOT_AMONG_THEM, Finding.NO_KEY} <= failed(report)
    assert report.outcome is None


def test_another_key_than_the_known_one_is_told() -> None:
    report = check_record(record(), KNOWN | {actor("harbour"): MULTIBASE[STRANGER]})

    assert [(check.finding, check.about) for check in report.failed] == [(Finding.KEY_DIFFERS, actor("harbour"))]
    assert [told.known for told in report.keys] == [True, False, True]
    assert report.outcome is None


def test_a_key_that_was_given_up_since_is_told_as_such_and_is_no_fault() -> None:
    known = KNOWN | {actor("harbour"): MULTIBASE[STRANGER]}

    report = check_record(record(), known, retired={actor("harbour"): [MULTIBASE["harbour"]]})

    assert report.good and report.outcome is Outcome.ADOPTED
    assert [told.standing for told in report.keys] == [Finding.KEY_KNOWN, Finding.KEY_RETIRED, Finding.KEY_KNOWN]
    of_another = check_record(record(), known, retired={actor("harbour"): [MULTIBASE["hillside"]]})
    assert failed(of_another) == {Finding.KEY_DIFFERS}


def test_a_proposer_that_invents_another_council_s_key_is_found_out_by_whoever_knows_it() -> None:
    councils = copy.deepcopy(rule_json()["councils"])
    councils[1]["key"] = MULTIBASE[STRANGER]
    invented = rule_json(councils=councils)
    digest = text_digest(TEXT, invented)
    bound = {"comarca:textDigest": digest}
    forged = invented_answer(answer("harbour", **bound))
    made_up = record(answer("riverside", **bound), forged, told=resolution(rule=invented, textDigest=digest))
    made_up["keys"][actor("harbour")] = MULTIBASE[STRANGER]

    believed, found_out = check_record(made_up), check_record(made_up, KNOWN)

    assert believed.good and believed.outcome is Outcome.ADOPTED
    assert failed(found_out) == {Finding.KEY_DIFFERS}
    assert found_out.outcome is None


def invented_answer(document: dict[str, Any]) -> dict[str, Any]:
    """The answer of a council, signed with a key that is not its own, as whoever invents that key would sign it."""
    at = datetime.fromisoformat(document["published"])
    return add_proof(document, key=KEYS[STRANGER], method=f"{document['actor']}#ed25519-key", created=at)


def test_a_file_whose_keys_are_not_those_of_the_rule_is_told() -> None:
    other = record()["keys"] | {actor("hillside"): MULTIBASE[STRANGER]}

    assert failed(check_record(record(keys=other))) == {Finding.KEY_NOT_OF_RULE}


def test_two_councils_with_one_key_are_told() -> None:
    councils = copy.deepcopy(rule_json()["councils"])
    councils[2]["key"] = MULTIBASE["riverside"]
    shared = rule_json(councils=councils)
    told = resolution(rule=shared, textDigest=text_digest(TEXT, shared))

    report = check_record(record(told=told, keys={}))

    about = [check.about for check in report.failed if check.finding is Finding.KEY_SHARED]
    assert about == [actor("riverside"), actor("hillside")]


def test_without_any_key_a_council_s_own_resolution_cannot_be_checked() -> None:
    bare = simple_record() | {"keys": {}}

    assert failed(check_record(bare)) == {Finding.NO_KEY}
    assert check_record(bare, KNOWN).good


def test_a_forged_answer_is_told_and_does_not_count() -> None:
    forged = answer("hillside") | {"type": "Reject"}

    report = check_record(record(answer("riverside"), answer("harbour"), forged), KNOWN)

    assert [(check.finding, check.about) for check in report.failed] == [(Finding.ANSWER_FORGED, forged["id"])]
    assert report.outcome is Outcome.ADOPTED
    assert report.tally is not None and [each.why for each in report.tally.left_out] == [Why.FORGED]


@pytest.mark.parametrize(
    ("bad", "finding"),
    [
        ({"type": "Like"}, Finding.ANSWER_BROKEN),
        (7, Finding.ANSWER_BROKEN),
        (answer("harbour", object="https://riverside.example/o/bridge"), Finding.ANSWER_BROKEN),
        (taken_back("harbour", answer("hillside")), Finding.ANSWER_NOT_THEIRS),
        (answer("hillside", **{"comarca:textDigest": OTHER_DIGEST}), Finding.ANSWER_TO_OTHER_TEXT),
        (answer("harbour", "Reject", at=0.5), Finding.ANSWER_TWICE),
    ],
)
def test_what_is_no_good_answer_is_told_by_name(bad: Any, finding: Finding) -> None:
    good = [answer("riverside"), answer("harbour")]

    report = check_record(record(*good, bad, bad), KNOWN)

    assert [check.finding for check in report.failed] == [finding]
    assert report.outcome is Outcome.ADOPTED


def test_what_is_wrong_with_answers_is_told_in_one_order() -> None:
    bad = [answer(name) | {"type": "Reject"} for name in NAMES]
    bad.append(answer("harbour", id="2", **{"comarca:textDigest": OTHER_DIGEST}))

    report = check_record(record(*bad), KNOWN)

    assert report.checks == check_record(record(*reversed(bad)), KNOWN).checks
    told = [check.about for check in report.failed if check.about]
    assert told == sorted(told) and len(told) == 4


@pytest.mark.parametrize(
    "left_out",
    [answer(STRANGER), answer("harbour", "Reject", id="2", at=1_000), answer("harbour", "Reject", id="0", at=0)],
)
def test_what_is_merely_left_out_is_no_fault(left_out: dict[str, Any]) -> None:
    late = {"as_of": "2024-12-20T08:00:00Z"}

    report = check_record(record(answer("riverside"), answer("harbour"), left_out, **late), KNOWN)

    assert report.good and report.outcome is Outcome.ADOPTED
    assert report.tally is not None and len(report.tally.left_out) == 1


def test_answers_in_the_resolution_and_in_the_file_are_counted_together_and_once() -> None:
    ours, theirs = answer("riverside"), answer("harbour")

    report = check_record(record(theirs, theirs, told=resolution(stances=[ours, theirs])), KNOWN)

    assert report.good
    assert report.tally is not None and report.tally.count(Answer.AGREED) == 2
    assert check_record(record(told=resolution(stances=[ours, theirs]), answers=[]), KNOWN).outcome is Outcome.ADOPTED


def test_answers_to_what_asks_nobody_are_told() -> None:
    assert failed(check_record(simple_record() | {"answers": [answer("harbour")]})) == {Finding.NOBODY_ASKED}
