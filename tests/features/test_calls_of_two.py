"""Who raises a call for help: one person, or where it is grave and there are three of us, two."""

from contextlib import AsyncExitStack

import pytest

from node.features.alerts.line import code_of
from tests.features.calls_at_home import (
    TITLE,
    leads_to,
    main_words,
    neighbours,
    news,
    payloads,
    put_up,
    said_now,
    second,
    somebody_listens,
    states,
    waiting,
)
from tests.features.village import BASE, Village

WAYS = ("alert", "drill")
TOLD = ("body", "delivery", "replica", "alert_index")


def rows_told(village: Village) -> dict[str, int]:
    return {table: len(village.rows(f"SELECT 1 FROM {table}")) for table in TOLD}


@pytest.mark.parametrize("names", [("Amina",), ("Amina", "Bo")])
async def test_with_one_or_two_accounts_a_grave_call_goes_out_at_once_and_says_that_one_raised_it(
    village: Village, names: tuple[str, ...]
) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, *_ = await neighbours(village, doors, *names)

        paths = [await put_up(amina, way, severity=severity) for way in WAYS for severity in ("Severe", "Extreme")]
        forms = [form for path in paths for form in await leads_to(amina, path)]

    assert (states(village), waiting(village)) == (["out"] * 4, 4)
    assert [form for form in forms if form.endswith("/second")] == []
    assert [said_now(village, path)["comarca:alert"]["raisedBy"] for path in paths] == [1] * 4


@pytest.mark.parametrize("way", WAYS)
async def test_from_the_third_account_on_what_is_grave_waits_for_a_second_person(village: Village, way: str) -> None:
    async with AsyncExitStack() as doors:
        amina, *_ = await neighbours(village, doors, "Amina", "Bo", "Cem")

        for severity in ("Extreme", "Severe", "Moderate", "Minor", "Unknown"):
            await put_up(amina, way, severity=severity)

    assert states(village) == ["draft", "draft", "out", "out", "out"]


async def test_whoever_has_left_does_not_count(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, *_ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        village.do(lambda c: c.exec_driver_sql("UPDATE member SET ended_at = created_at WHERE name = 'Cem'"))

        await put_up(amina, severity="Extreme")

    assert states(village) == ["out"]


async def test_a_draft_is_on_no_page_of_a_stranger_and_told_to_nobody_until_it_goes_out(village: Village) -> None:
    somebody_listens(village)
    lists = ["/", "/alerts", "/board", "/offline", "/wall.json", "/wall.csv", "/wall.atom"]
    lists += ["/alerts.json", "/alerts.csv", "/alerts.atom", "/alerts.cap.atom"]
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, severity="Severe", audience="public")
        address, code = f"{BASE}{path}", code_of(f"{BASE}{path}")
        one = [path, f"{path}/cap.xml", f"{path}/pass-on", f"{path}/poster", f"/slip?id={address}", f"/c/{code}"]
        one += [f"/api/objects?id={address}", f"/alerts/coming?id={address}"]

        async def seen() -> tuple[set[int], set[str]]:
            answers = [await stranger.get(each, follow_redirects=True) for each in one]
            listed = {each for each in lists if TITLE in (await stranger.get(each)).text}
            return {answer.status_code for answer in answers}, listed

        drafted, rows = await seen(), rows_told(village)
        assert (await second(bo, path)).status_code == 303
        out = await seen()

    assert drafted == ({404}, set())
    assert rows == dict.fromkeys(TOLD, 0)
    assert out[0] == {200}
    assert {"/", "/alerts", "/wall.json", "/alerts.json", "/alerts.csv", "/alerts.atom", "/alerts.cap.atom"} <= out[1]
    assert rows_told(village) == dict.fromkeys(TOLD, 1)


