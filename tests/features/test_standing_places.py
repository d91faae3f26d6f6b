"""A fridge, a free store, a kitchen: put up without an end, found as it stands, and looked after week by week."""

from datetime import timedelta
from typing import Any

import pytest

from node.accounts import rota, turns
from node.features.resources import actions, lasting, queries
from node.features.resources.places import standing
from node.features.resources.tables import Resource
from node.features.resources.tidying import tidy
from schemas.records.resource import STANDS_FOR, ResourceForm
from tests.features.coming_back import bring_back, lose, note_of
from tests.features.promising import now, refused
from tests.features.village import START, Village

FRIDGE: dict[str, Any] = {
    "direction": "offer",
    "title": "The yellow fridge",
    "words": "In the yard.",
    "category": "food",
    "audience": "public",
    "standing": True,
    "hours": "Day and night",
    "access": "No step",
}
TYPED = {**FRIDGE, "standing": "yes", "kind": "food"}


def fridge(village: Village, member: int, **given: Any) -> Resource:
    form = ResourceForm.model_validate({**FRIDGE, **given})
    return village.do(lambda c: actions.put_up(c, form, village.acting(member)))


async def test_it_is_put_up_from_a_recipe_without_an_end_and_found_among_the_places(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        form = (await browser.get("/put-up/offer?start=fridge")).text
        answer = await browser.post("/put-up/offer", data=TYPED)
        address = answer.headers["location"]
        await browser.post("/put-up/offer", data={"title": "A lamp", "until": "2026-03-08T18:00", "audience": "public"})
        board, places = [(await stranger.get(path)).text for path in ("/board", "/board?standing=yes")]
        data = [(await stranger.get(path)).text for path in ("/board.csv?standing=1", "/board.json?standing=true")]
        page, change = (await stranger.get(address)).text, (await browser.get(f"{address}/change")).text

    assert answer.status_code == 303
    assert 'name="hours"' in form and 'name="quantity"' not in form and 'value="public" checked' in form
    assert 'href="/board?standing=yes"' in board and "A lamp" in board
    assert all("yellow fridge" in text and "A lamp" not in text for text in (places, *data))
    assert "Day and night" in page and "No step" in page
    assert 'value="Day and night"' in change
    [row] = village.rows("SELECT ends_at FROM resource WHERE standing")
    assert row.ends_at == int((START + STANDS_FOR).timestamp()) * 1_000_000


def test_others_are_told_its_hours_in_the_words_and_it_comes_back_as_a_place(village: Village) -> None:
    row = fridge(village, village.member(), language="es")
    told = note_of(village, str(row.object_id))
    lose(village, "resource")
    bring_back(village, str(row.object_id))
    back = village.see(lambda c: queries.ours_at(c, str(row.object_id)))

    assert told["comarca:standing"] is True
    assert told["source"]["content"] == "In the yard.\nAbierto: Day and night\nCómo entrar: No step"
    assert back is not None and back.standing and back.words == told["source"]["content"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"direction": "need"}, ("standing", "standing")),
        ({"access": "Ring at 5 Mill Street"}, ("street-number", "access")),
        ({"hours": "Flat 3b, after eight"}, ("street-number", "hours")),
    ],
)
def test_what_cannot_stand_is_refused(village: Village, given: dict[str, Any], word: tuple[str, str]) -> None:
    member = village.member()

    form = ResourceForm.model_validate({**FRIDGE, **given})

    assert refused(village, lambda c: actions.put_up(c, form, village.acting(member))) == word
    assert fridge(village, member, audience="council", **{**given, "direction": "offer"}).standing


async def test_any_neighbour_says_how_it_stands_and_a_passer_by_reads_it_until_nobody_knows(village: Village) -> None:
    row = fridge(village, village.member())
    path, told = f"/o/{row.public_id}", len(village.rows("SELECT * FROM body"))
    async with village.browser(village.member("Bo")) as browser, village.browser() as stranger:
        before = (await stranger.get(path)).text
        said = await browser.post(f"{path}/stands", data={"stands": "some"})
        wrong = await browser.post(f"{path}/stands", data={"stands": "half"})
        turned_away = await stranger.post(f"{path}/stands", data={"stands": "full"})
        seen = (await stranger.get(path)).text
        # Saying the place anew does not forget it.
        changed = await browser.post(f"{path}/change", data=TYPED)
        village.clock.advance(8 * 86_400)
        late = (await stranger.get(path)).text

    assert (said.status_code, wrong.status_code, turned_away.status_code, changed.status_code) == (303, 422, 401, 403)
    assert "Nobody has said so this week" in before
    assert "There is some, seen today." in seen
    assert "Nobody has said so this week" in late
    assert len(village.rows("SELECT * FROM body")) == told


