"""What is checked here is what councils send: notes and answers as their builders write them make a record that holds."""

from datetime import UTC, date, datetime
from typing import Any

from protocol.agreement.record import Finding, check_record
from protocol.agreement.rule import Rule, read_rule, rule_document
from protocol.agreement.tally import Answer, Outcome, Stance
from protocol.agreement.wording import text_digest
from schemas import activity as activities
from schemas.base import write_time
from schemas.records.deciding import Asked, Method, Stage
from schemas.records.deciding import Rule as WrittenRule
from schemas.records.resolution import Resolution, resolution_note
from schemas.records.stance import StanceVerb, stance, take_back
from tests.protocol.agreement.village import BEGIN, CLOSE, MULTIBASE, NAMES, RESOLUTION, TEXT, actor, signed

RULE = WrittenRule(
    councils=[Asked(id=actor(name), name=name.capitalize(), key=MULTIBASE[name]) for name in NAMES],
    at_least=2,
    most_objections=0,
    closes_at=CLOSE,
)
DIGEST = text_digest(TEXT, RULE.agreed())
TOLD_AT = datetime(2024, 11, 20, 18, 1, tzinfo=UTC)


def said(name: str, verb: StanceVerb, *, number: int = 1) -> dict[str, Any]:
    base = f"https://{name}.example"
    unsigned = stance(
        base,
        f"{base}/a/{number}",
        verb=verb,
        object_id=RESOLUTION,
        digest=DIGEST,
        decision=f"{base}/o/ours",
        words="We talked about it.",
        audience="public",
        published=BEGIN,
    )
    return signed(unsigned, name)


def told(*answers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    members = {
        "number": 14,
        "stage": Stage.ADOPTED,
        "method": Method.CONSENT,
        "decided_at": date(2024, 10, 30),
        "present": 23,
        "text": TEXT,
        "text_digest": DIGEST,
        "rule": RULE,
        "stances": list(answers),
    }
    note = resolution_note(
        RESOLUTION,
        "https://riverside.example",
        name="The well",
        resolution=Resolution.model_validate(members | changes),
        language="en",
        published=BEGIN,
        updated=TOLD_AT,
        audience="public",
    )
    unsigned = activities.update(
        actor("riverside"), "https://riverside.example/a/told", note=note, audience="public", published=TOLD_AT
    )
    return signed(unsigned, "riverside")


def filed(resolution: dict[str, Any], *answers: dict[str, Any]) -> dict[str, Any]:
    return {
        "comarca": "record 1",
        "resolution": resolution,
        "answers": list(answers),
        "keys": {actor(name): MULTIBASE[name] for name in NAMES},
        "as_of": write_time(TOLD_AT),
    }


def test_a_rule_is_the_same_to_both_readers() -> None:
    read = read_rule(RULE.agreed())

    assert isinstance(read, Rule)
    assert rule_document(read) == RULE.agreed()
    assert [verb.value for verb in StanceVerb] == [verb.value for verb in Stance]


def test_a_text_with_its_answers_as_councils_send_them_holds() -> None:
    ours, theirs = said("riverside", StanceVerb.ACCEPT), said("harbour", StanceVerb.TENTATIVE_ACCEPT)

    report = check_record(filed(told(ours, theirs), theirs))

    assert report.good, report.failed
    assert report.outcome is Outcome.ADOPTED
    assert report.tally is not None and report.tally.counts[Answer.WITH_RESERVATIONS] == 1


def test_an_answer_that_was_taken_back_as_councils_do_is_withdrawn() -> None:
    ours, theirs = said("riverside", StanceVerb.ACCEPT), said("harbour", StanceVerb.ACCEPT)
    back = signed(
        take_back(
            "https://harbour.example",
            "https://harbour.example/a/back",
            given=theirs,
            audience="public",
            published=BEGIN,
        ),
        "harbour",
    )

    report = check_record(filed(told(ours, stage=Stage.REFUSED), back, theirs))

    assert report.good, report.failed
    assert report.outcome is Outcome.REFUSED
    assert report.tally is not None and report.tally.count(Answer.WITHDRAWN) == 1


def test_a_council_s_own_decision_as_it_sends_it_holds() -> None:
    own = told(rule=None, stances=None, text_digest=text_digest(TEXT))
    own["object"]["comarca:resolution"].pop("stances", None)

    report = check_record(filed(signed(own, "riverside")))

    assert report.good, report.failed
    assert Finding.TEXT_HOLDS in {check.finding for check in report.checks}