async def test_a_draft_stands_on_the_wall_of_neighbours_as_what_waits_and_never_as_a_call(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        await put_up(amina, severity="Severe")
        await put_up(amina, "drill", severity="Severe", title="Sirens")

        wall, listed = await bo.get("/wall.json"), await main_words(bo, "/alerts")
        page = (await bo.get("/help")).text

    kinds = {slip["title"]: slip["kind"] for slip in wall.json()["slips"]}
    assert kinds == {TITLE: "waiting", "EXERCISE (drill): Sirens": "waiting-drill"}
    assert "Nobody calls for help right now." in listed
    assert 'class="strip"' not in page


async def test_the_same_person_cannot_second_it_and_another_can_once(village: Village) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, bo, cem = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina, severity="Severe")
        address = f"/alerts/{path[3:]}/second"
        (draft,) = village.rows("SELECT updated_at FROM alert")
        version = str(draft.updated_at // 1_000_000)

        offered = [address in await leads_to(browser, path) for browser in (amina, bo, cem)]
        refused = await amina.post(address, data={"version": version})
        before = states(village), waiting(village)
        agreed = await second(bo, path)
        again = await cem.post(address, data={"version": version})

    assert offered == [False, True, True]
    assert (refused.status_code, "It takes a second person." in refused.text) == (422, True)
    assert before == (["draft"], 0)
    assert (agreed.status_code, again.status_code) == (303, 303)
    assert [said["raisedBy"] for said in payloads(village, path)] == [2]
    assert (states(village), waiting(village)) == (["out"], 1)


async def test_where_the_third_of_us_leaves_meanwhile_whoever_asked_sends_it_out_alone(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, *_ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina, severity="Severe")
        village.do(lambda c: c.exec_driver_sql("UPDATE member SET ended_at = created_at WHERE name = 'Cem'"))

        answer = await second(amina, path)

    assert (answer.status_code, states(village)) == (303, ["out"])
    assert said_now(village, path)["comarca:alert"]["raisedBy"] == 1


async def test_a_stranger_seconds_nothing(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, *_ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        stranger = await doors.enter_async_context(village.browser())
        path = await put_up(amina, severity="Severe")

        answer = await stranger.post(f"/alerts/{path[3:]}/second", data={"version": "1772442000"})

    assert (answer.status_code, states(village)) == (401, ["draft"])


async def test_a_draft_that_was_changed_meanwhile_goes_out_only_as_it_is_now(village: Village) -> None:
    somebody_listens(village)
    async with AsyncExitStack() as doors:
        amina, bo, _ = await neighbours(village, doors, "Amina", "Bo", "Cem")
        path = await put_up(amina, severity="Severe")
        (before,) = village.rows("SELECT updated_at FROM alert")
        assert (await news(amina, path, wanted="Pumps and boats")).status_code == 303

        stale = await bo.post(f"/alerts/{path[3:]}/second", data={"version": str(before.updated_at // 1_000_000)})
        blind = await bo.post(f"/alerts/{path[3:]}/second")
        refused = states(village)
        fresh = await second(bo, path)

    assert [stale.status_code, blind.status_code, fresh.status_code] == [422, 422, 303]
    assert "It was changed meanwhile." in stale.text
    assert (refused, states(village)) == (["draft"], ["out"])
    assert said_now(village, path)["comarca:alert"]["wanted"] == "Pumps and boats"


async def test_whoever_rewrote_a_draft_does_not_second_it_and_whoever_began_it_may(village: Village) -> None:
    async with AsyncExitStack() as doors:
        amina, *_ = await neighbours(village, doors, "Amina", "Bo")
        keeper = await doors.enter_async_context(village.browser(village.member("Kim", keeper=True)))
        path = await put_up(amina, severity="Severe")
        assert (await news(keeper, path, wanted="Boats")).status_code == 303

        offered = [f"/alerts/{path[3:]}/second" in await leads_to(browser, path) for browser in (amina, keeper)]
        (draft,) = village.rows("SELECT updated_at FROM alert")
        own = await keeper.post(f"/alerts/{path[3:]}/second", data={"version": str(draft.updated_at // 1_000_000)})
        waits = states(village)
        agreed = await second(amina, path)

    assert offered == [True, False]
    assert (own.status_code, waits) == (422, ["draft"])
    assert (agreed.status_code, states(village)) == (303, ["out"])
    assert said_now(village, path)["comarca:alert"]["raisedBy"] == 2
