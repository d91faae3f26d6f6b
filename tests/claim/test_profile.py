"""Name, language and area: first from the settings, then from the database; changed on a page, said everywhere at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.app import Node, open_store
from node.profile.claiming import make_claimable
from node.profile.keeping import held
from tests import builders
from tests.features.village import Village, village_in
from tests.two_nodes.region import Network, make_town


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with village_in(tmp_path) as built:
        yield built


FORM = {
    "name": "The minga of the mill",
    "language": "es",
    "near": "Between the mill and the baths",
    "summary": "Since the flood.",
}


async def test_the_page_shows_what_is_said_and_changes_it(village: Village) -> None:
    async with village.browser(village.member(keeper=True)) as keeper:
        before = await keeper.get("/server/about-us")
        answer = await keeper.post("/server/about-us", data=FORM)
        wall = await keeper.get("/")
        after = await keeper.get("/server/about-us?said=yes")

    assert 'value="Riverside"' in before.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/server/about-us?said=yes")
    assert '<h1 class="name" lang="es" dir="auto">The minga of the mill</h1>' in wall.text
    assert "Since the flood." in wall.text
    assert 'value="Between the mill and the baths"' in after.text


async def test_an_empty_place_keeps_the_one_that_is_there(village: Village) -> None:
    before = village.council.place
    assert before is not None

    async with village.browser(village.member(keeper=True)) as keeper:
        await keeper.post("/server/about-us", data=FORM)

    after = village.council.place
    assert after is not None
    assert (after.cell, after.name) == (before.cell, "Between the mill and the baths")


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", "x" * 201), ("point", "nowhere"), ("other_language", "?")]
)
async def test_what_cannot_be_used_comes_back_and_changes_nothing(village: Village, field: str, value: str) -> None:
    async with village.browser(village.member(keeper=True)) as keeper:
        answer = await keeper.post("/server/about-us", data={**FORM, field: value})

    assert answer.status_code == 422
    assert "Since the flood." in answer.text
    assert village.council.name == "Riverside"


async def test_a_neighbour_without_the_turn_changes_nothing(village: Village) -> None:
    async with village.browser(village.member()) as neighbour:
        answer = await neighbour.post("/server/about-us", data=FORM)

    assert answer.status_code == 403
    assert village.council.name == "Riverside"


async def test_the_councils_own_word_for_itself_has_nothing_appended(village: Village) -> None:
    async with village.browser(village.member(keeper=True)) as keeper:
        await keeper.post("/server/about-us", data=FORM)
        pages = [await keeper.get(path) for path in ("/", "/poster", "/help", "/board", "/around", "/account")]

    for page in pages:
        assert "The minga of the mill" in page.text
        assert "minga of the mill council" not in page.text.lower()
        assert "council of the minga" not in page.text.lower()


async def test_the_first_start_takes_the_settings_and_the_next_ones_do_not(tmp_path: Path) -> None:
    town = make_town(tmp_path, Network(), name="riverside", area={"latitude": 41.39, "longitude": 2.17, "near": "Mill"})
    first = town.read(held)
    await town.node.stop()

    settings = town.node.settings.model_copy(update={"name": "Harbour"})
    again = Node(settings, randomness=builders.SeededRandomness("again"), transport=town.network)
    try:
        assert first is not None
        assert first.name == "Riverside"
        assert first.place is not None
        assert (first.place.name, (first.place.cell or "")[:2]) == ("Mill", "87")
        assert again.council.profile == first
    finally:
        await again.stop()


async def test_while_nobody_has_claimed_it_nothing_is_kept(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_now(make_claimable)
    store.close()

    town = make_town(tmp_path, Network(), name="riverside")

    assert town.read(held) is None
    await town.node.stop()
