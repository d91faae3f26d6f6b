"""What needs me, how much is enough for me, and a break: the pages that neighbours have for themselves."""

import re
from typing import Any

import pytest

from node.features.resources import own_limits
from node.features.resources.promises import acts
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from tests.features.promising import SOON, does, now, on_paper, promises, put_up
from tests.features.village import Village
from tests.web.reading import BANNED, Page


@pytest.fixture
def amina(village: Village) -> int:
    return village.member("Amina")


@pytest.fixture
def bo(village: Village, amina: int) -> int:
    return village.member("Bo")


@pytest.fixture
def blankets(village: Village, amina: int) -> Resource:
    return put_up(village, amina, direction="need", title="Blankets", quantity="30", unit="pieces", **SOON)


async def page(village: Village, member: int | None, path: str) -> Page:
    async with village.browser(member) as browser:
        answer = await browser.get(path)
    read = Page.read(answer.text)
    assert (answer.status_code, read.weak_points(), BANNED.findall(read.text)) == (200, [], [])
    return read


async def sends(village: Village, member: int | None, path: str, **typed: Any) -> tuple[int, str, str]:
    async with village.browser(member) as browser:
        answer = await browser.post(path, data=typed)
    return answer.status_code, answer.headers.get("location", ""), Page.read(answer.text).text if answer.text else ""


def paths_in(read: Page) -> list[str]:
    return [given["action"] for tag, given in read.all("form") if given["action"].startswith("/promises/")]


def promise_of(village: Village) -> Promise:
    (row,) = village.rows("SELECT * FROM promise ORDER BY id DESC LIMIT 1")
    return Promise(**row._mapping)


async def test_the_whole_life_goes_by_buttons_from_what_needs_me(
    village: Village, amina: int, bo: int, blankets: Resource
) -> None:
    note = f"/o/{blankets.public_id}"
    empty = await page(village, amina, "/mine")
    sent = await sends(village, bo, f"{note}/promise", amount="12", promise_words="On Friday")
    asked = await page(village, amina, "/mine")
    one = f"/promises/{promise_of(village).public_id}"
    agreed = await sends(village, amina, f"{one}/agree", back="mine")
    done = await sends(village, bo, f"{one}/done")
    told = await page(village, amina, note)
    helped = await sends(village, amina, f"{one}/outcome", outcome="partly", back="mine")

    assert "Nothing needs you. Rest." in empty.text
    assert sent[:2] == (303, f"{note}#promises") and agreed[:2] == (303, "/mine") == helped[:2]
    assert "Bo, 12 pieces: waits for an answer." in asked.text and paths_in(asked)[0] == f"{one}/agree"
    assert done[:2] == (303, f"{note}#promises")
    assert "done, as the other side says; it counts as done after three days" in told.text and "On Friday" in told.text
    assert (promise_of(village).state, promise_of(village).outcome) == ("done", "partly")
    assert "Nothing needs you. Rest." in (await page(village, bo, "/mine")).text


async def test_names_are_for_the_two_sides_and_amounts_for_those_who_sign_in(
    village: Village, amina: int, bo: int
) -> None:
    public = put_up(
        village, amina, direction="need", title="Chairs", quantity="9", unit="pieces", audience="public", near=None
    )
    one = promises(village, bo, public, "4", words="Mine are blue")
    does(village, acts.agree, amina, one.public_id)
    noor, note = village.member("Noor"), f"/o/{public.public_id}"

    concerned = [(await page(village, who, note)).text for who in (amina, bo)]
    others = [(await page(village, who, note)).text for who in (noor, None)]

    assert "Bo" in concerned[0] and "You · 4 pieces · agreed on" in concerned[1]
    assert all("Mine are blue" in text for text in concerned)
    assert all("5 of 9 pieces left" in text and not re.search(r"\bBo\b|blue|agreed", text) for text in others)
    assert "I can do this" in others[0] and "I can do this" not in others[1]


async def test_a_promise_that_lacks_something_is_asked_for_again_with_what_was_typed(
    village: Village, bo: int, blankets: Resource
) -> None:
    bags = put_up(village, bo, title="Bags", quantity="5", unit="bags", **SOON)
    does(village, acts.agree, blankets.by_member, promises(village, bo, blankets, "5").public_id)
    typed = {"amount": "30", "promise_words": "On Friday", "counterpart": bags.public_id, "promise_at": "tomorrow"}
    path = f"/o/{blankets.public_id}/promise"

    when = await sends(village, bo, path, **typed)
    never = await sends(village, bo, path, **typed | {"promise_at": "0001-01-01T00:00"})
    unit = await sends(village, bo, path, **typed | {"promise_at": "2026-11-20T18:00", "amount": "9"})
    more = await sends(village, bo, path, amount="30")
    waits = await sends(village, bo, path, amount="30", waits="yes")

    assert when[0] == never[0] == unit[0] == more[0] == 422 and "Choose a time that is still to come" in never[2]
    assert "Write a date and a time, or leave it empty." in when[2] and "Yours is counted otherwise (bags)" in unit[2]
    assert "25 pieces are left." in more[2] and "put me on the waiting list" in more[2]
    assert waits[0] == 303 and promise_of(village).state == "waiting"


async def test_what_i_promised_comes_first_and_five_things_at_most(
    village: Village, amina: int, bo: int, blankets: Resource
) -> None:
    need = put_up(village, bo, direction="need", title="Milk", quantity="50", unit="litres", **SOON)
    for amount in "123456":
        promises(village, amina, need, amount)
    does(village, acts.agree, amina, promises(village, bo, blankets, "1").public_id)

    read = await page(village, bo, "/mine")

    first, _, rest = read.text.partition("2 things more")
    assert first.index("You promised 1 pieces: agreed on.") < first.index("Amina, 1 litres")
    assert (first.count("waits for an answer"), rest.count("waits for an answer")) == (4, 2)


