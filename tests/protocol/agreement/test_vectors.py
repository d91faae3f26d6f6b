"""The published vectors of the tally, for whoever writes another implementation: read as a stranger would read them."""

import json
from datetime import datetime
from typing import Any

import pytest

from protocol.agreement.key_words import key_words
from protocol.agreement.rule import Rule, read_rule
from protocol.agreement.stances import count
from protocol.agreement.tally import Why
from protocol.agreement.wording import text_digest
from tests.protocol.agreement.write_vectors import FILE, vectors

PUBLISHED: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
DOCUMENTS: dict[str, dict[str, Any]] = PUBLISHED["documents"]
VERBS = {
    "Accept": "agreed",
    "TentativeAccept": "with-reservations",
    "Ignore": "abstained",
    "TentativeReject": "concerned",
    "Reject": "objected",
}


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=lambda case: case["name"])
@pytest.mark.parametrize("turned", [False, True], ids=["as listed", "backwards and twice"])
def test_every_case_is_counted_as_published(case: dict[str, Any], turned: bool) -> None:
    rule = read_rule(PUBLISHED["rule"])
    assert isinstance(rule, Rule)
    names = [*reversed(case["documents"]), *case["documents"]] if turned else case["documents"]
    closed_at = None if case["closed_at"] is None else datetime.fromisoformat(case["closed_at"])

    found = count(
        [DOCUMENTS[name] for name in names],
        rule,
        resolution=PUBLISHED["resolution"],
        digest=PUBLISHED["digest"],
        closed_at=closed_at,
    )

    assert {each.council.id: each.answer.value for each in found.answers} == case["answers"]
    assert [{"id": each.id, "actor": each.actor, "why": each.why.value} for each in found.left_out] == case["left_out"]
    assert (found.met, found.ends_at) == (case["met"], datetime.fromisoformat(case["ends_at"]))
    assert found.closed_early == (case["ends_at"] == case["closed_at"])


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=lambda case: case["name"])
def test_a_second_reading_of_the_rules_finds_the_same(case: dict[str, Any]) -> None:
    """Counted from the texts alone, times as texts: all of them here are of one form."""
    genuine = [DOCUMENTS[name] for name in case["documents"] if "forged" not in name]
    closes_at = PUBLISHED["rule"]["closesAt"]

    stands = _second_reading(genuine, case["closed_at"] or closes_at)
    early = case["closed_at"] is not None and not {"silent", "withdrawn"} & set(stands.values())
    if case["closed_at"] is not None and not early:
        stands = _second_reading(genuine, closes_at)

    assert stands == case["answers"]
    assert case["ends_at"] == (case["closed_at"] if early else closes_at)
    said = list(stands.values())
    enough = said.count("agreed") + said.count("with-reservations") >= PUBLISHED["rule"]["atLeast"]
    assert case["met"] == (enough and said.count("objected") <= PUBLISHED["rule"]["mostObjections"])


def _second_reading(documents: list[dict[str, Any]], end: str) -> dict[str, str]:
    stands = {}
    for council in PUBLISHED["rule"]["councils"]:
        own = [one for one in documents if one["actor"] == council["id"] and one["published"] <= end]
        undos = [one["object"] for one in own if one["type"] == "Undo"]
        back = {undone["id"] for undone in undos if undone["actor"] == council["id"]}
        best: tuple[str, str, int] | None = None
        for one in own:
            if one["type"] in VERBS and one["comarca:textDigest"] == PUBLISHED["digest"]:
                place = (one["published"], one["id"], list(VERBS).index(one["type"]))
                best = place if best is None or place > best else best
        if best is not None and best[1] not in back:
            stands[council["id"]] = list(VERBS.values())[best[2]]
        else:
            stands[council["id"]] = "withdrawn" if back else "silent"
    return stands


def test_digests_and_words_are_as_published() -> None:
    for each in PUBLISHED["digests"]:
        assert text_digest(each["text"], each["rule"]) == each["digest"]
    for each in PUBLISHED["key_words"]:
        assert list(key_words(each["actor"], each["key"])) == each["words"]
    assert text_digest(PUBLISHED["text"], PUBLISHED["rule"]) == PUBLISHED["digest"]


def test_the_cases_show_every_answer_and_every_reason() -> None:
    cases = PUBLISHED["cases"]

    assert {each for case in cases for each in case["answers"].values()} == {*VERBS.values(), "withdrawn", "silent"}
    assert {each["why"] for case in cases for each in case["left_out"]} == {why.value for why in Why}
    assert {case["met"] for case in cases} == {True, False}
    assert {case["ends_at"] == case["closed_at"] for case in cases} == {True, False}


def test_the_file_is_the_one_that_is_written() -> None:
    assert vectors() == PUBLISHED
