"""Posters and words for a chat: what is public stands in them, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.web.qr import qr_code
from tests.web.town import PLAIN, Town, build_town

SECRET = "Somebody to sit with me on Tuesday"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    built = build_town(tmp_path)
    yield built
    built.store.close()


def chat(page: str) -> str:
    found = re.search(r"<textarea id=\"chat\"[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return found[1]


def path_of(object_id: str) -> str:
    return object_id.removeprefix(PLAIN)


async def test_the_wall_has_a_poster_with_its_address_and_newest_public_slips(town: Town) -> None:
    town.hold("Ten folding chairs")

    async with town.browser() as passer_by:
        wall, poster = await passer_by.get("/"), await passer_by.get("/poster")

    assert 'href="/poster"' in wall.text
    assert "Riverside neighbours" in poster.text
    assert "Ten folding chairs" in poster.text
    assert '<svg class="qr"' in poster.text
    assert PLAIN.removeprefix("http://") in poster.text
    assert "Ten folding chairs" in chat(poster.text)
    assert PLAIN in chat(poster.text)


@pytest.mark.parametrize("audience", ["neighbours", "council"])
async def test_what_is_not_public_stands_on_no_poster_whoever_asks(town: Town, audience: str) -> None:
    town.hold(SECRET, audience=audience)

    async with town.signed_in(keeper=True) as keeper, town.browser() as passer_by:
        wall = await keeper.get("/")
        posters = [await keeper.get("/poster"), await passer_by.get("/poster")]

    assert SECRET in wall.text
    assert all(SECRET not in poster.text for poster in posters)


async def test_a_public_slip_has_a_poster_of_its_own(town: Town) -> None:
    path = path_of(town.hold("Ten folding chairs"))

    async with town.browser() as passer_by:
        slip, poster = await passer_by.get(path), await passer_by.get(f"{path}/poster")

    assert f'href="{path}/poster"' in slip.text
    assert poster.status_code == 200
    assert "About Ten folding chairs." in poster.text
    assert f"{PLAIN}{path}" in chat(poster.text)


@pytest.mark.parametrize("audience", ["neighbours", "council"])
async def test_a_slip_for_few_is_only_pointed_at(town: Town, audience: str) -> None:
    path = path_of(town.hold(SECRET, audience=audience))

    async with town.signed_in() as neighbour, town.browser() as passer_by:
        poster = await neighbour.get(f"{path}/poster")
        refused = await passer_by.get(f"{path}/poster")

    assert refused.status_code == 404
    assert poster.status_code == 200
    assert SECRET not in poster.text
    assert "Sign in to read it" in chat(poster.text)
    assert f"{PLAIN}{path}" in chat(poster.text)


async def test_what_was_taken_down_has_no_poster(town: Town) -> None:
    path = path_of(town.hold("Ten folding chairs", gone_at=town.clock.now()))

    async with town.browser() as passer_by:
        answer = await passer_by.get(f"{path}/poster")

    assert answer.status_code == 410


async def test_nobodys_name_stands_on_a_poster(town: Town) -> None:
    town.hold("Ten folding chairs")

    async with town.signed_in(name="Amina") as neighbour:
        poster = await neighbour.get("/poster")

    article = poster.text[poster.text.index("<article") : poster.text.index("</main>")]
    assert "Amina" not in article


async def test_a_title_that_would_be_markup_is_words(town: Town) -> None:
    town.hold("</textarea><b>Chairs</b>")

    async with town.browser() as passer_by:
        poster = await passer_by.get("/poster")

    assert "<b>Chairs" not in poster.text


def test_a_code_can_be_read_back() -> None:
    """The dark modules of the drawing are those of the code, with four light ones around it (ISO/IEC 18004 section 9.1)."""
    import segno

    address = "https://riverside.example/o/aaaaaaaaaaaaaaaaaaaaaaaaaa"
    drawn = str(qr_code(address))
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=4)]
    dark = {
        (int(column) + at, int(row))
        for column, row, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawn)
        for at in range(int(length))
    }

    assert dark == {(column, row) for row, line in enumerate(rows) for column, module in enumerate(line) if module}
    assert min(column for column, _ in dark) == 4


@pytest.mark.parametrize("way", ["style=", "<script", "http://www.w3.org"])
def test_a_code_brings_no_style_and_no_script(way: str) -> None:
    assert way not in str(qr_code("https://riverside.example"))
