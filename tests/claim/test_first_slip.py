"""After the claim: one slip in one's own words, and then the poster."""

import pytest

from node.features.resources.first import LONGEST_TITLE, split
from tests.claim.conftest import NewServer


async def test_one_need_in_own_words_is_public_at_once(new_server: NewServer) -> None:
    async with new_server.browser() as browser:
        await browser.post("/claim", data={"code": new_server.link(), "name": "Riverside", "language": "en"})
        form = await browser.get("/put-up/first")
        answer = await browser.post(
            "/put-up/first", data={"words": "Two fans for the hall.\nUntil it cools.", "way": "need"}
        )

    assert form.status_code == 200
    assert (answer.status_code, answer.headers["location"]) == (303, "/poster")
    async with new_server.browser() as passer_by:
        wall = await passer_by.get("/")
        poster = await passer_by.get("/poster")
    assert "Two fans for the hall." in wall.text
    assert "Two fans for the hall." in poster.text


@pytest.mark.parametrize(("words", "said"), [("", "in your own words"), ("x" * 5_000, "problems-title")])
async def test_words_that_cannot_stand_come_back(new_server: NewServer, words: str, said: str) -> None:
    async with new_server.browser() as browser:
        await browser.post("/claim", data={"code": new_server.link(), "name": "Riverside", "language": "en"})
        answer = await browser.post("/put-up/first", data={"words": words, "way": "offer"})

    assert answer.status_code == 422
    assert said in answer.text


async def test_who_is_not_signed_in_is_led_to_the_door(new_server: NewServer) -> None:
    async with new_server.browser() as browser:
        await browser.post("/claim", data={"code": new_server.link(), "name": "Riverside", "language": "en"})

    async with new_server.browser() as stranger:
        answers = [await stranger.get("/put-up/first"), await stranger.post("/put-up/first", data={"words": "Fans"})]

    assert [answer.status_code for answer in answers] == [401, 401]


@pytest.mark.parametrize(
    ("said", "title", "rest"),
    [
        ("Two fans", "Two fans", ""),
        ("Two fans\nfor the hall", "Two fans", "for the hall"),
        ("Two fans.\r\n\r\nFor the hall", "Two fans.", "For the hall"),
        ("Two fans. " + "For the hall. " * 10, "Two fans.", ("For the hall. " * 10).strip()),
        ("   ", "", ""),
    ],
)
def test_a_title_is_the_first_line_or_sentence(said: str, title: str, rest: str) -> None:
    assert split(said) == (title, rest)


def test_a_long_breath_is_cut_at_a_word_and_kept_whole_below() -> None:
    said = "we need " + "fans and " * 40

    title, rest = split(said)

    assert len(title) <= LONGEST_TITLE + 2
    assert title.endswith(" …")
    assert rest == said.strip()
