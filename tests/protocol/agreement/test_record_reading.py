"""What is no record is told in one finding, and nothing is said of what it holds."""

import json
from typing import Any

import pytest

from protocol.agreement.record import Finding, check_file, check_record
from tests.protocol.agreement.village import (
    MULTIBASE,
    NAMES,
    RESOLUTION,
    actor,
    record,
    resolution,
    rule_json,
)

KNOWN = {actor(name): MULTIBASE[name] for name in NAMES}


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"comarca": "record 2"}, Finding.NOT_A_RECORD),
        ({"comarca": None}, Finding.NOT_A_RECORD),
        ({"resolution": RESOLUTION}, Finding.NOT_A_RECORD),
        ({"answers": {}}, Finding.NOT_A_RECORD),
        ({"keys": []}, Finding.NOT_A_RECORD),
        ({"keys": {actor("harbour"): "z6Mk"}}, Finding.NOT_A_RECORD),
        ({"keys": {"harbour": MULTIBASE["harbour"]}}, Finding.NOT_A_RECORD),
        ({"keys": {f"https://c{n}.example/council": MULTIBASE["harbour"] for n in range(201)}}, Finding.NOT_A_RECORD),
        ({"as_of": "yesterday"}, Finding.NOT_A_RECORD),
        ({"as_of": "9999-12-31T00:00:00Z"}, Finding.NOT_A_RECORD),
        ({"resolution": resolution(activity={"type": "Delete"})}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(activity={"object": RESOLUTION})}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(activity={"id": 5})}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(note={"type": "Article"})}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(note={"comarca:resolution": []})}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(note={"name": 7})}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(stage="asleep")}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(stage=["open"])}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(text=5)}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(text="x" * 65_537)}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(textDigest=5)}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(closedAt="noon")}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(stances={})}, Finding.NOT_A_RESOLUTION),
        ({"resolution": resolution(rule=rule_json(quorum=5))}, Finding.NOT_A_RULE),
        ({"resolution": resolution(rule="two of three")}, Finding.NOT_A_RULE),
        ({"answers": [None] * 1_001}, Finding.NOT_JSON),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else None,
)
def test_what_cannot_be_read_is_told_and_nothing_else_is_said(change: dict[str, Any], finding: Finding) -> None:
    report = check_record(record(**change))

    assert [check.finding for check in report.checks] == [finding]
    assert not report.good
    assert (report.filed, report.tally, report.outcome, report.keys) == (None, None, None, ())


@pytest.mark.parametrize(
    ("raw", "finding"),
    [
        (b"", Finding.NOT_JSON),
        (b"\xff", Finding.NOT_JSON),
        (b"[]", Finding.NOT_A_RECORD),
        (b'{"comarca": "record 1", "comarca": "record 1"}', Finding.NOT_JSON),
        (b"[" * 100_000, Finding.NOT_JSON),
        (b" " * (4 * 2**20) + b"1", Finding.TOO_LARGE),
    ],
    ids=["nothing", "no text", "a list", "a member twice", "deep", "large"],
)
def test_the_bytes_of_a_file_are_judged_strictly(raw: bytes, finding: Finding) -> None:
    assert [check.finding for check in check_file(raw).checks] == [finding]


def test_a_file_is_checked_as_its_record_is() -> None:
    raw = json.dumps(record(), ensure_ascii=False, indent=2).encode()

    assert check_file(raw, KNOWN) == check_record(record(), KNOWN)


def test_every_sentence_is_one_and_no_two_findings_say_the_same() -> None:
    sentences = [finding.sentence for finding in Finding]

    assert len(set(sentences)) == len(sentences)
    assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in sentences)
