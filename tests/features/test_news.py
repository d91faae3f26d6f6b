"""Telling the news of a call that is out: by those who raised it, in its own time, and told only where something is new."""

from contextlib import AsyncExitStack
from datetime import timedelta

from node.features.alerts.actions import put_up as call
from schemas.base import write_time
from schemas.records.alert import AlertForm
from tests.features.calls_at_home import (
    DAY,
    as_it_stands,
    end,
    main_words,
    neighbours,
    news,
    payloads,
    put_up,
    said_now,
    second,
    somebody_listens,
    waiting,
)
from tests.features.village import START, Village


async def test_news_takes_the_place_of_the_call_and_says_when_it_was_called_first(village: Village) -> None:
    somebody_listens(village)
    async with village.browser(village.member()) as amina:
        path = await put_up(amina, near="Mill Lane")
        village.clock.advance(600)

        answer = await news(amina, path, news="It rises.", wanted="Pumps and boats", until="2026-03-02T20:00")
        words = await main_words(amina, path)

    note = said_now(village, path)
    assert (answer.status_code, answer.headers["location"], waiting(village)) == (303, path, 1)
    assert (note["published"], note["updated"]) == (write_time(START), "2026-03-02T09:10:00Z")
    assert (note["endTime"], note["location"]["name"]) == ("2026-03-02T19:00:00Z", "Mill Lane")
    assert (
        note["comarca:alert"] | {"msgType": "Update", "note": "It rises.", "wanted": "Pumps and boats"}
        == (note["comarca:alert"])
    )
    assert note["comarca:alert"]["earlier"] == [write_time(START)]
    assert ("It rises." in words, "Pumps and boats" in words, "until 20:00" in words) == (True, True, True)


async def test_each_news_is_newer_than_the_one_before_even_within_a_second(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina)
        updated = []
        for number in range(3):
            await news(amina, path, news=f"News {number}.")
            updated.append(said_now(village, path)["updated"])

    assert updated == sorted(set(updated))
    assert len(said_now(village, path)["comarca:alert"]["earlier"]) == 3


