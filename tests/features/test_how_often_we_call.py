"""How often a council calls, and who may while nobody holds the server turn: what is bounded is calling, never ending."""

from contextlib import AsyncExitStack

import httpx
import pytest

from tests.features.calls_at_home import (
    DAY,
    FORM,
    end,
    neighbours,
    news,
    press,
    put_up,
    said_now,
    second,
    states,
)
from tests.features.village import Village

OFTEN = [
    ("alert", "Moderate", 10, "Ten calls a day are the most"),
    ("alert", "Severe", 3, "Three serious calls a day are the most"),
    ("alert", "Extreme", 1, "One call a day can say that life is in danger"),
    ("drill", "Moderate", 3, "Three drills a day are the most"),
    ("drill", "Extreme", 3, "Three drills a day are the most"),
]


async def once_more(browser: httpx.AsyncClient, way: str, **given: str) -> httpx.Response:
    return await browser.post(f"/put-up/{way}", data={**FORM, **given})


@pytest.mark.parametrize(("way", "severity", "most", "sentence"), OFTEN)
async def test_what_is_called_too_often_is_refused_with_what_was_typed_until_a_day_has_passed(
    village: Village, way: str, severity: str, most: int, sentence: str
) -> None:
    async with village.browser(village.member()) as amina:
        for _ in range(most):
            await put_up(amina, way, severity=severity)
            village.clock.advance(60)

        refused = await once_more(amina, way, severity=severity, title="Smoke on the hill")
        village.clock.advance(DAY - 60 * most - 1)
        early = await once_more(amina, way, severity=severity, until="18:00")
        village.clock.advance(1)
        late = await once_more(amina, way, severity=severity, until="18:00")
        soon = await once_more(amina, way, severity=severity, until="18:00")

    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert 'value="Smoke on the hill"' in refused.text
    assert [answer.status_code for answer in (early, late, soon)] == [422, 303, 422]
    assert len(states(village)) == most + 1


async def test_each_sort_is_counted_for_itself(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        await put_up(amina, severity="Extreme")
        for _ in range(3):
            await put_up(amina, severity="Severe")

        others = [await once_more(amina, "alert", severity=severity) for severity in ("Moderate", "Minor", "Unknown")]
        drill = await once_more(amina, "drill", severity="Extreme")
        full = [await once_more(amina, "alert", severity=severity) for severity in ("Extreme", "Severe")]

    assert [answer.status_code for answer in (*others, drill)] == [303] * 4
    assert [answer.status_code for answer in full] == [422, 422]


async def test_news_and_ends_are_never_counted(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina, severity="Extreme")

        for number in range(12):
            assert (await news(amina, path, news=f"It rises, {number}.")).status_code == 303
        ended = await end(amina, path)

    assert ended.status_code == 303
    assert said_now(village, path)["comarca:alert"]["msgType"] == "Cancel"


async def test_what_has_ended_still_counts_and_what_was_thrown_away_never_did(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        for _ in range(2):
            draft = await put_up(amina, severity="Extreme")
            await press(amina, draft, f"/alerts/{draft[3:]}/throw-away")
        path = await put_up(amina, severity="Extreme")
        await second(bo, path)
        await end(amina, path)

        answer = await once_more(amina, "alert", severity="Extreme")

    assert (answer.status_code, states(village)) == (422, ["ended"])


async def test_of_two_drafts_only_as_many_go_out_as_may(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        first, other = [await put_up(amina, severity="Extreme") for _ in range(2)]
        await second(bo, first)

        answer = await second(bo, other)

    assert (answer.status_code, "One call a day" in answer.text) == (422, True)
    assert states(village) == ["out", "draft"]


async def test_a_call_does_not_become_graver_than_may_be_called(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        await put_up(amina, severity="Extreme")
        path = await put_up(amina)

        answer = await news(amina, path, severity="Extreme", news="It rises.")

    assert (answer.status_code, "One call a day" in answer.text, "It rises." in answer.text) == (422, True, True)
    assert said_now(village, path)["comarca:alert"]["severity"] == "Moderate"


async def test_a_call_that_became_less_grave_still_counts_as_what_it_was(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        first = await put_up(amina, severity="Extreme")
        village.clock.advance(60)
        lowered = await news(amina, first, severity="Minor")
        again = await once_more(amina, "alert", severity="Extreme")

    assert (lowered.status_code, again.status_code) == (303, 422)
    assert "One call a day can say that life is in danger" in again.text


async def test_a_call_that_became_graver_counts_from_then_on(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        first = await put_up(amina, severity="Minor", until="2026-03-03T10:00")
        village.clock.advance(20 * 3600)
        raised = await news(amina, first, severity="Extreme", until="2026-03-03T12:00")
        village.clock.advance(6 * 3600)
        again = await once_more(amina, "alert", severity="Extreme", until="18:00")

    assert (raised.status_code, again.status_code) == (303, 422)


async def test_a_caretaker_calls_agrees_and_ends_but_tells_no_news_of_what_others_raised(village: Village) -> None:
    kim = village.member("Kim", keeper=True)
    village.clock.advance(14 * 7 * DAY)
    async with AsyncExitStack() as doors:
        amina, _ = await neighbours(village, doors, "Amina", "Bo")
        caretaker = await doors.enter_async_context(village.browser(kim))
        path = await put_up(amina, until="18:00")
        draft = await put_up(amina, severity="Severe", until="18:00")

        own = await once_more(caretaker, "alert", until="18:00")
        told = [
            await caretaker.get(f"/alerts/{path[3:]}/news"),
            await caretaker.post(f"/alerts/{path[3:]}/news", data={**FORM, "until": "18:00", "wanted": "Boats"}),
        ]
        away = await caretaker.post(f"/alerts/{draft[3:]}/throw-away")
        agreed = await second(caretaker, draft)
        ended = await end(caretaker, path)

    assert (own.status_code, agreed.status_code, ended.status_code) == (303, 303, 303)
    assert [answer.status_code for answer in (*told, away)] == [403, 403, 403]
    assert "The server turn has ended." in away.text
    assert states(village) == ["ended", "out", "out"]
    assert said_now(village, path)["comarca:alert"]["wanted"] == "Pumps"
