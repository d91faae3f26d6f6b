"""A form that a session's cookie comes with is acted on only when it carries that session's seal."""

import httpx
import pytest

from node.web.seal import seal_words
from tests.sealed_browser import SealedBrowser
from tests.web.town import Town

WORDS = {"words": "A ladder"}


async def _send(browser: httpx.AsyncClient, seal: str | None) -> httpx.Response:
    assert isinstance(browser, SealedBrowser)
    browser.sealed = False
    return await browser.post("/notes", data=WORDS | ({} if seal is None else {"seal": seal}))


async def test_the_seal_that_the_page_gave_is_accepted(town: Town) -> None:
    async with town.signed_in() as browser:
        page = await browser.get("/")
        given = page.text.partition('name="seal" value="')[2].partition('"')[0]
        answer = await _send(browser, given)

    assert len(given) == 24
    assert answer.status_code == 303


@pytest.mark.parametrize("seal", [None, "", "x" * 24, seal_words("another session"), "né"])
async def test_any_other_is_refused_and_nothing_is_done(town: Town, seal: str | None) -> None:
    async with town.signed_in() as browser:
        answer = await _send(browser, seal)

    assert answer.status_code == 403
    assert "Nothing was done" in answer.text


async def test_a_program_that_says_who_it_is_needs_none(town: Town) -> None:
    token = town.session(town.member())

    async with town.program(authorization=f"Bearer {token}") as program:
        answer = await program.post("/notes", data=WORDS)

    assert answer.status_code == 303


@pytest.mark.parametrize("authorization", ["Basic eDp5", "", "Digest x"])
async def test_what_a_proxy_or_an_address_puts_into_authorization_takes_its_place_nowhere(
    town: Town, authorization: str
) -> None:
    async with town.signed_in() as browser:
        browser.headers["authorization"] = authorization
        answer = await _send(browser, None)

    assert answer.status_code == 403


async def test_a_page_without_a_session_has_none(town: Town) -> None:
    async with town.browser() as browser:
        page = await browser.get("/in")

    assert "seal" not in page.text