async def test_where_nothing_is_new_nothing_is_told(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        for given in ({}, {"near": "Mill Lane", "around": "around"}, {"around": "valley"}):
            path = await put_up(amina, **given)
            before = said_now(village, path)

            answer = await news(amina, path)

            assert answer.status_code == 303
            assert said_now(village, path) == before


async def test_the_area_stays_the_same_where_only_words_are_new(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina, around="around")
        before = said_now(village, path)["comarca:alert"]["cells"]

        await news(amina, path, news="It rises.")

    assert before
    assert said_now(village, path)["comarca:alert"]["cells"] == before


async def test_an_end_that_was_not_touched_is_the_same_end_to_the_second(village: Village) -> None:
    member = village.member()
    village.clock.advance(37)
    form = AlertForm.model_validate({"title": "Water", "event": "Flood"})
    row = village.do(lambda c: call(c, form, village.acting(member)))
    path = f"/o/{row.public_id}"
    village.clock.advance(60)

    async with village.browser(member) as amina:
        answer = await news(amina, path, news="It rises.")

    assert answer.status_code == 303
    note = said_now(village, path)
    assert (note["comarca:alert"]["note"], note["endTime"]) == ("It rises.", "2026-03-03T09:00:37Z")


WRONG = {
    "sooner": ({"until": "17:59"}, "until", "It cannot end sooner than was said."),
    "over a day": ({"until": "2026-03-03T10:01"}, "until", "A call for help lasts 24 hours at most."),
    "past": ({"until": "2026-03-02T09:59"}, "until", "That time has passed."),
    "no time": ({"until": "noon"}, "until", "Say until when"),
    "a house": ({"news": "Go to Canal Street 9"}, "news", "Leave out the house number"),
    "too long": ({"news": "x" * 2_001}, "news", "Please shorten: news."),
    "no severity": ({"severity": "Dreadful"}, "severity", "Choose how bad it is."),
    "no urgency": ({"urgency": "Yesterday"}, "urgency", "Choose how soon."),
    "nowhere": ({"around": "the world"}, "around", "Choose how far around."),
}


async def test_news_that_cannot_be_is_refused_beside_its_field_with_what_was_typed(village: Village) -> None:
    async with village.browser(village.member()) as amina:
        path = await put_up(amina)
        before = said_now(village, path)

        answers = {
            what: await news(amina, path, **{"wanted": "Boats, and ropes", **given})
            for what, (given, _, _) in WRONG.items()
        }

    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(WRONG, 422)
    for what, (_, field, sentence) in WRONG.items():
        page = answers[what].text
        assert (f'href="#f-{field}"' in page, sentence in page, "Boats, and ropes" in page) == (True, True, True), what
    assert said_now(village, path) == before


async def test_a_call_is_renewed_day_by_day_and_never_beyond_seven_days_in_all(village: Village) -> None:
    member = village.member()
    path = ""
    ends = []
    for _ in range(7):
        async with village.browser(member) as amina:
            path = path or await put_up(amina)
            tomorrow = (village.clock.now() + timedelta(days=1)).astimezone(village.site.settings.zone_info)
            ends.append((await news(amina, path, until=f"{tomorrow:%Y-%m-%dT%H:%M}")).status_code)
        village.clock.advance(DAY - 7200)

    async with village.browser(member) as amina:
        full = await news(amina, path, until="2026-03-09T10:01")
        until_then = await news(amina, path, until="2026-03-09T10:00")

    assert ends == [303] * 7
    assert (full.status_code, "A call lasts seven days in all." in full.text) == (422, True)
    assert (until_then.status_code, said_now(village, path)["endTime"]) == (303, "2026-03-09T09:00:00Z")


async def test_only_those_who_raised_it_and_the_server_turn_tell_its_news(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, cem = await neighbours(village, doors, "Amina", "Bo", "Cem")
        kim = await doors.enter_async_context(village.browser(village.member("Kim", keeper=True)))
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, severity="Severe", audience="public")
        await second(bo, path)
        address = f"/alerts/{path[3:]}/news"
        whole = await as_it_stands(amina, address, address)

        offered = [f'href="{address}"' in (await who.get(path)).text for who in (amina, bo, kim, cem, stranger)]
        looked = [(await who.get(address)).status_code for who in (amina, bo, kim, cem, stranger)]
        told = [
            (await who.post(address, data={**whole, "news": f"News {number}."})).status_code
            for number, who in enumerate((amina, bo, kim, cem, stranger))
        ]

    assert offered == [True, True, True, False, False]
    assert looked == [200, 200, 200, 403, 401]
    assert told == [303, 303, 303, 403, 401]
    assert said_now(village, path)["comarca:alert"]["note"] == "News 2."


async def test_there_is_no_news_of_what_has_ended_or_never_was(village: Village) -> None:
    somebody_listens(village)
    async with village.browser(village.member()) as amina:
        path, other = await put_up(amina), await put_up(amina, until="11:00")
        address = f"/alerts/{path[3:]}/news"
        whole = await as_it_stands(amina, address, address)
        await end(amina, path)
        village.clock.advance(3600)

        ended = [await amina.get(address), await amina.post(address, data={**whole, "news": "Again."})]
        ran_out = await amina.get(f"/alerts/{other[3:]}/news")
        never = [await amina.get(f"/alerts/{'x' * 26}/news"), await amina.post(f"/alerts/{'x' * 26}/news", data=whole)]

    assert [answer.status_code for answer in (*ended, ran_out)] == [422, 422, 422]
    assert "Nothing brings it back" in ended[1].text
    assert [answer.status_code for answer in never] == [404, 404]
    assert [said["msgType"] for said in payloads(village, path)] == ["Cancel"]