async def test_what_was_put_off_and_is_promised_later_is_on_the_list(
    village: Village, bo: int, blankets: Resource
) -> None:
    promises(village, bo, blankets, "2")

    async with village.browser(bo) as browser:
        await browser.post("/mine/not-now", data={"note": blankets.public_id})
        answer = await browser.get("/mine")

    assert blankets.public_id in browser.cookies["not_now"]
    assert "You promised 2 pieces" in answer.text


async def test_whoever_is_on_call_answers_for_a_need_on_paper_and_nobody_else(village: Village, bo: int) -> None:
    shopping = on_paper(village)
    keeper = village.member("Kit", keeper=True)
    one = promises(village, bo, shopping, None)
    asked = f"/promises/{one.public_id}/agree"

    assert paths_in(await page(village, village.member("Noor"), "/mine")) == []
    assert paths_in(await page(village, keeper, "/mine"))[0] == asked
    assert (await sends(village, keeper, asked))[0] == 303


async def test_still_needed_is_answered_in_one_press(village: Village, amina: int, blankets: Resource) -> None:
    village.do(lambda c: c.exec_driver_sql("UPDATE resource SET asked_at = 1 WHERE id = ?", (blankets.id,)))
    asked = await page(village, amina, "/mine")
    path = f"/o/{blankets.public_id}/still-needed"
    before = now(village, blankets).ends_at

    renewed = await sends(village, amina, path, still="yes")
    after = now(village, blankets).ends_at
    wrong = await sends(village, amina, path, still="gone")
    ended = await sends(village, amina, path, still="no-longer-wanted")

    assert "Still needed?" in asked.text and (renewed[0], wrong[0], ended[0]) == (303, 422, 303)
    assert after > before and now(village, blankets).outcome == "no-longer-wanted"


async def test_limits_are_kept_shown_to_oneself_and_a_hint_beside_the_form(
    village: Village, amina: int, bo: int, blankets: Resource
) -> None:
    said = {
        "per_week": "1",
        "kinds-goods": "yes",
        "hours-weekday-evening": "yes",
        "care": "No nuts",
        "languages": "ar, es",
    }
    kept = await sends(village, bo, "/account/limits", **said)
    one = promises(village, bo, blankets, "1")
    mine, note = await page(village, bo, "/mine"), await page(village, bo, f"/o/{blankets.public_id}")
    does(village, acts.agree, amina, one.public_id)
    hers = await page(village, amina, f"/o/{blankets.public_id}")

    assert kept[:2] == (303, "/mine#limits")
    assert "This week: 1 of the 1 that are enough for you" in mine.text
    assert "Your week is full: 1 was what you wanted at most. You may go beyond it" in note.text
    assert "Good to know: No nuts · ar, es" in hers.text and "Your week" not in hers.text
    ticked = {given["name"] for tag, given in mine.all("input") if "checked" in given}
    assert ticked == {"kinds-goods", "hours-weekday-evening"}
    assert promises(village, bo, blankets, "2").state == "proposed"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"per_week": "51"}, "Write a whole number up to 50"),
        ({"per_week": "two"}, "Write a whole number up to 50"),
        ({"distance_km": "501"}, "Write a whole number up to 500"),
        ({"kinds-gold": "yes"}, "Choose a kind from the list."),
        ({"hours-noon": "yes"}, "Choose hours from the list."),
        ({"care": "x" * 501}, "Please shorten the words a little."),
    ],
)
async def test_limits_that_are_none_are_said(village: Village, bo: int, typed: dict[str, str], sentence: str) -> None:
    right = {
        "per_week": "50",
        "distance_km": "500",
        "kinds-food": "yes",
        "hours-weekend-night": "yes",
        "care": "x" * 500,
    }

    status, _, text = await sends(village, bo, "/account/limits", **typed)

    assert (status, sentence in text) == (422, True)
    assert (await sends(village, bo, "/account/limits", **right))[0] == 303


async def test_a_break_needs_no_reason_and_gives_back_what_one_likes(
    village: Village, amina: int, bo: int, blankets: Resource
) -> None:
    does(village, acts.agree, amina, promises(village, bo, blankets, "3").public_id)
    village.do(lambda c: c.exec_driver_sql("UPDATE resource SET holder = ? WHERE id = ?", (bo, blankets.id)))
    past = await sends(village, bo, "/account/break", back_on="2026-01-31")
    until = await sends(village, bo, "/account/break", back_on="2026-03-24")
    shown = await page(village, bo, "/mine")
    kept = now(village, blankets).available
    back = await sends(village, bo, "/account/break/end")
    open_end = await sends(village, bo, "/account/break", all_back="yes")
    told = await page(village, amina, "/mine")

    said = village.see(lambda c: own_limits.said_by(c, bo, village.clock.now()))
    assert past[0] == 422 and "Choose a day that is still to come" in past[2]
    assert (until[0], back[0], open_end[0]) == (303, 303, 303)
    assert "You are taking a break until 24 March." in shown.text
    assert (kept, now(village, blankets).available, now(village, blankets).holder) == ("27", "30", 0)
    assert "3 pieces came back. That is open again." in told.text and "Bo" not in told.text
    assert (said.limits.paused, said.until) == (True, None)
