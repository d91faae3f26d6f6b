"""Resolutions and calls for help in their simplest form: put up, told, listed, over."""

from datetime import date, timedelta
from typing import Any

import pytest

from node.feature import ANYBODY, Viewer
from node.features.alerts import actions as alert_actions
from node.features.alerts import queries as alert_queries
from node.features.alerts.tables import Alert
from node.features.resolutions import actions as resolution_actions
from node.features.resolutions import rules as resolution_rules
from node.features.resources.actions import put_up
from schemas.records.alert import AlertForm, AlertNote, read_alert
from schemas.records.resolution import ResolutionNote, read_resolution, text_digest
from schemas.records.resolution_forms import ResolutionForm
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from tests.features.village import START, Village, offer

MEMBER = Viewer(member_id=1)


def decision(**given: Any) -> ResolutionForm:
    usual = {
        "title": "The hall stays open at night",
        "text": "Two of us are there, in turns.",
        "decided_at": "2026-03-01",
        "present": 31,
    }
    return ResolutionForm.model_validate({**usual, **given})


def call(**given: Any) -> AlertForm:
    usual = {"title": "Water in the cellars", "event": "Flood", "wanted": "Pumps", "instruction": "Stay upstairs."}
    return AlertForm.model_validate({**usual, **given})


def call_for_help(village: Village, member_id: int | None = None, **given: Any) -> Alert:
    acting = village.acting(village.member() if member_id is None else member_id)
    return village.do(lambda c: alert_actions.put_up(c, call(**given), acting))


def test_a_resolution_is_told_bound_to_the_digest_of_its_text(village: Village) -> None:
    acting = village.acting(village.member())

    row = village.do(lambda c: resolution_actions.put_up(c, decision(), acting))

    (told,) = village.told(str(row.object_id))
    note = read_resolution(told["object"])
    assert isinstance(note, ResolutionNote)
    assert (note.resolution.number, note.resolution.present) == (1, 31)
    assert note.resolution.text_digest == text_digest("Two of us are there, in turns.")
    (listed,) = village.rows("SELECT * FROM resolution_index")
    assert (listed.object_id, listed.digest) == (row.object_id, note.resolution.text_digest)


def test_each_resolution_gets_the_next_number(village: Village) -> None:
    acting = village.acting(village.member())

    numbers = [village.do(lambda c: resolution_actions.put_up(c, decision(), acting)).number for _ in range(3)]

    assert numbers == [1, 2, 3]


