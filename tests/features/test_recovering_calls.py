"""Our own calls for help after a loss: what went out stands on the wall again, and can be changed and ended."""

from datetime import timedelta
from typing import Any

import pytest

from node.features.alerts import actions, after, queries, telling
from node.features.alerts.tables import Alert
from schemas.place import Around
from schemas.records.alert import AlertForm, Ended, Severity, Urgency
from schemas.records.calling import AlertChangeForm
from tests.features.coming_back import bring_back, but, lose, note_of, row_of
from tests.features.village import BASE, Village

UNKNOWN_AGAIN = ("id", "by_member", "seconded_by", "ended_by", "gravest", "gravest_at")
SHAPES: dict[str, dict[str, Any]] = {
    "for nearby councils, at a place of ours": {},
    "public": {"audience": "public"},
    "without a place": {"near": None},
    "at a place that only people know": {"near": "the old mill"},
    "around": {"around": Around.VALLEY},
    "a drill": {"exercise": True},
    "a drill in another language": {"exercise": True, "language": "es", "title": "Agua en los sótanos"},
    "with all its words": {
        "words": "The race is over its banks.\nIt rises.",
        "instruction": "Stay off the bridge.",
        "campaign": "Dry feet",
        "urgency": Urgency.EXPECTED,
    },
}
ENDS = [None, "news", Ended.OVER, Ended.WITHDRAWN, Ended.FALSE]


def call(village: Village, member_id: int | None = None, **given: Any) -> Alert:
    usual = {"title": "Water in the cellars", "event": "Flood", "wanted": "Pumps", "near": "Mill Lane"}
    form = AlertForm.model_validate({**usual, **given})
    acting = village.acting(village.member() if member_id is None else member_id)
    return village.do(lambda c: actions.put_up(c, form, acting))


def grave(village: Village, **given: Any) -> Alert:
    """A grave call of three accounts, that two of them have raised."""
    amina, bo, _ = (village.member(name) for name in ("Amina", "Bo", "Cem"))
    draft = call(village, amina, severity=Severity.SEVERE, **given)
    seen = f"{int(draft.updated_at.timestamp())}"
    village.clock.advance(60)
    return village.do(lambda c: actions.second(c, draft.public_id, village.acting(bo), seen=seen))


def tell_news(village: Village, row: Alert, **given: Any) -> Alert:
    usual = {
        "news": "It rises.",
        "words": row.words,
        "wanted": "Pumps, and sandbags",
        "urgency": row.urgency,
        "severity": row.severity,
        "near": row.near,
        "ends_at": row.ends_at,
    }
    form = AlertChangeForm.model_validate({**usual, **given})
    village.clock.advance(60)
    return village.do(lambda c: actions.change(c, row.public_id, form, village.acting(row.by_member)))


def end(village: Village, row: Alert, how: Ended) -> Alert:
    village.clock.advance(60)
    acting = village.acting(village.member("Dina"))
    return village.do(lambda c: actions.end(c, row.public_id, acting, how=how, note="It is as it is."))


def tell_again(village: Village, object_id: str) -> dict[str, Any]:
    """The note as it is made from our own record, said once more a second later."""
    row = village.see(lambda c: queries.ours_of(c, object_id))
    assert row is not None
    later = row.model_copy(update={"updated_at": row.updated_at + timedelta(seconds=1)})
    village.do(lambda c: telling.tell(c, later, village.acting()))
    return note_of(village, object_id)


def restored(village: Village, before: dict[str, Any]) -> None:
    """The record as an old copy has it."""
    lose(village, "alert_follow_up", "alert")
    columns = ", ".join(f":{name}" for name in before)
    village.do(lambda c: c.exec_driver_sql(f"INSERT INTO alert VALUES ({columns})", before))


@pytest.mark.parametrize("ended", ENDS)
@pytest.mark.parametrize("given", SHAPES.values(), ids=SHAPES.keys())
def test_what_comes_back_is_what_was_published_and_is_told_in_the_same_words(
    village: Village, given: dict[str, Any], ended: Ended | str | None
) -> None:
    row = call(village, **given)
    if ended == "news":
        tell_news(village, row)
    elif isinstance(ended, Ended):
        end(village, row, ended)
    address = str(row.object_id)
    before, said = row_of(village, "alert", address), note_of(village, address)

    lose(village, "alert_follow_up", "alert")
    bring_back(village, address)
    bring_back(village, address)

    restored_row = row_of(village, "alert", address)
    assert but(restored_row, *UNKNOWN_AGAIN) == but(before, *UNKNOWN_AGAIN)
    assert [restored_row[name] for name in ("by_member", "seconded_by", "ended_by")] == [0, None, None]
    assert but(tell_again(village, address), "updated") == but(said, "updated")


def test_that_two_have_raised_it_is_still_told_and_so_is_what_it_comes_from(village: Village) -> None:
    row = grave(village, audience="public")
    said = note_of(village, str(row.object_id))
    lose(village, "alert")

    bring_back(village, str(row.object_id))

    assert said["comarca:alert"]["raisedBy"] == 2
    assert but(tell_again(village, str(row.object_id)), "updated") == but(said, "updated")


@pytest.mark.parametrize(
    ("drill", "how", "due"),
    [
        (False, Ended.OVER, ["debrief", "day", "week", "month"]),
        (False, Ended.FALSE, ["debrief"]),
        (True, Ended.OVER, ["debrief"]),
        (False, Ended.WITHDRAWN, []),
    ],
)
def test_what_is_due_after_one_that_has_ended_begins_anew_and_once(
    village: Village, drill: bool, how: Ended, due: list[str]
) -> None:
    row = end(village, call(village, exercise=drill), how)
    lose(village, "alert_follow_up", "alert")

    bring_back(village, str(row.object_id))
    bring_back(village, str(row.object_id))

    assert sorted(one.step for one in village.see(after.still_to_do)) == sorted(due)


