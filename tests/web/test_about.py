"""What anybody may know of us: no neighbour's name, until when the turn lasts, how to follow and link up, our key in words."""

import re
from dataclasses import replace

import pytest

from protocol.agreement.key_words import key_words
from tests.web.furnishing import browser_of, furnish
from tests.web.town import PLAIN, Town


@pytest.mark.parametrize("viewer", ["anybody", "neighbour", "keeper"])
async def test_everybody_is_told_the_same_and_nobody_is_named(town: Town, viewer: str) -> None:
    furnish(town)

    async with browser_of(town, viewer) as browser:
        page = (await browser.get("/about")).text

    main = page[page.index("<main") : page.index("</main>")]
    assert "Riverside neighbours" in main and "Harbour" in main
    assert "Tannery" not in main, "who only asks to link up is nobody's business yet"
    assert f'<code dir="ltr">{PLAIN}</code>' in main
    assert all(name not in main for name in ("Rosa", "Amina"))


async def test_the_six_words_are_those_of_the_key_that_signs(town: Town) -> None:
    async with town.browser() as passer_by:
        page = (await passer_by.get("/about")).text

    shown = re.findall(r"<li>([a-z]+)</li>", page[page.index('<ol class="six"') :])
    assert tuple(shown[:6]) == key_words(town.site.council.actor_id, town.site.council.multibase)


@pytest.mark.parametrize(("followers", "found"), [("off", False), ("approve", True), ("auto", True)])
async def test_the_name_to_follow_stands_there_where_following_is_let(town: Town, followers: str, found: bool) -> None:
    town.site.council.rules = replace(town.site.council.rules, followers=followers)

    async with town.browser() as passer_by:
        page = (await passer_by.get("/about")).text

    assert (f"@council@{town.site.council.authority}" in page) is found
    assert ("Copies elsewhere cannot be called back." in page) is found


async def test_every_page_leads_there(town: Town) -> None:
    async with town.browser() as passer_by:
        assert 'href="/about"' in (await passer_by.get("/board")).text
