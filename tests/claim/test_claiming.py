"""The link from the terminal makes a council, once; nothing else does, and its words are kept nowhere."""

import sqlite3
import threading
from contextlib import closing
from typing import Any

import pytest

from node.accounts.claim import claim
from node.profile.claiming import secret_in
from node.profile.keeping import ProfileForm
from schemas.refusal import Refusal
from tests.claim.conftest import NewServer

RIVERSIDE = {"name": "Riverside", "language": "en", "near": "Between the mill and the baths"}


def given(link: str, **more: str) -> dict[str, str]:
    return {**RIVERSIDE, "code": link, **more}


async def test_the_link_makes_a_council_with_a_name_and_a_first_keeper(new_server: NewServer) -> None:
    link = new_server.link()

    async with new_server.browser() as browser:
        answer = await browser.post("/claim", data=given(link))
        wall = await browser.get("/")
        about = await browser.get("/server/about-us")

    assert (answer.status_code, answer.headers["location"]) == (303, "/put-up/first")
    assert "Riverside" in wall.text
    assert "Sign out" in wall.text
    assert about.status_code == 200, "only the server turn opens this page"
    assert (new_server.count("member"), new_server.count("turn")) == (1, 1)


@pytest.mark.parametrize(
    "written",
    [
        lambda link: link,
        lambda link: f"  {link}\n",
        lambda link: link.partition("#")[2],
        lambda link: link.partition("#")[2].replace("-", " ").upper(),
        lambda link: link.partition("#")[2].replace("o", "0").replace("l", "1"),
    ],
    ids=["the link", "with space around", "its end", "read aloud", "misread digits"],
)
async def test_the_words_are_taken_however_they_are_written(new_server: NewServer, written: Any) -> None:
    link = new_server.link()

    async with new_server.browser() as browser:
        answer = await browser.post("/claim", data=given(written(link)))

    assert answer.status_code == 303


@pytest.mark.parametrize("code", ["", "aaaa-bbbb-cccc-dddd-eeee-ffff-gggg", "https://riverside.example/claim#"])
async def test_other_words_make_nothing(new_server: NewServer, code: str) -> None:
    new_server.link()

    async with new_server.browser() as browser:
        answer = await browser.post("/claim", data=given(code))

    assert answer.status_code == 401
    assert "not the newest one" in answer.text
    assert 'value="Riverside"' in answer.text, "what was written is still there"
    assert (new_server.count("member"), new_server.count("profile")) == (0, 0)


async def test_before_a_start_has_shown_a_link_no_words_claim(new_server: NewServer) -> None:
    async with new_server.browser() as browser:
        answer = await browser.post("/claim", data=given("#"))

    assert answer.status_code == 401


async def test_a_link_is_good_for_a_day_and_no_longer(new_server: NewServer) -> None:
    link = new_server.link()
    new_server.village.clock.advance(24 * 3600)

    async with new_server.browser() as browser:
        late = await browser.post("/claim", data=given(link))
        fresh = await browser.post("/claim", data=given(new_server.link()))

    assert (late.status_code, fresh.status_code) == (401, 303)


async def test_a_link_is_good_until_its_day_is_over(new_server: NewServer) -> None:
    link = new_server.link()
    new_server.village.clock.advance(24 * 3600 - 1)

    async with new_server.browser() as browser:
        assert (await browser.post("/claim", data=given(link))).status_code == 303


async def test_a_new_start_ends_the_link_before_it(new_server: NewServer) -> None:
    old = new_server.link()
    new = new_server.link()

    async with new_server.browser() as browser:
        first = await browser.post("/claim", data=given(old))
        second = await browser.post("/claim", data=given(new))

    assert (first.status_code, second.status_code) == (401, 303)


