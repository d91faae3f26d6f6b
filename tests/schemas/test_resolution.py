"""Resolutions: the text is bound to its digest."""

from base64 import urlsafe_b64encode
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.verdict import Reason, Refused
from schemas.audience import Audience
from schemas.markup import plain_text
from schemas.records.resolution import (
    Method,
    ResolutionNote,
    read_resolution,
    text_digest,
)
from schemas.records.resolution_forms import ResolutionForm, ResolutionView
from tests.schemas.examples import BASE, COUNCIL, MILL_LANE, NOTE_ID, a_resolution

TEXT = "The assembly of Riverside keeps quiet hours from 22:00 to 07:00."
texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n<>&\"'"), min_size=1, max_size=200
).filter(lambda text: text.strip())


def read_back(note: dict[str, Any]) -> ResolutionNote:
    read = read_resolution(note)
    assert isinstance(read, ResolutionNote)
    return read


def is_refused(note: object) -> bool:
    refused = read_resolution(note)
    return isinstance(refused, Refused) and refused.reason is Reason.WRONG_SHAPE


def with_payload(**changes: Any) -> dict[str, Any]:
    note = a_resolution()
    return {**note, "comarca:resolution": {**note["comarca:resolution"], **changes}}


def form(**changes: Any) -> ResolutionForm:
    values: dict[str, Any] = {"title": "Quiet hours", "text": TEXT, "decided_at": "2026-11-20", "present": "31"}
    return ResolutionForm.model_validate({**values, **changes})


def test_a_resolution_is_exactly_this_payload() -> None:
    note = a_resolution()

    assert note["comarca:resolution"] == {
        "number": 14,
        "stage": "adopted",
        "method": "consent",
        "decidedAt": "2026-11-20",
        "present": 31,
        "standAsides": 2,
        "reviewOn": "2027-05-20",
        "text": TEXT,
        "textDigest": urlsafe_b64encode(sha256(TEXT.encode()).digest()).decode().rstrip("="),
    }
    assert note["tag"][1]["name"] == "#Resolution" and "publishes" not in note and "summary" not in note


def test_what_is_built_is_read() -> None:
    note = read_back(a_resolution(place=MILL_LANE, review_on=None))

    assert note.words == TEXT and note.location == MILL_LANE
    assert note.resolution.method is Method.CONSENT
    assert (note.resolution.decided_at, note.resolution.review_on) == (date(2026, 11, 20), None)
    assert (note.resolution.number, note.resolution.present, note.resolution.stand_asides) == (14, 31, 2)


def test_the_content_is_the_whole_message() -> None:
    assert plain_text(a_resolution()["content"]).split("\n") == [
        "We set our own quiet hours",
        "Resolution 14 · agreed · Agreed on 2026-11-20 · Method: no objections left · Present: 31 · Stand-asides: 2",
        TEXT,
        "To be looked at again on 2027-05-20",
        "Read it where it was put up",
    ]


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("language", ["en", "es", "ca"])
def test_each_method_has_words_in_each_language(method: Method, language: str) -> None:
    assert read_back(a_resolution(method=method.value, language=language)).resolution.method is method


@given(text=texts)
def test_whatever_was_agreed_comes_back_and_is_never_markup(text: str) -> None:
    filled = form(text=text)

    note = a_resolution(text=filled.text)

    assert read_back(note).resolution.text == filled.text
    left = note["content"]
    for own in ("<p>", "</p>", "<br>", f'<a href="{NOTE_ID}" rel="nofollow noopener noreferrer">', "</a>"):
        left = left.replace(own, "")
    assert not set(left) & set("<>\"'")


@given(text=texts, position=st.integers(min_value=0), other=st.characters(exclude_categories=["Cc", "Cs"]))
def test_one_changed_character_is_refused(text: str, position: int, other: str) -> None:
    note = a_resolution(text=text)
    at = position % len(text)
    changed = text[:at] + other + text[at + 1 :]

    note["comarca:resolution"]["text"] = changed

    assert is_refused(note) == (changed != text)


@pytest.mark.parametrize(
    "change",
    [
        {"textDigest": text_digest(TEXT + " ")},
        {"textDigest": text_digest(TEXT) + "="},
        {"textDigest": None},
        {"text": ""},
        {"number": "14"},
        {"number": 0},
        {"number": True},
        {"stage": "idea"},
        {"method": "applause"},
        {"decidedAt": "2026-11-20T12:00:00Z"},
        {"decidedAt": "2026-02-30"},
        {"decidedAt": "20261120"},
        {"decidedAt": 20261120},
        {"present": 0},
        {"present": "31"},
        {"present": 31.0},
        {"standAsides": 32},
        {"standAsides": -1},
        {"reviewOn": "2026-11-20"},
    ],
)
def test_a_payload_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    assert not is_refused(with_payload())

    assert is_refused(with_payload(**change))


@pytest.mark.parametrize("member", ["number", "stage", "method", "decidedAt", "present", "text", "textDigest"])
def test_members_that_must_be_there_must_be_there(member: str) -> None:
    note = a_resolution()
    del note["comarca:resolution"][member]

    assert is_refused(note)


@pytest.mark.parametrize("change", [{"present": 0}, {"text": ""}, {"audience": "council"}, {"number": 0}])
def test_what_a_neighbour_would_refuse_is_never_built(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        a_resolution(**change)


def test_a_form_takes_what_a_browser_sends() -> None:
    filled = form(review_on="", language="", stand_asides="2")

    assert (filled.present, filled.stand_asides, filled.review_on, filled.language) == (31, 2, None, None)
    assert filled.audience is Audience.PUBLIC and filled.method is Method.CONSENT


@pytest.mark.parametrize(
    "change",
    [
        {"text": "  "},
        {"text": "x" * 10_001},
        {"present": "0"},
        {"stand_asides": "32"},
        {"review_on": "2026-11-19"},
        {"decided_at": "yesterday"},
        {"method": "applause"},
        {"names": "Ana"},
    ],
)
def test_a_form_names_what_is_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        form(**change)


def test_a_view_is_exactly_this() -> None:
    view = {
        "id": NOTE_ID,
        "number": 14,
        "stage": "adopted",
        "recipe": "",
        "domain": "other",
        "title": "Quiet hours",
        "text": TEXT,
        "text_digest": text_digest(TEXT),
        "method": "consent",
        "decided_at": "2026-11-20",
        "present": 31,
        "stand_asides": 2,
        "review_on": None,
        "notice_until": None,
        "near": "",
        "carried_out_by": "",
        "campaign": "",
        "because": "",
        "amends": "",
        "addressee": "",
        "delivered_on": None,
        "answered_on": None,
        "closes_at": None,
        "source": {"actor": COUNCIL, "name": "Riverside", "url": f"{BASE}/"},
        "audience": "public",
        "language": "en",
        "published": "2026-11-22T12:00:00Z",
        "updated": "2026-11-22T12:00:00Z",
        "url": NOTE_ID,
    }

    assert ResolutionView.model_validate(view).model_dump(mode="json") == view
    with pytest.raises(ValidationError, match="who_was_there"):
        ResolutionView.model_validate({**view, "who_was_there": []})
