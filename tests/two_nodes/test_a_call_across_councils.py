"""A call, its news, the answers and its end across three councils, one of them away for part of the time."""

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx

from federation.moments import microseconds
from tests.features.calls_at_home import TITLE, end, main_words, news
from tests.two_nodes.calling import answer, call, comes_back, door, held, link_all, page_of
from tests.two_nodes.region import Town, region, until
from tests.two_nodes.test_read_ahead import said_to
from tests.two_nodes.test_signs_of_life import PATIENT


def last_seen(town: Town, other: Town, *, ago: timedelta) -> str:
    """As if nothing had come from another council for so long. Returns the day on which it was heard last."""
    at = town.node.clock.now() - ago
    for statement in (
        "UPDATE destination SET last_ok_at = ? WHERE origin = ?",
        "UPDATE peer SET last_heard_at = ? WHERE origin = ?",
    ):
        town.write(lambda c, statement=statement: c.exec_driver_sql(statement, (microseconds(at), other.url)))
    return f"{at:%A}"


async def reads(browser: httpx.AsyncClient, page: str, words: str) -> str:
    """Wait until a page says this."""

    async def read() -> str:
        found = await main_words(browser, page)
        return found if words in found else ""

    return str(await until(read))


async def test_who_was_away_has_the_newest_word_and_the_caller_is_told_honestly_who_has_it(tmp_path: Path) -> None:
    async with (
        region(tmp_path, "riverside", "harbour", "hillside", **PATIENT) as (riverside, harbour, hillside),
        AsyncExitStack() as doors,
    ):
        await link_all(riverside, harbour, hillside)
        amina, ines, hugo = [await doors.enter_async_context(door(town)) for town in (riverside, harbour, hillside)]
        stranger = await doors.enter_async_context(door(riverside, signed_in=False))
        day = last_seen(riverside, hillside, ago=timedelta(days=3))
        riverside.network.down.add(hillside.url)

        help_ = await call(amina, riverside, audience="public")
        page = page_of(riverside, help_)
        first = await reads(amina, page, f"1 of 2 nearby councils have it, one silent since {day}.")
        passing = await main_words(stranger, page)
        assert (f"Hillside: silent since {day}" in first, "Hillside" in passing) == (True, False)
        assert f"1 of 2 nearby councils have it, one silent since {day}." in passing

        await news(amina, page, news="It rises.", wanted="Boats")
        await until(lambda: held(harbour, help_)["note"] == "It rises.")
        await answer(ines, help_, "come", "Two boats.")
        second = await reads(amina, page, "We comeTwo boats.")
        assert f"1 of 2 nearby councils have it, one silent since {day}." in second
        assert (held(hillside, help_), "Hillsidehas not answered" in second) == (None, True)

        await comes_back(hillside, riverside)
        await until(lambda: held(hillside, help_))
        await reads(amina, page, "2 of 2 nearby councils have it.")
        assert held(hillside, help_) == held(harbour, help_)
        assert TITLE in (await hugo.get("/help")).text
        await answer(hugo, help_, "cannot")
        await reads(amina, page, "HarbourWe comeTwo boats.within a minute HillsideWe cannotwithin a minute")

        await end(amina, page, "over", note="Thank you all.")
        await reads(amina, page, "2 of 2 nearby councils know that it is over.")
        for town, browser in ((harbour, ines), (hillside, hugo)):
            assert held(town, help_)["ended"] == "over"
            assert TITLE not in (await browser.get("/help")).text
            assert "This is over. Nobody needs to come any more." in await main_words(browser, page_of(town, help_))


async def test_who_was_away_the_whole_time_hears_only_that_it_is_over_and_never_calls_anybody(tmp_path: Path) -> None:
    async with (
        region(tmp_path, "riverside", "harbour", "hillside", **PATIENT) as (riverside, harbour, hillside),
        AsyncExitStack() as doors,
    ):
        await link_all(riverside, harbour, hillside)
        amina, hugo = [await doors.enter_async_context(door(town)) for town in (riverside, hillside)]
        riverside.network.down.add(hillside.url)
        help_ = await call(amina, riverside)
        await news(amina, page_of(riverside, help_), news="It rises.")
        await until(lambda: held(harbour, help_) and held(harbour, help_)["note"])
        await end(amina, page_of(riverside, help_), "false")
        ended = await reads(amina, page_of(riverside, help_), "1 of 2 nearby councils know that it is over")
        await riverside.node.engine.deliverer.idle()
        tried = len(said_to(hillside))

        await comes_back(hillside, riverside)
        await until(lambda: held(hillside, help_))
        await reads(amina, page_of(riverside, help_), "2 of 2 nearby councils know that it is over.")
        listed, shown = await main_words(hugo, "/alerts"), await main_words(hugo, page_of(hillside, help_))

        assert "one is being told." in ended
        assert said_to(hillside)[tried:] == [("Update", help_)]
        assert ("Right now" in listed, "false: nothing has happened" in listed) == (False, True)
        assert "This call was false. Nothing has happened." in shown


async def test_a_drill_across_councils_is_a_drill_everywhere_and_its_report_says_who_answered(tmp_path: Path) -> None:
    async with (
        region(tmp_path, "riverside", "harbour", "hillside") as (riverside, harbour, hillside),
        AsyncExitStack() as doors,
    ):
        await link_all(riverside, harbour, hillside)
        amina, ines = [await doors.enter_async_context(door(town)) for town in (riverside, harbour)]
        drill = await call(amina, riverside, "drill")
        await until(lambda: held(harbour, drill) and held(hillside, drill))

        await answer(ines, drill, "heard")
        await until(lambda: riverside.count("alert_answer"))
        await end(amina, page_of(riverside, drill))
        await until(lambda: held(harbour, drill)["ended"] == "over")
        report, theirs = await main_words(amina, page_of(riverside, drill)), await main_words(ines, f"/slip?id={drill}")

        assert "Drill: who answered, and after how long" in report
        assert "HarbourWe heardwithin a minute" in report
        assert "DRILL This is a drill. Nothing has happened." in theirs
        assert "This is over." in theirs
