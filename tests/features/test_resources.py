"""Needs and offers through their actions: what is told, what is listed, and what is refused."""

from datetime import timedelta
from typing import Any

import h3
import pytest

from node.features.resources import actions, rules
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm, ResourceNote, read_resource
from schemas.refusal import Refusal
from tests.features.village import BASE, IN_A_WEEK, START, Village, offer


def put_up(village: Village, member_id: int | None = None, **given: Any) -> Resource:
    form = ResourceForm.model_validate(offer(**given))
    acting = village.acting(village.member() if member_id is None else member_id)
    return village.do(lambda c: actions.put_up(c, form, acting))


def change(village: Village, row: Resource, *, available: str | None = None, **given: Any) -> Resource:
    form, acting = ResourceForm.model_validate(offer(**given)), village.acting(row.by_member)
    return village.do(lambda c: actions.change(c, row.public_id, form, acting, available=available))


def index_of(village: Village) -> list[Any]:
    return village.rows("SELECT * FROM availability")


def word_of(refused: pytest.ExceptionInfo[Refusal]) -> tuple[str, str | None]:
    return refused.value.word, refused.value.field


def test_what_is_put_up_is_told_as_a_note_that_every_reader_understands(village: Village) -> None:
    row = put_up(village)

    (told,) = village.told(str(row.object_id))
    note = read_resource(told["object"])
    assert isinstance(note, ResourceNote)
    assert (told["type"], note.name, note.quantity, note.unit) == ("Create", "40 portions of dal", "40", "portions")
    assert (note.direction, note.category, note.state) == ("offer", "food", "open")
    assert note.location is not None
    assert (note.location.name, h3.get_resolution(str(note.location.cell))) == ("Mill Lane", 7)
    assert "by_member" not in str(told)


def test_it_is_listed_once_with_the_middle_of_its_cell(village: Village) -> None:
    row = put_up(village)

    (listed,) = index_of(village)
    assert (listed.object_id, listed.title, listed.available) == (row.object_id, row.title, "40")
    assert (listed.latitude, listed.longitude) == h3.cell_to_latlng(str(row.cell))


@pytest.mark.parametrize(
    ("left", "state", "listed"), [("40", "open", 1), ("12", "partly-promised", 1), ("0", "promised", 0)]
)
def test_what_is_left_decides_how_it_stands(village: Village, left: str, state: str, listed: int) -> None:
    row = put_up(village)

    after = village.do(lambda c: actions.set_available(c, row.public_id, left, village.acting(row.by_member)))

    assert (after.available, after.state) == (left, state)
    assert len(index_of(village)) == listed


def test_the_newest_word_of_two_in_one_second_wins(village: Village) -> None:
    row = put_up(village)

    for left in ("30", "20", "10"):
        village.do(lambda c, left=left: actions.set_available(c, row.public_id, left, village.acting(row.by_member)))

    (listed,) = index_of(village)
    assert listed.available == "10"
    assert village.told(str(row.object_id))[-1]["object"]["updated"] == "2026-03-02T09:00:03Z"


@pytest.mark.parametrize("left", ["41", "-1", "1e1", "NaN", "forty", "", "0.0000001", "١"])
def test_no_more_can_be_left_than_there_was(village: Village, left: str) -> None:
    row = put_up(village)

    with pytest.raises(Refusal) as refused:
        village.do(lambda c: actions.set_available(c, row.public_id, left, village.acting(row.by_member)))

    assert word_of(refused) == ("quantity", "available")
    assert index_of(village)[0].available == "40"


def test_what_was_promised_stays_promised_when_there_is_more(village: Village) -> None:
    row = put_up(village)
    village.do(lambda c: actions.set_available(c, row.public_id, "30", village.acting(row.by_member)))

    after = change(village, row, quantity="50")

    assert (after.quantity, after.available, after.state) == ("50", "40", "partly-promised")


def test_what_is_closed_is_told_as_closed_and_leaves_the_list(village: Village) -> None:
    row = put_up(village)

    closed = village.do(lambda c: actions.close(c, row.public_id, "met", village.acting(row.by_member)))

    last = village.told(str(row.object_id))[-1]
    assert (last["type"], last["object"]["comarca:state"]) == ("Update", "closed")
    assert (closed.state, closed.outcome) == ("closed", "met")
    assert "met" not in str(last["object"].values())
    assert index_of(village) == []


def test_what_is_taken_down_leaves_only_a_tombstone(village: Village) -> None:
    row = put_up(village)

    village.do(lambda c: actions.take_down(c, row.public_id, village.acting(row.by_member)))

    (told,) = village.told(str(row.object_id))
    assert (told["type"], told["object"]) == ("Delete", {"id": row.object_id, "type": "Tombstone"})
    assert index_of(village) == village.rows("SELECT * FROM resource") == []
    assert village.rows("SELECT gone_at FROM replica")[0].gone_at is not None


@pytest.mark.parametrize(
    ("direction", "audience", "becomes", "leaves"),
    [
        ("need", None, "council", False),
        ("offer", None, "neighbours", True),
        ("offer", "council", "council", False),
        ("need", "neighbours", "neighbours", True),
        ("need", "public", "public", True),
    ],
)
def test_only_what_is_for_others_leaves_the_council(
    village: Village, direction: str, audience: str | None, becomes: str, leaves: bool
) -> None:
    row = put_up(village, direction=direction, audience=audience)

    assert row.audience == becomes
    assert bool(village.rows("SELECT * FROM replica")) is bool(village.rows("SELECT * FROM body")) is leaves


