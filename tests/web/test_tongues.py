"""Which language a page is said in, and that switching leads nobody elsewhere."""

import gettext

import pytest

from node.web.switching import ours
from node.web.tongues import Tongue, choose
from tests.web.town import Town

OFFERED = {code: Tongue(code, code, gettext.NullTranslations()) for code in ("en", "es", "pt-BR")}


@pytest.mark.parametrize(
    ("wished", "accepted", "council", "expected"),
    [
        ("es", "en", "en", "es"),
        (None, "es-AR,es;q=0.9,en;q=0.8", "en", "es"),
        (None, "fr, en;q=0.1, es;q=0.7", "en", "es"),
        (None, "pt-BR", "en", "pt-BR"),
        (None, "fr", "es", "es"),
        (None, "fr", "qu", "en"),
        (None, "", "es", "es"),
        ("xx", "es", "en", "es"),
        (None, "es;q=0", "en", "en"),
        (None, "es;q=much, ;q=1, *;q=0.1", "en", "en"),
        (None, "es;q=nan", "en", "en"),
        (None, "," * 10_000, "es", "es"),
    ],
)
def test_the_switch_counts_most_then_the_browser_then_the_council(
    wished: str | None, accepted: str, council: str, expected: str
) -> None:
    assert choose(wished, accepted, council=council, offered=OFFERED).code == expected


@pytest.mark.parametrize(
    "address", ["/", "/board?text=fans&near=Mill+Lane", "/o/abc", "/slip?id=https%3A%2F%2Fx.example"]
)
def test_a_path_of_ours_is_led_back_to(address: str) -> None:
    assert ours(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "",
        "board",
        "/a\nb",
        "//[x",
        "http://[",
    ],
)
def test_any_other_address_leads_to_the_wall(address: str) -> None:
    assert ours(address) == "/"


async def test_a_page_is_said_in_the_language_that_was_switched_to(town: Town) -> None:
    async with town.browser() as browser:
        before = await browser.get("/help")
        switched = await browser.post("/language", data={"language": "es", "back": "/help"})
        after = await browser.get("/help")

    assert (switched.status_code, switched.headers["location"]) == (303, "/help")
    assert '<html lang="en" dir="ltr">' in before.text
    assert '<html lang="es" dir="ltr">' in after.text
    assert after.headers["content-language"] == "es"


async def test_a_language_that_is_not_offered_is_not_switched_to(town: Town) -> None:
    async with town.browser() as browser:
        answer = await browser.post("/language", data={"language": "xx", "back": "/"})

    assert answer.status_code == 404
    assert not browser.cookies