def test_what_was_found_stays_when_the_place_is_said_anew(village: Village) -> None:
    row = fridge(village, village.member())
    acting = village.acting(row.by_member)
    village.do(lambda c: standing.say_how(c, row.public_id, "empty", acting))
    form = ResourceForm.model_validate({**FRIDGE, "hours": "Mornings", "notes": {"stands": "full"}})

    changed = village.do(lambda c: actions.change(c, row.public_id, form, acting))

    assert standing.how_it_stands(changed, now=START) == ("empty", START)
    assert changed.hours == "Mornings"
    assert note_of(village, str(row.object_id))["source"]["content"].startswith("In the yard.\nOpen: Mornings")


def test_whoever_looks_after_it_says_that_it_goes_on_and_nobody_else_does(village: Village) -> None:
    row, bo, cem = fridge(village, village.member()), village.member("Bo"), village.member("Cem")
    village.clock.advance(84 * 86_400)
    week = rota.week_of(village.clock.now())
    village.do(lambda c: rota.take(c, village.acting(bo), row.public_id, since=week))

    asked = {
        who: village.see(
            lambda c, who=who: standing.asks_to_go_on(c, row, village.acting(who).viewer, now=village.clock.now())
        )
        for who in (row.by_member, bo, cem)
    }
    word = refused(village, lambda c: standing.go_on(c, row.public_id, village.acting(cem)))
    after = village.do(lambda c: standing.go_on(c, row.public_id, village.acting(bo)))

    assert asked == {row.by_member: True, bo: True, cem: False}
    assert word[0] == "not-yours"
    assert after.ends_at == village.clock.now() + STANDS_FOR
    assert note_of(village, str(row.object_id))["endTime"].startswith(f"{after.ends_at:%Y-%m-%d}")
    assert not village.see(
        lambda c: standing.asks_to_go_on(c, after, village.acting(bo).viewer, now=village.clock.now())
    )


async def test_nothing_is_promised_at_a_place_and_whoever_put_it_up_is_asked_whether_it_is_there(
    village: Village,
) -> None:
    member = village.member()
    row = fridge(village, member, quantity="40", unit="portions")
    village.clock.advance(84 * 86_400)
    village.do(lambda c: lasting.due(c, village.acting(member)))
    async with village.browser(village.member("Bo")) as other, village.browser(member) as browser:
        page, asked = (await other.get(f"/o/{row.public_id}")).text, (await browser.get("/mine")).text
        await browser.post(f"/o/{row.public_id}/still-needed", data={"still": "yes"})
        promised = await other.post(f"/o/{row.public_id}/promise", data={"amount": "1"})

    assert promised.status_code == 422 and "Nothing is promised there" in promised.text
    assert village.rows("SELECT 1 FROM promise") == []
    assert "I would like this" not in page and "Who looks after it" in page
    assert "It is still there" in asked and "two more weeks" not in asked
    assert now(village, row).ends_at == village.clock.now() + STANDS_FOR


# ---- the rota ----


async def test_neighbours_take_weeks_swap_them_and_a_passer_by_reads_no_name(village: Village) -> None:
    bo, cem = village.member("Bo Quince"), village.member("Cem Quince")
    row = fridge(village, village.member())
    path = f"/o/{row.public_id}"
    first = rota.week_of(START)
    async with village.browser(bo) as one, village.browser(cem) as other, village.browser() as stranger:
        for browser, since in ((one, first), (other, first + rota.WEEK)):
            await browser.post(f"{path}/rota/take", data={"week": f"{since:%Y-%m-%dT%H:%M:%SZ}"})
        twice = await other.post(f"{path}/rota/take", data={"week": f"{first:%Y-%m-%dT%H:%M:%SZ}"})
        never = [
            await one.post(f"{path}/rota/take", data={"week": week}) for week in ("2020-01-06T12:00:00Z", "soon", "")
        ]
        turns = {week.name: week.turn for week in village.see(lambda c: rota.weeks(c, row.public_id, now=START))}
        asked = await one.post(f"{path}/rota/swap", data={"turn": turns["Bo Quince"], "other": turns["Cem Quince"]})
        sees, public = (await other.get(path)).text, (await stranger.get(path)).text
        agreed = await other.post(f"{path}/rota/answer", data={"turn": turns["Bo Quince"], "agreed": "yes"})
        again = await other.post(f"{path}/rota/answer", data={"turn": turns["Bo Quince"], "agreed": "yes"})
        closed = await stranger.post(f"{path}/rota/take", data={"week": f"{first:%Y-%m-%dT%H:%M:%SZ}"})

    assert [one.status_code for one in (twice, *never, again)] == [422] * 5
    assert (asked.status_code, agreed.status_code, closed.status_code) == (303, 303, 401)
    assert "would swap the week from" in sees and "Bo Quince" in sees
    assert "Neighbours look after it" in public and "Quince" not in public
    held = [week.holder for week in village.see(lambda c: rota.weeks(c, row.public_id, now=START))]
    assert held[:3] == [cem, bo, None]
    assert "Quince" not in str(village.rows("SELECT document FROM body"))


