"""The small types at our edges."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from protocol.verdict import Reason, Refused
from schemas.base import (
    Address,
    ApiModel,
    EmptyIsNothing,
    FormLine,
    FormWords,
    Language,
    Line,
    Quantity,
    Recipients,
    WireModel,
    WireTime,
    Words,
    read_time,
    write_time,
)


class Slip(WireModel):
    pinned_at: WireTime
    long_title: Line = ""


class Answer(ApiModel):
    title: Line
    near: Annotated[FormLine | None, EmptyIsNothing] = None


def takes(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_survives_the_wire_to_the_second(time: datetime) -> None:
    assert read_time(write_time(time)) == time.replace(microsecond=0)


def test_a_time_is_written_in_utc_without_fraction() -> None:
    time = datetime(2026, 11, 22, 13, 0, 1, 987654, tzinfo=timezone(timedelta(hours=1)))

    assert write_time(time) == "2026-11-22T12:00:01Z"


@pytest.mark.parametrize("text", ["2026-11-22T12:00:00Z", "2026-11-22T13:00:00.000+01:00", "2026-11-22T12:00:00.0Z"])
def test_offsets_and_fractions_are_tolerated(text: str) -> None:
    assert read_time(text) == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T12:00:00",
        "2026-11-22",
        "2026-11-22 12:00:00Z",
        "20261122T120000Z",
        "2026-W47-7T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-22T12:00:60Z",
        "2026-11-22T12:00:00z ",
        "٢٠٢٦-11-22T12:00:00Z",
        "0001-01-01T00:00:00+14:00",
        1795348800,
        None,
        datetime(2026, 11, 22, 12),  # noqa: DTZ001
    ],
)
def test_a_time_that_two_readers_could_take_differently_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="time"):
        TypeAdapter(WireTime).validate_python(value)


def test_a_naive_time_is_never_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        write_time(datetime(2026, 11, 22, 12))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["0", "40", "0.5", "999999999999.999999", "007"])
def test_a_quantity_is_decimal_text(text: str) -> None:
    assert takes(Quantity, text)


@pytest.mark.parametrize(
    "value", ["", "-1", "+1", "1.", ".5", "1e3", "1,5", "٤٠", "1\n", "1234567890123", "0.1234567", 40, 1.5]
)
def test_anything_else_is_no_quantity(value: object) -> None:
    assert not takes(Quantity, value)


@pytest.mark.parametrize(
    "address",
    [
        "https://north.example/council",
        "http://127.0.0.1:8101/o/abc",
        "https://[2001:db8::1]/x#main-key",
        "https://a.example",
    ],
)
def test_an_address_is_http_in_plain_ascii(address: str) -> None:
    assert takes(Address, address)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://north.example/",
        "javascript:alert(1)",
        "acct:council@north.example",
        "https://",
        "https:///path",
        "https://north.example/a b",
        "https://north.example/\n",
        'https://north.example/"x',
        "https://north.example/<x>",
        "https://nørth.example/",
        "HTTPS://north.example/",
        "https://north.example/" + "a" * 2048,
        7,
    ],
)
def test_anything_else_is_no_address(address: object) -> None:
    assert not takes(Address, address)


@pytest.mark.parametrize("tag", ["en", "es", "pt-BR", "zh-Hant-TW"])
def test_language_tags_are_read(tag: str) -> None:
    assert takes(Language, tag)


@pytest.mark.parametrize("tag", ["", "english!", "e", "en_GB", "en-", "<en>"])
def test_other_words_are_no_language(tag: str) -> None:
    assert not takes(Language, tag)


def test_a_line_holds_no_break_and_words_hold_no_control() -> None:
    assert takes(Line, "ألف") and takes(Words, "one\n\ttwo")

    assert not takes(Line, "one\ntwo") and not takes(Line, "one\u2028two")
    assert not takes(Words, "nul\x00") and not takes(Words, "bell\x07") and not takes(Words, "\x85")
    assert not takes(Line, "x" * 301) and not takes(Words, "x" * 65_537)


def test_a_form_brings_line_ends_to_one_kind_and_strips() -> None:
    words = TypeAdapter(FormWords).validate_python("  one\r\ntwo\rthree \r\n")

    assert words == "one\ntwo\nthree"


def test_a_form_refuses_controls_and_length_after_its_own_tidying() -> None:
    assert not takes(FormWords, "nul\x00") and not takes(FormWords, "x" * 4_001) and not takes(FormLine, "   ")


def test_a_single_recipient_is_a_list_of_one() -> None:
    assert TypeAdapter(Recipients).validate_python("https://a.example/x") == ["https://a.example/x"]


@pytest.mark.parametrize("value", [None, {"id": "https://a.example/x"}, [1], [""], ["https://a.example/"] * 501])
def test_a_flood_or_another_shape_is_no_list_of_recipients(value: object) -> None:
    assert not takes(Recipients, value)


def test_a_wire_model_leaves_out_what_it_does_not_know() -> None:
    slip = Slip.read({"pinnedAt": "2026-11-22T12:00:00Z", "colour": "red"})

    assert isinstance(slip, Slip)
    assert slip.wire() == {"pinnedAt": "2026-11-22T12:00:00Z", "longTitle": ""}


def test_a_wire_model_does_not_take_our_names_for_theirs() -> None:
    by_our_name = Slip.read({"pinned_at": "2026-11-22T12:00:00Z"})

    assert isinstance(by_our_name, Refused) and by_our_name.reason is Reason.WRONG_SHAPE
    assert Slip(pinned_at=datetime(2026, 11, 22, 12, tzinfo=UTC)).long_title == ""


def test_a_refusal_names_the_member_and_not_the_value() -> None:
    refused = Slip.read({"pinnedAt": "SECRET"})

    assert isinstance(refused, Refused)
    assert "pinnedAt" in refused.sentence and "SECRET" not in refused.sentence


@pytest.mark.parametrize("document", [None, [], "text", 1])
def test_only_an_object_can_be_read(document: object) -> None:
    assert isinstance(Slip.read(document), Refused)


def test_a_wire_model_cannot_be_changed() -> None:
    slip = Slip(pinned_at=datetime(2026, 11, 22, 12, tzinfo=UTC))

    with pytest.raises(ValidationError, match="frozen"):
        slip.long_title = "other"  # type: ignore[misc]


def test_an_api_model_names_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="colour"):
        Answer.model_validate({"title": "x", "colour": "red"})


def test_an_empty_field_of_a_browser_is_nothing_said() -> None:
    assert Answer.model_validate({"title": "x", "near": "  "}).near is None
    assert Answer.model_validate({"title": "x", "near": " Mill Lane "}).near == "Mill Lane"