async def test_a_claimed_server_is_not_claimed_again(new_server: NewServer) -> None:
    link = new_server.link()
    async with new_server.browser() as browser:
        await browser.post("/claim", data=given(link))

    async with new_server.browser() as another:
        form = await another.get("/claim")
        answer = await another.post("/claim", data=given(link, name="Harbour"))

    assert (form.status_code, answer.status_code) == (404, 404)
    assert "has been set up already" in answer.text
    assert new_server.count("member") == 1
    with pytest.raises(Refusal) as refusal:
        new_server.link()
    assert refusal.value.word == "claimed"


def test_of_two_at_once_one_wins(new_server: NewServer) -> None:
    secret = secret_in(new_server.link())
    village, ends, both = new_server.village, [], threading.Barrier(2)
    now, randomness = village.clock.now(), village.site.randomness

    def claims(name: str) -> None:
        form = ProfileForm(name=name, language="en")
        both.wait()
        try:
            village.site.store.write_now(lambda c: claim(c, form, secret=secret, now=now, randomness=randomness))
            ends.append(name)
        except Refusal as refusal:
            ends.append(refusal.word)

    threads = [threading.Thread(target=claims, args=(name,)) for name in ("Riverside", "Harbour")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ends.count("claim") == 1
    [winner] = [end for end in ends if end != "claim"]
    assert [row.name for row in village.rows("SELECT name FROM profile")] == [winner]
    assert new_server.count("member") == 1


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("name", "Riverside", 303),
        ("name", "", 422),
        ("name", "x" * 201, 422),
        ("other_language", "ca", 303),
        ("other_language", "pt-br", 303),
        ("other_language", "catalan, mostly", 422),
        ("point", "41.39, 2.17", 303),
        ("point", "by the river", 422),
        ("near", "x" * 201, 422),
    ],
)
async def test_what_cannot_be_used_is_said_and_the_link_stays_good(
    new_server: NewServer, field: str, value: str, status: int
) -> None:
    link = new_server.link()

    async with new_server.browser() as browser:
        answer = await browser.post("/claim", data=given(link, **{field: value}))
        again = await browser.post("/claim", data=given(link))

    assert answer.status_code == status
    assert again.status_code == (404 if status == 303 else 303)


async def test_wrong_words_are_limited_and_right_ones_are_not_kept_out(new_server: NewServer) -> None:
    link = new_server.link()
    wrong = "aaaa-bbbb-cccc-dddd-eeee-ffff-gggg"

    async with new_server.browser() as browser:
        answers = [(await browser.post("/claim", data=given(wrong))).status_code for _ in range(12)]
        good = await browser.post("/claim", data=given(link))

    assert answers[0] == 401
    assert answers[-1] == 429
    assert good.status_code == 303


async def test_the_secret_stands_in_no_row_no_answer_and_no_log(
    new_server: NewServer, capfd: pytest.CaptureFixture[str]
) -> None:
    link = new_server.link()
    letters, groups = secret_in(link), link.partition("#")[2]
    said = []

    async with new_server.browser() as browser:
        for path, data in (
            ("/claim", given(link, name="")),
            ("/claim", given(link, point="nowhere")),
            ("/claim", given(link)),
            ("/claim", given(link)),
        ):
            answer = await browser.post(path, data=data)
            said.append(answer.text + str(answer.headers))
        said.append((await browser.get("/")).text)

    database = new_server.village.site.settings.directory / "comarca.db"
    with closing(sqlite3.connect(database)) as raw:
        said.append("\n".join(raw.iterdump()))
    said.append("".join(capfd.readouterr()))
    for words in said:
        assert letters not in words.lower()
        assert groups not in words.lower()


async def test_the_area_is_kept_as_a_cell_and_not_as_a_point(new_server: NewServer) -> None:
    link = new_server.link()

    async with new_server.browser() as browser:
        await browser.post("/claim", data=given(link, point="https://www.openstreetmap.org/#map=17/41.39123/2.17456"))

    [row] = new_server.village.rows("SELECT near, cell FROM profile")
    place = new_server.village.council.place
    assert row.near == "Between the mill and the baths"
    assert row.cell.startswith("87")
    assert place is not None
    assert place.cell == row.cell
    assert "41.39123" not in str(tuple(row)) + str(place)
