"""Our own needs and offers after a loss: what was published stands on the board again, and can be changed and closed."""

from datetime import timedelta
from typing import Any

import pytest

from node.feature import ANYBODY
from node.features.resources import actions, queries, telling
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from tests.features.coming_back import bring_back, but, lose, note_of, row_of
from tests.features.village import IN_A_WEEK, Village, offer

UNKNOWN_AGAIN = ("id", "by_member", "outcome", "because", "code")
SHAPES: dict[str, dict[str, Any]] = {
    "public, at a place of ours": {},
    "for nearby councils": {"audience": "neighbours"},
    "without a place": {"near": ""},
    "at a place that only people know": {"near": "the old mill"},
    "not counted": {"quantity": None, "unit": None},
    "counted without a unit": {"unit": None},
    "counted in that very word": {"unit": "one"},
    "a need": {"direction": "need", "category": "care", "words": "Two hours.\nOn Sunday."},
    "in another language": {"language": "es", "title": "Cuarenta raciones"},
    "without words": {"words": ""},
}


def put_up(village: Village, **given: Any) -> Resource:
    form, acting = ResourceForm.model_validate(offer(**given)), village.acting(village.member())
    return village.do(lambda c: actions.put_up(c, form, acting))


def say_left(village: Village, row: Resource, left: str) -> None:
    acting = village.acting(row.by_member)
    village.do(lambda c: actions.set_available(c, row.public_id, left, acting))


def tell_again(village: Village, object_id: str) -> dict[str, Any]:
    """The note as it is made from our own record, said once more a second later."""
    row = village.see(lambda c: queries.ours_at(c, object_id))
    assert row is not None
    later = row.model_copy(update={"updated_at": row.updated_at + timedelta(seconds=1)})
    village.do(lambda c: telling.tell(c, later, village.acting()))
    return note_of(village, object_id)


@pytest.mark.parametrize("left", ["", "12", "0", "closed"])
@pytest.mark.parametrize("given", SHAPES.values(), ids=SHAPES.keys())
def test_what_comes_back_is_what_was_published_and_is_told_in_the_same_words(
    village: Village, given: dict[str, Any], left: str
) -> None:
    row = put_up(village, **given)
    village.clock.advance(60)
    if left == "closed":
        village.do(lambda c: actions.close(c, row.public_id, "met", village.acting(row.by_member)))
    elif left and row.quantity:
        say_left(village, row, left)
    address = str(row.object_id)
    before, said = row_of(village, "resource", address), note_of(village, address)

    lose(village, "resource")
    bring_back(village, address)

    after = row_of(village, "resource", address)
    assert but(after, *UNKNOWN_AGAIN) == but(before, *UNKNOWN_AGAIN)
    assert (after["by_member"], after["outcome"], after["because"]) == (0, None, "")
    assert but(tell_again(village, address), "updated") == but(said, "updated")


def test_twice_and_in_any_order_the_newest_word_stands(village: Village) -> None:
    row = put_up(village)
    address = str(row.object_id)
    notes = [note_of(village, address)]
    for left in ("30", "7"):
        village.clock.advance(60)
        say_left(village, row, left)
        notes.append(note_of(village, address))
    lose(village, "resource")

    for which in (1, 2, 0, 1, 2):
        bring_back(village, address, note=notes[which])

    after = row_of(village, "resource", address)
    assert (after["available"], after["state"]) == ("7", "partly-promised")


def test_an_older_record_is_brought_up_to_date_and_keeps_what_was_never_published(village: Village) -> None:
    row = put_up(village, because="https://riverside.example/o/aaaabbbbccccddddeeeeffff22")
    address = str(row.object_id)
    before = village.rows("SELECT * FROM resource")[0]._mapping
    village.clock.advance(60)
    say_left(village, row, "12")
    lose(village, "resource")
    columns = ", ".join(f":{name}" for name in before)
    village.do(lambda c: c.exec_driver_sql(f"INSERT INTO resource VALUES ({columns})", dict(before)))

    bring_back(village, address)

    after = row_of(village, "resource", address)
    assert (after["available"], after["by_member"]) == ("12", row.by_member)
    assert after["because"] == before["because"]


def test_a_record_that_was_changed_since_is_left_alone(village: Village) -> None:
    row = put_up(village)
    address, first = str(row.object_id), note_of(village, str(row.object_id))
    village.clock.advance(60)
    say_left(village, row, "12")

    bring_back(village, address, note=first)

    assert row_of(village, "resource", address)["available"] == "12"


async def test_it_stands_on_the_wall_and_whoever_has_the_turn_changes_and_closes_it(village: Village) -> None:
    row = put_up(village, until=None, ends_at=IN_A_WEEK.isoformat())
    lose(village, "resource")
    neighbour, keeper = village.member("Bo"), village.member("Cem", keeper=True)
    path = f"/o/{row.public_id}"
    bring_back(village, str(row.object_id))

    async with village.browser(keeper) as browser, village.browser(neighbour) as other:
        seen = [(await browser.get(page)).text for page in ("/", "/board", path)]
        refused = await other.get(f"{path}/change")
        form = await browser.get(f"{path}/change")
        changed = await browser.post(
            f"{path}/change", data=offer(title="30 portions of dal", until="2026-03-08T18:00", available="30")
        )
        renamed = (await browser.get("/board")).text
        closed = await browser.post(f"{path}/close", data={"outcome": "met"})
        board = (await browser.get("/board")).text

    assert all("40 portions of dal" in page for page in seen)
    assert (refused.status_code, form.status_code, changed.status_code, closed.status_code) == (403, 200, 303, 303)
    assert "30 portions of dal" in renamed and "30 portions of dal" not in board
    told = note_of(village, str(row.object_id))
    assert (told["name"], told["comarca:state"]) == ("30 portions of dal", "closed")


def test_nobody_is_its_author(village: Village) -> None:
    row = put_up(village)
    lose(village, "resource")
    bring_back(village, str(row.object_id))
    keeper = village.acting(village.member("Bo"), keeper=True)

    with pytest.raises(Refusal) as refused:
        village.do(lambda c: actions.close(c, row.public_id, "met", village.acting(row.by_member)))
    village.do(lambda c: actions.take_down(c, row.public_id, keeper))

    assert refused.value.word == "not-yours"
    assert village.rows("SELECT * FROM resource") == []


def test_what_was_taken_down_elsewhere_goes_here_and_what_was_narrowed_is_shown_to_nobody_else(
    village: Village,
) -> None:
    gone, narrowed = put_up(village, title="Ten chairs"), put_up(village, title="A lamp")
    lapse = village.council.kinds["resource"].lapse
    assert lapse is not None

    for _ in range(2):
        village.do(lambda c: lapse(c, str(gone.object_id), None, village.clock.now()))
        village.do(lambda c: lapse(c, str(narrowed.object_id), "neighbours", village.clock.now()))

    ours = village.acting(village.member("Bo")).viewer
    now = village.clock.now()
    assert [row.title for row in village.see(lambda c: queries.board(c, ours, now=now))] == ["A lamp"]
    assert village.see(lambda c: queries.board(c, ANYBODY, now=now)) == []