@pytest.mark.parametrize(
    ("decided_at", "present", "field"),
    [
        (None, 31, "decided_at"),
        (date(2026, 3, 1), None, "present"),
        (date(2026, 3, 1), 0, "present"),
        (date(2026, 3, 3), 31, "decided_at"),
    ],
)
def test_nothing_is_decided_without_a_gathering(decided_at: date | None, present: int | None, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        resolution_rules.check_gathering(decided_at, present, today=date(2026, 3, 2))

    assert (refused.value.word, refused.value.field) == ("gathering", field)


def test_a_resolution_of_tomorrow_is_refused(village: Village) -> None:
    acting = village.acting(village.member())

    with pytest.raises(Refusal) as refused:
        village.do(lambda c: resolution_actions.put_up(c, decision(decided_at="2026-03-03"), acting))

    assert refused.value.word == "gathering"
    assert village.rows("SELECT * FROM resolution") == []


def test_a_call_for_help_goes_to_nearby_councils_and_ends_after_a_day(village: Village) -> None:
    row = call_for_help(village)

    (told,) = village.told(str(row.object_id))
    note = read_alert(told["object"])
    assert isinstance(note, AlertNote)
    assert (row.audience, note.is_exercise, note.end_time) == ("neighbours", False, START + timedelta(hours=24))
    assert told["to"] == [f"{village.council.base_url}/council/peers"]


def test_a_drill_says_so_and_is_never_listed_as_a_call(village: Village) -> None:
    row = call_for_help(village, exercise=True)

    (told,) = village.told(str(row.object_id))
    assert told["object"]["comarca:alert"]["status"] == "Exercise"
    (live,) = village.see(lambda c: alert_queries.live_alerts(c, village.council, MEMBER, now=START))
    assert live.drill


@pytest.mark.parametrize("ends_at", [START + timedelta(hours=24, seconds=1), START - timedelta(seconds=1), START])
def test_a_call_for_help_ends_within_a_day(village: Village, ends_at: Any) -> None:
    with pytest.raises(Refusal):
        call_for_help(village, ends_at=ends_at)

    assert village.rows("SELECT * FROM alert") == []


def test_what_is_over_is_told_as_over_and_stays_listed_as_that(village: Village) -> None:
    row = call_for_help(village)
    acting = village.acting(row.by_member)

    village.do(lambda c: alert_actions.over(c, row.public_id, acting))
    village.do(lambda c: alert_actions.over(c, row.public_id, acting))

    last = village.told(str(row.object_id))[-1]
    assert (last["type"], last["object"]["comarca:alert"]["msgType"]) == ("Update", "Cancel")
    assert [told["type"] for told in village.told(str(row.object_id))].count("Update") == 1
    assert village.see(lambda c: alert_queries.live_alerts(c, village.council, MEMBER, now=START)) == []
    (listed,) = village.see(lambda c: alert_queries.listing(c, village.council, MEMBER, now=START))
    assert listed.over


def test_any_one_neighbour_ends_it(village: Village) -> None:
    row = call_for_help(village)
    other = village.member("Bo")

    with pytest.raises(Refusal) as refused:
        village.do(lambda c: alert_actions.over(c, row.public_id, village.acting()))

    assert refused.value.word == "not-signed-in"
    after = village.do(lambda c: alert_actions.over(c, row.public_id, village.acting(other)))
    assert (after.message_type, after.ended) == ("Cancel", "over")


@pytest.mark.parametrize(("audience", "anybody", "member"), [("public", 1, 1), ("neighbours", 0, 1), ("council", 0, 1)])
def test_a_call_is_seen_by_those_it_is_for(village: Village, audience: str, anybody: int, member: int) -> None:
    call_for_help(village, audience=audience)

    def seen_by(viewer: Viewer) -> int:
        return len(village.see(lambda c: alert_queries.live_alerts(c, village.council, viewer, now=START)))

    assert (seen_by(ANYBODY), seen_by(MEMBER)) == (anybody, member)


def test_nobody_who_is_not_signed_in_calls_or_decides(village: Village) -> None:
    stranger = village.acting()

    for step in (
        lambda c: alert_actions.put_up(c, call(), stranger),
        lambda c: alert_actions.over(c, "x" * 26, stranger),
        lambda c: resolution_actions.put_up(c, decision(), stranger),
    ):
        with pytest.raises(Refusal) as refused:
            village.do(step)
        assert refused.value.word == "not-signed-in"


@pytest.mark.parametrize("audience", ["neighbours", "public"])
@pytest.mark.parametrize("field", ["title", "near", "event", "words", "wanted", "instruction"])
def test_a_call_for_help_tells_no_exact_address(village: Village, field: str, audience: str) -> None:
    with pytest.raises(Refusal) as refused:
        call_for_help(village, audience=audience, **{field: "Canal Street 9"})

    assert (refused.value.word, refused.value.field) == ("street-number", field)
    assert "the people who live there" in refused.value.sentence
    assert village.rows("SELECT * FROM alert") == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "Insulin is getting warm", "near": "Mill Lane"}, "title"),
        ({"near": "Home of a diabetic"}, "near"),
        ({"title": "Insulin is getting warm"}, None),
        ({"near": "Mill Lane", "instruction": "Who feels ill sits down in the shade."}, None),
        ({"title": "Insulin is getting warm", "near": "Mill Lane", "audience": "council"}, None),
        ({"title": "Water on Tennis Court 2", "near": "Tennis Court 2"}, None),
    ],
)
def test_a_call_for_help_names_no_illness_beside_a_place(
    village: Village, given: dict[str, str], field: str | None
) -> None:
    try:
        call_for_help(village, **given)
        refused = None
    except Refusal as error:
        assert error.word == "health-and-place"
        refused = error.field

    assert refused == field


@pytest.mark.parametrize("audience", ["neighbours", "public", "council"])
def test_a_resolution_names_no_house_in_its_title_but_its_text_stays_as_agreed(village: Village, audience: str) -> None:
    acting = village.acting(village.member())
    text = "The hall at Mill Lane 12 stays open at night."

    row = village.do(lambda c: resolution_actions.put_up(c, decision(text=text, audience=audience), acting))

    assert row.text == text
    title = decision(title="Nobody is put out of Mill Lane 12", audience=audience)
    if audience == "council":
        assert village.do(lambda c: resolution_actions.put_up(c, title, acting)).number == 2
        return
    with pytest.raises(Refusal) as refused:
        village.do(lambda c: resolution_actions.put_up(c, title, acting))
    assert (refused.value.word, refused.value.field) == ("street-number", "title")


def test_a_call_and_an_offer_mean_the_same_place_by_the_same_name(village: Village) -> None:
    acting = village.acting(village.member())
    row = call_for_help(village, near="mill lane")

    offered = village.do(lambda c: put_up(c, ResourceForm.model_validate(offer(near="Mill Lane")), acting))

    assert row.cell is not None
    assert row.cell == offered.cell
