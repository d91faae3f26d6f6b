"""Somebody who asks without an account, in tests: what they send, and what their slip says."""

import re
from dataclasses import dataclass
from html import unescape

import httpx

from node.features.resources import reckoning
from node.features.resources.tables import Resource
from node.profile.rules_kept import WITHOUT_ACCOUNT, set_rule
from tests.features.village import Village

WORDS = "Two fans for the night.\nIt is thirty degrees under the roof."


@dataclass(frozen=True)
class Slip:
    """What is shown once."""

    number: str
    secret: str
    link: str

    @property
    def code(self) -> str:
        return self.number.replace("-", "")


def slip_in(page: str) -> Slip:
    """The slip on the page that answers."""
    number = re.search(r'class="code" dir="ltr">([^<]+)<', page)
    secret = re.search(r'<code dir="ltr">([^<]+)<', page)
    link = re.search(r"/note/[a-z2-7]{26}", page)
    assert number and secret and link
    return Slip(number[1], secret[1], link[0])


async def ask(browser: httpx.AsyncClient, **given: str) -> Slip:
    """Ask, with no more than the words unless more is given."""
    answer = await browser.post("/ask", data={"words": WORDS, **given})
    assert answer.status_code == 200, answer.text
    return slip_in(answer.text)


async def opens(browser: httpx.AsyncClient, number: str, secret: str) -> httpx.Response:
    return await browser.post("/note", data={"number": number, "secret": secret})


def said(page: httpx.Response) -> str:
    """The words of a page, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.text)))


def decide(village: Village, value: str) -> None:
    """The council's rule for notes by people without an account."""
    keeper = village.member("Kim", keeper=True)
    village.do(lambda c: set_rule(c, village.acting(keeper, keeper=True), name=WITHOUT_ACCOUNT, value=value))


def kept(village: Village, slip: Slip) -> Resource:
    """The note behind a slip as it is kept now."""
    number = village.rows("SELECT id FROM resource WHERE code = :code", code=slip.code)[0].id
    return village.see(lambda c: reckoning.found(c, number))
