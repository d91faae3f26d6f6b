"""Collections, tombstones, problems, refusals, and how long things last."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from protocol.verdict import Reason, Refused
from schemas.collection import ordered_collection, ordered_collection_page, tombstone
from schemas.lasting import Until, end_of, still_ahead
from schemas.problem import Problem, problem_of
from schemas.refusal import Refusal
from schemas.wording import _ENGLISH, _SPANISH, words_for
from tests.schemas.examples import BASE, NOTE_ID, NOW, a_create

OUTBOX = f"{BASE}/council/outbox"
MADRID = ZoneInfo("Europe/Madrid")


def test_a_collection_points_to_its_first_page_by_path() -> None:
    assert ordered_collection(OUTBOX, 3, first=f"{OUTBOX}/pages/1") == {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "id": OUTBOX,
        "type": "OrderedCollection",
        "totalItems": 3,
        "first": f"{OUTBOX}/pages/1",
    }


def test_a_collection_may_keep_its_size_to_itself() -> None:
    assert ordered_collection(OUTBOX, None, first=None).keys() == {"@context", "id", "type"}


def test_a_page_carries_activities_as_they_were_sent() -> None:
    activity = a_create()

    page = ordered_collection_page(f"{OUTBOX}/pages/1", OUTBOX, items=[activity], next_page=f"{OUTBOX}/pages/2")

    assert page == {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "id": f"{OUTBOX}/pages/1",
        "type": "OrderedCollectionPage",
        "partOf": OUTBOX,
        "orderedItems": [activity],
        "next": f"{OUTBOX}/pages/2",
    }


def test_the_last_page_has_no_next() -> None:
    assert "next" not in ordered_collection_page(f"{OUTBOX}/pages/9", OUTBOX, items=[], next_page=None)


def test_what_is_left_of_a_record_is_a_tombstone_without_words() -> None:
    assert tombstone(NOTE_ID, NOW) == {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "id": NOTE_ID,
        "type": "Tombstone",
        "formerType": "Note",
        "deleted": "2026-11-22T12:00:00Z",
    }


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_makes_a_problem(reason: Reason) -> None:
    problem = problem_of(Refused(reason, "One sentence."))

    assert problem.model_dump() == {
        "type": "about:blank",
        "title": reason.value.replace("-", " ").capitalize(),
        "status": reason.status,
        "detail": "One sentence.",
        "reason": reason.value,
    }


def test_a_success_is_no_problem() -> None:
    with pytest.raises(ValidationError, match="status"):
        Problem(title="Fine", status=200, detail="", reason="none")


def test_a_refusal_says_word_field_and_sentence() -> None:
    refusal = Refusal("ended-already", "until", sentence="That time has passed.")

    assert (refusal.word, refusal.field, refusal.sentence) == ("ended-already", "until", "That time has passed.")
    assert str(refusal) == "That time has passed." and str(Refusal("full")) == "full"


@pytest.mark.parametrize(
    ("until", "ends"),
    [
        ("tonight", datetime(2026, 11, 22, 22, 59, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 11, 23, 22, 59, tzinfo=UTC)),
        ("week", datetime(2026, 11, 29, 22, 59, tzinfo=UTC)),
        ("month", datetime(2026, 12, 22, 22, 59, tzinfo=UTC)),
        ("2026-11-25", datetime(2026, 11, 25, 22, 59, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 7, 1, 21, 59, tzinfo=UTC)),
        ("2026-11-25T18:30", datetime(2026, 11, 25, 17, 30, tzinfo=UTC)),
    ],
)
def test_the_zone_of_the_council_decides_what_tonight_means(until: str, ends: datetime) -> None:
    assert end_of(until, NOW, zone=MADRID) == ends


def test_tonight_after_midnight_there_is_the_day_there() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    assert end_of("tonight", late, zone=MADRID) == datetime(2026, 11, 23, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize("until", ["2026-02-30", "2026-11-25T25:00", "0000-01-01"])
def test_a_date_that_does_not_exist_is_refused_in_plain_words(until: str) -> None:
    with pytest.raises(Refusal) as refused:
        end_of(until, NOW, zone=MADRID)

    assert (refused.value.word, refused.value.field) == ("no-such-date", "until")


@given(day=st.dates(min_value=date(2026, 1, 1), max_value=date(2100, 1, 1)))
def test_every_day_lasts_until_its_own_evening(day: date) -> None:
    there = end_of(day.isoformat(), NOW, zone=MADRID).astimezone(MADRID)

    assert (there.date(), there.hour, there.minute) == (day, 23, 59)


@pytest.mark.parametrize("text", ["today", "tonight!", "2026-1-1", "2026-11-25 18:30", "2026-11-25T18:30:00", ""])
def test_other_words_for_how_long_are_not_understood(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Until).validate_python(text)


def test_what_is_still_ahead_may_be_put_up() -> None:
    later = NOW + timedelta(seconds=1)

    assert still_ahead(later, NOW, field="until") == later
    with pytest.raises(Refusal, match="passed"):
        still_ahead(NOW, NOW, field="until")


def test_both_languages_have_all_words_and_others_get_english() -> None:
    assert _ENGLISH.keys() == _SPANISH.keys()
    assert words_for("es-MX") is _SPANISH and words_for("en") is _ENGLISH and words_for("ca") is _ENGLISH
