"""Calls for help: they end, they speak CAP, and a drill says so."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.verdict import Reason, Refused
from schemas.audience import Audience
from schemas.markup import plain_text
from schemas.records.alert import (
    AlertCategory,
    AlertForm,
    AlertNote,
    AlertView,
    Certainty,
    MessageType,
    Severity,
    Status,
    Urgency,
    read_alert,
)
from schemas.refusal import Refusal
from tests.schemas.examples import BASE, COUNCIL, MILL_LANE, NOTE_ID, NOW, an_alert, vector_text

typed = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n<>&\"'"), max_size=100)


def read_back(note: dict[str, Any]) -> AlertNote:
    read = read_alert(note)
    assert isinstance(read, AlertNote)
    return read


def is_refused(note: object) -> bool:
    refused = read_alert(note)
    return isinstance(refused, Refused) and refused.reason is Reason.WRONG_SHAPE


def with_payload(**changes: Any) -> dict[str, Any]:
    note = an_alert()
    return {**note, "comarca:alert": {**note["comarca:alert"], **changes}}


def form(**changes: Any) -> AlertForm:
    return AlertForm.model_validate({"title": "Heat wave", "event": "Heat wave", **changes})


def test_an_alert_is_exactly_this_payload() -> None:
    note = an_alert()

    assert note["comarca:alert"] == {
        "status": "Actual",
        "msgType": "Alert",
        "category": "Met",
        "event": "Heat wave",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "wanted": "Ten fans",
        "instruction": "Drink water, check on each other.",
    }
    assert note["endTime"] == "2026-11-23T12:00:00Z" and note["to"] == [f"{BASE}/council/peers"] and note["cc"] == []
    assert note["tag"][1]["name"] == "#Alert" and "summary" not in note


def test_what_is_built_is_read() -> None:
    note = read_back(an_alert())

    assert (note.alert.status, note.alert.msg_type, note.alert.category) == ("Actual", "Alert", "Met")
    assert (note.alert.urgency, note.alert.severity, note.alert.certainty) == ("Immediate", "Severe", "Observed")
    assert (note.alert.wanted, note.words) == ("Ten fans", "The tower on the hill has no cooling since noon.")
    assert note.end_time - note.published == timedelta(hours=24) and note.location == MILL_LANE
    assert not note.is_exercise


def test_the_content_is_the_whole_message() -> None:
    assert plain_text(an_alert(msg_type="Cancel", ended="over", updated=NOW)["content"]).split("\n") == [
        "Heat wave, fans wanted",
        "This call is over.",
        "The tower on the hill has no cooling since noon.",
        "What is wanted: Ten fans",
        "How to stay safe: Drink water, check on each other.",
        "Near: Mill Lane",
        "Read it where it was put up",
    ]


@pytest.mark.parametrize(("language", "word"), [("en", "EXERCISE"), ("es", "SIMULACRO"), ("fr", "EXERCISE")])
def test_a_drill_says_so_in_its_first_word(language: str, word: str) -> None:
    note = an_alert(status="Exercise", language=language)

    assert plain_text(note["content"]).startswith(word) and note["name"].startswith(word)
    assert read_back(note).is_exercise


def test_a_drill_that_does_not_say_so_is_refused() -> None:
    assert is_refused(with_payload(status="Exercise"))


@pytest.mark.parametrize(
    "change", [{"content": "<p>Heat wave. EXERCISE</p>"}, {"content": "<!-- EXERCISE --><p>Fire</p>"}]
)
def test_a_drill_that_hides_its_word_is_refused(change: dict[str, Any]) -> None:
    assert is_refused({**an_alert(status="Exercise"), **change})


@given(words=typed, wanted=typed, instruction=typed)
def test_whatever_a_person_types_comes_back_and_is_never_markup(words: str, wanted: str, instruction: str) -> None:
    filled = form(words=words, wanted=wanted, instruction=instruction)
    note = an_alert(words=filled.words, wanted=filled.wanted, instruction=filled.instruction)

    read = read_back(note)

    assert (read.words, read.alert.wanted, read.alert.instruction) == (filled.words, filled.wanted, filled.instruction)
    left = note["content"]
    for own in ("<p>", "</p>", "<br>", f'<a href="{NOTE_ID}" rel="nofollow noopener noreferrer">', "</a>"):
        left = left.replace(own, "")
    assert not set(left) & set("<>\"'")


def test_an_alert_lasts_seven_days_and_not_a_second_more() -> None:
    assert read_back(an_alert(ends_at=NOW + timedelta(days=7))).end_time == NOW + timedelta(days=7)

    assert is_refused({**an_alert(), "endTime": "2026-11-29T12:00:01Z"})
    with pytest.raises(ValueError, match="shape"):
        an_alert(ends_at=NOW + timedelta(days=7, seconds=1))


@pytest.mark.parametrize("end", [None, "2026-11-22T12:00:00Z", "2026-11-22T11:00:00Z", "tonight"])
def test_an_alert_has_an_end_after_its_beginning(end: object) -> None:
    assert is_refused({**an_alert(), "endTime": end})


def test_an_alert_without_end_is_refused() -> None:
    note = an_alert()
    del note["endTime"]

    assert is_refused(note)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Test"},
        {"status": "actual"},
        {"msgType": "Ack"},
        {"category": "Weather"},
        {"event": ""},
        {"event": None},
        {"urgency": "High"},
        {"severity": "Bad"},
        {"certainty": "Sure"},
        {"wanted": 7},
        {"instruction": ["a"]},
    ],
)
def test_a_payload_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    assert not is_refused(with_payload())

    assert is_refused(with_payload(**change))


@pytest.mark.parametrize("member", ["status", "msgType", "category", "event", "urgency", "severity", "certainty"])
def test_members_that_must_be_there_must_be_there(member: str) -> None:
    note = an_alert()
    del note["comarca:alert"][member]

    assert is_refused(note)


def test_the_names_on_the_wire_are_those_of_cap() -> None:
    note = with_payload()
    note["comarca:alert"]["msg_type"] = note["comarca:alert"].pop("msgType")

    assert is_refused(note)


@pytest.mark.parametrize(
    ("element", "ours", "left_out"),
    [
        ("status", Status, {"System", "Test", "Draft"}),
        ("msgType", MessageType, {"Ack", "Error"}),
        ("category", AlertCategory, set()),
        ("urgency", Urgency, set()),
        ("severity", Severity, set()),
        ("certainty", Certainty, set()),
    ],
)
def test_the_values_are_those_of_cap(element: str, ours: type[StrEnum], left_out: set[str]) -> None:
    xsd = vector_text("cap/CAP-v1.2.xsd")

    block = xsd[xsd.index(f'name = "{element}"') :]
    published = re.findall(r'enumeration value = "(\w+)"', block[: block.index("</simpleType>")])

    assert published and set(published) - left_out == {value.value for value in ours}


def test_a_call_lasts_a_day_unless_told_otherwise() -> None:
    assert form().ends(NOW) == NOW + timedelta(hours=24)
    assert form(ends_at="2026-11-22T18:00:00Z").ends(NOW) == datetime(2026, 11, 22, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("end", "word"), [("2026-11-29T12:00:01Z", "too-long"), ("2026-11-22T12:00:00Z", "ended-already")]
)
def test_a_call_that_is_over_or_never_ends_is_refused_in_plain_words(end: str, word: str) -> None:
    with pytest.raises(Refusal) as refused:
        form(ends_at=end).ends(NOW)

    assert (refused.value.word, refused.value.field) == (word, "ends_at")


def test_a_form_starts_narrow_and_knows_a_drill() -> None:
    assert form().audience is Audience.NEIGHBOURS and form().status is Status.ACTUAL
    assert form(exercise="true").status is Status.EXERCISE


@pytest.mark.parametrize("change", [{"title": ""}, {"event": " "}, {"severity": "Bad"}, {"phone": "1"}])
def test_a_form_names_what_is_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        form(**change)


def test_a_view_is_exactly_this() -> None:
    view = {
        "id": NOTE_ID,
        "status": "Actual",
        "msg_type": "Alert",
        "title": "Heat wave",
        "words": "",
        "category": "Met",
        "event": "Heat wave",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "wanted": "Ten fans",
        "instruction": "",
        "near": "Mill Lane",
        "cells": ["87394460bffffff"],
        "ended": None,
        "news": "",
        "because": None,
        "source": {"actor": COUNCIL, "name": "Riverside", "url": f"{BASE}/"},
        "audience": "neighbours",
        "language": "en",
        "published": "2026-11-22T12:00:00Z",
        "updated": "2026-11-22T12:00:00Z",
        "ends_at": "2026-11-23T12:00:00Z",
        "url": NOTE_ID,
    }

    assert AlertView.model_validate(view).model_dump(mode="json") == view
    with pytest.raises(ValidationError, match="status"):
        AlertView.model_validate({**view, "status": "Test"})
