"""CAP 1.2: whatever call reaches us comes out as a document that the OASIS schema takes, and that keeps the rules of its prose."""

import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from node.features.alerts import cap
from schemas.records.alert import AlertNote
from tests.builders import START
from tests.features.notes_of_calls import ACTOR, CALL, HEADLINE, call, calls, later
from tests.schemas.examples import vector_text

NS = {"cap": cap.NAMESPACE}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-00:00")
IN_IDENTIFIERS = re.compile(r"[^\s,<&]+")


@cache
def schema() -> Any:
    return etree.XMLSchema(etree.fromstring(vector_text("cap/CAP-v1.2.xsd").encode()))


def written(note: AlertNote, *, audience: str = "public", sender_name: str = "Harbour") -> Any:
    """The document, read again with entities off and checked by the schema."""
    body = cap.document(note, sender_name=sender_name, audience=audience)
    reader = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(body, reader)
    schema().assertValid(root)
    return root


def said(root: Any, path: str) -> list[str]:
    return [found.text or "" for found in root.findall("/".join(f"cap:{name}" for name in path.split("/")), NS)]


def test_the_schema_is_that_of_cap_and_takes_its_own_example() -> None:
    example = etree.fromstring(vector_text("cap/cap_amber_alert_example.xml").encode())

    assert schema().validate(example)
    assert not schema().validate(etree.fromstring(f'<alert xmlns="{cap.NAMESPACE}"/>'))


@given(
    note=calls(), audience=st.sampled_from(["public", "neighbours"]), sender_name=st.sampled_from(["Harbour", "\u202e"])
)
def test_every_call_makes_a_document_that_the_schema_takes(note: AlertNote, audience: str, sender_name: str) -> None:
    written(note, audience=audience, sender_name=sender_name)


@given(note=calls(), audience=st.sampled_from(["public", "neighbours"]))
def test_every_document_keeps_the_rules_that_the_schema_cannot_check(note: AlertNote, audience: str) -> None:
    root = written(note, audience=audience)

    identifiers = said(root, "identifier") + said(root, "sender")
    assert all(IN_IDENTIFIERS.fullmatch(one) for one in identifiers)
    times = [*said(root, "sent"), *said(root, "info/effective"), *said(root, "info/onset"), *said(root, "info/expires")]
    assert all(TIME.fullmatch(one) for one in times)
    assert (said(root, "msgType") == ["Alert"]) == (said(root, "references") == [])
    for reference in " ".join(said(root, "references")).split():
        sender, identifier, sent = reference.split(",")
        assert sender == said(root, "sender")[0]
        assert identifier != said(root, "identifier")[0]
        assert TIME.fullmatch(sent)
        assert sent <= said(root, "sent")[0]
    assert bool(said(root, "restriction")) == (said(root, "scope") == ["Restricted"])
    assert all(text for text in said(root, "info/event") + said(root, "info/area/areaDesc"))
    assert (said(root, "status") == ["Exercise"]) == note.is_exercise
    if note.is_exercise:
        assert all(
            text.startswith(("EXERCISE", "SIMULACRO")) for text in said(root, "info/headline") + said(root, "note")
        )
    for polygon in said(root, "info/area/polygon"):
        pairs = [tuple(map(float, pair.split(","))) for pair in polygon.split(" ")]
        assert len(pairs) >= 4
        assert pairs[0] == pairs[-1]
        assert all(-90 <= latitude <= 90 and -180 <= longitude <= 180 for latitude, longitude in pairs)


@given(note=calls())
def test_an_independent_reader_finds_the_same_call(note: AlertNote) -> None:
    root = written(note)

    assert [said(root, f"info/{name}")[0] for name in ("language", "urgency", "severity", "certainty")] == [
        note.language or "und",
        note.alert.urgency.value,
        note.alert.severity.value,
        note.alert.certainty.value,
    ]
    assert datetime.fromisoformat(said(root, "info/expires")[0]) == note.end_time.replace(microsecond=0)
    assert said(root.find("cap:info", NS), "area/geocode/value") == _cells(note)
    assert said(root, "status") == [note.alert.status.value]


def _cells(note: AlertNote) -> list[str]:
    place = note.location
    return list(note.alert.cells or ([place.cell] if place is not None and place.cell is not None else []))


def test_a_call_says_in_cap_what_it_says_in_its_note() -> None:
    note = call(location={"type": "Place", "name": "Mill Lane", "comarca:cell": "87394460bffffff"})

    root = written(note, audience="neighbours")

    assert {name: said(root, name) for name in ("identifier", "sender", "sent", "status", "msgType", "scope")} == {
        "identifier": [f"{CALL}#20260302T090000Z"],
        "sender": [ACTOR],
        "sent": ["2026-03-02T09:00:00-00:00"],
        "status": ["Actual"],
        "msgType": ["Alert"],
        "scope": ["Restricted"],
    }
    info = {name: said(root, f"info/{name}") for name in ("headline", "description", "instruction", "web", "expires")}
    assert info == {
        "headline": [HEADLINE],
        "description": ["The race is over its banks."],
        "instruction": ["What is wanted: Pumps\n\nStay off the lower bridge."],
        "web": [CALL],
        "expires": ["2026-03-02T14:00:00-00:00"],
    }
    assert said(root, "info/area/areaDesc") == ["Mill Lane"]
    assert said(root, "info/area/geocode/value") == ["87394460bffffff"]
    (polygon,) = said(root, "info/area/polygon")
    assert len(polygon.split(" ")) == 7