def test_a_week_given_back_and_a_swap_declined_leave_nothing(village: Village) -> None:
    bo, cem = village.member("Bo"), village.member("Cem")
    row = fridge(village, village.member())
    about, first = row.public_id, rota.week_of(START)
    village.do(lambda c: rota.take(c, village.acting(bo), about, since=first))
    village.do(lambda c: rota.take(c, village.acting(cem), about, since=first + rota.WEEK))
    mine, theirs, *_ = (week.turn or 0 for week in village.see(lambda c: rota.weeks(c, about, now=START)))
    before = village.rows("SELECT * FROM turn")
    village.do(lambda c: rota.ask_to_swap(c, village.acting(bo), about, turn=mine, other=theirs))
    village.do(lambda c: rota.answer_swap(c, village.acting(cem), about, turn=mine, agreed=False))

    assert village.rows("SELECT * FROM turn") == before
    assert refused(village, lambda c: rota.give_back(c, village.acting(cem), about, turn=mine)) == ("not-yours", None)
    assert (
        refused(village, lambda c: rota.ask_to_swap(c, village.acting(bo), about, turn=mine, other=mine))[0] == "swap"
    )
    village.do(lambda c: rota.give_back(c, village.acting(bo), about, turn=mine))
    assert [week.holder for week in village.see(lambda c: rota.weeks(c, about, now=START))][:2] == [None, cem]


def test_a_swap_is_asked_for_one_week_and_never_for_another_that_comes_later(village: Village) -> None:
    bo, cem, dan = village.member("Bo"), village.member("Cem"), village.member("Dan")
    about, first = fridge(village, village.member()).public_id, rota.week_of(START)
    village.do(lambda c: rota.take(c, village.acting(bo), about, since=first))
    village.do(lambda c: rota.take(c, village.acting(cem), about, since=first + rota.WEEK))
    mine, theirs, *_ = (week.turn or 0 for week in village.see(lambda c: rota.weeks(c, about, now=START)))
    village.do(lambda c: rota.ask_to_swap(c, village.acting(bo), about, turn=mine, other=theirs))
    village.do(lambda c: rota.give_back(c, village.acting(cem), about, turn=theirs))
    village.do(lambda c: rota.take(c, village.acting(dan), about, since=first + 4 * rota.WEEK))

    weeks = village.see(lambda c: rota.weeks(c, about, now=START))
    assert weeks[4].turn == theirs, "the number is given anew"
    assert weeks[0].swap_for is None


def test_the_weeks_follow_the_place_and_end_with_it_and_in_time(village: Village) -> None:
    bo, row = village.member("Bo"), fridge(village, village.member())
    village.do(lambda c: rota.take(c, village.acting(bo), row.public_id, since=rota.week_of(START)))
    narrower = ResourceForm.model_validate({**FRIDGE, "audience": "council"})
    acting = village.acting(row.by_member)

    moved = village.do(lambda c: actions.change(c, row.public_id, narrower, acting))
    held = village.see(lambda c: rota.looks_after(c, moved.public_id, bo, now=START))
    village.clock.advance(timedelta(days=40).total_seconds())
    village.do(lambda c: tidy(c, village.clock.now()))
    gone = village.rows("SELECT * FROM turn WHERE role = 'place'")
    village.do(lambda c: rota.take(c, village.acting(bo), moved.public_id, since=rota.week_of(village.clock.now())))
    village.do(lambda c: actions.take_down(c, moved.public_id, village.acting(row.by_member)))

    assert moved.public_id != row.public_id and held
    assert gone == [] == village.rows("SELECT * FROM turn WHERE role = 'place'")


def test_looking_after_a_place_gives_no_right(village: Village) -> None:
    bo, row = village.member("Bo"), fridge(village, village.member(keeper=True))
    village.do(lambda c: rota.take(c, village.acting(bo), row.public_id, since=rota.week_of(START)))

    viewer = village.see(lambda c: turns.viewer_for(c, member_id=bo, name="", now=START))

    assert (viewer.keeper, viewer.caretaker, viewer.on_call) == (False, False, False)
    assert refused(village, lambda c: actions.take_down(c, row.public_id, village.acting(bo)))[0] == "not-yours"


@pytest.mark.parametrize("hours", range(0, 24 * 8, 7))
def test_a_week_holds_the_moment_and_begins_on_a_monday(hours: int) -> None:
    at = START + timedelta(hours=hours)
    since = rota.week_of(at)

    assert since <= at < since + rota.WEEK
    assert since.weekday() == 0 and since.hour == 12
