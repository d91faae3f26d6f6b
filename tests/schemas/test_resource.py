"""Needs and offers: what is built can be read, by councils and by people."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.verdict import Reason, Refused
from schemas.audience import Audience
from schemas.base import write_time
from schemas.context import CATEGORIES, PUBLIC
from schemas.markup import plain_text
from schemas.place import Place
from schemas.records.note import note_document
from schemas.records.resource import (
    AvailabilityAnswer,
    AvailabilityItem,
    ResourceForm,
    ResourceNote,
    ResourceState,
    ResourceView,
    read_resource,
)
from schemas.refusal import Refusal
from tests.schemas.examples import BASE, COUNCIL, MILL_LANE, NOTE_ID, NOW, an_offer

# What a keyboard can make: everything but controls and half characters.
typed = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\r\t<>&\"'"), max_size=120)
lines = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60).filter(
    lambda text: text.strip()
)


def read_back(note: dict[str, Any]) -> ResourceNote:
    read = read_resource(note)
    assert isinstance(read, ResourceNote)
    return read


def is_refused(note: object) -> bool:
    refused = read_resource(note)
    return isinstance(refused, Refused) and refused.reason is Reason.WRONG_SHAPE


def form(**changes: Any) -> ResourceForm:
    return ResourceForm.model_validate({"direction": "offer", "title": "Dal", "until": "tonight", **changes})


def test_an_offer_is_exactly_this_note() -> None:
    content = (
        "<p>40 portions of dal</p><p>Bring a bowl if you can.<br>Vegan, no nuts.</p>"
        "<p>Offered: 40 portions (22 left)</p><p>Near: Mill Lane</p><p>Until: 2026-11-22 20:00 UTC</p>"
        f'<p><a href="{NOTE_ID}" rel="nofollow noopener noreferrer">Read it where it was put up</a></p>'
    )

    assert an_offer() == {
        "id": NOTE_ID,
        "type": "Note",
        "attributedTo": COUNCIL,
        "to": [PUBLIC],
        "cc": [f"{BASE}/council/followers"],
        "name": "40 portions of dal",
        "content": content,
        "contentMap": {"en": content},
        "published": "2026-11-22T12:00:00Z",
        "url": NOTE_ID,
        "tag": [
            {"type": "Hashtag", "name": "#MutualAid", "href": f"{BASE}/board"},
            {"type": "Hashtag", "name": "#Offer", "href": f"{BASE}/board"},
        ],
        "location": {
            "type": "Place",
            "name": "Mill Lane",
            "comarca:cell": "87394460bffffff",
            "latitude": 41.39,
            "longitude": 2.17,
        },
        "source": {"content": "Bring a bowl if you can.\nVegan, no nuts.", "mediaType": "text/plain"},
        "endTime": "2026-11-22T20:00:00Z",
        "purpose": "offer",
        "publishes": {
            "id": f"{NOTE_ID}#primary",
            "type": "Intent",
            "action": "transfer",
            "resourceConformsTo": CATEGORIES["food"],
            "resourceQuantity": {"hasUnit": "portions", "hasNumericalValue": "40"},
            "availableQuantity": {"hasUnit": "portions", "hasNumericalValue": "22"},
        },
        "comarca:state": "open",
    }


def test_what_is_built_is_read() -> None:
    note = read_back(
        an_offer(updated=NOW + timedelta(hours=1), starts_at=NOW + timedelta(hours=2), state="partly-promised")
    )

    assert (note.direction, note.category, note.name) == ("offer", "food", "40 portions of dal")
    assert (note.quantity, note.available, note.unit) == ("40", "22", "portions")
    assert note.words == "Bring a bowl if you can.\nVegan, no nuts."
    assert note.location == MILL_LANE and note.language == "en"
    assert note.changed == NOW + timedelta(hours=1) and note.start_time == NOW + timedelta(hours=2)
    assert note.end_time == NOW + timedelta(hours=8) and note.state is ResourceState.PARTLY_PROMISED


def test_a_need_without_number_or_place_is_the_normal_case() -> None:
    built = an_offer(direction="need", quantity=None, unit=None, available=None, place=None, category="care")

    note = read_back(built)

    assert built["purpose"] == "request" and built["tag"][1]["name"] == "#Need" and "location" not in built
    assert "resourceQuantity" not in built["publishes"] and "availableQuantity" not in built["publishes"]
    assert (note.direction, note.quantity, note.available, note.unit) == ("need", None, None, None)
    assert note.publishes.action == "deliverService"


@given(title=lines, words=typed, unit=lines, near=lines)
def test_whatever_a_person_types_comes_back_and_is_never_markup(title: str, words: str, unit: str, near: str) -> None:
    filled = form(title=title, words=words, unit=unit, near=near, quantity="3")
    note = an_offer(
        name=filled.title,
        words=filled.words,
        unit=filled.unit,
        quantity=filled.quantity,
        available=None,
        place=Place(name=filled.near or ""),
    )

    read = read_back(note)

    assert (read.name, read.words, read.unit) == (filled.title, filled.words, filled.unit)
    assert read.location is not None and read.location.name == filled.near
    left = note["content"]
    for own in ("<p>", "</p>", "<br>", f'<a href="{NOTE_ID}" rel="nofollow noopener noreferrer">', "</a>"):
        left = left.replace(own, "")
    assert not set(left) & set("<>\"'")


def test_the_content_is_the_whole_message_in_either_language() -> None:
    spanish = plain_text(an_offer(language="es", direction="need", state="closed")["content"])

    assert spanish.split("\n") == [
        "40 portions of dal",
        "Bring a bowl if you can.",
        "Vegan, no nuts.",
        "Se necesita: 40 portions (quedan 22)",
        "Cerca de: Mill Lane",
        "Hasta: 2026-11-22 20:00 UTC",
        "Esto está cerrado.",
        "Leer donde se puso",
    ]


def test_times_are_told_in_the_zone_of_the_council() -> None:
    content = an_offer(zone=ZoneInfo("Europe/Madrid"))["content"]

    assert "2026-11-22 21:00 CET" in content


def test_a_note_has_no_summary_which_would_hide_it() -> None:
    assert "summary" not in an_offer()


@pytest.mark.parametrize("category", ["transport", "care", "skills", "time"])
def test_what_is_done_for_somebody_is_a_service(category: str) -> None:
    assert an_offer(category=category)["publishes"]["action"] == "deliverService"


def test_coordinates_are_coarse_and_never_negative_zero() -> None:
    note = an_offer(place=Place(name="x", latitude=-0.00000001, longitude=2.123456789))

    assert str(note["location"]["latitude"]) == "0.0" and note["location"]["longitude"] == 2.1235


@pytest.mark.parametrize(
    "change",
    [
        {"available": "41"},
        {"quantity": "many"},
        {"ends_at": NOW},
        {"starts_at": NOW + timedelta(hours=9)},
        {"audience": "council"},
        {"name": ""},
        {"language": "plain English"},
    ],
)
def test_what_a_neighbour_would_refuse_is_never_built(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        an_offer(**change)


def test_the_id_of_a_record_is_ours() -> None:
    with pytest.raises(ValueError, match="address of a record"):
        note_document(
            "https://harbour.example/o/x",
            BASE,
            name="x",
            paragraphs=[],
            language="en",
            place=None,
            hashtags=(),
            published=NOW,
            updated=None,
            audience="public",
        )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("transfer", "transfer"),
        ("https://w3id.org/valueflows/ont/vf#transfer", "transfer"),
        ("https://w3id.org/valueflows#deliverService", "deliverService"),
        ("vf:transferCustody", "transferCustody"),
    ],
)
def test_an_action_is_read_in_each_dialect(written: str, read: str) -> None:
    note = an_offer()
    note["publishes"]["action"] = written

    assert read_back(note).publishes.action == read


def test_words_are_taken_from_the_content_where_no_source_is_given() -> None:
    note = an_offer()
    del note["source"]
    note["content"] = "<p>One &amp; two</p><script>three</script><ul><li>four<br>five</li></ul>"
    as_html_only = {
        **an_offer(),
        "content": "<p>Six</p>",
        "source": {"content": "**Six**", "mediaType": "text/markdown"},
    }

    assert read_back(note).words == "One & two\nfour\nfive"
    assert read_back(as_html_only).words == "Six"


def test_members_that_may_be_missing_may_be_missing() -> None:
    note = an_offer()
    for member in ("url", "tag", "location", "contentMap", "cc", "comarca:state", "source"):
        del note[member]

    read = read_back(note)

    assert read.state is ResourceState.OPEN and read.language is None and read.location is None


@pytest.mark.parametrize(
    "member", ["id", "type", "attributedTo", "name", "content", "published", "to", "endTime", "purpose"]
)
def test_members_that_must_be_there_must_be_there(member: str) -> None:
    note = an_offer()
    del note[member]

    assert is_refused(note)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Proposal"},
        {"attributedTo": {"id": COUNCIL}},
        {"attributedTo": [COUNCIL]},
        {"name": ""},
        {"name": "two\nlines"},
        {"content": "nul \x00"},
        {"purpose": "sale"},
        {"endTime": "2026-11-22T12:00:00Z"},
        {"startTime": "2026-11-22T21:00:00Z"},
        {"comarca:state": "sold"},
        {"location": {"type": "Place", "comarca:cell": "89394460b03ffff"}},
        {"location": {"type": "Place", "latitude": 91}},
        {"location": {"type": "Place", "latitude": "41.39"}},
        {"location": {"type": "Place", "latitude": float("nan")}},
        {"location": {"type": "Person", "name": "x"}},
        {"contentMap": {"not a tag": "x"}},
        {"publishes": []},
        {"publishes": "https://riverside.example/o/x#primary"},
        {"to": {"id": PUBLIC}},
        {"url": "javascript:alert(1)"},
    ],
)
def test_a_note_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    assert is_refused({**an_offer(), **change})


@pytest.mark.parametrize(
    "change",
    [
        {"id": "https://evil.example/o/x#primary"},
        {"type": "Proposal"},
        {"action": 7},
        {"action": "https://evil.example/transfer"},
        {"resourceConformsTo": ""},
        {"resourceQuantity": {"hasUnit": "kg", "hasNumericalValue": "40"}},
        {"resourceQuantity": {"hasUnit": "portions", "hasNumericalValue": 40}},
        {"resourceQuantity": {"hasUnit": "portions", "hasNumericalValue": "-40"}},
        {"resourceQuantity": {"hasUnit": "", "hasNumericalValue": "40"}},
        {"resourceQuantity": None},
        {"availableQuantity": {"hasUnit": "portions", "hasNumericalValue": "40.1"}},
    ],
)
def test_an_intent_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    note = an_offer()
    note["publishes"] = {**note["publishes"], **change}

    assert is_refused(note)


def test_no_sender_decides_that_our_copy_stays_for_ever() -> None:
    within, beyond = an_offer(), an_offer()

    within["endTime"] = write_time(NOW + timedelta(days=90))
    beyond["endTime"] = write_time(NOW + timedelta(days=92))

    assert isinstance(read_resource(within), ResourceNote)
    assert is_refused(beyond)


@pytest.mark.parametrize("note", [None, [], "note"])
def test_only_an_object_is_a_note(note: object) -> None:
    assert is_refused(note)


def test_a_form_says_how_long_in_exactly_one_way() -> None:
    assert form().ends(NOW, zone=UTC) == datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    assert form(until="", ends_at="2026-11-23T10:00:00Z").ends(NOW, zone=UTC) == datetime(2026, 11, 23, 10, tzinfo=UTC)

    with pytest.raises(ValidationError, match="how long"):
        form(ends_at="2026-11-23T10:00:00Z")
    with pytest.raises(ValidationError, match="how long"):
        form(until=None)


def test_what_has_ended_already_is_refused_in_plain_words() -> None:
    with pytest.raises(Refusal) as refused:
        form(until=None, ends_at="2026-11-22T11:59:59Z").ends(NOW, zone=UTC)

    assert (refused.value.word, refused.value.field) == ("ended-already", "ends_at")
    assert refused.value.sentence.endswith(".")


def test_the_narrowest_audience_that_serves_is_the_usual_one() -> None:
    assert form(direction="need").seen_by is Audience.COUNCIL
    assert form(direction="offer").seen_by is Audience.NEIGHBOURS
    assert form(direction="need", audience="public").seen_by is Audience.PUBLIC


def test_empty_fields_of_a_browser_are_nothing_said() -> None:
    filled = form(quantity="", unit=" ", near="", audience="", ends_at="", language="", words="")

    assert (filled.quantity, filled.unit, filled.near, filled.ends_at, filled.language) == (None,) * 5


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "sale"},
        {"title": " "},
        {"title": "x" * 201},
        {"words": "x" * 4_001},
        {"category": "luxury"},
        {"quantity": "-1"},
        {"quantity": "0"},
        {"quantity": "0.000"},
        {"quantity": "1e3"},
        {"unit": "x" * 61},
        {"until": "someday"},
        {"audience": "everybody"},
        {"language": "plain English"},
        {"price": "5"},
    ],
)
def test_a_form_names_what_is_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        form(**change)

    assert error.value.errors()[0]["loc"][0:1] in {tuple(change), ()}


LISTED: dict[str, Any] = {
    "id": NOTE_ID,
    "direction": "offer",
    "title": "40 portions of dal",
    "words": "",
    "category": "food",
    "quantity": "40",
    "available": "22",
    "unit": "portions",
    "near": "Mill Lane",
    "source": {"actor": COUNCIL, "name": "Riverside", "url": f"{BASE}/"},
    "ends_at": "2026-11-22T20:00:00Z",
    "updated": "2026-11-22T12:00:00Z",
    "audience": "public",
    "url": NOTE_ID,
}
ITEM: dict[str, Any] = {
    **LISTED,
    "source": {**LISTED["source"], "told_by": ["Harbour"]},
    "distance_km": 1.4,
    "freshness": {"last_heard_at": "2026-11-22T11:56:00Z", "age_seconds": 240, "state": "current"},
    "proof": {"state": "verified", "method": f"{COUNCIL}#ed25519-key"},
}


def test_the_regional_answer_is_exactly_this() -> None:
    answer: dict[str, Any] = {
        "items": [ITEM],
        "councils": [
            {
                "actor": COUNCIL,
                "name": "Riverside",
                "last_heard_at": None,
                "age_seconds": None,
                "state": "silent",
                "found": [ITEM["id"]],
                "amounts": [{"direction": "offer", "unit": "portions", "at_least": 10}],
                "asked": "answered",
            }
        ],
        "as_of": "2026-11-22T12:00:00Z",
    }

    assert AvailabilityAnswer.model_validate(answer).model_dump(mode="json") == answer


def test_a_slip_on_the_board_tells_its_state_and_not_its_freshness() -> None:
    slip = {**LISTED, "state": "open", "language": "en", "starts_at": None, "published": "2026-11-22T12:00:00Z"}
    slip |= {"repeats": "FREQ=DAILY", "zone": "Europe/Madrid"}
    slip |= {"kind": "meal", "can_wait": True, "standing": False, "hours": None, "access": None}

    assert ResourceView.model_validate(slip).model_dump(mode="json") == slip


@pytest.mark.parametrize(
    "change", [{"by": "Ana"}, {"proof": {"state": "believed"}}, {"available": 22}, {"category": "luxury"}]
)
def test_a_view_lets_nothing_unknown_out(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AvailabilityItem.model_validate({**ITEM, **change})
