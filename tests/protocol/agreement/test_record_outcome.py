"""What a proposing council says came of it, when it closed, and how old a file is: held against the answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from protocol.agreement.record import Finding, Report, check_record
from tests.protocol.agreement.village import (
    CLOSE,
    MULTIBASE,
    NAMES,
    actor,
    answer,
    record,
    resolution,
    taken_back,
)

KNOWN = {actor(name): MULTIBASE[name] for name in NAMES}
NOON = "2024-11-05T12:00:00Z"


def failed(report: Report) -> set[Finding]:
    return {check.finding for check in report.failed}


OBJECTS = [answer("riverside"), answer("harbour", "Reject")]
AGREES = [answer("riverside"), answer("harbour")]
EVERYBODY = [*AGREES, answer("hillside", "Ignore")]
BEFORE = {"activity": {"published": NOON}}


@pytest.mark.parametrize(
    ("answers", "told", "as_of", "finding"),
    [
        (AGREES, {"stage": "adopted"}, CLOSE, Finding.OUTCOME_HOLDS),
        (AGREES, {"stage": "ended"}, CLOSE, Finding.OUTCOME_HOLDS),
        (AGREES, {"stage": "refused"}, CLOSE, Finding.OUTCOME_DIFFERS),
        (AGREES, {"stage": "dropped"}, CLOSE, Finding.OUTCOME_DIFFERS),
        (AGREES, {"stage": "open", **BEFORE}, CLOSE, Finding.OUTCOME_NOT_SAID),
        (AGREES, {"stage": "open", **BEFORE}, CLOSE - timedelta(seconds=1), Finding.OUTCOME_HOLDS),
        (AGREES, {"stage": "notice", **BEFORE}, CLOSE - timedelta(days=1), Finding.OUTCOME_HOLDS),
        (AGREES, {"stage": "dropped", **BEFORE}, CLOSE - timedelta(days=1), Finding.OUTCOME_HOLDS),
        (AGREES, {"stage": "dropped", **BEFORE}, CLOSE, Finding.OUTCOME_HOLDS),
        (AGREES, {"stage": "adopted", **BEFORE}, CLOSE - timedelta(days=1), Finding.OUTCOME_DIFFERS),
        (AGREES, {"stage": "adopted", **BEFORE}, CLOSE, Finding.OUTCOME_TOO_SOON),
        (OBJECTS, {"stage": "adopted"}, CLOSE, Finding.OUTCOME_DIFFERS),
        (OBJECTS, {"stage": "ended"}, CLOSE, Finding.OUTCOME_DIFFERS),
        (OBJECTS, {"stage": "refused"}, CLOSE, Finding.OUTCOME_HOLDS),
        (OBJECTS, {"stage": "dropped"}, CLOSE, Finding.OUTCOME_HOLDS),
        (EVERYBODY, {"stage": "adopted", "closedAt": NOON, **BEFORE}, CLOSE, Finding.OUTCOME_HOLDS),
        (EVERYBODY, {"stage": "refused", "closedAt": NOON, **BEFORE}, CLOSE, Finding.OUTCOME_DIFFERS),
    ],
)
def test_what_the_proposer_says_is_held_against_the_answers(
    answers: list[Any], told: dict[str, Any], as_of: datetime, finding: Finding
) -> None:
    report = check_record(record(*answers, told=resolution(**told), as_of=as_of.isoformat()), KNOWN)

    said = [check.finding for check in report.checks if check.word == "other-outcome"]
    assert said == [finding]
    assert failed(report) == ({finding} if finding.passed is False else set())


@pytest.mark.parametrize(
    ("answers", "closed_at", "finding"),
    [
        (EVERYBODY, NOON, Finding.CLOSED_EARLY),
        (AGREES, NOON, Finding.NOT_CLOSED),
        ([*EVERYBODY, taken_back("hillside", EVERYBODY[2])], NOON, Finding.NOT_CLOSED),
        (EVERYBODY, "2024-11-01T09:59:59Z", Finding.NOT_CLOSED),
        (EVERYBODY, "2024-11-20T18:00:01Z", Finding.NOT_CLOSED),
        (EVERYBODY, "2024-11-20T18:00:00Z", None),
    ],
)
def test_an_early_end_is_held_against_the_answers(answers: list[Any], closed_at: str, finding: Finding | None) -> None:
    report = check_record(record(*answers, told=resolution(closedAt=closed_at)), KNOWN)

    assert [check.finding for check in report.checks if check.word == "early-end"] == ([finding] if finding else [])


def test_an_early_end_is_not_told_before_it_is_there() -> None:
    told = resolution(closedAt=NOON, stage="open", activity={"published": "2024-11-05T11:59:59Z"})

    assert Finding.NOT_CLOSED in failed(check_record(record(*EVERYBODY, told=told), KNOWN))


def test_what_is_dated_after_the_file_is_told_but_clocks_may_differ_by_a_day() -> None:
    soon, far = answer("hillside", at=24 + 1), answer("hillside", at=24 + 1 + 1 / 3600)
    told = resolution(stage="open", activity={"published": "2024-11-01T10:00:00Z"})
    early = {"told": told, "as_of": "2024-11-01T10:00:00Z"}

    assert check_record(record(soon, **early), KNOWN).good
    ahead = check_record(record(far, **early), KNOWN)
    assert [(check.finding, check.about) for check in ahead.failed] == [(Finding.AHEAD, far["id"])]


def test_a_file_from_the_future_is_told_where_somebody_knows_the_time() -> None:
    as_of = datetime.fromisoformat(record()["as_of"])

    assert check_record(record(), KNOWN, now=as_of - timedelta(days=1)).good
    early = check_record(record(), KNOWN, now=as_of - timedelta(days=1, seconds=1))
    assert failed(early) == {Finding.FILE_AHEAD}