def test_an_update_refers_to_every_version_before_it_under_the_names_they_had() -> None:
    first = call()
    second = call(updated=later(1), alert={"msgType": "Update", "earlier": [later(0)], "note": "The bridge is closed."})
    third = call(updated=later(2), alert={"msgType": "Cancel", "ended": "over", "earlier": [later(0), later(1)]})

    names = [said(written(note), "identifier")[0] for note in (first, second, third)]
    told = [said(written(note), "references") for note in (first, second, third)]

    assert len(set(names)) == 3
    assert told == [
        [],
        [f"{ACTOR},{names[0]},2026-03-02T09:00:00-00:00"],
        [f"{ACTOR},{names[0]},2026-03-02T09:00:00-00:00 {ACTOR},{names[1]},2026-03-02T10:00:00-00:00"],
    ]


@pytest.mark.parametrize(
    ("updated", "earlier", "referred_to"),
    [
        (1.0, None, ["2026-03-02T09:00:00-00:00"]),
        (1.0, [2.0, 0.5], ["2026-03-02T09:30:00-00:00"]),
        (None, None, ["2026-03-02T09:00:00-00:00"]),
    ],
)
def test_a_cancel_refers_to_something_whatever_its_sender_left_out(
    updated: float | None, earlier: list[float] | None, referred_to: list[str]
) -> None:
    changed = None if updated is None else later(updated)
    listed = None if earlier is None else [later(hours) for hours in earlier]

    root = written(call(updated=changed, alert={"msgType": "Cancel", "ended": "false", "earlier": listed}))

    assert [one.split(",")[2] for one in said(root, "references")[0].split()] == referred_to


def test_an_update_of_nothing_is_told_as_an_alert() -> None:
    root = written(call(alert={"msgType": "Update"}))

    assert (said(root, "msgType"), said(root, "references")) == (["Alert"], [])


@pytest.mark.parametrize(
    ("ended", "response", "begins"),
    [
        ("over", "AllClear", "This call is over."),
        ("withdrawn", "None", "This call has been taken back."),
        ("false", "None", "This call was false."),
    ],
)
def test_a_call_that_ended_says_how_and_wants_nothing_any_more(ended: str, response: str, begins: str) -> None:
    root = written(call(updated=later(1), alert={"msgType": "Cancel", "ended": ended, "note": "All are safe."}))

    assert said(root, "info/responseType") == [response]
    (description,) = said(root, "info/description")
    assert description.startswith(begins)
    assert "All are safe." in description
    assert said(root, "info/instruction") == ["Stay off the lower bridge."]


def test_a_drill_is_an_exercise_in_status_note_and_headline() -> None:
    root = written(call(name="Water", alert={"status": "Exercise"}))

    assert said(root, "status") == ["Exercise"]
    assert said(root, "note") == ["EXERCISE (drill)."]
    assert said(root, "info/headline") == ["EXERCISE (drill): Water"]


def test_each_language_of_a_note_has_its_own_block() -> None:
    note = call(contentMap={"en": "water", "es": "<p>agua</p>"})

    root = written(note)

    assert said(root, "info/language") == ["en", "es"]
    assert said(root, "info/description") == ["The race is over its banks.", "agua"]


def test_markup_in_words_stays_words() -> None:
    note = call(name="<b>&amp;</b> ]]> <!DOCTYPE", alert={"event": "</event><status>Actual</status>"})

    root = written(note)

    assert said(root, "info/headline") == ["<b>&amp;</b> ]]> <!DOCTYPE"]
    assert said(root, "status") == ["Actual"]


def test_what_turns_the_reading_direction_does_not_come_along() -> None:
    root = written(call(name="over\u202ereven\u2066 on", alert={"event": "\u200b"}))

    assert said(root, "info/headline") == ["overreven on"]
    assert said(root, "info/event") == ["overreven on"]


def test_what_never_left_the_council_has_no_such_form() -> None:
    with pytest.raises(ValueError, match="never leaves"):
        cap.document(call(), sender_name="Harbour", audience="council")


def test_two_versions_within_one_second_are_two_messages() -> None:
    at = START + timedelta(seconds=3)
    one, other = (call(updated=(at + timedelta(microseconds=n)).isoformat()) for n in (0, 1))

    assert cap.identifier(one) != cap.identifier(other)