@pytest.mark.parametrize("audience", ["named", "circle"])
def test_an_audience_that_is_not_offered_is_refused(village: Village, audience: str) -> None:
    with pytest.raises(Refusal) as refused:
        put_up(village, audience=audience)

    assert word_of(refused) == ("audience", "audience")


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [(a, b, rules.AUDIENCES.index(b) <= rules.AUDIENCES.index(a)) for a in rules.AUDIENCES for b in rules.AUDIENCES],
)
def test_an_audience_may_be_narrowed_but_never_widened(
    village: Village, before: str, after: str, allowed: bool
) -> None:
    row = put_up(village, audience=before)

    if allowed:
        assert change(village, row, audience=after).audience == after
    else:
        with pytest.raises(Refusal) as refused:
            change(village, row, audience=after)
        assert word_of(refused) == ("widening", "audience")
        assert village.rows("SELECT audience FROM resource")[0].audience == before


def test_narrowing_to_our_council_takes_it_back_and_gives_it_a_new_address(village: Village) -> None:
    row = put_up(village)

    after = change(village, row, audience="council")

    assert after.object_id is None
    assert after.public_id != row.public_id
    assert [told["type"] for told in village.told(str(row.object_id))] == ["Delete"]
    assert index_of(village) == []


@pytest.mark.parametrize("field", ["title", "words", "near", "unit"])
def test_a_house_number_is_refused_wherever_it_is_written(village: Village, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        put_up(village, **{field: "Mill Lane 12"})

    assert word_of(refused) == ("street-number", field)
    assert village.rows("SELECT * FROM resource") == []


def test_a_house_number_may_stand_in_what_stays_in_our_council(village: Village) -> None:
    row = put_up(village, near="Mill Lane 12", audience="council")

    assert row.near == "Mill Lane 12"


def test_an_illness_beside_a_place_is_refused_and_passes_without_the_place(village: Village) -> None:
    with pytest.raises(Refusal) as refused:
        put_up(village, title="Fridge space for insulin")

    assert word_of(refused) == ("health-and-place", "title")
    assert put_up(village, title="Fridge space for insulin", near=None).cell is None
    assert put_up(village, title="Fridge space for insulin", audience="council").near == "Mill Lane"


@pytest.mark.parametrize(
    "ends_at", [START, START - timedelta(days=1), START + timedelta(days=91), START + timedelta(seconds=0.5)]
)
def test_an_end_is_ahead_and_within_ninety_days(village: Village, ends_at: Any) -> None:
    with pytest.raises(Refusal):
        put_up(village, until=None, ends_at=ends_at)

    assert village.rows("SELECT * FROM resource") == []


def test_tonight_is_tonight_where_the_council_is(village: Village) -> None:
    row = put_up(village, until="tonight")

    assert row.ends_at.isoformat() == "2026-03-02T22:59:00+00:00"


def test_a_place_is_one_of_ours_or_somewhere_in_our_area_or_nowhere(village: Village) -> None:
    known = put_up(village, near="mill  lane")
    unknown = put_up(village, near="Behind the station")
    nowhere = put_up(village, near=None)

    assert known.cell == h3.latlng_to_cell(41.39, 2.17, 7)
    assert (unknown.near, unknown.cell) == ("Behind the station", h3.latlng_to_cell(41.40, 2.20, 7))
    assert (nowhere.near, nowhere.cell) == ("", None)


def test_an_anonymous_visitor_changes_nothing(village: Village) -> None:
    row, stranger = put_up(village), village.acting()
    form = ResourceForm.model_validate(offer(title="Other"))

    steps = (
        lambda c: actions.put_up(c, form, stranger),
        lambda c: actions.change(c, row.public_id, form, stranger),
        lambda c: actions.set_available(c, row.public_id, "1", stranger),
        lambda c: actions.close(c, row.public_id, "met", stranger),
        lambda c: actions.take_down(c, row.public_id, stranger),
    )
    for step in steps:
        with pytest.raises(Refusal) as refused:
            village.do(step)
        assert refused.value.word == "not-signed-in"

    assert [kept.title for kept in village.rows("SELECT title FROM resource")] == [row.title]


@pytest.mark.parametrize(("keeper", "allowed"), [(False, False), (True, True)])
def test_another_neighbour_may_not_change_it_and_a_keeper_may(village: Village, keeper: bool, allowed: bool) -> None:
    row = put_up(village)
    other = village.acting(village.member("Bo", keeper=keeper), keeper=keeper)

    if allowed:
        assert village.do(lambda c: actions.close(c, row.public_id, "met", other)).state == "closed"
    else:
        with pytest.raises(Refusal) as refused:
            village.do(lambda c: actions.close(c, row.public_id, "met", other))
        assert refused.value.word == "not-yours"


def test_what_is_closed_or_over_stays_so(village: Village) -> None:
    closed, over = put_up(village), put_up(village)
    village.do(lambda c: actions.close(c, closed.public_id, "met", village.acting(closed.by_member)))

    with pytest.raises(Refusal) as refused:
        change(village, closed)
    assert refused.value.word == "closed"

    village.clock.advance(86_400)
    with pytest.raises(Refusal) as refused:
        change(village, over)
    assert refused.value.word == "ended-already"


def test_a_need_stays_a_need(village: Village) -> None:
    row = put_up(village, direction="need", audience="public")

    with pytest.raises(Refusal) as refused:
        change(village, row)

    assert refused.value.word == "direction"


def test_an_action_that_is_refused_leaves_nothing_behind(village: Village) -> None:
    before = village.rows("SELECT count(*) FROM body")[0][0]

    with pytest.raises(Refusal):
        put_up(village, title="12 Mill Lane")

    assert village.rows("SELECT count(*) FROM body")[0][0] == before == 0
    assert put_up(village, until=None, ends_at=IN_A_WEEK).object_id.startswith(f"{BASE}/o/")  # type: ignore[union-attr]
