"""Recovery codes: eight on paper, shown once, each signs its owner in once; a new sheet ends the old one."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import text

from node.accounts import actions, recovery
from schemas.refusal import Refusal
from tests.accounts.acting import acting, do, refused
from tests.web.town import Town


def new_sheet(town: Town, number: int | None) -> list[str]:
    return do(town, lambda c: recovery.new_sheet(c, acting(town, number), randomness=town.site.randomness))


def spend(town: Town, code: str) -> str:
    now, randomness = town.clock.now(), town.site.randomness
    return do(town, lambda c: actions.sign_in(c, token=code, now=now, randomness=randomness))


async def _in(browser: httpx.AsyncClient, code: str) -> int:
    return (await browser.post("/in", data={"code": code})).status_code


async def test_each_code_of_a_sheet_signs_in_once_at_the_field_for_links(town: Town) -> None:
    sheet = new_sheet(town, town.member("Amina"))

    async with town.browser() as browser:
        first = [await _in(browser, code.upper().replace("-", "")) for code in sheet]
        again = await _in(browser, sheet[0])
        wall = await browser.get("/")

    assert first == [303] * 8
    assert again == 401
    assert "Amina" in wall.text


def test_of_two_with_the_same_code_at_once_one_gets_in(town: Town) -> None:
    code = new_sheet(town, town.member())[0]

    def try_it(_: int) -> bool:
        try:
            spend(town, code)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, range(8))) == 1


def test_a_new_sheet_ends_the_old_one_and_nobody_elses(town: Town) -> None:
    amina, bo = town.member("Amina"), town.member("Bo")
    old, bos = new_sheet(town, amina), new_sheet(town, bo)

    new = new_sheet(town, amina)

    with pytest.raises(Refusal):
        spend(town, old[0])
    assert spend(town, new[0]) and spend(town, bos[0])


def test_a_stranger_gets_no_sheet(town: Town) -> None:
    step = lambda c: recovery.new_sheet(c, acting(town, None), randomness=town.site.randomness)  # noqa: E731

    assert refused(town, step) == "not-signed-in"


async def test_a_sheet_is_shown_once_and_kept_as_hashes(town: Town) -> None:
    async with town.signed_in() as amina:
        made = await amina.post("/account/recovery")
        account = await amina.get("/account")

    codes = re.findall(r'<code class="code">([^<]+)</code>', made.text)
    with town.store.reading() as connection:
        kept = str(connection.execute(text("SELECT * FROM recovery_code")).all())
    assert len(codes) == 8 and made.headers["cache-control"] == "private, no-store"
    assert not [code for code in codes if code in account.text or code in kept or code.replace("-", "") in kept]
    assert "8 codes of your printed sheet" in account.text