def test_a_draft_in_an_old_copy_is_out_whoever_has_changed_it_there_meanwhile(village: Village) -> None:
    amina, bo, _ = (village.member(name) for name in ("Amina", "Bo", "Cem"))
    draft = call(village, amina, severity=Severity.SEVERE)
    (before,) = village.rows("SELECT * FROM alert")
    seen = f"{int(draft.updated_at.timestamp())}"
    out = village.do(lambda c: actions.second(c, draft.public_id, village.acting(bo), seen=seen))
    restored(village, dict(before._mapping))
    tell_news(village, draft)

    bring_back(village, str(out.object_id))

    now = row_of(village, "alert", str(out.object_id))
    assert (now["state"], now["wanted"], now["by_member"], now["seconded_by"]) == ("out", "Pumps", amina, 0)


def test_what_an_old_copy_knows_beyond_that_stays(village: Village) -> None:
    row = grave(village, because=f"{BASE}/o/aaaabbbbccccddddeeeeffff22")
    address = str(row.object_id)
    before = row_of(village, "alert", address)
    tell_news(village, row, severity=Severity.MODERATE)
    restored(village, before)

    bring_back(village, address)

    now = row_of(village, "alert", address)
    assert "because" not in note_of(village, address)["comarca:alert"]
    assert (now["severity"], now["wanted"]) == ("Moderate", "Pumps, and sandbags")
    same = ("because", "by_member", "seconded_by", "gravest", "gravest_at", "created_at")
    assert [now[name] for name in same] == [before[name] for name in same]


def test_an_end_is_the_last_word_whatever_was_told_here_later(village: Village) -> None:
    row = call(village)
    address = str(row.object_id)
    before = row_of(village, "alert", address)
    end(village, row, Ended.OVER)
    last_word = note_of(village, address)
    restored(village, before)
    village.do(lambda c: c.exec_driver_sql("UPDATE alert SET updated_at = updated_at + 3600000000"))

    bring_back(village, address, note=last_word)

    now = row_of(village, "alert", address)
    assert (now["state"], now["ended"], now["by_member"]) == ("ended", "over", row.by_member)


def test_what_has_ended_here_does_not_begin_again_whatever_was_told_elsewhere_later(village: Village) -> None:
    row = call(village)
    address = str(row.object_id)
    before = row_of(village, "alert", address)
    tell_news(village, row)
    restored(village, {**before, "state": "ended", "ended": "over", "message_type": "Cancel"})

    bring_back(village, address)

    now = row_of(village, "alert", address)
    assert (now["state"], now["wanted"]) == ("ended", "Pumps")


def test_what_was_due_already_when_the_last_word_came_is_due_once(village: Village) -> None:
    row = call(village)
    address = str(row.object_id)
    before = row_of(village, "alert", address)
    end(village, row, Ended.OVER)
    restored(village, before)
    village.do(lambda c: after.begin(c, row, day=row.ends_at.date()))

    bring_back(village, address)

    assert len(village.see(after.still_to_do)) == 4


async def test_it_stands_on_the_wall_and_is_changed_by_whoever_has_the_turn_and_ended_by_anybody(
    village: Village,
) -> None:
    row = call(village)
    lose(village, "alert")
    neighbour, keeper = village.member("Bo"), village.member("Cem", keeper=True)
    path = f"/o/{row.public_id}"
    bring_back(village, str(row.object_id))

    async with village.browser(keeper) as browser, village.browser(neighbour) as other:
        seen = [(await browser.get(page)).text for page in ("/", "/alerts", path)]
        village.clock.advance(60)
        refused = await other.get(f"/alerts/{row.public_id}/news")
        form = await browser.get(f"/alerts/{row.public_id}/news")
        news = {"news": "It rises.", "wanted": "Pumps", "urgency": "Immediate", "severity": "Moderate"}
        until = (row.ends_at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
        changed = await browser.post(f"/alerts/{row.public_id}/news", data={**news, "until": until, "around": "here"})
        village.clock.advance(60)
        ended = await other.post(f"{path}/over", data={"how": "over", "note": ""})
        pages = [(await other.get(page)).status_code for page in (path, "/alerts", "/alerts/after", "/")]

    assert all("Water in the cellars" in page for page in seen)
    assert (refused.status_code, form.status_code, changed.status_code) == (403, 200, 303), changed.text
    assert (ended.status_code, pages) == (303, [200] * 4)
    told = note_of(village, str(row.object_id))["comarca:alert"]
    assert (told["msgType"], told["ended"], len(told["earlier"])) == ("Cancel", "over", 2)


def test_one_that_was_taken_away_everywhere_stays_here_as_withdrawn(village: Village) -> None:
    row = call(village, audience="public")
    lapse = village.council.kinds["alert"].lapse
    assert lapse is not None

    village.do(lambda c: lapse(c, f"{BASE}/o/{row.public_id}", "neighbours", village.clock.now()))
    (narrowed,) = village.rows("SELECT audience, state FROM alert")
    for _ in range(2):
        village.do(lambda c: lapse(c, f"{BASE}/o/{row.public_id}", None, village.clock.now()))
    (gone,) = village.rows("SELECT audience, state, ended, object_id FROM alert")

    assert tuple(narrowed) == ("neighbours", "out")
    assert tuple(gone) == ("council", "ended", "withdrawn", None)
